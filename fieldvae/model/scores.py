r"""Loss terms that score realizations: fair energy scores of fields, of cells and of waves.

The energy score of a vector (Gneiting & Raftery 2007, doi:10.1198/016214506000001437,
section 4.3) is least in expectation where realizations follow the conditional law; with
:math:`M - 1` in its second term it does not depend on the number of members :math:`M`
(Ferro 2014, doi:10.1002/qj.2270). Of a vector of many values it is sensitive to the mean and to
the sum of the variances alone: a wrong covariance :math:`\Lambda'` in the place of
:math:`\Lambda` costs about :math:`\mathrm{tr}(\Lambda' - \Lambda)^2 / 4 (2\,\mathrm{tr}
\Lambda)^{3/2}`, which vanishes beside the noise of sampling. So parts of a field are scored
too, each for itself: single cells, and single waves, as Kochkov et al. (2024,
doi:10.1038/s41586-024-07744-y) score values and coefficients of spherical harmonics.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from fieldvae.contract import ForwardPass
from fieldvae.errors import OptionError
from fieldvae.grid import Grid
from fieldvae.model.closure import GRID
from fieldvae.model.waves import repeating, waves

FAINTEST = 0.01
"""Amplitude, over that of all waves, below which waves are not made to weigh alike."""

Members = Annotated[int, Field(ge=2)]


def energy_score(forward: ForwardPass, *, members: Members = 8) -> Tensor:
    r"""Fair energy score of realizations drawn from the prior, of all output values together.

    .. math:: \frac1{\sqrt n} \Big( \frac1M \sum_i \lVert x_i - y \rVert
              - \frac1{2M(M-1)} \sum_{i \ne j} \lVert x_i - x_j \rVert \Big)

    for each sample, over its :math:`n` scaled output values.

    Parameters
    ----------
    forward
        One pass through the model.
    members
        Realizations a sample.
    """
    drawn = forward.realize(members)
    realizations = torch.cat([drawn[name].flatten(2) for name in forward.outputs], 2)
    truth = torch.cat([output.flatten(1) for output in forward.outputs.values()], 1)
    return _energy_score(realizations, truth)


def local_score(forward: ForwardPass, *, members: Members = 8) -> Tensor:
    """Fair energy score of the components in one cell, averaged over cells.

    That of :func:`energy_score` for the vector of all outputs' components in a cell, cell by
    cell: it sees each component's variance and how the components hang together.

    Parameters
    ----------
    forward
        One pass through the model.
    members
        Realizations a sample.
    """
    realizations, truth = _on_grid(forward, members)
    cells = (realizations.flatten(-3), truth.flatten(-3))
    return _energy_score(*(values.transpose(-2, -1) for values in cells))


def spectral_score(forward: ForwardPass, *, members: Members = 8, whiten: bool = False) -> Tensor:
    r"""Fair energy score of the components of one wave, averaged over waves.

    That of :func:`energy_score` for the vector of real and imaginary parts of all outputs'
    components at a wave vector, of :math:`k` and :math:`-k` one, wave by wave: it sees the
    spectrum and what holds among the components of a wave, such as equilibrium. Along axes that
    do not repeat waves are cosines.

    Parameters
    ----------
    forward
        One pass through the model.
    members
        Realizations a sample.
    whiten
        Whether every wave of an output is divided by its root mean square in the other samples of
        the batch, or by a hundredth of that of all waves together where it is less. Waves then
        weigh alike, also the short ones of a smooth field, which have a thousandth of its
        amplitude. A sample's own truth does not weigh its score, which so remains proper.
        Components of a wave keep their proportions: some vanish, as in fields in equilibrium.

    Raises
    ------
    OptionError
        If the model does not know the grid of its outputs.
    """
    if forward.physical is None:
        raise OptionError("the loss 'spectral_score' needs a model that knows its outputs' grid")
    grid = forward.physical.grid
    realizations, truth = (_waves(values, grid) for values in _on_grid(forward, members))
    if whiten and len(truth) > 1:
        sizes = [2 * output.shape[1] for output in forward.outputs.values()]
        parts = torch.split(truth, sizes, -1)
        size = torch.cat([_amplitude_of_others(part).expand_as(part) for part in parts], -1)
        realizations, truth = realizations / size, truth / size
    return _energy_score(realizations, truth)


def _amplitude_of_others(waves: Tensor) -> Tensor:
    """Root mean square of every wave over all samples but one's own, over that of all waves.

    From ``(batch, wave, part)`` to ``(batch, wave, 1)``.
    """
    power = waves.square().mean(-1, keepdim=True)
    others = (power.sum(0) - power).clamp(min=0) / (len(power) - 1)
    whole = others.mean(1, keepdim=True).clamp(min=torch.finfo(waves.dtype).tiny)
    return (others / whole + FAINTEST**2).sqrt()


def _energy_score(realizations: Tensor, truth: Tensor) -> Tensor:
    """Fair energy score over the last axis by the root of its length, averaged over the others.

    Parameters
    ----------
    realizations, truth
        Shapes ``(member, ..., value)`` and ``(..., value)``.
    """
    members = len(realizations)
    first, second = torch.triu_indices(members, members, 1, device=truth.device)
    to_truth = torch.linalg.vector_norm(realizations - truth, dim=-1).mean()
    between = torch.linalg.vector_norm(realizations[first] - realizations[second], dim=-1).mean()
    score: Tensor = (to_truth - 0.5 * between) / math.sqrt(truth.shape[-1])
    return score


def _on_grid(forward: ForwardPass, members: int) -> tuple[Tensor, Tensor]:
    """All outputs' components together: of realizations and of the truth."""
    drawn = forward.realize(members)
    names = [*forward.outputs]
    return (
        torch.cat([drawn[name] for name in names], -4),
        torch.cat([forward.outputs[name] for name in names], -4),
    )


def _waves(fields: Tensor, grid: Grid) -> Tensor:
    """Waves of fields ``(..., component, x, y, z)``, shape ``(..., wave, 2 components)``."""
    kept = _half(grid, tuple(fields.shape[-3:])).to(fields.device)
    found = waves(fields, grid).flatten(-3)[..., kept]
    return torch.view_as_real(found.transpose(-2, -1)).flatten(-2)


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # what is kept serves passes with gradients too
def _half(grid: Grid, shape: tuple[int, int, int]) -> Tensor:
    """Flat positions of the waves of which none is the opposite of another."""
    position = torch.arange(math.prod(shape)).reshape(shape)
    opposite = position
    for dim, periodic in zip(GRID, repeating(grid), strict=True):
        if periodic:
            opposite = opposite.flip(dim).roll(1, dim)
    return position[position <= opposite]
