"""A law that no Gaussian has: the whole field stands at one of two values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import fieldvae

WEIGHTS = {-1.0: 0.2, 1.0: 0.7}
"""Share of the upper mode, by what the input is."""

WITHIN = 0.1
"""Standard deviation of every cell about the modes, which are -1 and 1."""


def bimodal(shape: tuple[int, ...], samples: int, seed: int) -> xr.Dataset:
    """Make samples whose input sets how often all cells stand at 1 together, and not at -1."""
    chance = np.random.default_rng(seed)
    dims = ("sample", *("x", "y", "z")[: len(shape)])
    tall = (samples, *[1] * len(shape))
    switch = chance.choice([*WEIGHTS], samples)
    share = np.array([WEIGHTS[value] for value in switch])
    mode = np.where(chance.random(samples) < share, 1.0, -1.0).reshape(tall)
    noise = WITHIN * chance.standard_normal((samples, *shape))
    fields = {
        "switch": (dims, switch.reshape(tall) * np.ones(shape), {"units": "1"}),
        "state": (dims, mode + noise, {"units": "1"}),
    }
    attributes = {"spacing": [1.0] * len(shape), "spacing_units": "mm"}
    return xr.Dataset(fields, attrs={**attributes, "periodic": [True] * len(shape)})


def trained(folder: Path, shape: tuple[int, ...], name: str = "run", **training: float) -> Path:
    """Train by flow matching on a store of such samples; give the run."""
    if not (folder / "store.zarr").exists():
        fieldvae.write_store(bimodal(shape, 4096, seed=3), folder / "store.zarr")
    task = {
        "name": "bimodal",
        "fields": {n: {"units": "1", "tensor_kind": "scalar"} for n in ("switch", "state")},
        "inputs": ["switch"],
        "outputs": ["state"],
        "data": {"store": str(folder / "store.zarr")},
        "model": {
            "latent": 1,
            "condition": 2,
            "smoother": "pointwise",
            "encoder": "none",
            "decoder": {"use": "flow", "channels": 16, "blocks": 2, "steps": 20},
        },
        "losses": [{"use": "flow_matching", "draws": 2}],
        "training": {"steps": 500, "batch": 256, "learning_rate": 4e-3, "keep": "last", **training},
    }
    return fieldvae.run(task, out=folder / name, until="train").path


def drawn(run: Path, shape: tuple[int, ...]) -> xr.Dataset:
    """Draw 100 realizations of each of 40 new samples."""
    return fieldvae.load(run).predict(bimodal(shape, 40, seed=4), realizations=100, seed=5)


@pytest.fixture(scope="module", params=[(1,), (4,)], ids=["1 cell", "4 cells"])
def learned(request, tmp_path_factory):
    shape = request.param
    run = trained(tmp_path_factory.mktemp("bimodal"), shape)
    switch = bimodal(shape, 40, seed=4).switch.isel(x=0)
    return drawn(run, shape).state.assign_coords(switch=("sample", switch.values))


class TestTwoModes:
    @pytest.mark.parametrize("switch", WEIGHTS)
    def test_have_the_weights_that_the_input_sets(self, learned, switch):
        upper = learned.where(learned.switch == switch, drop=True).mean("x") > 0
        assert abs(float(upper.mean()) - WEIGHTS[switch]) < 0.05

    def test_stand_where_they_should_and_as_wide(self, learned):
        mode = np.sign(learned.mean("x"))
        within = learned - mode
        for sign in (-1, 1):
            assert abs(float(within.where(mode == sign).mean())) < 0.03
        assert float(within.std()) == pytest.approx(WITHIN, rel=0.3)

    def test_leave_almost_nothing_between_them(self, learned):
        assert float((abs(learned.mean("x")) < 0.5).mean()) < 0.02


def test_the_seed_fixes_what_is_learned_and_drawn(tmp_path):
    first, again, other = (
        drawn(trained(tmp_path, (4,), name, steps=5, seed=seed), (4,))
        for name, seed in (("first", 0), ("again", 0), ("other", 1))
    )
    assert first.identical(again)
    assert not first.state.equals(other.state)
