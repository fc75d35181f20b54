"""Convolutional parts: they respect translations, and serve grids they were not trained on.

How far they see is set by the training grid: see :mod:`fieldvae.model.reach`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor, nn
from torch.nn import functional

from fieldvae.contract import ConditionSpec, Encoding, LatentSpec
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.model.fourier import circular_convolution
from fieldvae.model.missing import beside
from fieldvae.model.reach import grid_reach, smoother_reach

SMALL = 512
"""Largest grid, in cells, on which circular convolutions are faster in Fourier space."""

START = -3.0
"""Log-variance that a decoder starts with, for outputs of unit variance: so low that the latent
takes the noise first. From -1 the independent noise took it, and the latent was never used."""

PACE = 5.0
"""How much faster a log-variance and a choice between modes move than other weights: Adam moves a
weight by the step size, and a nearly deterministic output is many steps away."""


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
    """

    def __init__(self, channels: int, out: int, grid: Grid, *, wide: bool = True) -> None:
        super().__init__()
        present = [wide and axis < grid.dimensions for axis in range(3)]
        wraps = [axis and grid.periodic[i] for i, axis in enumerate(present)]
        self.pointwise = not wide
        self.periodic = all(grid.periodic)
        self.zeros = tuple(int(p and not w) for p, w in zip(present, wraps, strict=True))
        self.wrap = tuple(int(w) for w in reversed(wraps) for _ in range(2))
        self.weight = nn.Parameter(torch.empty(out, channels, *(1 + 2 * p for p in present)))
        self.bias = nn.Parameter(torch.zeros(out))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))

    def forward(self, field: Tensor) -> Tensor:
        """Convolve a field, shape ``(batch, channel, x, y, z)`` -> ``(batch, out, x, y, z)``."""
        if self.pointwise:
            mixed = functional.linear(field.movedim(1, -1), self.weight.flatten(1), self.bias)
            return mixed.movedim(-1, 1)
        if self.periodic and math.prod(field.shape[2:]) <= SMALL:
            return circular_convolution(field, self.weight) + self.bias.view(-1, 1, 1, 1)
        if any(self.wrap):
            field = functional.pad(field, self.wrap, mode="circular")
        return functional.conv3d(field, self.weight, self.bias, padding=self.zeros)


def start_at_zero(layer: GridConv) -> GridConv:
    """Set a layer's weights to zero, so that what it adds grows from nothing."""
    nn.init.zeros_(layer.weight)
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


def _trunk(inputs: int, channels: int, blocks: int, grid: Grid, *, reach: int) -> nn.Sequential:
    """A convolution and residual blocks: linear at the start, and linear in what leaves it.

    The first ``reach`` convolutions see neighbors, one cell further each; the others do not.
    """
    return nn.Sequential(
        GridConv(inputs, channels, grid, wide=reach > 0),
        *(ResidualBlock(channels, grid, wide=reach - 1 - 2 * i) for i in range(blocks)),
    )


class _Head(nn.Module):
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
        found: Tensor = self.linear(features if self.on_grid else features.flatten(1))
        return found


class _Spread(nn.Module):
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
        found: Tensor = self.linear(values)
        return found


class ConvolutionSmoother(nn.Module):
    """Map a field to its condition by convolutions.

    Parameters
    ----------
    field, grid, condition
        The input, the grid and the condition asked for. A condition on the grid leaves the
        smoother free of the grid's shape; a vector ties it to the shape it was built for.
    channels
        Width of the hidden layers.
    blocks
        Number of residual blocks.
    """

    sees_mask = True

    def __init__(
        self,
        field: FieldSpec,
        grid: Grid,
        condition: ConditionSpec,
        *,
        channels: PositiveInt = 40,
        blocks: PositiveInt = 1,
    ) -> None:
        super().__init__()
        self.any_shape = condition.layout == "field"
        self.masked = field.mask
        reach = smoother_reach(grid)
        seen = field.channels * (1 + field.mask)
        self.trunk = _trunk(seen, channels, blocks, grid, reach=reach - 1)
        self.head = _Head(channels, condition, grid, wide=reach > 0)

    def forward(self, field: Tensor, known: Tensor | None = None) -> Tensor:
        """Smooth a field ``(batch, c, x, y, z)`` to a condition ``(batch, *condition.shape)``.

        ``known`` is 1 where the values of a field with mask are, all of them where ``None``.
        """
        condition: Tensor = self.head(self.trunk(beside(field, known) if self.masked else field))
        return condition


class ConvolutionEncoder(nn.Module):
    """Read the latent's posterior and the conditions off the output fields by convolutions.

    Parameters
    ----------
    outputs, grid, latent, conditions
        The output fields, the grid, the latent, and the conditions by input field.
    channels
        Width of the hidden layers.
    blocks
        Number of residual blocks.
    """

    sees_mask = True

    def __init__(
        self,
        outputs: Sequence[FieldSpec],
        grid: Grid,
        latent: LatentSpec,
        conditions: Mapping[str, ConditionSpec],
        *,
        channels: PositiveInt = 40,
        blocks: PositiveInt = 2,
    ) -> None:
        super().__init__()
        specs = [latent, *conditions.values()]
        self.any_shape = all(spec.layout == "field" for spec in specs)
        self.names = tuple(conditions)
        self.masked = {field.name: field.mask for field in outputs}
        width = sum(field.channels * (1 + field.mask) for field in outputs)
        self.trunk = _trunk(width, channels, blocks, grid, reach=grid_reach(grid) - 1)
        self.mean = _Head(channels, latent, grid)
        self.log_variance = _Head(channels, latent, grid)
        self.recovered = nn.ModuleList(_Head(channels, c, grid) for c in conditions.values())

    def forward(
        self, outputs: Mapping[str, Tensor], known: Mapping[str, Tensor] | None = None
    ) -> Encoding:
        """Encode output fields, each ``(batch, c, x, y, z)``.

        ``known`` is 1 where the values of an output with mask are, all of them where ``None``.
        """
        mask = known or {}
        seen = [beside(y, mask.get(n)) if self.masked[n] else y for n, y in outputs.items()]
        features = self.trunk(torch.cat(seen, 1))
        recovered = [head(features) for head in self.recovered]
        return Encoding(
            posterior=DiagonalGaussian(self.mean(features), self.log_variance(features)),
            recovered=dict(zip(self.names, recovered, strict=True)),
        )


class _Hidden(nn.Module):
    r"""Two layers in which latent and features act together; they add nothing at the start.

    .. math:: H = C\, h\big(PD\, h(A u + B f + P W \sqrt V\, \bar u)\big), \qquad
              h = \mathrm{SiLU}

    with convolutions :math:`A, B, C` and :math:`P` = :data:`PACE`, for a choice between modes is a
    steep function. The mean :math:`\bar u` of the latent over the :math:`V` cells, scaled to the
    latent's variance, is what all cells know of: a mode that a whole field falls into.
    """

    def __init__(self, latent: int, features: int, width: int, out: int, grid: Grid) -> None:
        super().__init__()
        self.latent = GridConv(latent, width, grid)
        self.features = GridConv(features, width, grid)
        self.whole = nn.Linear(latent, width, bias=False)
        self.deep = nn.Linear(width, width)
        self.out = start_at_zero(GridConv(width, out, grid))

    def given(self, features: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the map from latents, count times the batch of the features, to what is added."""
        guide = self.features(features)

        def added(latent: Tensor) -> Tensor:
            mean = latent.mean((2, 3, 4)) * math.prod(latent.shape[2:]) ** 0.5
            read = self.latent(latent) + PACE * self.whole(mean)[..., None, None, None]
            read = (read.unflatten(0, (-1, len(guide))) + guide).flatten(0, 1)
            deep = PACE * self.deep(functional.silu(read).movedim(1, -1))
            found: Tensor = self.out(functional.silu(deep).movedim(-1, 1))
            return found

        return added


class ConvolutionDecoder(nn.Module):
    r"""Turn conditions into a mean and the latent into noise whose strength they set.

    .. math::
        m = L(c) + R(c) + N(u) + H(u, c), \qquad u = g(c)\, z, \qquad
        y \sim \mathcal N(m, s^2)

    with linear convolutions :math:`L` and :math:`N`, residual blocks :math:`R` that start at
    zero, a gate :math:`0 < g < 2`, and one learned standard deviation :math:`s` for each
    component. Without the hidden layers :math:`H`, which start at zero too, the law of the
    outputs given the inputs is Gaussian; with them it may be skewed or have several modes.

    Parameters
    ----------
    outputs, grid, latent, conditions
        The output fields, the grid, the latent, and the conditions by input field.
    channels
        Width of the hidden layers.
    blocks
        Number of residual blocks.
    hidden
        Width of the layers in which latent and conditions act together; 0 for none.
    """

    def __init__(
        self,
        outputs: Sequence[FieldSpec],
        grid: Grid,
        latent: LatentSpec,
        conditions: Mapping[str, ConditionSpec],
        *,
        channels: PositiveInt = 40,
        blocks: PositiveInt = 3,
        hidden: NonNegativeInt = 0,
    ) -> None:
        super().__init__()
        specs = [latent, *conditions.values()]
        self.any_shape = all(spec.layout == "field" for spec in specs)
        self.split = {field.name: field.channels for field in outputs}
        width = sum(c.width for c in conditions.values())
        out = sum(self.split.values())
        self.spread = nn.ModuleList(_Spread(c, grid) for c in conditions.values())
        self.spread_latent = _Spread(latent, grid)
        reach = grid_reach(grid) - smoother_reach(grid)
        self.linear = nn.Sequential(GridConv(width, channels, grid), GridConv(channels, out, grid))
        self.trunk = _trunk(width, channels, blocks, grid, reach=reach - 1)
        self.residual = start_at_zero(GridConv(channels, out, grid))
        self.gate = start_at_zero(GridConv(channels, latent.width, grid, wide=False))
        # a step of Adam moves a sum over all weights: undivided, gates shut or opened for good, two
        # to four of twelve channels were left, and nothing of the inputs in them
        self.inertia = self.gate.weight[0].numel() ** 0.5
        self.noise = GridConv(latent.width, out, grid)
        self.hidden = _Hidden(latent.width, channels, hidden, out, grid) if hidden else None
        self.log_variance = nn.Parameter(torch.full((out, 1, 1, 1), START / PACE))

    def given(
        self, conditions: Mapping[str, Tensor]
    ) -> Callable[[Tensor], dict[str, DiagonalGaussian]]:
        """Return the map from latents to laws under fixed conditions.

        What depends on the conditions alone is computed once, for any number of latents.

        Parameters
        ----------
        conditions
            By input field, ``(batch, *condition.shape)``.

        Returns
        -------
        Callable
            Takes latents ``(count * batch, *latent.shape)``, count by count, and returns the law
            of every output, ``(count * batch, component, x, y, z)``.
        """
        pairs = zip(self.spread, conditions.values(), strict=True)
        joined = torch.cat([spread(condition) for spread, condition in pairs], 1)
        features = self.trunk(joined)
        base = self.linear(joined) + self.residual(features)
        gate = 2 * torch.sigmoid(self.gate(features) / self.inertia)
        hidden = None if self.hidden is None else self.hidden.given(features)

        def law(latent: Tensor) -> dict[str, DiagonalGaussian]:
            z = self.spread_latent(latent).unflatten(0, (-1, gate.shape[0]))
            drawn = (gate * z).flatten(0, 1)
            noise = self.noise(drawn) if hidden is None else self.noise(drawn) + hidden(drawn)
            mean = (base + noise.unflatten(0, (-1, gate.shape[0]))).flatten(0, 1)
            sizes = [*self.split.values()]
            parts = zip(
                torch.split(mean, sizes, 1),
                torch.split(PACE * self.log_variance, sizes),
                strict=True,
            )
            laws = (DiagonalGaussian(m, log_variance) for m, log_variance in parts)
            return dict(zip(self.split, laws, strict=True))

        return law

    def forward(
        self, latent: Tensor, conditions: Mapping[str, Tensor]
    ) -> dict[str, DiagonalGaussian]:
        """Give the law of every output, mean ``(batch, component, x, y, z)``."""
        return self.given(conditions)(latent)
