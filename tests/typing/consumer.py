"""A stranger's module, checked strictly with the package: its types are complete."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import xarray as xr

import fieldvae


def train_and_use(task: Path, data: xr.Dataset) -> xr.Dataset:
    """Walk the way from a task to scores."""
    run = fieldvae.run(task, settings=["training.steps=10"], until="train")
    assert_type(run, fieldvae.Run)
    model = run.model()
    assert_type(model, fieldvae.TrainedModel)
    assert_type(model.spec, fieldvae.TaskSpec)
    assert_type(model.predict(data, realizations=3), xr.Dataset)
    assert_type(fieldvae.export_model(run.path, "m.fieldvae"), Path)
    assert_type(fieldvae.load("m.fieldvae", device="cpu"), fieldvae.TrainedModel)
    return model.score(data)


def several(task: Path) -> list[str]:
    """Sweep over seeds, and ask for more samples."""
    options = fieldvae.SweepOptions(workers=2)
    found = fieldvae.sweep(task, {"training.seed": [0, 1]}, options=options)
    assert_type(found, fieldvae.Comparison | None)
    curve = fieldvae.learning_curve(task, fractions=[0.5, 1.0])
    assert_type(curve, fieldvae.LearningCurve | None)
    return [] if curve is None else curve.sentences
