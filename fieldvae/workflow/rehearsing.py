"""A first pass of two samples through everything, before a run writes anything."""

from __future__ import annotations

import torch

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
    with torch.no_grad():
        forward = network(*prepared.scaled(prepared.split.train[:2]), torch.Generator())
        for term in loss_terms(spec, options):
            term.loss(forward)
    return network
