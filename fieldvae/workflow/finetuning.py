"""Training that starts from the weights and the scaling of a trained model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldvae.checkpoint import weights_digest
from fieldvae.data.scaling import Scaling
from fieldvae.errors import RunError
from fieldvae.field import FieldSpec
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.registry import filled_in
from fieldvae.spec import TaskSpec
from fieldvae.workflow import keeping
from fieldvae.workflow.changes import told_changes
from fieldvae.workflow.directory import RunDirectory, read_json
from fieldvae.workflow.filling import Plan, resolve
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.trained import TrainedModel

TOLD = ("units", "tensor_kind", "closure", "derivative", "bounds", "on")
"""Of a field, what its values and its scaling depend on; names and symbols may differ."""

MOST_LINES, MOST_BEHIND_KEYS = 12, 3
"""Tensors that are named where networks differ; fewer behind the keys that say why."""


@dataclass(frozen=True)
class Start:
    """A trained model that another training starts from.

    The scaling is kept, not fitted again: weights see scaled values, so that under another
    scaling the same weights would be another model. Before its first step the new run predicts
    what the earlier one does.

    Parameters
    ----------
    path
        Where it is: a run, its ``model`` directory, or an exported file.
    model
        The model.
    digest
        Checksum of its weights.
    """

    path: Path
    model: TrainedModel
    digest: str

    @classmethod
    def read(cls, path: Path) -> Start:
        """Load the model to start from.

        Raises
        ------
        RunError
            If there is none.
        """
        model = keeping.load(path)
        return cls(path.resolve(), model, weights_digest(model.network))

    @property
    def scaling(self) -> Scaling:
        """The scaling that is kept."""
        return self.model.scaling

    def origin(self) -> dict[str, Any]:
        """What a run records of its start."""
        return {
            "run": str(self.path),
            "name": self.model.spec.name,
            "weights_sha256": self.digest,
            "provenance": dict(self.model.provenance),
        }

    def check_fields(self, plan: Plan) -> None:
        """Refuse a task whose fields are not those of the start, naming every difference.

        Raises
        ------
        RunError
            One line a difference.
        """
        declared = resolve(plan).fields
        found = [*self._other_names(plan)]
        for name, field in declared.items():
            if name in self.model.fields:
                found += _field_differences(self.model.fields[name], field)
        self._refuse(found)

    def give_weights(self, network: ConditionalVAE, plan: Plan) -> None:
        """Put the weights of the start into the networks of a task.

        Raises
        ------
        RunError
            If a tensor has no counterpart or another shape: a line for each key of the section
            ``model`` that differs, then one for each tensor.
        """
        ours, theirs = network.state_dict(), self.model.network.state_dict()
        found = [
            f"{name}: the task has shape {_shape(ours, name)}, the run {_shape(theirs, name)}"
            for name in dict.fromkeys((*ours, *theirs))
            if _shape(ours, name) != _shape(theirs, name)
        ]
        keys = told_changes(_model_of(plan.spec), _model_of(self.model.spec)) if found else []
        most = MOST_BEHIND_KEYS if keys else MOST_LINES
        if len(found) > most:
            found = [*found[:most], f"and {len(found) - most} more tensors"]
        self._refuse([*keys, *found])
        network.load_state_dict(theirs)

    def told(self, prepared: Prepared) -> Iterator[str]:
        """Say what does not stop a training, and yet may mislead."""
        difference = self.model.grid.difference(prepared.grid, shape=False)
        if difference:
            yield f"--from: the grid is not that of {self.model.spec.name}: {difference}"
        seen = _trained_on(self.path, prepared)
        if seen:
            yield (
                f"--from: {seen} of {len(prepared.split.test)} test samples trained "
                f"{self.model.spec.name}, so that scores will be too good; take its data.split"
            )

    def _other_names(self, plan: Plan) -> Iterator[str]:
        for key in ("inputs", "outputs"):
            ours, theirs = getattr(plan.spec, key), getattr(self.model.spec, key)
            if ours != theirs:
                yield f"{key}: the task has {', '.join(ours)}, the run {', '.join(theirs)}"

    def _refuse(self, found: list[str]) -> None:
        if found:
            lines = "\n".join(f"  {line}" for line in found)
            raise RunError(
                f"--from {self.path}: its model does not fit this task:\n{lines}\n"
                "start from another run, take over these parts of its task.filled.yaml, or train "
                "anew without --from"
            )


def find_start(
    directory: RunDirectory, run: Path | None, plan: Plan, *, resumed: bool
) -> Start | None:
    """Find the model that a training starts from, and refuse one that does not fit.

    A run that is resumed keeps its start, whether it is named again or not.

    Parameters
    ----------
    directory
        The run that is made.
    run
        What the user names; ``None`` for a training from nothing.
    plan
        The task.
    resumed
        Whether the run goes on.

    Raises
    ------
    RunError
        If there is no such model, its fields are not the task's, or a run that is resumed was
        begun from another one.
    """
    kept = read_json(directory.environment).get("start") if resumed else None
    if resumed and run is not None and kept is None:
        raise RunError(
            f"{directory.path} was begun without --from; resume without it, or start anew with "
            "--force"
        )
    if kept is not None and run is None:
        run = Path(kept["run"])
    if run is None:
        return None
    start = Start.read(run)
    if kept is not None and start.digest != kept["weights_sha256"]:
        raise RunError(
            f"{directory.path} was begun from other weights than those that {run} holds now; "
            "start anew with --force"
        )
    start.check_fields(plan)
    return start


def _field_differences(theirs: FieldSpec, ours: FieldSpec) -> Iterator[str]:
    for key in TOLD:
        one, other = getattr(ours, key), getattr(theirs, key)
        if one != other:
            yield f"{ours.name}.{key}: the task has {one}, the run {other}"
    if ours.components is not None and set(ours.labels) != set(theirs.labels):
        yield (
            f"{ours.name}.components: the task has {', '.join(ours.labels)}, "
            f"the run {', '.join(theirs.labels)}"
        )


def _model_of(spec: TaskSpec) -> dict[str, Any]:
    return {"model": filled_in(spec)["model"]}


def _shape(tensors: Mapping[str, Any], name: str) -> str:
    return "x".join(map(str, tensors[name].shape)) or "()" if name in tensors else "none"


def _trained_on(path: Path, prepared: Prepared) -> int:
    """How many of the test samples trained or validated the start, where that can be told."""
    directory = RunDirectory(path if (path / "split.json").exists() else path.parent)
    if not (directory.split.exists() and directory.summary.exists()):
        return 0
    summary, split = read_json(directory.summary), read_json(directory.split)
    ours = prepared.summary()
    if any(summary.get(key) != ours[key] for key in ("stores", "test_store")):
        return 0
    return len({*split["train"], *split["validation"]} & set(prepared.split.test.tolist()))
