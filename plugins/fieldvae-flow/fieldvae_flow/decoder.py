"""The decoder ``flow``: outputs are where a learned velocity carries a standard-normal latent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from fieldvae import ConditionSpec, DiagonalGaussian, FieldSpec, Grid, LatentSpec, OptionError
from fieldvae_flow.transport import Velocity, transport
from fieldvae_flow.velocity import VelocityNetwork

CELLS_AT_ONCE = 20_000
"""Cells of all samples that are carried together: the network's features then stay in a core's
cache; on 4x4x4 cells and 40 channels it takes half the time of ten times as many."""


class FlowDecoder(nn.Module):
    r"""Carry a latent to the outputs along a velocity that depends on the conditions.

    .. math:: \frac{dx}{dt} = v(x, t, c), \qquad x(0) = z, \quad x(1) = y

    A continuous normalizing flow (Chen et al. 2018, arXiv:1806.07366), whose velocity the loss
    ``flow_matching`` learns. The latent is a field on the grid, as wide as all outputs together;
    given it and the conditions the outputs are fixed, so their law is a point mass and the chance
    of a realization is that of the latent.

    Parameters
    ----------
    outputs, grid, latent, conditions
        The output fields, the grid, the latent, and the conditions by input field.
    channels
        Width of the hidden layers.
    blocks
        Number of residual blocks.
    steps
        Steps of the midpoint rule from latent to outputs, each two passes through the network.
        Training by ``flow_matching`` does not depend on it.

    Raises
    ------
    OptionError
        If the latent or a condition is a vector, or the latent has another width than the outputs.
    """

    any_shape = True

    def __init__(
        self,
        outputs: Sequence[FieldSpec],
        grid: Grid,
        latent: LatentSpec,
        conditions: Mapping[str, ConditionSpec],
        *,
        channels: PositiveInt = 40,
        blocks: PositiveInt = 3,
        steps: PositiveInt = 10,
    ) -> None:
        super().__init__()
        self.split = {field.name: field.channels for field in outputs}
        width = sum(self.split.values())
        if any(spec.layout == "vector" for spec in (latent, *conditions.values())):
            raise OptionError(
                "the decoder 'flow' moves fields on the grid; set model.layout: field"
            )
        if latent.width != width:
            channels_of = ", ".join(f"{name} {number}" for name, number in self.split.items())
            raise OptionError(
                f"the latent of the decoder 'flow' is as wide as the outputs ({channels_of}), "
                f"and not {latent.width}; set model.latent: {width}"
            )
        self.steps = steps
        self.network = VelocityNetwork(
            width,
            sum(spec.width for spec in conditions.values()),
            grid,
            channels=channels,
            blocks=blocks,
        )

    def velocity(self, conditions: Mapping[str, Tensor]) -> Velocity:
        """Return the velocity of scaled outputs under fixed conditions.

        Parameters
        ----------
        conditions
            By input field, ``(batch, *condition.shape)``.

        Returns
        -------
        Callable
            Takes all outputs joined, ``(count * batch, component, x, y, z)``, count by count, and
            times, ``(count * batch,)`` or ``(1,)``; gives their velocities.
        """
        return self.network.given(torch.cat([*conditions.values()], 1))

    def join(self, outputs: Mapping[str, Tensor]) -> Tensor:
        """Join output fields to one, ``(batch, component, x, y, z)``."""
        return torch.cat([outputs[name] for name in self.split], 1)

    def given(
        self, conditions: Mapping[str, Tensor]
    ) -> Callable[[Tensor], dict[str, DiagonalGaussian]]:
        """Return the map from latents to laws under fixed conditions.

        Parameters
        ----------
        conditions
            By input field, ``(batch, *condition.shape)``.

        Returns
        -------
        Callable
            Takes latents ``(count * batch, *latent.shape)``, count by count, and returns a point
            mass for every output, ``(count * batch, component, x, y, z)``.
        """
        velocity = self.velocity(conditions)
        batch = len(next(iter(conditions.values())))

        def law(latent: Tensor) -> dict[str, DiagonalGaussian]:
            members = max(1, CELLS_AT_ONCE // (batch * latent[0, 0].numel()))
            carried = torch.cat(
                [
                    transport(velocity, some, steps=self.steps)
                    for some in torch.split(latent, members * batch)
                ]
            )
            parts = torch.split(carried, [*self.split.values()], 1)
            return {n: DiagonalGaussian(p) for n, p in zip(self.split, parts, strict=True)}

        return law

    def forward(
        self, latent: Tensor, conditions: Mapping[str, Tensor]
    ) -> dict[str, DiagonalGaussian]:
        """Give the law of every output, mean ``(batch, component, x, y, z)``."""
        return self.given(conditions)(latent)
