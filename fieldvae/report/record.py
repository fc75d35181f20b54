"""The files of a run directory, read for the report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from fieldvae.data.store import read_dataset
from fieldvae.document import parse_document
from fieldvae.errors import RunError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid


@dataclass(frozen=True)
class RunRecord:
    """What a run has stored; ``None`` or empty for what it has not.

    Parameters
    ----------
    path
        The run directory.
    summary
        ``run.json``: ``name``, ``samples`` (train, validation, test), ``grid`` (shape and
        attributes), ``fields`` by name, ``symmetry`` (a sentence), ``stores``, ``provenance``,
        ``weights`` (their number).
    task
        ``task.filled.yaml``, as text.
    environment
        ``environment.json``: date, python, platform, device, packages, command.
    history
        ``history.jsonl``: one dict an epoch with ``epoch``, ``train`` and ``validation`` (each
        ``total`` and the terms), ``learning_rate``, ``seconds``, ``cpu_seconds``.
    metrics
        ``metrics.json``.
    details
        ``evaluation.zarr``; see :mod:`fieldvae.evaluation.details`.
    predictions
        ``predictions.zarr``; of it only ``accepted`` is read.
    designs, design_analysis
        ``design.zarr``, and what is shown of it; see :mod:`fieldvae.evaluation.designs`.
    """

    path: Path
    summary: dict[str, Any]
    task: str
    environment: dict[str, Any]
    history: list[dict[str, Any]]
    metrics: dict[str, Any]
    details: xr.Dataset | None
    predictions: xr.Dataset | None
    designs: xr.Dataset | None = None
    design_analysis: xr.Dataset | None = None

    @property
    def evaluated(self) -> xr.Dataset | None:
        """What the evaluation stored for figures, where its scores are there too."""
        return self.details if self.metrics else None

    @property
    def outputs(self) -> list[FieldSpec]:
        """The output fields that were scored."""
        scored = self.metrics.get("model", {}).get("prediction", {})
        fields = self.summary.get("fields", {})
        return [FieldSpec.model_validate(fields[name]) for name in scored]

    @property
    def inputs(self) -> list[FieldSpec]:
        """The other fields."""
        scored = self.metrics.get("model", {}).get("prediction", {})
        fields = self.summary.get("fields", {})
        return [FieldSpec.model_validate(f) for name, f in fields.items() if name not in scored]

    @property
    def titles(self) -> dict[str, str]:
        """What every field is called."""
        fields = self.summary.get("fields", {})
        return {name: FieldSpec.model_validate(each).title for name, each in fields.items()}

    @property
    def error_measure(self) -> str:
        """What the self-check divides errors by, ``prediction.error`` of the task, or nothing."""
        if not self.task:
            return ""
        settings = parse_document(self.task, name="task.filled.yaml").data.get("prediction")
        return str((settings or {}).get("error", ""))

    @property
    def grid(self) -> Grid | None:
        """The grid of all fields."""
        stored = self.summary.get("grid")
        return None if not stored else Grid.from_attributes(tuple(stored["shape"]), stored)


def read_run(path: Path) -> RunRecord:
    """Read a run directory.

    Parameters
    ----------
    path
        The directory; of its files only ``run.json`` must be there.

    Raises
    ------
    RunError
        If it is no run, or a file of it is damaged.
    """
    if not (path / "run.json").is_file():
        raise RunError(
            f"{path} is no run directory: it has no run.json; expected one that 'run' made"
        )
    history = _text(path / "history.jsonl").splitlines()
    return RunRecord(
        path,
        _json(path / "run.json"),
        _text(path / "task.filled.yaml"),
        _json(path / "environment.json"),
        [json.loads(line) for line in history if line.strip()],
        _json(path / "metrics.json"),
        _dataset(path / "evaluation.zarr"),
        _dataset(path / "predictions.zarr"),
        _dataset(path / "design.zarr"),
        _dataset(path / "design_analysis.zarr"),
    )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(_text(path) or "{}")
    except ValueError as error:
        raise RunError(f"{path} cannot be read ({error}); copy it again, or train again") from None
    return found


def _dataset(path: Path) -> xr.Dataset | None:
    return read_dataset(path) if path.exists() else None
