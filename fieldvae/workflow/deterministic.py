"""The baseline ``deterministic``: the task's own networks, trained on the squared error alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from fieldvae import registry
from fieldvae.checkpoint import load_weights, save_weights
from fieldvae.errors import PluginError
from fieldvae.evaluation.baselines import Deterministic
from fieldvae.model import losses
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.model.deterministic import DeterministicNetwork
from fieldvae.spec import PluginChoice, TaskSpec
from fieldvae.training import Term, train
from fieldvae.workflow.assembly import assemble
from fieldvae.workflow.following import followed
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.progress import Progress

NAME = "deterministic"


def deterministic(
    prepared: Prepared, folder: Path, *, device: str | torch.device, progress: Progress
) -> Deterministic:
    """Train the network, or load it from where an earlier call has kept it.

    Smoothers, decoder, closure, scaling, symmetry, steps and optimizer are the task's; the
    latent is held at zero, and the only loss is the squared error of the scaled outputs.

    Parameters
    ----------
    prepared
        The task and its data.
    folder
        Where the weights are kept.
    device
        Where to train and to compute.
    progress
        Who is told.

    Raises
    ------
    TrainingError
        If the loss is not finite.
    """
    network = _untrained(prepared)
    weights = folder / f"{NAME}.safetensors"
    if weights.exists():
        load_weights(network, weights)
    else:
        progress.say("the baseline deterministic: the same networks on the squared error alone")
        folder.mkdir(parents=True, exist_ok=True)
        _train(network, prepared, folder / f"{NAME}.checkpoints", device, progress)
        save_weights(network, weights)
        shutil.rmtree(folder / f"{NAME}.checkpoints", ignore_errors=True)
    return Deterministic(network.eval().to(device), prepared.scaling, prepared.grid)


def rehearse_deterministic(network: ConditionalVAE, prepared: Prepared) -> None:
    """Pass two samples through the task's networks with the latent at zero.

    Raises
    ------
    PluginError
        If the task's parts cannot do without a latent.
    """
    inputs, outputs = prepared.scaled(prepared.split.train[:2])
    with torch.no_grad():
        try:
            losses.squared_error(DeterministicNetwork(network)(inputs, outputs))
        except RuntimeError as error:  # torch's word for tensors that do not fit each other
            raise PluginError(
                f"evaluation.baselines: {NAME} cannot be made of the task's parts: {error}; "
                "leave it out"
            ) from error


def _untrained(prepared: Prepared) -> DeterministicNetwork:
    """Build the network, its weights drawn from the task's seed."""
    model = prepared.spec.model.model_copy(
        update={"encoder": PluginChoice(use=registry.NO_ENCODER), "decode": "smoothed"}
    )
    spec: TaskSpec = prepared.spec.model_copy(update={"model": model})
    network = assemble(
        spec,
        prepared.choices.options,
        inputs=prepared.inputs,
        outputs=prepared.outputs,
        grid=prepared.grid,
        scales=prepared.scaling.affine(spec.outputs),
    )
    return DeterministicNetwork(network)


def _train(
    network: DeterministicNetwork,
    prepared: Prepared,
    checkpoints: Path,
    device: str | torch.device,
    progress: Progress,
) -> None:
    spec, validation = prepared.spec, prepared.split.validation
    settings = spec.training
    judged = len(validation) and (settings.keep == "best" or settings.patience is not None)
    samples = prepared.scaled(prepared.split.train)
    network.network.begin_with(*samples)
    records = train(
        network,
        [Term("squared_error", losses.squared_error)],
        samples,
        prepared.scaled(validation) if judged else None,
        settings=settings,
        augment=None if prepared.symmetry.trivial else prepared.augment,
        device=device,
        checkpoints=checkpoints,
        resume=True,
    )
    followed(
        records,
        network=network.network,
        spec=spec,
        progress=progress,
        checkpoints=checkpoints,
    )
