"""Laws of the latent given the smoothed conditions."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.errors import OptionError
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.model.layers import GridConv, start_at_zero


class StandardPrior(nn.Module):
    """The standard normal, whatever the conditions: the prior of arXiv:2604.02281, Eq. (2).

    Parameters
    ----------
    grid, latent, conditions
        The grid, the latent, and the conditions by input field.
    """

    any_shape = True

    def __init__(
        self, grid: Grid, latent: LatentSpec, conditions: Mapping[str, ConditionSpec]
    ) -> None:
        super().__init__()
        self.width = latent.width
        self.cells = None if latent.layout == "vector" else grid.shape3

    def forward(self, conditions: Mapping[str, Tensor]) -> DiagonalGaussian:
        """Give the law of the latent, as many samples and cells as the conditions have."""
        first = next(iter(conditions.values()))
        cells: tuple[int, ...] = ()
        if self.cells is not None:
            cells = tuple(first.shape[2:]) or self.cells
        return DiagonalGaussian.standard(first.new_empty(len(first), self.width, *cells))


class ConvolutionPrior(nn.Module):
    """A normal law whose mean and variance follow the conditions on the grid.

    It starts as the standard normal.

    Parameters
    ----------
    grid, latent, conditions
        The grid, the latent, and the conditions by input field.
    channels
        Width of the hidden layer.

    Raises
    ------
    OptionError
        If the latent or a condition is a vector.
    """

    any_shape = True

    def __init__(
        self,
        grid: Grid,
        latent: LatentSpec,
        conditions: Mapping[str, ConditionSpec],
        *,
        channels: PositiveInt = 40,
    ) -> None:
        super().__init__()
        if any(spec.layout == "vector" for spec in (latent, *conditions.values())):
            raise OptionError(
                "the prior 'convolution' needs conditions on the grid; "
                "use the prior 'standard', or layout: field"
            )
        self.layers = nn.Sequential(
            GridConv(sum(c.width for c in conditions.values()), channels, grid),
            nn.SiLU(),
            start_at_zero(GridConv(channels, 2 * latent.width, grid)),
        )

    def forward(self, conditions: Mapping[str, Tensor]) -> DiagonalGaussian:
        """Give the law of the latent, ``(batch, latent, x, y, z)``."""
        mean, log_variance = self.layers(torch.cat([*conditions.values()], 1)).chunk(2, 1)
        return DiagonalGaussian(mean, log_variance)
