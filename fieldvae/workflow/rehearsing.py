"""A first pass of two samples through everything, before a run writes anything."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fieldvae.contract import ConditionSpec
from fieldvae.errors import PluginError
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.workflow.assembly import assemble, loss_terms
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.trained import zeros


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
        zero=zeros(spec, prepared.samples.fields, prepared.scaling),
    ).eval()
    inputs, outputs = prepared.scaled(prepared.split.train[:2])
    with torch.no_grad():
        _check_conditions(network.smooth(inputs), prepared)
        try:
            forward = network(inputs, outputs, torch.Generator())
        except RuntimeError as error:  # torch's word for tensors that do not fit each other
            raise PluginError(f"the parts of the model do not fit each other: {error}") from error
        for term in loss_terms(spec, options):
            term.loss(forward)
    return network


def _check_conditions(conditions: Mapping[str, Tensor], prepared: Prepared) -> None:
    """Refuse a smoother whose condition has another shape than it was told to give."""
    model = prepared.spec.model
    for name, condition in conditions.items():
        expected = ConditionSpec(model.condition_width(name), model.layout).shape(prepared.grid)
        if tuple(condition.shape[1:]) != expected:
            use = model.smoothers.get(name, model.smoother).use
            raise PluginError(
                f"smoother {use!r} gives {name} a condition of shape {tuple(condition.shape)}; "
                f"expected {(len(condition), *expected)}: (batch, width, ...)"
            )
