r"""The stiffness of a medium by least squares, before anything else is learned.

.. math::
    \min_{K, A, B} \; \frac n2 \ln \sum \Big(\Gamma(C) * A x
    + \sum_f B_f (x_f - x) - \sigma\Big)^2 + \frac{\lVert K \rVert^2}{2 \tau^2}

Inputs :math:`x` make eigenstrains, and next to a block whose inputs :math:`x_f` are others there is
a stress of the face :math:`f` between them. With faces alone the waves of a few blocks tell the
stiffness: kernels of all nearest blocks would mimic the part of it that depends on direction. The
sum is over :math:`n` known values, whose noise is of unknown size; the last term is what is thought
of the stiffness before any data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.model.medium import Medium

WIDTH = 0.5
r"""How far a stiffness is thought to be from isotropic, :math:`\tau` of :math:`\ln C`."""

EXACT = 1e-6
"""Share of the variance that counts as noise even where there is none."""

CELLS = 2**17
"""Number of cells, in all samples together, that are enough."""

ITERATIONS = 100
"""Largest number of iterations of L-BFGS."""


def fit_stiffness(medium: Medium, inputs: Batch, stress: Tensor) -> None:
    """Set a medium's stiffness to that of the linear map that comes nearest to the data.

    Parameters
    ----------
    medium
        Its learned stiffness is changed.
    inputs
        Scaled input fields, each ``(batch, component, x, y, z)``, missing values NaN; of one cell
        where a field is on no grid.
    stress
        Scaled, shape ``(batch, component, x, y, z)``, missing values NaN.
    """
    shape = stress.shape[2:]
    some = slice(None, None, math.ceil(len(stress) * math.prod(shape) / CELLS))
    given = torch.cat([field[some].expand(-1, -1, *shape) for field in inputs.values()], 1)
    given, wanted = given.nan_to_num(0.0), stress[some].nan_to_num(0.0)
    known = stress[some].isfinite()
    count = known.sum().clamp(min=1)
    apart = _across_faces(given, medium.repeats)
    variance = wanted.square().sum().clamp(min=EXACT)
    strains = wanted.new_zeros(wanted.shape[1], given.shape[1], requires_grad=True)
    faces = wanted.new_zeros(wanted.shape[1], apart.shape[1], requires_grad=True)
    weights = [medium.learned, strains, faces]
    optimizer = torch.optim.LBFGS(
        weights, max_iter=ITERATIONS, history_size=30, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        answered = medium.given(shape)(_mixed(strains, given)) + _mixed(faces, apart)
        missed = ((answered - wanted) * known).square().sum() / variance
        found: Tensor = (missed + EXACT).log() + medium.learned.square().sum() / WIDTH**2 / count
        found.backward()  # type: ignore[no-untyped-call]
        return found.detach()

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    optimizer.zero_grad()


def _across_faces(field: Tensor, repeats: Sequence[bool]) -> Tensor:
    """Return neighbor less cell for every face, shape ``(batch, face * channel, x, y, z)``.

    Across the outer faces of an axis that does not repeat there is no difference.
    """
    found = []
    for axis, repeat in zip((2, 3, 4), repeats, strict=True):
        cells = field.shape[axis]
        for step in (1, -1) if cells > 1 else ():
            there = torch.arange(cells, device=field.device) + step
            there = there % cells if repeat else there.clamp(0, cells - 1)
            found.append(field.index_select(axis, there) - field)
    return torch.cat(found, 1) if found else field[:, :0]


def _mixed(matrix: Tensor, field: Tensor) -> Tensor:
    found: Tensor = torch.einsum("oc,bcxyz->boxyz", matrix, field)
    return found
