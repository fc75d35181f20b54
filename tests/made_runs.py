"""Run directories made by hand, scored in earnest: a law known in closed form, and no training."""

import json

import numpy as np
import xarray as xr
from safetensors.numpy import save_file

from fieldvae.data.store import write_store
from fieldvae.document import dump_yaml
from fieldvae.evaluation import ConditionErrors, component_scales, evaluate
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

GRID = Grid((3, 2, 2), spacing_units="nm")
SAMPLES, REALIZATIONS = 16, 8
HEAT = FieldSpec(name="heat", units="K", long_name="temperature rise")


def task(**changes):
    """A filled task, changed as asked."""
    given = {
        "name": "flow",
        "inputs": ["source"],
        "outputs": ["heat"],
        "data": {"store": ["/data/cells.zarr"], "split": {"test": 0.1, "seed": 0}},
        "model": {"encoder": {"use": "convolution", "channels": 8}, "latent": 4},
        "losses": [{"use": "reconstruction", "weight": 1.0}, {"use": "kl", "weight": 0.5}],
        "training": {"steps": 20, "seed": 0},
    }
    return {**given, **changes}


def started(run):
    """What a run records of the one it started from."""
    name = json.loads((run / "run.json").read_text())["name"]
    made = {"command": ["fieldvae", "run", f"{name}.yaml"], "date": "2026-01-01"}
    return {"run": str(run.resolve()), "name": name, "weights_sha256": "", "provenance": made}


def made_run(
    path,
    *,
    blind=0.0,
    width=1.0,
    seed=0,
    truth_seed=0,
    order=None,
    spread=1.0,
    first=40,
    stores=("/data/cells.zarr",),
    test_store=None,
    field=HEAT,
    encoder=True,
    changes=None,
    cpu_seconds=3.0,
    start=None,
):
    """Write what a finished run leaves behind.

    The truth is a known mean with noise of unit size; realizations have noise of size ``width``,
    around a mean that lacks the share ``blind`` of the true one. ``spread`` is that of the training
    part, ``first`` the position of the first held-out sample, ``start`` the run started from.
    """
    chance = np.random.default_rng(truth_seed)
    mean = chance.standard_normal((SAMPLES, *GRID.shape))
    true = mean + chance.standard_normal(mean.shape)
    if order is not None:
        mean, true = mean[order], true[order]
    drawn = np.random.default_rng([1, seed]).standard_normal((SAMPLES, REALIZATIONS, *GRID.shape))
    axes = GRID.axes
    truth = xr.Dataset({field.name: (("sample", *axes), true)})
    model = xr.Dataset(
        {
            field.name: (
                ("sample", "realization", *axes),
                (1 - blind) * mean[:, None] + width * drawn,
            )
        }
    )
    training = xr.Dataset(
        {field.name: (("sample", *axes), spread * np.random.default_rng(9).normal(size=true.shape))}
    )
    errors = np.random.default_rng(seed).random((SAMPLES, 1))
    found = evaluate(
        truth,
        {"model": model},
        fields=(field,),
        grid=GRID,
        scales=component_scales(training, (field,), GRID),
        reconstruction=truth * 0.9 if encoder else None,
        condition_errors=ConditionErrors({"source": 0.5}, errors, errors + 1) if encoder else None,
        resamples=40,
    )
    path.mkdir(parents=True)
    write_store(found.details, path / "evaluation.zarr")
    filled = task(**(changes or {}))
    summary = {
        "name": filled["name"],
        "samples": {"train": 40, "validation": 4, "test": SAMPLES},
        "grid": {"shape": list(GRID.shape), **GRID.attributes()},
        "fields": {f.name: f.model_dump(mode="json") for f in (field,)},
        "stores": list(stores),
        "test_store": test_store,
        "finished": True,
    }
    epochs = [{"epoch": i, "seconds": 2.0, "cpu_seconds": cpu_seconds} for i in (1, 2)]
    for name, data in {
        "metrics.json": found.metrics,
        "run.json": summary,
        "split.json": {"train": [], "test": list(range(first, first + SAMPLES))},
        "environment.json": {
            "device": "cpu",
            **({} if start is None else {"start": started(start)}),
        },
    }.items():
        (path / name).write_text(json.dumps(data))
    (path / "history.jsonl").write_text("\n".join(map(json.dumps, epochs)) + "\n")
    (path / "task.filled.yaml").write_text(dump_yaml(filled))
    (path / "model").mkdir()
    save_file({"decoder.weight": np.zeros((5, 4))}, path / "model" / "weights.safetensors")
    return path
