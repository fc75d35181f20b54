"""A first pass of two samples through everything, before a run writes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from fieldvae import registry
from fieldvae.contract import ConditionSpec, ForwardPass
from fieldvae.errors import InputError, OptionError, PluginError, ShapeError
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.prediction import SelfCheck
from fieldvae.training import Term
from fieldvae.workflow.assembly import assemble, loss_terms
from fieldvae.workflow.designs.optimizing import rehearse
from fieldvae.workflow.deterministic import NAME, rehearse_deterministic
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.trained import TrainedModel


def rehearsed(prepared: Prepared) -> ConditionalVAE:
    """Build the networks and pass two samples through every loss, before anything is written.

    A loss that needs an encoder that the task leaves out, or parts that do not fit each other,
    are refused here, where nothing is lost yet.
    """
    spec, options = prepared.spec, prepared.choices.options
    network = assemble(
        spec,
        options,
        inputs=prepared.inputs,
        outputs=prepared.outputs,
        grid=prepared.grid,
        scales=prepared.scaling.affine(spec.outputs),
    ).eval()
    inputs, outputs = prepared.scaled(prepared.split.train[:2])
    with registry.blaming_authors():
        _check_conditions(network.smooth(inputs), prepared)
        try:
            forward = network(inputs, outputs, torch.Generator())
            forward.realize(1)
        except ShapeError as error:  # inputs and outputs are right: the decoder's are not
            use = spec.model.decoder.use
            raise registry.misfit("decoders", use, f"of what it gives, {error}") from error
        except RuntimeError as error:  # torch's word for tensors that do not fit each other
            raise PluginError(f"model: its parts do not fit each other: {error}") from error
        _check_trained(network, _losses(loss_terms(spec, options), forward))
    if NAME in spec.evaluation.baselines:
        rehearse_deterministic(network, prepared)
    if spec.design is not None:
        _rehearse_design(network, prepared)
    return network


def _losses(terms: Sequence[Term], forward: ForwardPass) -> list[Tensor]:
    """Ask every term, naming the one that refuses by its place in the task."""
    found = []
    for index, term in enumerate(terms):
        try:
            found.append(term.loss(forward))
        except InputError as error:
            raise type(error)(f"losses.{index}: {error}") from error
    return found


def _check_trained(network: ConditionalVAE, losses: Sequence[Tensor]) -> None:
    """Refuse losses that leave the decoder as it was drawn."""
    weights = [weight for weight in network.decoder.parameters() if weight.requires_grad]
    total = torch.stack([loss.sum() for loss in losses]).sum()
    gradients: Sequence[Tensor | None] = ()
    if total.requires_grad:
        gradients = torch.autograd.grad(total, weights, allow_unused=True)
    if weights and all(gradient is None for gradient in gradients):
        remedy = "add a loss of realizations, such as energy_score"
        if not network.joint:
            remedy += (
                ", or set model.reconstruct: joint (with 'encoder', reconstruction and kl train "
                "the encoder alone)"
            )
        raise OptionError(f"losses: none of them trains the decoder; {remedy}")


def _rehearse_design(network: ConditionalVAE, prepared: Prepared) -> None:
    """Make one step of the task's inverse design with the untrained networks."""
    spec = prepared.spec
    assert spec.design is not None  # asked for by the caller
    training = prepared.part(prepared.split.train)
    check = None
    if network.encoder is not None:
        with torch.no_grad():
            conditions = network.smooth(prepared.scaled(prepared.split.train[:2])[0])
        spread = {name: torch.ones(c.shape[1]) for name, c in conditions.items()}
        check = SelfCheck("spread", dict.fromkeys(spread, 1.0), spread)
    model = TrainedModel(
        spec,
        prepared.samples.fields,
        prepared.grid,
        network,
        prepared.scaling,
        prepared.envelope,
        check,
    )
    try:
        rehearse(model, spec.design, training)
    except OptionError as error:
        raise OptionError(f"design: {error}") from None


def _check_conditions(conditions: Mapping[str, Tensor], prepared: Prepared) -> None:
    """Refuse a smoother whose condition has another shape than it was told to give."""
    model = prepared.spec.model
    for name, condition in conditions.items():
        expected = ConditionSpec(model.condition_width(name), model.layout).shape(prepared.grid)
        if tuple(condition.shape[1:]) != expected:
            raise registry.misfit(
                "smoothers",
                model.smoothers.get(name, model.smoother).use,
                f"it gives {name} a condition of shape {tuple(condition.shape)}; "
                f"expected {(len(condition), *expected)}: (batch, width, ...)",
            )
