"""Mistakes in what is asked of a trained model: in the run, the store, or the place to write to."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

from .case import Case
from .stores import FLUX, GRADIENT, dataset, put, units, value

Change = Callable[[xr.Dataset], xr.Dataset]

PREDICT = ("predict", "runs/foreign", "new.zarr", "--out", "ensemble.zarr")
EVALUATE = ("evaluate", "runs/foreign", "new.zarr", "--out", "scores")
WEIGHTS, MODEL = Path("model/weights.safetensors"), Path("model/model.json")


def new(
    name: str,
    change: Change = lambda data: data,
    command: tuple[str, ...] = PREDICT,
    also: Callable[[Path], object] = lambda _: None,
) -> Case:
    """A store that the model has not seen, changed, and something else in the folder."""

    def prepare(folder: Path) -> None:
        put(change(dataset()), folder / "new.zarr")
        also(folder)

    return Case(name, prepare, command)


def run(name: str, how: Callable[[Path], object], command: tuple[str, ...] = PREDICT) -> Case:
    """A run that something was done to."""
    return new(name, command=command, also=lambda folder: how(folder / "runs" / "foreign"))


def unfinished(run: Path) -> None:
    """Leave a run as it is while it trains."""
    shutil.rmtree(run / "model")
    summary = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**summary, "finished": False}))


def cut_off(run: Path) -> None:
    """A run whose summary was written in part."""
    (run / "run.json").write_text('{"samples": ')


def without_plugin(run: Path) -> None:
    """A model with a part that no plugin brings any more."""
    text = (run / MODEL).read_text()
    assert text.count('"use": "convolution"') > 0
    (run / MODEL).write_text(text.replace('"use": "convolution"', '"use": "spectral"', 1))


def foreign_folder(folder: Path) -> None:
    """A folder of other things in place of the run."""
    shutil.rmtree(folder / "runs" / "foreign")
    (folder / "runs" / "foreign").mkdir()
    (folder / "runs" / "foreign" / "chapter.tex").write_text("years of work")


RUNS = (
    # The store to predict for
    new("inputs that are missing", lambda data: data.drop_vars(GRADIENT)),
    new("inputs of other components", lambda data: data.assign_coords(direction=list("uvw"))),
    new("inputs of another dimension", units(GRADIENT, "K")),
    new("inputs of another name", lambda data: data.rename(gradient="gradients")),
    new(
        "inputs of another kind",
        lambda data: data.assign(gradient=data.gradient.assign_attrs(tensor_kind="set")),
    ),
    new("inputs with a missing value", value(GRADIENT, (5, 0, 0, 0, 0), np.nan)),
    new("inputs of one sample, without its dim", lambda data: data.isel(sample=0, drop=True)),
    new("inputs without samples", lambda data: data.isel(sample=slice(0))),
    new(
        "inputs on a grid of two dimensions",
        lambda data: data.isel(z=0, drop=True).assign_attrs(spacing=[2.0] * 2, periodic=[1, 1]),
    ),
    Case("inputs that are nowhere", lambda _: None, PREDICT),
    new("inputs of a like name", command=(*PREDICT[:2], "news.zarr", *PREDICT[3:])),
    new("outputs to score on that are missing", lambda data: data.drop_vars(FLUX), EVALUATE),
    new("outputs to score on without samples", lambda data: data.isel(sample=slice(0)), EVALUATE),
    # The run
    new("no such run", command=("predict", "runs/nowhere", *PREDICT[2:])),
    new("a store for a run", command=("evaluate", "new.zarr", *EVALUATE[2:])),
    new("a folder that is no run", also=foreign_folder),
    run("a run that is half done", unfinished),
    run("a run without weights", lambda run: (run / WEIGHTS).unlink()),
    run("a summary cut off, to report", cut_off, ("report", "runs/foreign")),
    run("a summary cut off, to go on with", cut_off, ("run", "task.yaml", "--resume")),
    run(
        "a summary cut off, before there is a model",
        lambda run: unfinished(run) or cut_off(run),
    ),
    run("weights cut off", lambda run: (run / WEIGHTS).write_bytes(b"12345")),
    run("a model cut off", lambda run: (run / MODEL).write_text('{"format": ')),
    run("a model of a plugin that is gone", without_plugin),
    # Where to write
    new("predictions over a store", also=lambda folder: put(dataset(), folder / "ensemble.zarr")),
    new(
        "predictions over a file",
        also=lambda folder: (folder / "ensemble.zarr").write_text("years of work"),
    ),
    new("predictions over their inputs", command=(*PREDICT[:4], "new.zarr")),
    new("predictions inside their inputs", command=(*PREDICT[:4], "new.zarr/ensemble.zarr")),
    Case(
        "predictions around their inputs",
        lambda folder: put(dataset(), folder / "old.zarr" / "new.zarr"),
        ("predict", "runs/foreign", "old.zarr/new.zarr", "--out", "old.zarr", "--force"),
    ),
    new("scores over a file", command=EVALUATE, also=lambda f: (f / "scores").write_text("1")),
    new(
        "scores over others",
        command=EVALUATE,
        also=lambda folder: put(dataset(), folder / "scores" / "evaluation.zarr"),
    ),
    new("scores over those of a run", command=(*EVALUATE[:4], "runs/foreign", "--force")),
    new("scores inside a store", command=(*EVALUATE[:4], "new.zarr", "--force")),
)
