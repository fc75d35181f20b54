"""Trained models kept: written as a directory, read from a run, a directory or one file."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fieldvae.checkpoint import give_weights, read_weights, save_weights, weights_digest
from fieldvae.data.envelope import Envelope
from fieldvae.data.scaling import Scaling
from fieldvae.errors import PluginError, RunError, SpecError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.prediction import SelfCheck
from fieldvae.registry import filled_in
from fieldvae.workflow.assembly import assemble
from fieldvae.workflow.directory import read_json, write_json
from fieldvae.workflow.filling import kept_plan, resolve
from fieldvae.workflow.packing import read_packed
from fieldvae.workflow.places import MODEL, WEIGHTS, model_folder
from fieldvae.workflow.trained import TrainedModel

MODEL_FORMAT = 1


def save(model: TrainedModel, path: Path) -> None:
    """Write a model as a directory: weights as safetensors, all else as JSON."""
    staged = path.with_name(path.name + ".tmp")
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    save_weights(model.network, staged / WEIGHTS)
    check = model.check
    write_json(
        staged / MODEL,
        {
            "format": MODEL_FORMAT,
            "fieldvae": version("fieldvae"),
            "provenance": dict(model.provenance),
            "weights_sha256": weights_digest(model.network),
            "task": filled_in(model.spec),
            "fields": {n: field.model_dump(mode="json") for n, field in model.fields.items()},
            "grid": {"shape": list(model.grid.shape), **model.grid.attributes()},
            "scaling": model.scaling.state(),
            "envelope": model.envelope.state(),
            "self_check": None
            if check is None
            else {
                "measure": check.measure,
                "tolerance": dict(check.tolerance),
                "spread": {name: spread.tolist() for name, spread in check.spread.items()},
            },
        },
    )
    shutil.rmtree(path, ignore_errors=True)
    staged.replace(path)


def load(run: Path | str, *, device: str = "cpu") -> TrainedModel:
    """Load a trained model; never unpickles anything.

    Parameters
    ----------
    run
        A run directory, the ``model`` directory inside one, or a file that
        :func:`fieldvae.export_model` wrote.
    device
        Where the networks go.

    Returns
    -------
    TrainedModel
        The model, ready to predict.

    Raises
    ------
    RunError
        If there is no trained model, or it is damaged.
    PluginError
        If a plugin that the model needs is missing or broken.
    """
    path = Path(run)
    if path.is_file():
        members = read_packed(path)
        return _rebuilt(members.model, members.weights(), name=str(run), device=device)
    folder = model_folder(path)
    weights = folder / WEIGHTS
    told = read_json(folder / MODEL)
    if "format" not in told:
        raise RunError(f"{folder / MODEL} is no model of fieldvae; give a run directory")
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise RunError(
            f"{weights}: the weights cannot be read ({error.strerror}); copy them again, or train "
            "again"
        ) from error
    return _rebuilt(told, read_weights(content, name=str(weights)), name=str(run), device=device)


def _rebuilt(
    told: Mapping[str, Any], weights: Mapping[str, Tensor], *, name: str, device: str
) -> TrainedModel:
    """Build a model from what was kept of it."""
    if told["format"] != MODEL_FORMAT:
        raise RunError(
            f"{name} is of model format {told['format']}; this fieldvae reads {MODEL_FORMAT}: "
            "update fieldvae"
        )
    try:
        # what a design names is no part of the model
        task = {**told["task"], "task": None, "design": None}
        plan = kept_plan({**task, "fields": told["fields"]})
        options = resolve(plan).options
    except SpecError as error:
        needs = "; ".join(problem.message for problem in error.problems)
        made = _distributions(told)
        raise PluginError(f"the model in {name} needs a plugin: {needs}{made}") from None
    fields = {name: FieldSpec.model_validate(field) for name, field in told["fields"].items()}
    grid = Grid.from_attributes(tuple(told["grid"]["shape"]), told["grid"])
    scaling = Scaling.from_state(told["scaling"])
    network = assemble(
        plan.spec,
        options,
        inputs=[fields[name] for name in plan.spec.inputs],
        outputs=[fields[name] for name in plan.spec.outputs],
        grid=grid,
        scales=scaling.affine(plan.spec.outputs),
    )
    give_weights(network, weights, name=name)
    digest = told.get("weights_sha256")  # models of earlier versions have none
    if digest is not None and digest != weights_digest(network):
        raise RunError(
            f"{name}: the weights are damaged, their checksum is not that of {MODEL}; copy the "
            "model again, or train again"
        )
    check = told["self_check"]
    return TrainedModel(
        spec=plan.spec,
        fields=fields,
        grid=grid,
        network=network.eval().to(device),
        scaling=scaling,
        envelope=Envelope.from_state(told["envelope"]),
        check=check
        and SelfCheck(
            check["measure"],
            check["tolerance"],
            {name: torch.tensor(spread) for name, spread in check["spread"].items()},
        ),
        provenance=told.get("provenance", {}),
    )


def _distributions(told: Mapping[str, Any]) -> str:
    """What the model was made with, beside fieldvae itself."""
    plugins = told.get("provenance", {}).get("plugins", {})
    listed = ", ".join(f"{name} {number}" for name, number in plugins.items())
    pinned = " ".join(f"{name}=={number}" for name, number in plugins.items())
    return f"; it was made with {listed}: pip install {pinned}" if listed else ""
