"""How long a training will take and how much memory: a few of its steps, timed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from fieldvae.data.batches import steps as steps_of
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.spec import TrainingSpec
from fieldvae.training import Pair, train
from fieldvae.workflow.assembly import loss_terms
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.threads import sensible_threads

WARM, TIMED = 1, 4
"""Steps that are not timed, because memory is got and kernels are chosen, and steps that are."""

PATIENT = 5.0
"""Seconds of a step from which one step is enough."""


GRADIENTS = 2.0
"""Memory of a step over what it keeps for its gradient, of which the gradient holds as much again.

Fitted, with :data:`LOADED`, to the peaks of four trainings on a CPU: the quickstart at batches of
32, 128 and 256 (162, 332 and 558 MB; estimated 167, 327 and 542), and 16 samples of 16 x 16 x 16
cells by convolutions (1158 MB; 1427). No peak that it was not fitted to was held against it.
"""

LOADED = 100_000_000
"""Bytes that any training takes on a CPU: libraries and their kernels, which the first step loads,
and samples on their way to scaled tensors. Fitted, see :data:`GRADIENTS`; not added on a GPU,
whose memory they are not in."""


@dataclass(frozen=True)
class Estimate:
    """What a training costs, from a few of its steps.

    Parameters
    ----------
    steps, epochs
        Of the whole training.
    step_seconds, validation_seconds
        Measured, of one step and of one pass through the validation part.
    threads
        Threads that were computed on.
    weight_bytes
        Weights, gradients, the optimizer's two moments, and weights that are kept beside.
    activation_bytes
        What one step keeps for its gradient.
    data_bytes
        Scaled samples of the training and validation parts.
    loaded_bytes
        Libraries and their kernels, which the first step loads; none on a GPU.
    """

    steps: int
    epochs: int
    step_seconds: float
    validation_seconds: float
    threads: int
    weight_bytes: int
    activation_bytes: int
    data_bytes: int
    loaded_bytes: int

    @property
    def seconds(self) -> float:
        """Of the whole training."""
        return self.steps * self.step_seconds + self.epochs * self.validation_seconds

    @property
    def bytes(self) -> int:
        """At the peak of a step, beside the program as it stands before training."""
        kept = self.weight_bytes + self.data_bytes + self.loaded_bytes
        return kept + int(GRADIENTS * self.activation_bytes)


def estimate(prepared: Prepared, network: ConditionalVAE, *, device: str) -> Estimate:
    """Train a copy of the networks for a few steps and time them.

    Parameters
    ----------
    prepared
        Task and data.
    network
        The networks, untrained; left as they are.
    device
        Where training would compute.
    """
    spec = prepared.spec
    data = prepared.scaled(prepared.split.train)
    held = prepared.split.validation
    validation = prepared.scaled(held) if len(held) else None
    with sensible_threads(network, spec) as threads:
        first = _timed(prepared, network, data, None, WARM, device)
        step = first if first > PATIENT else _step_seconds(prepared, network, data, device)
        looked = 0.0
        if validation is not None:
            whole = _timed(prepared, network, data, validation, 1, device)
            looked = max(0.0, whole - step)
        activations = _activation_bytes(prepared, network, data)
    length, epochs = _length(spec.training, len(prepared.split.train))
    pairs = [data] if validation is None else [data, validation]
    return Estimate(
        steps=length,
        epochs=epochs,
        step_seconds=step,
        validation_seconds=looked,
        threads=threads,
        weight_bytes=_weight_bytes(network, spec.training),
        activation_bytes=activations,
        data_bytes=sum(_bytes(t) for pair in pairs for part in pair for t in part.values()),
        loaded_bytes=LOADED if device == "cpu" else 0,
    )


def _length(settings: TrainingSpec, samples: int) -> tuple[int, int]:
    """Steps and epochs of a whole training."""
    per_epoch = steps_of(samples, settings.batch)
    if settings.epochs is not None:
        return settings.epochs * per_epoch, settings.epochs
    assert settings.steps is not None  # a TrainingSpec has one of the two
    return settings.steps, -(-settings.steps // per_epoch)


def _step_seconds(prepared: Prepared, network: nn.Module, data: Pair, device: str) -> float:
    return _timed(prepared, network, data, None, TIMED, device) / TIMED


def _timed(
    prepared: Prepared,
    network: nn.Module,
    data: Pair,
    validation: Pair | None,
    steps: int,
    device: str,
) -> float:
    """Seconds that a copy of the networks takes for so many steps of the first epoch."""
    spec = prepared.spec
    per_epoch = steps_of(len(prepared.split.train), spec.training.batch)
    few = spec.training.model_copy(
        update={"epochs": None, "steps": min(steps, per_epoch), "patience": None}
    )
    records = list(
        train(
            copy.deepcopy(network),
            loss_terms(spec, prepared.choices.options),
            data,
            validation,
            settings=few,
            augment=None if prepared.symmetry.trivial else prepared.augment,
            device=device,
        )
    )
    return sum(record.seconds for record in records) * steps / min(steps, per_epoch)


def _weight_bytes(network: nn.Module, settings: TrainingSpec) -> int:
    chooses = settings.keep == "best" or settings.patience is not None
    copies = 4 + (settings.average is not None) + chooses
    return copies * sum(_bytes(p) for p in network.parameters())


def _activation_bytes(prepared: Prepared, network: ConditionalVAE, data: Pair) -> int:
    """Bytes that one step of a whole batch keeps for its gradient, every storage counted once."""
    size = min(prepared.spec.training.batch, len(prepared.split.train))
    inputs, outputs = ({name: t[:size] for name, t in part.items()} for part in data)
    seen: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    kept: list[Any] = []  # so that no address is used twice
    network.train()
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        forward = network(inputs, outputs, torch.Generator())
        kept += [term.loss(forward) for term in loss_terms(prepared.spec, prepared.choices.options)]
    network.eval()
    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    return sum(size for address, size in seen.items() if address not in weights)


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
