"""The network that gives the velocity of fields at a time, under conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from fieldvae import Grid, GridConv

WAVES = 16
"""Cosines of time that the network sees: the shortest turns once in an eighth of the way."""

TIMES = 64
"""Width of the description of time."""

Layer = TypeVar("Layer", bound=nn.Module)


class VelocityNetwork(nn.Module):
    r"""Velocity of fields on a grid, which starts as that of the standard normal.

    .. math:: v(x, t, c) = \frac{2t - 1}{s^2}\, x + \frac1s\, F\Big(\frac xs, t, c\Big),
              \qquad s^2 = t^2 + (1 - t)^2

    On straight paths :math:`x = (1 - t)\, x_0 + t\, y` between standard-normal :math:`x_0` and
    scaled outputs :math:`y` of unit variance, :math:`s^2` is the variance of :math:`x`, the first
    term is the linear regression of :math:`y - x_0` on :math:`x`, and what it leaves has the
    variance :math:`1/s^2`: so the network :math:`F` reads and gives numbers of the order of one at
    every time (the preconditioning of Karras et al. 2022, arXiv:2206.00364, for these paths). With
    :math:`F = 0`, where training starts, the flow carries every point to itself.

    :math:`F` is a convolution of fields and conditions, residual blocks whose channels are scaled
    and shifted by time, and a convolution whose inputs time scales.

    Parameters
    ----------
    fields, conditions
        Number of channels of the fields and of all conditions together.
    grid
        Gives axes and periodicity, not the shape.
    channels
        Width of the hidden layers.
    blocks
        Number of residual blocks.
    """

    waves: Tensor

    def __init__(
        self, fields: int, conditions: int, grid: Grid, *, channels: int, blocks: int
    ) -> None:
        super().__init__()
        self.register_buffer("waves", math.pi * torch.arange(1.0, WAVES + 1), persistent=False)
        self.clock = nn.Sequential(
            nn.Linear(WAVES, TIMES), nn.SiLU(), nn.Linear(TIMES, TIMES), nn.SiLU()
        )
        self.entry = GridConv(fields, channels, grid)
        self.context = GridConv(conditions, channels, grid)
        self.blocks = nn.ModuleList(_TimedBlock(channels, grid) for _ in range(blocks))
        self.rhythm = _at_zero(nn.Linear(TIMES, channels))
        self.exit = _at_zero(GridConv(channels, fields, grid))

    def given(self, conditions: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        """Return the velocity under fixed conditions, what depends on them alone computed once.

        Parameters
        ----------
        conditions
            Shape ``(batch, condition, x, y, z)``.

        Returns
        -------
        Callable
            Takes fields ``(count * batch, field, x, y, z)``, count by count, and times between
            0 and 1, ``(count * batch,)`` or ``(1,)`` for all; gives velocities, shaped as fields.
        """
        context = self.context(conditions)

        def velocity(fields: Tensor, time: Tensor) -> Tensor:
            clock = self.clock(torch.cos(time[:, None] * self.waves))
            t = time.view(-1, 1, 1, 1, 1)
            variance = t.square() + (1 - t).square()
            spread = variance.sqrt()
            features = self.entry(fields / spread).unflatten(0, (-1, len(context)))
            features = (features + context).flatten(0, 1)
            for block in self.blocks:
                features = block(features, clock)
            rest: Tensor = self.exit(features * (1 + _on_grid(self.rhythm(clock))))
            return (2 * t - 1) / variance * fields + rest / spread

        return velocity


class _TimedBlock(nn.Module):
    """Two normalized convolutions beside the identity; time scales and shifts the channels."""

    def __init__(self, channels: int, grid: Grid) -> None:
        super().__init__()
        # One group of all channels: on a grid of one cell, a group of two leaves but a sign.
        self.first = nn.Sequential(
            nn.GroupNorm(1, channels), nn.SiLU(), GridConv(channels, channels, grid)
        )
        self.norm = nn.GroupNorm(1, channels)
        self.time = _at_zero(nn.Linear(TIMES, 2 * channels))
        self.second = nn.Sequential(nn.SiLU(), _at_zero(GridConv(channels, channels, grid)))

    def forward(self, features: Tensor, clock: Tensor) -> Tensor:
        """Add to features ``(batch, channel, x, y, z)`` at times ``(batch or 1, TIMES)``."""
        scale, shift = self.time(clock).chunk(2, 1)
        hidden = self.norm(self.first(features)) * (1 + _on_grid(scale)) + _on_grid(shift)
        added: Tensor = self.second(hidden)
        return features + added


def _at_zero(layer: Layer) -> Layer:
    """Set a layer's numbers to zero, so that what it adds grows from nothing."""
    for number in layer.parameters():
        nn.init.zeros_(number)
    return layer


def _on_grid(channels: Tensor) -> Tensor:
    return channels[:, :, None, None, None]
