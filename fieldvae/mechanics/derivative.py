r"""First derivatives on a regular grid, in three schemes.

A field of waves with the angles :math:`\theta_i = k_i h_i` from cell to cell has the derivative
:math:`i \kappa_i` times itself, but for a phase that all directions share:

=============  ==============================================================================
``corner``     :math:`\kappa_i = \frac{2}{h_i} \sin\frac{\theta_i}{2} \prod_{j \ne i} \cos\frac{\theta_j}{2}`:
               at the corners of the cells, from the eight cells around each. Balance of forces
               on the box between eight cell centers, the stress on a face being the mean of its
               four corners; the rotated scheme of Willot (2015), doi:10.1016/j.crme.2014.12.005.
``central``    :math:`\kappa_i = \sin(\theta_i) / h_i`: at the cells, from both neighbors.
``spectral``   :math:`\kappa_i = k_i`: of the trigonometric polynomial through the values; on
               periodic grids alone.
=============  ==============================================================================

All are zero for the mean. At the Nyquist angle :math:`\theta_i = \pi` along any axis ``central``
and ``spectral`` have :math:`\kappa_i = 0`; ``corner`` is zero along all axes where two angles or
more are :math:`\pi`, and sees every other wave.
"""  # noqa: E501

from __future__ import annotations

import math

import torch
from torch import Tensor

from fieldvae.errors import GridError
from fieldvae.field import Derivative
from fieldvae.grid import Grid

AXES = (-3, -2, -1)
"""The axes x, y, z of a field ``(..., x, y, z)``."""


def wave_vectors(grid: Grid, derivative: Derivative) -> Tensor:
    r"""Return the wave vectors :math:`\kappa` of a scheme.

    Parameters
    ----------
    grid
        A periodic grid.
    derivative
        The scheme.

    Returns
    -------
    Tensor
        float64, shape ``(3, x, y, z)``, radians per spacing unit, in the order of ``fftn``.

    Raises
    ------
    GridError
        If the grid does not repeat along every axis.
    """
    if not all(grid.periodic):
        raise GridError(
            f"waves of a grid with periodic {list(grid.periodic)}: it must repeat along every axis"
        )
    spacing = (*grid.spacing, 1.0, 1.0)[:3]
    angles, nyquist = [], []
    for axis, cells in enumerate(grid.shape3):
        shape = [1, 1, 1]
        shape[axis] = cells
        angle = 2 * math.pi * torch.fft.fftfreq(cells, dtype=torch.float64)
        angles.append(angle.reshape(shape))
        nyquist.append((torch.arange(cells) * 2 == cells).reshape(shape))
    if derivative == "corner":
        halves = [
            torch.cos(a / 2).masked_fill(n, 0.0) for a, n in zip(angles, nyquist, strict=True)
        ]
        parts = [
            2 / spacing[i] * torch.sin(angles[i] / 2) * halves[i - 2] * halves[i - 1]
            for i in range(3)
        ]
    else:
        steps = [torch.sin(a) if derivative == "central" else a for a in angles]
        parts = [
            (s / h).masked_fill(n, 0.0) for s, h, n in zip(steps, spacing, nyquist, strict=True)
        ]
    return torch.stack([part.expand(grid.shape3) for part in parts])


def difference(field: Tensor, axis: int, *, grid: Grid, derivative: Derivative) -> Tensor:
    """Differentiate a field along one axis.

    Parameters
    ----------
    field
        Shape ``(..., x, y, z)``; the number of cells may differ from the grid's.
    axis
        0, 1 or 2 for x, y or z; along an axis of one cell the derivative is zero.
    grid
        Spacing, and which axes repeat.
    derivative
        The scheme.

    Returns
    -------
    Tensor
        In the field's unit per spacing unit. Along axes that do not repeat ``corner`` has one
        cell less and ``central`` two, whatever axis is differentiated along.

    Raises
    ------
    GridError
        If the scheme does not exist on the grid.
    """
    if derivative == "spectral":
        own = Grid(tuple(field.shape[-3:]), _spacing(grid), periodic=_periodic(grid))
        waves = wave_vectors(own, derivative)[axis].to(field.device, field.dtype)
        turned: Tensor = torch.fft.ifftn(1j * waves * torch.fft.fftn(field, dim=AXES), dim=AXES)
        return turned.real
    found = field
    for i, (dim, repeats) in enumerate(zip(AXES, _periodic(grid), strict=True)):
        if derivative == "corner":
            found = _corner(found, dim, repeats=repeats, along=i == axis)
        else:
            found = _central(found, dim, repeats=repeats, along=i == axis)
    return found / _spacing(grid)[axis]


def _corner(field: Tensor, dim: int, *, repeats: bool, along: bool) -> Tensor:
    """Difference or mean of neighbors along an axis."""
    if field.shape[dim] == 1:
        return torch.zeros_like(field) if along else field
    cells = field.shape[dim]
    if repeats:
        here, ahead = field, field.roll(-1, dim)
    else:
        here, ahead = field.narrow(dim, 0, cells - 1), field.narrow(dim, 1, cells - 1)
    return ahead - here if along else (ahead + here) / 2


def _central(field: Tensor, dim: int, *, repeats: bool, along: bool) -> Tensor:
    """Half the difference of both neighbors, or the cells that have both."""
    cells = field.shape[dim]
    if cells == 1:
        return torch.zeros_like(field) if along else field
    if repeats:
        return (field.roll(-1, dim) - field.roll(1, dim)) / 2 if along else field
    if cells == 2:
        raise GridError(
            "central differences along an axis of two cells that does not repeat: no cell has "
            "both neighbors; declare 'derivative: corner' for the field"
        )
    inner = cells - 2
    if not along:
        return field.narrow(dim, 1, inner)
    return (field.narrow(dim, 2, inner) - field.narrow(dim, 0, inner)) / 2


def _periodic(grid: Grid) -> tuple[bool, ...]:
    return (*grid.periodic, True, True)[:3]


def _spacing(grid: Grid) -> tuple[float, ...]:
    return (*grid.spacing, 1.0, 1.0)[:3]
