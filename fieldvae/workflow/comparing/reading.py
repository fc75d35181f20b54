"""What is stored in a run, as one alternative among others."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from fieldvae.document import parse_document
from fieldvae.errors import InputError, RunError
from fieldvae.evaluation.alternatives import Alternative, run_scores
from fieldvae.evaluation.pairing import HeldOutRecord
from fieldvae.field import FieldSpec
from fieldvae.report.record import RunRecord, read_run
from fieldvae.workflow.comparing.differing import differing_keys
from fieldvae.workflow.directory import RunDirectory, read_json


def read_alternatives(runs: Sequence[Path]) -> tuple[list[Alternative], list[FieldSpec]]:
    """Read the stored numbers of runs that predict the same fields.

    Returns
    -------
    alternatives, fields
        In the order of ``runs``; the output fields.

    Raises
    ------
    RunError
        If a run cannot be read, which names every such run, or their outputs differ.
    """
    records, mistakes = [], []
    for path in runs:
        try:
            records.append(read_run(path))
        except (InputError, json.JSONDecodeError, UnicodeDecodeError) as error:
            mistakes.append(f"{path} cannot be read: {error}")
    if mistakes:
        raise RunError("\n".join(mistakes))
    fields = _common_outputs(records)
    tasks = [_task(record) for record in records]
    names = distinct_names([str(r.summary.get("name", r.path.name)) for r in records], runs)
    found = [
        Alternative(
            name,
            str(record.path.resolve()),
            differs,
            _weights(record),
            _training(record),
            {field.name: run_scores(record.metrics, field.name) for field in fields},
            _held_out(record),
            _start(record, dict(zip(names, records, strict=True))),
        )
        for name, differs, record in zip(names, differing_keys(tasks), records, strict=True)
    ]
    return found, fields


def distinct_names(tasks: Sequence[str], paths: Sequence[Path]) -> list[str]:
    """Give every run a name of its own: its task's, else as much of its path as it takes.

    Examples
    --------
    >>> paths = [Path("runs/one"), Path("runs/two"), Path("runs/three")]
    >>> distinct_names(["stress", "stress", "small"], paths)
    ['one', 'two', 'small']
    """
    names = list(tasks)
    parts = [path.resolve().parts for path in paths]
    for count in range(1, max(map(len, parts)) + 1):
        twice = {name for name in names if names.count(name) > 1}
        if not twice:
            break
        names = [
            "/".join(part[-count:]) if name in twice else name
            for name, part in zip(names, parts, strict=True)
        ]
    return names


def _common_outputs(records: Sequence[RunRecord]) -> list[FieldSpec]:
    outputs = [sorted(field.name for field in record.outputs) for record in records]
    if any(names != outputs[0] for names in outputs):
        told = "; ".join(
            f"{record.path} predicts {', '.join(names)}"
            for record, names in zip(records, outputs, strict=True)
        )
        raise RunError(f"runs of different outputs cannot be compared: {told}")
    return records[0].outputs


def _task(record: RunRecord) -> dict[str, Any]:
    return parse_document(record.task, name="task.filled.yaml").data if record.task else {}


def _weights(record: RunRecord) -> int | None:
    """As recorded; of an earlier version's run, how many numbers its weights' file holds."""
    if record.summary.get("weights") is not None:
        return int(record.summary["weights"])
    file = RunDirectory(record.path).model / "weights.safetensors"
    try:
        with safe_open(file, framework="numpy") as stored:
            shapes = [stored.get_slice(name).get_shape() for name in stored.keys()]  # noqa: SIM118
            return sum(map(math.prod, shapes))
    except (OSError, SafetensorError):
        return None


def _training(record: RunRecord) -> dict[str, Any]:
    found: dict[str, Any] = {"device": record.environment.get("device")}
    for name in ("seconds", "cpu_seconds"):
        spent = [epoch.get(name) for epoch in record.history]
        if spent and None not in spent:
            found[name] = sum(spent)
    return found


def _start(record: RunRecord, others: Mapping[str, RunRecord]) -> str:
    """What a training started from: a run's name here where it is among them, else with its path.

    What a run records is the path of a run, of its ``model`` directory, or of an exported file.
    """
    start = record.environment.get("start")
    if not start:
        return ""
    path = Path(start["run"])
    for name, other in others.items():
        if other.path.resolve() in (path, path.parent):
            return name
    return f"{start['name']} ({path})"


def _held_out(record: RunRecord) -> HeldOutRecord:
    """The held-out samples; those of a test store are counted from its own beginning."""
    test = read_json(RunDirectory(record.path).split)["test"]
    stores = [*record.summary.get("stores", ())]
    if record.summary.get("test_store"):
        test, stores = list(range(len(test))), [record.summary["test_store"]]
    if record.details is None:
        raise RunError(f"{record.path} has no evaluation.zarr")
    return HeldOutRecord(test, [Path(store).name for store in stores], record.details)
