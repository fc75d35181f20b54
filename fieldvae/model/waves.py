"""Waves of fields on grids of which some axes repeat and others do not."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldvae.grid import Grid
from fieldvae.model.closure import GRID


def waves(fields: Tensor, grid: Grid) -> Tensor:
    """Transform fields to waves; along axes that do not repeat these are cosines.

    Parameters
    ----------
    fields
        Shape ``(..., x, y, z)``, of any number of cells.
    grid
        Which axes repeat.

    Returns
    -------
    Tensor
        Complex, shape of ``fields``: the transform of norm one of the fields mirrored along axes
        that do not repeat.
    """
    x, y, z = fields.shape[-3:]
    for dim, repeats in zip(GRID, repeating(grid), strict=True):
        if not repeats:
            fields = torch.cat([fields, fields.flip(dim)], dim)
    found: Tensor = torch.fft.fftn(fields, dim=GRID, norm="ortho")[..., :x, :y, :z]
    return found


def repeating(grid: Grid) -> tuple[bool, ...]:
    """Whether x, y and z repeat; absent axes do."""
    return (*grid.periodic, True, True)[:3]
