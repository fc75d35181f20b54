"""The self-check of a trained model: its scale and tolerance, read off real fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.prediction import SelfCheck
from fieldvae.spec import QuantileTolerance
from fieldvae.workflow.preparing import Prepared

SAMPLES_AT_ONCE = 256


def self_check(network: ConditionalVAE, prepared: Prepared) -> SelfCheck | None:
    """Set up the self-check of a trained network; ``None`` where it has no encoder.

    The spread of every condition comes from the training part. A tolerance given as a quantile is
    that of the errors of real fields of the validation part (of the training part where there is
    none), for each condition by itself.
    """
    if network.encoder is None:
        return None
    settings = prepared.spec.prediction
    inputs, _ = prepared.scaled(prepared.split.train)
    smoothed = smoothed_conditions(network, inputs)
    spread = {name: _spread(condition) for name, condition in smoothed.items()}
    if not isinstance(settings.tolerance, QuantileTolerance):
        tolerance = dict.fromkeys(prepared.spec.inputs, settings.tolerance)
        return SelfCheck(settings.error, tolerance, spread)
    held_out = prepared.split.validation if len(prepared.split.validation) else prepared.split.train
    untested = SelfCheck(settings.error, dict.fromkeys(prepared.spec.inputs, 1.0), spread)
    inputs, outputs = prepared.scaled(held_out)
    smoothed = smoothed_conditions(network, inputs)
    recovered = recovered_conditions(network, outputs)
    errors = untested.errors(recovered, smoothed).double()
    limits = torch.quantile(errors, settings.tolerance.quantile, dim=0).tolist()
    return SelfCheck(settings.error, dict(zip(prepared.spec.inputs, limits, strict=True)), spread)


def held_out_errors(
    network: ConditionalVAE, check: SelfCheck, inputs: Batch, outputs: Batch
) -> tuple[np.ndarray, np.ndarray]:
    """Errors of real fields against their own conditions, and against another sample's.

    Parameters
    ----------
    network, check
        The trained network and its self-check.
    inputs, outputs
        Scaled fields of samples that were not trained on.

    Returns
    -------
    tuple
        Matched and shuffled errors, each ``(sample, condition)``.
    """
    smoothed = smoothed_conditions(network, inputs)
    recovered = recovered_conditions(network, outputs)
    another = {name: c.roll(max(1, len(c) // 2), dims=0) for name, c in smoothed.items()}
    return check.errors(recovered, smoothed).numpy(), check.errors(recovered, another).numpy()


def smoothed_conditions(network: ConditionalVAE, inputs: Batch) -> dict[str, Tensor]:
    """Conditions by input field that the smoothers make of scaled inputs, on the CPU."""
    return _in_parts(inputs, network.smooth, network)


def recovered_conditions(network: ConditionalVAE, outputs: Batch) -> dict[str, Tensor]:
    """Conditions by input field that the encoder reads off scaled outputs, on the CPU."""
    return _in_parts(outputs, lambda part: network.encode(part).recovered, network)


def _in_parts(
    fields: Batch,
    conditions: Callable[[Batch], Mapping[str, Tensor]],
    network: ConditionalVAE,
) -> dict[str, Tensor]:
    device = next(network.parameters()).device
    parts: list[dict[str, Tensor]] = []
    with torch.inference_mode():
        for start in range(0, len(next(iter(fields.values()))), SAMPLES_AT_ONCE):
            rows = slice(start, start + SAMPLES_AT_ONCE)
            found = conditions({name: x[rows].to(device) for name, x in fields.items()})
            parts.append({name: found[name].cpu() for name in network.inputs})
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def _spread(condition: Tensor) -> Tensor:
    """Standard deviation of every channel over samples (and cells), shape ``(width,)``."""
    axes = [axis for axis in range(condition.ndim) if axis != 1]
    return condition.std(dim=axes, correction=0)
