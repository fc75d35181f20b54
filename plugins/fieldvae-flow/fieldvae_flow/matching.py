"""The loss ``flow_matching``: it teaches the decoder ``flow`` its velocity."""

from __future__ import annotations

import torch
from pydantic import PositiveInt
from torch import Tensor

from fieldvae import ForwardPass, OptionError
from fieldvae_flow.decoder import FlowDecoder


def flow_matching(forward: ForwardPass, *, draws: PositiveInt = 1) -> Tensor:
    r"""Squared error of the velocity on straight paths from latents to outputs.

    .. math:: \mathbb E_{t,\, z}\, \frac1n \big\lVert v\big((1 - t)\, z + t\, y,\; t,\; c\big)
              - (y - z) \big\rVert^2

    over times uniform between 0 and 1, latents :math:`z` from the prior, and the :math:`n` scaled
    output values of each sample :math:`y`: conditional flow matching with linear paths (Lipman et
    al. 2023, arXiv:2210.02747, Eq. 23 with :math:`\sigma_\min = 0`; Liu et al. 2023,
    arXiv:2209.03003, Eq. 1). The best velocity is the mean of :math:`y - z` over all paths through
    a point at a time; it carries the prior to the conditional law of the outputs. The least value
    is not zero: for standard-normal outputs that the inputs tell nothing of it is :math:`\pi/2`.

    Times of a batch are spread evenly from one random start (the low-discrepancy sampler of Kingma
    et al. 2021, arXiv:2107.00630): each is uniform, and the loss scatters less.

    Parameters
    ----------
    forward
        One pass through the model.
    draws
        Times and latents a sample.

    Raises
    ------
    OptionError
        If the model has another decoder, or an output has a mask.
    """
    decoder = forward.decoder
    if not isinstance(decoder, FlowDecoder):
        raise OptionError(
            "the loss 'flow_matching' trains the velocity of the decoder 'flow', and this model's "
            f"decoder is a {type(decoder).__name__}; set model.decoder: {{use: flow}}"
        )
    if forward.known:
        raise OptionError(
            "the loss 'flow_matching' needs whole outputs, as no path leads to a missing value; "
            f"'mask: true' is declared by {', '.join(forward.known)}: remove it, or use "
            "the decoder 'convolution' with losses such as energy_score"
        )
    outputs = decoder.join(forward.outputs)
    # The velocity is fitted to the prior as it is; one that learned here would shrink to a point.
    start = torch.cat([forward.prior.sample(forward.generator) for _ in range(draws)]).detach()
    end = outputs.repeat(draws, 1, 1, 1, 1)
    first = torch.empty(1, dtype=end.dtype, device=end.device).uniform_(generator=forward.generator)
    time = (first + torch.arange(len(end), device=end.device) / len(end)) % 1
    along = time.view(-1, 1, 1, 1, 1)
    velocity = decoder.velocity(forward.conditions)((1 - along) * start + along * end, time)
    return (velocity - (end - start)).square().mean()
