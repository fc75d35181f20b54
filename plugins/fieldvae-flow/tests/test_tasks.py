"""The decoder in whole tasks: closure, other grids, refusals before anything is written."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import fieldvae
from fieldvae import OptionError


def stresses(shape: tuple[int, ...], samples: int = 24) -> xr.Dataset:
    """Draw a random density, and stresses that follow it and average to zero."""
    chance = np.random.default_rng(0)
    density = chance.standard_normal((samples, *shape))
    stress = density[:, None] + chance.standard_normal((samples, 6, *shape))
    stress -= stress.mean((-3, -2, -1), keepdims=True)
    fields = {
        "density": (("sample", "x", "y", "z"), density, {"units": "1"}),
        "stress": (("sample", "voigt", "x", "y", "z"), stress, {"units": "GPa"}),
    }
    return xr.Dataset(
        fields,
        coords={"voigt": list(fieldvae.VOIGT)},
        attrs={"spacing": [1.0] * 3, "spacing_units": "mm", "periodic": [True] * 3},
    )


@pytest.fixture
def task(tmp_path):
    fieldvae.write_store(stresses((4, 4, 4)), tmp_path / "store.zarr")
    return {
        "name": "flow",
        "fields": {
            "density": {"units": "1", "tensor_kind": "scalar"},
            "stress": {"units": "GPa", "tensor_kind": "symmetric", "closure": "zero-mean"},
        },
        "inputs": ["density"],
        "outputs": ["stress"],
        "data": {"store": str(tmp_path / "store.zarr")},
        "model": {
            "latent": 6,
            "encoder": "none",
            "decoder": {"use": "flow", "channels": 8, "blocks": 1, "steps": 3},
        },
        "losses": ["flow_matching"],
        "training": {"steps": 2, "batch": 8},
        "evaluation": {"realizations": 4, "bootstrap": 20, "baselines": ["climatology"]},
    }


@pytest.mark.filterwarnings("ignore:trained on 4 x 4 x 4")
def test_realizations_keep_the_closure_on_any_grid(task, tmp_path):
    run = fieldvae.run(task, out=tmp_path / "run", until="train")
    model = fieldvae.load(run.path)
    for shape in ((4, 4, 4), (8, 4, 4)):
        drawn = model.predict(stresses(shape, samples=2), realizations=3).stress
        assert drawn.shape == (2, 3, 6, *shape)
        assert float(abs(drawn.mean(["x", "y", "z"])).max()) < 1e-5
        assert float(drawn.std("realization").min()) > 0


def test_runs_from_task_to_report(task, tmp_path):
    run = fieldvae.run(task, out=tmp_path / "run")
    assert (run.path / "report" / "index.html").exists()
    assert "energy_score" in run.metrics["model"]["prediction"]["stress"]


def test_a_task_with_another_decoder_is_refused_before_anything_is_written(task, tmp_path):
    other = {**task, "model": {"encoder": "none"}}
    with pytest.raises(OptionError, match=r"decoder is a ConvolutionDecoder; set model\.decoder"):
        fieldvae.run(other, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_latent_of_another_width_is_refused_before_anything_is_written(task, tmp_path):
    task["model"].pop("latent")
    with pytest.raises(OptionError, match=r"\(stress 6\), and not 12; set model.latent: 6"):
        fieldvae.run(task, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
