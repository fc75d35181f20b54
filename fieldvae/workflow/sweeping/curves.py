"""Scores against the number of training samples, from what runs stored; no network is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fieldvae.errors import RunError
from fieldvae.evaluation.learning import MODELS, SCORES, LearningCurve, TrainedOn, learning_curve_of
from fieldvae.report.record import RunRecord, read_run


def read_curve(runs: Sequence[Path]) -> LearningCurve:
    """Read the curve off finished runs of one task.

    Raises
    ------
    RunError
        If a run has no scores, or fewer than two numbers of samples are left.
    """
    records = [read_run(path) for path in runs]
    for record in records:
        if record.evaluated is None:
            raise RunError(
                f"{record.path} has no scores; a learning curve needs test samples: give "
                "data.split.test a share"
            )
    found = [_trained_on(record) for record in records]
    counts = {each.samples for each in found}
    if len(counts) < 2:
        raise RunError(
            f"all runs were trained on {counts.pop()} samples; give fractions that differ by one "
            "sample at least"
        )
    return learning_curve_of(found, records[0].outputs)


def _trained_on(record: RunRecord) -> TrainedOn:
    details = record.evaluated
    assert details is not None  # checked by the caller
    known = [model for model in MODELS if model in details["model"].values]
    scores = {
        field.name: {
            model: {
                score: details[f"{score}_physical"].sel(model=model, field=field.name).to_numpy()
                for score in SCORES
            }
            for model in known
        }
        for field in record.outputs
    }
    return TrainedOn(int(record.summary["samples"]["train"]), scores)
