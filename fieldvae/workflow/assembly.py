"""From names to a network: calls the chosen plugins with what the house hands over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from fieldvae import registry
from fieldvae.contract import AffineScale, ConditionSpec, LatentSpec
from fieldvae.data.pointgroup import declared
from fieldvae.document import Loc
from fieldvae.errors import InputError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.spec import TaskSpec
from fieldvae.training import Term


def assemble(
    spec: TaskSpec,
    options: Mapping[Loc, Mapping[str, Any]],
    *,
    inputs: Sequence[FieldSpec],
    outputs: Sequence[FieldSpec],
    grid: Grid,
    scales: Mapping[str, AffineScale],
) -> ConditionalVAE:
    """Build the conditional VAE of a task, its weights drawn from the task's seed.

    Parameters
    ----------
    spec
        The task.
    options
        Checked options of the plugins, by their place in the task.
    inputs, outputs
        Fields with their components known.
    grid
        The grid to train on.
    scales
        Between scaled and physical values, by output.
    """
    model = spec.model
    latent = LatentSpec(model.latent, model.layout)
    conditions = {
        field.name: ConditionSpec(model.condition_width(field.name), model.layout)
        for field in inputs
    }

    def part(kind: str, loc: Loc, name: str, *handed: Any) -> nn.Module:
        try:
            built: nn.Module = registry.call(kind, name, *handed, options=options[loc])
        except InputError as error:
            raise type(error)(f"{'.'.join(map(str, loc))}: {error}") from error
        return built

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.training.seed)
        smoothers = {}
        for field in inputs:
            own = model.smoothers.get(field.name)
            loc: Loc = ("model", "smoothers", field.name) if own else ("model", "smoother")
            use = (own or model.smoother).use
            smoothers[field.name] = part("smoothers", loc, use, field, grid, conditions[field.name])
        encoder = None
        if model.encoder.use != registry.NO_ENCODER:
            encoder = part(
                "encoders", ("model", "encoder"), model.encoder.use,
                outputs, grid, latent, conditions,
            )  # fmt: skip
        decoder = part(
            "decoders", ("model", "decoder"), model.decoder.use, outputs, grid, latent, conditions
        )
        prior = part("priors", ("model", "prior"), model.prior.use, grid, latent, conditions)
    return ConditionalVAE(
        inputs=inputs,
        outputs=outputs,
        grid=grid,
        smoothers=smoothers,
        encoder=encoder,
        decoder=decoder,
        prior=prior,
        scales=scales,
        point_group=declared(spec.symmetry, grid),
        project=model.project,
        encoder_noise=model.encoder_noise,
        decode=model.decode,
        reconstruct=model.reconstruct,
    )


def loss_terms(spec: TaskSpec, options: Mapping[Loc, Mapping[str, Any]]) -> list[Term]:
    """Build the terms of the loss; two of one name are told apart by their position."""
    terms = []
    used = [loss.use for loss in spec.losses]
    for index, loss in enumerate(spec.losses):
        function: Callable[..., Tensor] = registry.load("losses", loss.use)
        name = loss.use if used.count(loss.use) == 1 else f"{loss.use}_{index}"
        terms.append(Term(name, partial(function, **options["losses", index]), loss.weight))
    return terms
