r"""Loss terms that compare the mechanics and the texture of realizations with the data's own.

Averages of a stress over blocks do not obey the discrete balance of forces, and no field of a
finite calculation does exactly; so a residual is not driven to zero but to that of the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from fieldvae import mechanics
from fieldvae.contract import AffineScale, ForwardPass, PhysicalOutputs
from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import Residual
from fieldvae.model.closure import GRID
from fieldvae.model.waves import repeating, waves

MOST_SHELLS = 16
"""Shells of wave vectors on a large grid."""

Members = Annotated[int, Field(ge=1)]
Side = Literal["both", "excess"]


def equilibrium(
    forward: ForwardPass, *, field: str | None = None, members: Members = 2, side: Side = "both"
) -> Tensor:
    r"""Mismatch of the balance of forces in realizations with that in the truth.

    .. math:: \Big( \frac{R(x) - R(y)}{G(y)} \Big)^2, \qquad
        R^2 = \Big\langle \sum_i \Big( \sum_j \partial_j \sigma_{ij} \Big)^2 \Big\rangle, \quad
        G^2 = \Big\langle \sum_{ij} (\partial_j \sigma_{ij})^2 \Big\rangle

    with means over cells, samples of the batch and realizations :math:`x` drawn from the prior;
    :math:`R / G` is 0 for a stress in balance and 1 where the terms of the sum know nothing of
    each other. Derivatives are in the scheme of the field (``derivative``), in physical units.
    As a penalty on the residual of a governing equation: Raissi, Perdikaris and Karniadakis
    (2019), doi:10.1016/j.jcp.2018.10.045; here against the truth's own residual.

    Parameters
    ----------
    forward
        One pass through the model.
    field
        A symmetric tensor output; every one in units of stress where none is given.
    members
        Realizations a sample.
    side
        ``excess``: realizations that are nearer to balance than the truth cost nothing.

    Raises
    ------
    OptionError
        If no output is such a tensor, or its scale is logarithmic.
    GridError
        If the field's derivative does not exist on the grid.
    """
    return _mismatch("equilibrium", "stress", mechanics.equilibrium, forward, field, members, side)


def compatibility(
    forward: ForwardPass, *, field: str | None = None, members: Members = 2, side: Side = "both"
) -> Tensor:
    r"""Mismatch of the incompatibility of realizations with that of the truth.

    .. math:: \Big( \frac{R(x) - R(y)}{G(y)} \Big)^2, \qquad
        R^2 = \Big\langle \sum_{ij} \big( \epsilon_{ikl} \epsilon_{jmn} \partial_k \partial_m
        \varepsilon_{ln} \big)^2 \Big\rangle

    Saint-Venant's condition for a strain to belong to a displacement; :math:`G^2` sums the mean
    squares of the single terms. An eigenstrain is not compatible: its realizations are to be as
    incompatible as the data.

    Refusals as of :func:`equilibrium`.

    Parameters
    ----------
    forward
        One pass through the model.
    field
        An output; every symmetric tensor output without units where none is given.
    members
        Realizations a sample.
    side
        ``excess``: realizations that are more compatible than the truth cost nothing.
    """
    return _mismatch(
        "compatibility", "strain", mechanics.compatibility, forward, field, members, side
    )


def spectrum(forward: ForwardPass, *, field: str | None = None, members: Members = 2) -> Tensor:
    r"""Mismatch of the power of realizations with that of the truth, wave by wave.

    .. math:: \frac1K \sum_k \Big( \ln \frac{P_x(s_k)}{P_y(s_k)} \Big)^2

    over the :math:`K` waves other than the mean, with the power :math:`P(s)` of the shell of wave
    vectors of like length that a wave belongs to: the mean over its waves, the components
    divided by their scales, the samples of the batch and the realizations. Shells are those of
    the report's spectrum: half a step of the longest wave wide, wider on large grids. Along axes
    that do not repeat waves are cosines. The power is that of whole fields, mean and noise
    together: it says nothing of how they divide.

    Parameters
    ----------
    forward
        One pass through the model.
    field
        An output; all outputs on the grid where none is given, and the sum over them.
    members
        Realizations a sample.

    Raises
    ------
    OptionError
        If ``field`` is no output on the grid.
    """
    physical = _physical(forward, "spectrum")
    names = [name for name, each in physical.fields.items() if each.on == "grid"]
    if field is not None and field not in names:
        raise OptionError(
            f"loss spectrum: no output {field!r} on the grid; such outputs: {_listed(names)}"
        )
    drawn = forward.realize(members)
    terms = []
    for name in names if field is None else (field,):
        truth = forward.outputs[name]
        shell, count = _shells(physical.grid, tuple(truth.shape[-3:]))
        shell, count = shell.to(truth.device), count.to(truth)
        powers = [_power(f, physical.grid, shell, len(count)) for f in (drawn[name], truth)]
        ratio = powers[0].log() - powers[1].log()
        terms.append((count * ratio.square()).sum() / count.sum().clamp(min=1))
    return torch.stack(terms).sum()


def _mismatch(
    loss: str,
    kind: mechanics.Kind,
    residual: Callable[[Tensor, FieldSpec, Grid], Residual],
    forward: ForwardPass,
    field: str | None,
    members: int,
    side: Side,
) -> Tensor:
    physical = _physical(forward, loss)
    names = _tensors(physical, loss, kind, field)
    drawn = forward.realize(members)
    terms = []
    for name in names:
        scale, spec = _affine(physical, name, loss), physical.fields[name]

        def of(scaled: Tensor, spec: FieldSpec = spec, scale: AffineScale = scale) -> Residual:
            return residual(scale.physical(scaled), spec, physical.grid)

        ours, truth = of(drawn[name]), of(forward.outputs[name])
        size = truth.terms.mean()
        least = torch.finfo(size.dtype).eps
        size = size.clamp(min=torch.finfo(size.dtype).tiny)
        ratios = [(r.square.mean() / size).clamp(min=least).sqrt() for r in (ours, truth)]
        apart = ratios[0] - ratios[1]
        terms.append((apart.clamp(min=0) if side == "excess" else apart).square())
    return torch.stack(terms).sum()


def _physical(forward: ForwardPass, loss: str) -> PhysicalOutputs:
    if forward.physical is None:
        raise OptionError(f"the loss {loss!r} needs a model that knows the units of its outputs")
    return forward.physical


def _tensors(
    physical: PhysicalOutputs, loss: str, kind: mechanics.Kind, field: str | None
) -> list[str]:
    fields = physical.fields
    symmetric = [n for n, each in fields.items() if mechanics.is_tensor(each)]
    found = [n for n in symmetric if mechanics.kind_of(fields[n]) == kind]
    if field is not None:
        if field not in symmetric:
            raise OptionError(
                f"loss {loss}: {field!r} is no symmetric tensor output on the grid; such outputs: "
                f"{_listed(symmetric)}"
            )
        return [field]
    if not found:
        raise OptionError(
            f"loss {loss}: no output is a symmetric tensor in units of {kind} (outputs: "
            f"{_listed(fields)}); remove the loss, or name a symmetric tensor by its option 'field'"
        )
    return found


def _affine(physical: PhysicalOutputs, name: str, loss: str) -> AffineScale:
    if name not in physical.scales:
        raise OptionError(f"loss {loss}: {name!r} is on a logarithmic scale; remove 'log' from it")
    return physical.scales[name]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _power(fields: Tensor, grid: Grid, shell: Tensor, shells: int) -> Tensor:
    """Mean power of every shell of ``(..., component, x, y, z)``, never quite zero."""
    found = waves(fields, grid)
    power = (found.real.square() + found.imag.square()).sum(-4)
    for dim, periodic in zip(GRID, repeating(grid), strict=True):
        if not periodic:  # a mirrored constant counts twice beside the cosines
            half = torch.ones(power.shape[dim], dtype=power.dtype, device=power.device)
            half[0] = 0.5
            power = power * half.reshape(-1, *[1] * (-1 - dim))
    power = power.flatten(-3).flatten(0, -2).mean(0)
    sums = power.new_zeros(shells + 1).index_add(0, shell, power)
    number = power.new_zeros(shells + 1).index_add(0, shell, torch.ones_like(power))
    mean: Tensor = (sums / number)[:-1]
    return mean.clamp(min=torch.finfo(power.dtype).tiny)


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # what is kept serves passes with gradients too
def _shells(grid: Grid, shape: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Shell of every wave, the last one that of the mean; number of waves of the others."""
    spacing = (*grid.spacing, 1.0, 1.0)[:3]
    parts = []
    for cells, h, periodic in zip(shape, spacing, repeating(grid), strict=True):
        waves = np.fft.fftfreq(cells, h) if periodic else np.arange(cells) / (2 * cells * h)
        parts.append(torch.from_numpy(2 * np.pi * waves))
    length = torch.stack(torch.meshgrid(*parts, indexing="ij")).square().sum(0).sqrt().flatten()
    other = length > 0
    width = 1.0
    if other.any():
        width = max(float(length[other].min()) / 2, float(length.max()) / MOST_SHELLS)
    _, shell, number = np.unique(
        (length[other] / width).round().numpy(), return_inverse=True, return_counts=True
    )
    member = torch.full(length.shape, len(number))
    member[other] = torch.from_numpy(shell)
    return member, torch.from_numpy(number)
