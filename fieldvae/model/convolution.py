"""Convolutional parts: they respect translations, and serve grids they were not trained on.

How far they see is set by the training grid: see :mod:`fieldvae.model.reach`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor, nn

from fieldvae.contract import ConditionSpec, Encoding, LatentSpec
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.model.far import FarConv
from fieldvae.model.gated import GatedDecoder, over
from fieldvae.model.layers import GridConv, Head, start_at_zero, trunk
from fieldvae.model.missing import beside
from fieldvae.model.reach import grid_reach, smoother_reach


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
        self.trunk = trunk(seen, channels, blocks, grid, reach=reach - 1)
        self.head = Head(channels, condition, grid, wide=reach > 0)

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
        self.trunk = trunk(width, channels, blocks, grid, reach=grid_reach(grid) - 1)
        self.mean = Head(channels, latent, grid)
        self.log_variance = Head(channels, latent, grid)
        self.recovered = nn.ModuleList(Head(channels, c, grid) for c in conditions.values())

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


class ConvolutionDecoder(GatedDecoder):
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
        hidden: NonNegativeInt = 24,
    ) -> None:
        smoothed = smoother_reach(grid)
        reach = grid_reach(grid) - smoothed - 1
        super().__init__(
            outputs,
            grid,
            latent,
            conditions,
            channels=channels,
            blocks=blocks,
            hidden=hidden,
            reach=reach,
        )
        self.linear = nn.Sequential(
            GridConv(self.width, channels, grid), GridConv(channels, self.out, grid)
        )
        seen = smoothed + min(reach, 1 + 2 * blocks)
        self.residual = start_at_zero(FarConv(channels, self.out, grid, before=seen))
        self.noise = FarConv(latent.width, self.out, grid)

    def parts(self, conditions: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Return features and the map from gated latents to means: :meth:`GatedDecoder.parts`."""
        features = self.trunk(conditions)
        base = self.linear(conditions) + self.residual(features)
        hidden = None if self.hidden is None else self.hidden.given(features)

        def mean(drawn: Tensor) -> Tensor:
            noise = self.noise(drawn)
            return over(base, noise if hidden is None else noise + hidden(drawn))

        return features, mean
