"""A small conditional VAE, whose passes losses are tried on."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from fieldvae.contract import AffineScale, ConditionSpec, LatentSpec
from fieldvae.grid import Grid
from fieldvae.model.convolution import ConvolutionEncoder, ConvolutionSmoother
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.model.priors import ConvolutionPrior
from fieldvae.testing.certification.network_trial import JITTER
from fieldvae.testing.certification.specimens import INPUTS, OUTPUTS

CHANNELS, WIDTH = 4, 3
"""Of the model's networks and conditions; the latent is as wide as the outputs."""


def small_model(grid: Grid, decoder: Callable[..., nn.Module], *, encoder: bool) -> ConditionalVAE:
    """Make a model with or without encoder, no weight of it at zero, always the same."""
    latent = LatentSpec(sum(field.channels for field in OUTPUTS), "field")
    conditions = {field.name: ConditionSpec(WIDTH, "field") for field in INPUTS}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = ConditionalVAE(
            INPUTS,
            OUTPUTS,
            grid,
            smoothers={
                field.name: ConvolutionSmoother(
                    field, grid, conditions[field.name], channels=CHANNELS
                )
                for field in INPUTS
            },
            encoder=ConvolutionEncoder(OUTPUTS, grid, latent, conditions, channels=CHANNELS)
            if encoder
            else None,
            decoder=decoder(OUTPUTS, grid, latent, conditions),
            prior=ConvolutionPrior(grid, latent, conditions, channels=CHANNELS),
            scales={field.name: _scale(field.channels) for field in OUTPUTS},
        )
        with torch.no_grad():
            for weight in made.parameters():
                weight.add_(JITTER * torch.randn_like(weight))
    return made


def _scale(channels: int) -> AffineScale:
    return AffineScale(torch.zeros(channels, 1, 1, 1), torch.ones(channels, 1, 1, 1))
