"""Layers that convolutional parts are made of.

They respect translations, and serve grids they were not made for.
"""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from fieldvae.contract import ConditionSpec
from fieldvae.grid import Grid
from fieldvae.model.fourier import circular_convolution

Layer = TypeVar("Layer", bound=nn.Module)

SMALL = 512
"""Largest grid, in cells, on which circular convolutions are faster in Fourier space."""


class GridConv(nn.Module):
    """Convolution with a kernel of three cells along the grid's axes, one along absent axes.

    Periodic axes wrap around, the others are padded with zeros.

    Parameters
    ----------
    channels, out
        Number of channels read and written.
    grid
        Gives the axes and their periodicity, not the shape: any number of cells will do.
    wide
        Whether the kernel has three cells along every axis; one otherwise, each cell by itself.
    balanced
        Whether the kernel adds up to zero, so that a uniform field gives nothing but the bias.
    apart
        Distance between the cells of the kernel along x, y, z; zero for one cell along an axis.
    """

    def __init__(
        self,
        channels: int,
        out: int,
        grid: Grid,
        *,
        wide: bool = True,
        balanced: bool = False,
        apart: tuple[int, int, int] = (1, 1, 1),
    ) -> None:
        super().__init__()
        self.balanced = balanced
        present = [wide and apart[axis] > 0 and axis < grid.dimensions for axis in range(3)]
        wraps = [axis and grid.periodic[i] for i, axis in enumerate(present)]
        self.pointwise = not wide
        self.apart = tuple(max(a, 1) for a in apart)
        self.small = all(grid.periodic) and self.apart == (1, 1, 1)
        self.zeros = tuple(a * (p and not w) for a, p, w in zip(apart, present, wraps, strict=True))
        self.wrap = tuple(a * w for a, w in zip(apart, wraps, strict=True))
        self.weight = nn.Parameter(torch.empty(out, channels, *(1 + 2 * p for p in present)))
        self.bias = nn.Parameter(torch.zeros(out))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))

    def forward(self, field: Tensor) -> Tensor:
        """Convolve a field, shape ``(batch, channel, x, y, z)`` -> ``(batch, out, x, y, z)``."""
        if self.pointwise:
            mixed = functional.linear(field.movedim(1, -1), self.weight.flatten(1), self.bias)
            return mixed.movedim(-1, 1)
        weight: Tensor = self.weight
        if self.balanced:
            weight = weight - weight.mean((2, 3, 4), keepdim=True)
        if self.small and math.prod(field.shape[2:]) <= SMALL:
            return circular_convolution(field, weight) + self.bias.view(-1, 1, 1, 1)
        for axis, far in enumerate(self.wrap):
            if far:
                field = wrapped(field, axis, far)
        return functional.conv3d(field, weight, self.bias, padding=self.zeros, dilation=self.apart)


def wrapped(field: Tensor, axis: int, far: int) -> Tensor:
    """Go on as many cells before and behind an axis that repeats, shape ``(..., x, y, z)``."""
    cells = field.shape[axis - 3]
    places = torch.arange(-far, cells + far, device=field.device) % cells
    return field.index_select(axis - 3, places)


def start_at_zero(layer: Layer) -> Layer:
    """Set a layer's weights to zero, so that what it adds grows from nothing."""
    for name, weight in layer.named_parameters():
        if name.endswith("weight"):
            nn.init.zeros_(weight)
    return layer


class ResidualBlock(nn.Module):
    """Two normalized convolutions beside the identity, which is where training starts.

    Parameters
    ----------
    channels
        Number of channels.
    grid
        As of :class:`GridConv`.
    wide
        How many of the two convolutions see neighbors.
    """

    def __init__(self, channels: int, grid: Grid, *, wide: int = 2) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _norm(channels),
            nn.SiLU(),
            GridConv(channels, channels, grid, wide=wide > 0),
            _norm(channels),
            nn.SiLU(),
            start_at_zero(GridConv(channels, channels, grid, wide=wide > 1)),
        )

    def forward(self, field: Tensor) -> Tensor:
        """Add to a field, shape ``(batch, channel, x, y, z)``."""
        added: Tensor = self.layers(field)
        return field + added


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(channels, 8), channels)


def trunk(inputs: int, channels: int, blocks: int, grid: Grid, *, reach: int) -> nn.Sequential:
    """A convolution and residual blocks: linear at the start, and linear in what leaves it.

    The first ``reach`` convolutions see neighbors, one cell further each; the others do not.
    """
    return nn.Sequential(
        GridConv(inputs, channels, grid, wide=reach > 0),
        *(ResidualBlock(channels, grid, wide=reach - 1 - 2 * i) for i in range(blocks)),
    )


class Head(nn.Module):
    """Features on the grid -> a field of the layout's shape, through one linear map."""

    def __init__(
        self, channels: int, target: ConditionSpec, grid: Grid, *, wide: bool = True
    ) -> None:
        super().__init__()
        self.on_grid = target.layout == "field"
        self.linear = (
            GridConv(channels, target.width, grid, wide=wide)
            if self.on_grid
            else nn.Linear(channels * grid.cells, target.width)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map features ``(batch, channels, x, y, z)`` to ``(batch, *target.shape)``."""
        found: Tensor = self.linear(features if self.on_grid else features.flatten(1))
        return found


class Spread(nn.Module):
    """A latent or a condition -> as many channels on the grid; a field passes unchanged."""

    def __init__(self, source: ConditionSpec, grid: Grid) -> None:
        super().__init__()
        self.shape = (source.width, *grid.shape3)
        self.linear = (
            nn.Identity()
            if source.layout == "field"
            else nn.Sequential(
                nn.Linear(source.width, math.prod(self.shape)), nn.Unflatten(1, self.shape)
            )
        )

    def forward(self, values: Tensor) -> Tensor:
        """Spread values ``(batch, *source.shape)`` to ``(batch, width, x, y, z)``."""
        found: Tensor = self.linear(values)
        return found
