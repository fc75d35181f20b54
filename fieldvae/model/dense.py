"""The networks of arXiv:2604.02281, Table 1: dense layers around a few convolutions.

Every hidden layer is followed by batch normalization and a sigmoid, the decoder's last one too,
so that outputs lie in [0, 1]; so do conditions. Widths are given for each cell of the grid, as
in the table (``128*64`` is 128 on 4x4x4). With two input fields of 2 and 9 components, one output
field of 6, conditions of 150 and a latent of 300 there are 279,985,280 weights:

=============  ===========================================================================
part           layers
=============  ===========================================================================
encoder        convolutions 6, 32, 64, 128 (3^3, zero padding), dense 128*64, 64*64
its condition  dense 64*64, 16*64, 8*64, 150
its latent     dense 64*64 + 2*150, 16*64, 300, once for mean and once for log-variance,
               the last layer bare
smoother       convolution C, 64; dense 64*64, 32*64, 150
decoder        dense 300 + 2*150, 128*64, 128*64, 128*64, 128*64, 6*64
=============  ===========================================================================

The convolutions pad with zeros on every axis, periodic or not, as the authors do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from fieldvae.contract import ConditionSpec, Encoding, LatentSpec
from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid

GAIN = 1.2
"""Gain of the Xavier normal start of dense layers, from the authors' code."""


class PaperSmoother(nn.Module):
    """Smoother of Table 1.

    Parameters
    ----------
    field, grid, condition
        The input, the grid that it is tied to, and the condition, a vector.
    channels
        Channels of the convolution.
    width
        Width of the hidden dense layer, for each cell.

    Raises
    ------
    OptionError
        If the condition is not a vector.
    """

    def __init__(
        self,
        field: FieldSpec,
        grid: Grid,
        condition: ConditionSpec,
        *,
        channels: PositiveInt = 64,
        width: PositiveInt = 32,
    ) -> None:
        super().__init__()
        _require_vectors("smoother", [condition])
        sizes = (channels * grid.cells, width * grid.cells, condition.width)
        self.layers = nn.Sequential(
            *_convolutions([field.channels, channels], grid), nn.Flatten(), *_dense(*sizes)
        )
        _start(self)

    def forward(self, field: Tensor) -> Tensor:
        """Smooth a field ``(batch, c, x, y, z)`` to a condition ``(batch, k)``."""
        condition: Tensor = self.layers(field)
        return condition


class PaperEncoder(nn.Module):
    """Encoder of Table 1: its posterior sees the features and the recovered conditions.

    Parameters
    ----------
    outputs, grid, latent, conditions
        The output fields, the grid that it is tied to, the latent, and the conditions by input
        field, vectors all.
    channels
        Channels of the convolutions, one after the other.
    width
        Width of the feature, for each cell.
    head
        Widths of the hidden layers of a condition's head, for each cell; the first one is that
        of mean and log-variance too.

    Raises
    ------
    OptionError
        If the latent or a condition is not a vector.
    """

    def __init__(
        self,
        outputs: Sequence[FieldSpec],
        grid: Grid,
        latent: LatentSpec,
        conditions: Mapping[str, ConditionSpec],
        *,
        channels: tuple[PositiveInt, ...] = (32, 64, 128),
        width: PositiveInt = 64,
        head: tuple[PositiveInt, ...] = (16, 8),
    ) -> None:
        super().__init__()
        _require_vectors("encoder", [latent, *conditions.values()])
        if not channels or not head:
            raise OptionError("the encoder 'paper' needs at least one number in channels and head")
        cells = grid.cells
        seen = [sum(field.channels for field in outputs), *channels]
        self.names = tuple(conditions)
        self.features = nn.Sequential(
            *_convolutions(seen, grid), nn.Flatten(), *_dense(channels[-1] * cells, width * cells)
        )
        hidden = [w * cells for w in head]
        self.recovered = nn.ModuleList(
            nn.Sequential(*_dense(width * cells, *hidden, c.width)) for c in conditions.values()
        )
        joined = width * cells + sum(c.width for c in conditions.values())
        self.mean, self.log_variance = (
            nn.Sequential(*_dense(joined, hidden[0]), nn.Linear(hidden[0], latent.width))
            for _ in range(2)
        )
        _start(self)

    def forward(self, outputs: Mapping[str, Tensor]) -> Encoding:
        """Encode output fields, each ``(batch, c, x, y, z)``."""
        features = self.features(torch.cat([*outputs.values()], 1))
        recovered = [head(features) for head in self.recovered]
        joined = torch.cat([features, *recovered], 1)
        return Encoding(
            posterior=DiagonalGaussian(self.mean(joined), self.log_variance(joined)),
            recovered=dict(zip(self.names, recovered, strict=True)),
        )


class PaperDecoder(nn.Module):
    """Decoder of Table 1: a point for every output, in [0, 1].

    Parameters
    ----------
    outputs, grid, latent, conditions
        The output fields, the grid that it is tied to, the latent, and the conditions by input
        field, vectors all.
    widths
        Widths of the hidden layers, for each cell.

    Raises
    ------
    OptionError
        If the latent or a condition is not a vector.
    """

    def __init__(
        self,
        outputs: Sequence[FieldSpec],
        grid: Grid,
        latent: LatentSpec,
        conditions: Mapping[str, ConditionSpec],
        *,
        widths: tuple[PositiveInt, ...] = (128, 128, 128, 128),
    ) -> None:
        super().__init__()
        _require_vectors("decoder", [latent, *conditions.values()])
        self.split = {field.name: field.channels for field in outputs}
        width = latent.width + sum(c.width for c in conditions.values())
        sizes = [w * grid.cells for w in (*widths, sum(self.split.values()))]
        self.layers = nn.Sequential(*_dense(width, *sizes), nn.Unflatten(1, (-1, *grid.shape3)))
        _start(self)

    def forward(
        self, latent: Tensor, conditions: Mapping[str, Tensor]
    ) -> dict[str, DiagonalGaussian]:
        """Give every output, ``(batch, component, x, y, z)``, as a point mass."""
        mean = self.layers(torch.cat([latent, *conditions.values()], 1))
        parts = torch.split(mean, [*self.split.values()], 1)
        return {name: DiagonalGaussian(m) for name, m in zip(self.split, parts, strict=True)}


def _dense(*sizes: int) -> list[nn.Module]:
    return [
        layer
        for before, after in pairwise(sizes)
        for layer in (nn.Linear(before, after), nn.BatchNorm1d(after), nn.Sigmoid())
    ]


def _convolutions(channels: Sequence[int], grid: Grid) -> list[nn.Module]:
    along = [3 if axis < grid.dimensions else 1 for axis in range(3)]
    kernel = (along[0], along[1], along[2])
    return [
        layer
        for before, after in pairwise(channels)
        for layer in (
            nn.Conv3d(before, after, kernel, padding="same"),
            nn.BatchNorm3d(after),
            nn.Sigmoid(),
        )
    ]


def _start(part: nn.Module) -> None:
    for layer in part.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_normal_(layer.weight, gain=GAIN)
            nn.init.zeros_(layer.bias)


def _require_vectors(part: str, specs: Sequence[ConditionSpec]) -> None:
    if any(spec.layout != "vector" for spec in specs):
        raise OptionError(
            f"the {part} 'paper' works on vectors, and the model's layout is 'field'; "
            f"use another {part}, or layout: vector"
        )
