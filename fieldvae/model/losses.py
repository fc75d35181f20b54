"""Loss terms of a model with an encoder: functions of a forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from fieldvae.contract import Batch, Encoding, ForwardPass
from fieldvae.errors import OptionError
from fieldvae.gaussian import DiagonalGaussian


def reconstruction(forward: ForwardPass) -> Tensor:
    r"""Negative logarithm of the outputs' density given a latent from the posterior.

    .. math:: -\frac1{Bn} \sum_b \ln p(y_b \mid z_b, c_b)

    over :math:`B` samples of :math:`n` output values each; with ``kl`` it is the negative
    evidence lower bound for each value.

    Raises
    ------
    OptionError
        If the model has no encoder, or its decoder gives a point and not a law.
    """
    _reconstruction(forward, "reconstruction")
    density = torch.stack([forward.log_density(name) for name in forward.outputs]).sum(0)
    return -density.mean() / _values(forward.outputs)


def squared_error(forward: ForwardPass) -> Tensor:
    r"""Squared error of the reconstruction's mean, averaged over all values of all outputs.

    The second term of Eq. (2) of arXiv:2604.02281, as a mean and not a sum, as in the authors'
    code.

    Raises
    ------
    OptionError
        If the model has no encoder.
    """
    laws = _reconstruction(forward, "squared_error")
    errors = [(laws[name].mean - output).flatten() for name, output in forward.outputs.items()]
    return torch.cat(errors).square().mean()


def kl(forward: ForwardPass, *, reduction: Literal["values", "sum"] = "values") -> Tensor:
    r"""Divergence of the latent's posterior from its prior, Eq. (3) of arXiv:2604.02281.

    Parameters
    ----------
    forward
        One pass through the model.
    reduction
        ``values``: mean over samples, divided by the number of output values of a sample, which
        goes with ``reconstruction``. ``sum``: summed over the batch, as in the authors' code.

    Raises
    ------
    OptionError
        If the model has no encoder.
    """
    total = _encoding(forward, "kl").posterior.kl(forward.prior)
    if reduction == "sum":
        return total.sum()
    return total.sum() / (len(total) * _values(forward.outputs))


def condition(
    forward: ForwardPass,
    *,
    field: str | None = None,
    measure: Literal["relative", "squared"] = "relative",
) -> Tensor:
    r"""Mismatch of the recovered and the smoothed conditions.

    The third and fourth terms of Eq. (2) of arXiv:2604.02281: a mean over the values of every
    condition, the sum of these over inputs.

    Parameters
    ----------
    forward
        One pass through the model.
    field
        Input whose condition is compared; all inputs where none is given.
    measure
        ``squared``: mean squared difference, which pulls at encoder and smoothers.
        ``relative``: the same divided by the variance of the smoothed condition's channels over
        the batch, 1 for an encoder that knows the mean only and 0 for a perfect one. No gradient
        reaches the smoothers: a condition is to serve the prediction, not to be easily recovered.

    Raises
    ------
    OptionError
        If the model has no encoder, or ``field`` is none of its inputs.
    """
    recovered = _encoding(forward, "condition").recovered
    if field is not None and field not in recovered:
        raise OptionError(f"loss condition: no input {field!r}; inputs: {', '.join(recovered)}")
    terms = []
    for name in recovered if field is None else (field,):
        smoothed = forward.conditions[name]
        if measure == "relative":
            smoothed = smoothed.detach()
        error = (recovered[name] - smoothed).square().mean()
        if measure == "relative":
            variance = smoothed.transpose(0, 1).flatten(1).var(1, correction=0).mean()
            error = error / variance.clamp(min=torch.finfo(variance.dtype).eps)
        terms.append(error)
    return torch.stack(terms).sum()


def _values(outputs: Batch) -> int:
    """Count the output values of one sample."""
    return sum(output[0].numel() for output in outputs.values())


def _without_encoder(loss: str) -> str:
    return (
        f"the loss {loss!r} needs an encoder, and the model has none; give model.encoder, or list "
        "losses without it"
    )


def _encoding(forward: ForwardPass, loss: str) -> Encoding:
    if forward.encoding is None:
        raise OptionError(_without_encoder(loss))
    return forward.encoding


def _reconstruction(forward: ForwardPass, loss: str) -> Mapping[str, DiagonalGaussian]:
    if forward.reconstruction is None:
        raise OptionError(_without_encoder(loss))
    return forward.reconstruction
