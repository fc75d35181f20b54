r"""What convolutional decoders have in common: a gated latent, and a law with a learned noise."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.model.layers import GridConv, Spread, start_at_zero, trunk

START = -3.0
"""Log-variance that a decoder starts with, for outputs of unit variance: so low that the latent
takes the noise first. From -1 the independent noise took it, and the latent was never used."""

PACE = 5.0
"""How much faster a choice between modes moves than other weights, for it is a steep function."""

NOISE_PACE = 20.0
"""How much faster a log-variance moves than other weights: Adam moves a weight by the step size,
and a smooth output, which has next to no noise in single cells, is many steps away."""


class Hidden(nn.Module):
    r"""Two layers in which latent and features act together; they add nothing at the start.

    .. math:: H = C\, h\big(PD\, h(A u + B f + P W \sqrt V\, \bar u)\big), \qquad
              h = \mathrm{SiLU}

    with convolutions :math:`A` and :math:`C` over the nearest cells, :math:`B` cell by cell, so
    that conditions act one cell further than the features see, and :math:`P` = :data:`PACE`, for a
    choice between modes is a steep function. The mean :math:`\bar u` of the latent over the
    :math:`V` cells, scaled to the latent's variance, is what all cells know of: a mode that a whole
    field falls into.
    """

    def __init__(self, latent: int, features: int, width: int, out: int, grid: Grid) -> None:
        super().__init__()
        self.latent = GridConv(latent, width, grid)
        self.features = GridConv(features, width, grid, wide=False)
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


class GatedDecoder(nn.Module, ABC):
    r"""Conditions set the strength of a latent noise; a subclass tells what it does to the outputs.

    .. math:: u = g(c)\, z, \qquad y \sim \mathcal N\big(m(u, c),\, s^2\big)

    with a gate :math:`0 < g < 2` and one learned standard deviation :math:`s` for each component.

    Parameters
    ----------
    outputs, grid, latent, conditions
        The output fields, the grid, the latent, and the conditions by input field.
    channels
        Width of the hidden layers.
    blocks
        Number of residual blocks, which features of the conditions are computed by.
    hidden
        Width of the layers in which latent and conditions act together; 0 for none, and a law of
        the outputs given the inputs that is Gaussian.
    reach
        How far the residual blocks see, in cells.
    """

    def __init__(
        self,
        outputs: Sequence[FieldSpec],
        grid: Grid,
        latent: LatentSpec,
        conditions: Mapping[str, ConditionSpec],
        *,
        channels: int,
        blocks: int,
        hidden: int,
        reach: int,
    ) -> None:
        super().__init__()
        specs = [latent, *conditions.values()]
        self.any_shape = all(spec.layout == "field" for spec in specs)
        self.split = {field.name: field.channels for field in outputs}
        self.width = sum(c.width for c in conditions.values())
        self.out = sum(self.split.values())
        self.spread = nn.ModuleList(Spread(c, grid) for c in conditions.values())
        self.spread_latent = Spread(latent, grid)
        self.trunk = trunk(self.width, channels, blocks, grid, reach=reach)
        self.gate = start_at_zero(GridConv(channels, latent.width, grid, wide=False))
        # a step of Adam moves a sum over all weights: undivided, gates shut or opened for good, two
        # to four of twelve channels were left, and nothing of the inputs in them
        self.inertia = self.gate.weight[0].numel() ** 0.5
        self.hidden = Hidden(latent.width, channels, hidden, self.out, grid) if hidden else None
        self.log_variance = nn.Parameter(torch.full((self.out, 1, 1, 1), START / NOISE_PACE))

    @abstractmethod
    def parts(self, conditions: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Return features, which set the gates, and the map from gated latents to means.

        Parameters
        ----------
        conditions
            All conditions, shape ``(batch, width, x, y, z)``.

        Returns
        -------
        features : Tensor
            What the residual blocks make of the conditions, ``(batch, channels, x, y, z)``.
        means : Callable
            Takes ``(count * batch, latent.width, x, y, z)``, count by count, and returns
            ``(count * batch, component, x, y, z)``, components of all outputs in their order.
        """

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
        features, means = self.parts(joined)
        gate = 2 * torch.sigmoid(self.gate(features) / self.inertia)

        def law(latent: Tensor) -> dict[str, DiagonalGaussian]:
            z = self.spread_latent(latent).unflatten(0, (-1, len(gate)))
            mean = means((gate * z).flatten(0, 1))
            sizes = [*self.split.values()]
            parts = zip(
                torch.split(mean, sizes, 1),
                torch.split(NOISE_PACE * self.log_variance, sizes),
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


def over(base: Tensor, added: Tensor) -> Tensor:
    """Add to each sample of a batch what each of its latents gives, ``(count * batch, ...)``."""
    whole = base + torch.unflatten(added, 0, (-1, len(base)))
    return whole.flatten(0, 1)
