"""Records of runs made up to hold what the evaluation stores of a model's inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fieldvae.data.store import read_dataset, write_store
from fieldvae.evaluation.conditions import (
    ChannelUnit,
    RecoveredCondition,
    condition_data,
    condition_metrics,
    input_data,
    shown_errors,
)
from fieldvae.evaluation.projections import Coloring, Projected, projection_data
from fieldvae.evaluation.reconstruction import reconstruction_data
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.selfcheck import ConditionErrors
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.report.record import RunRecord
from fieldvae.report.style import house_style

INPUTS = (
    FieldSpec(name="source", units="W/m^3", long_name="heat source"),
    FieldSpec(name="share", units="1", tensor_kind="set", components=("a", "b")),
    FieldSpec(name="time", units="s", on="sample"),
)
OUTPUT = FieldSpec(
    name="flux", units="W/m^2", symbol="q", tensor_kind="set", components=("in", "out")
)
TEST, WIDTH, DRAWN = 9, 2, 2


@pytest.fixture(autouse=True)
def coarse_figures(monkeypatch):
    monkeypatch.setattr("fieldvae.report.style.RESOLUTION", 30)
    with house_style():
        yield


@pytest.fixture
def generator():
    return np.random.default_rng(5)


@pytest.fixture
def record(tmp_path, generator):
    """Make a record: ``record(grid, layout="field", measure="spread", shown=[4, 0, 7])``.

    ``layout`` is ``none`` for a model without encoder.
    """

    def make(
        grid: Grid, *, layout: str = "field", measure: str = "spread", shown=(4, 0, 7), color=None
    ) -> RunRecord:
        details = outputs_data(grid, list(shown), generator)
        details = details.assign(inputs_data(grid, list(shown), generator))
        metrics = {"prediction": {"flux": {}}, "reconstruction": {"flux": {"mre": 0.07, "r2": 0.9}}}
        if layout != "none":
            found, scores = conditions_data(grid, layout, measure, list(shown), generator)
            details, metrics["conditions"] = details.assign(found), scores
        details = details.assign(components_data(color, layout, generator))
        write_store(details.assign_coords(shown=list(shown)), tmp_path / "evaluation.zarr")
        fields = {each.name: each.model_dump(mode="json") for each in (*INPUTS, OUTPUT)}
        return RunRecord(
            path=Path("run"),
            summary={"fields": fields},
            task="",
            environment={},
            history=[],
            metrics={"model": metrics},
            details=read_dataset(tmp_path / "evaluation.zarr"),
            predictions=None,
        )

    return make


def outputs_data(grid, shown, generator) -> xr.Dataset:
    truth = generator.standard_normal((TEST, 2, *grid.shape3))
    estimate = truth + 0.1 * generator.standard_normal(truth.shape)
    found = reconstruction_data(
        OUTPUT,
        truth,
        estimate,
        shown=shown,
        grid=grid,
        scale=ComponentScale(np.ones(2), np.full(2, -5.0), np.full(2, 5.0)),
        generator=generator,
    )
    one = found["flux.reconstruction"]
    drawn = xr.concat([one + i for i in range(DRAWN)], "shown_realization")
    attributes = {"z_slice": grid.shape[2] // 2} if grid.dimensions == 3 else {}
    return found.assign({"flux.truth": one * 0.9, "flux.realization": drawn}).assign_attrs(
        attributes
    )


def inputs_data(grid, shown, generator) -> xr.Dataset:
    samples = xr.Dataset(
        {
            "source": (("sample", *grid.axes), generator.standard_normal((TEST, *grid.shape))),
            "share": (("sample", "kind", *grid.axes), generator.random((TEST, 2, *grid.shape))),
            "time": ("sample", np.arange(TEST) + 0.5),
        }
    )
    return input_data(INPUTS, samples, shown=shown, grid=grid)


def conditions_data(grid, layout, measure, shown, generator):
    shape = grid.shape3 if layout == "field" else ()
    one = np.ones(WIDTH)
    errors = generator.uniform(0, 0.1, (TEST, DRAWN, len(INPUTS)))
    tolerance = {field.name: 0.05 for field in INPUTS}
    found = ConditionErrors(tolerance, errors[:, 0], errors[:, 1], errors).dataset()
    found = found.assign(shown_errors(found, shown=shown, realizations=DRAWN))
    scores = {}
    for index, field in enumerate(INPUTS):
        smoothed = generator.random((TEST, WIDTH, *shape))
        each = RecoveredCondition(
            field.name,
            ChannelUnit(0 * one, one, one),
            smoothed,
            smoothed + 0.1 * generator.standard_normal(smoothed.shape),
            generator.random((len(shown), DRAWN, WIDTH, *shape)),
            errors[:, 0, index],
        )
        scores[field.name] = condition_metrics(each)
        found = found.assign(
            condition_data(each, shown=shown, grid=grid, measure=measure, generator=generator)
        )
    return found, scores


def components_data(color, layout, generator) -> xr.Dataset:
    def some(count: int, width: int):
        return generator.standard_normal((count, width))

    sets = []
    for name, width in (("source", 20), ("share", 40), ("time", 1), ("*", 61)):
        sets.append(Projected(name, "raw", some(30, width), some(TEST, width)))
        estimate = None if layout == "none" else some(TEST, WIDTH)
        sets.append(Projected(name, "smoothed", some(30, WIDTH), some(TEST, WIDTH), estimate))
    sets.append(Projected("flux", "truth", some(30, 12), some(TEST, 12), some(TEST, 12)))
    coloring = None
    if color is not None:
        values = np.resize(np.asarray(color), 30)
        coloring = Coloring("bath_temperature", "K", values, values[:TEST])
    return projection_data(sets, coloring, generator=generator)
