"""Several stores and a test store, values of samples, logarithms and masks, together in one run."""

import json

import numpy as np
import pytest
import xarray as xr

import fieldvae
from fieldvae import VOIGT, StoreError
from fieldvae.data.store import write_store
from fieldvae.report.figures.inputs import input_plot
from fieldvae.report.figures.slices import sample_slices

SHAPE = (4, 3)
INPUTS = ["porosity", "temperature", "load"]
SMALL = {"use": "convolution", "channels": 8, "blocks": 1}
QUARTER_TURN = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]


def cells(seed, samples, *, kelvin=True):
    """Permeability after porosity and temperature, stress after a load; holes in some cells."""
    chance = np.random.default_rng(seed)
    porosity = chance.standard_normal((samples, *SHAPE))
    temperature = chance.uniform(300, 900, samples)
    logarithm = 0.5 * porosity + (temperature[:, None, None] - 600) / 600
    logarithm += 0.3 * chance.standard_normal(porosity.shape)
    load = chance.normal(size=(samples, 2))
    stress = load[:, :1, None, None] + 0.3 * chance.standard_normal((samples, 6, *SHAPE))
    stress = np.where(chance.random((samples, 1, *SHAPE)) < 0.2, np.nan, stress)
    porosity[chance.random(porosity.shape) < 0.2] = np.nan
    given = temperature if kelvin else temperature - 273.15
    return xr.Dataset(
        {
            "porosity": (("sample", "x", "y"), porosity, {"units": "1"}),
            "temperature": ("sample", given, {"units": "K" if kelvin else "degC"}),
            "load": (("sample", "axis"), load, {"units": "kN"}),
            "permeability": (("sample", "x", "y"), np.exp(logarithm), {"units": "m^2"}),
            "stress": (("sample", "voigt", "x", "y"), stress, {"units": "MPa"}),
        },
        coords={"axis": ["x", "y"], "voigt": list(VOIGT)},
        attrs={"periodic": [True, True]},
    )


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    place = tmp_path_factory.mktemp("stores")
    write_store(cells(0, 24), place / "a.zarr")
    write_store(cells(1, 16, kelvin=False), place / "b.zarr")
    write_store(cells(2, 12), place / "c.zarr")
    return place


def task(place, learned=("a.zarr", "b.zarr"), test="c.zarr"):
    parts = dict.fromkeys(("smoother", "encoder", "decoder"), SMALL)
    return {
        "name": "rock",
        "fields": {
            "porosity": {"units": "1", "mask": True},
            "temperature": {"units": "K", "on": "sample"},
            "load": {
                "units": "N",
                "on": "sample",
                "tensor_kind": "vector",
                "components": ["x", "y"],
            },
            "permeability": {
                "units": "m^2",
                "scaling": ["log", "standardize"],
                "bounds": [0, None],
            },
            "stress": {"units": "MPa", "tensor_kind": "symmetric", "mask": True},
        },
        "inputs": INPUTS,
        "outputs": ["permeability", "stress"],
        "data": {"store": [str(place / name) for name in learned], "test_store": str(place / test)},
        "model": {"latent": 3, "condition": 4, **parts},
        "symmetry": ["translations", QUARTER_TURN],
        "training": {"steps": 6, "batch": 12},
        "prediction": {"realizations": 2, "max_draws": 2},
        "evaluation": {"realizations": 6, "bootstrap": 5},
        "design": {
            "vary": {"porosity": {"mean": 0}, "temperature": {"bounds": [300, 900]}},
            "hold": {"load": [0.0, 0.0]},
            "goal": {"maximize": "mean", "of": "hydrostatic_pressure"},
            "starts": 3,
            "iterations": 2,
        },
    }


@pytest.fixture(scope="module")
def run(stores, tmp_path_factory):
    return fieldvae.run(task(stores), out=tmp_path_factory.mktemp("many") / "run", until="design")


@pytest.fixture(scope="module")
def model(run):
    return run.model()


class TestRun:
    def test_learns_from_all_stores_and_tests_on_the_other(self, run, model):
        found = xr.open_zarr(run.path / "predictions.zarr", consolidated=False)
        assert found.sizes["sample"] == 12
        assert float(model.scaling.fields["temperature"].offset) == pytest.approx(600, abs=60)

    def test_gives_whole_predictions_and_positive_ones_of_a_logarithm(self, run):
        found = xr.open_zarr(run.path / "predictions.zarr", consolidated=False).load()
        assert not any(found[name].isnull().any() for name in ("permeability", "stress"))
        assert float(found.permeability.min()) > 0

    def test_scores_what_is_known_in_physical_and_in_scaled_units(self, run):
        for name in ("permeability", "stress"):
            scores = run.metrics["model"]["prediction"][name]
            assert None not in scores.values()
            spread = float(xr.concat([cells(0, 24)[name], cells(1, 16)[name]], "sample").std())
            ratio = scores["crps_physical"] / scores["crps"]
            assert ratio == pytest.approx(spread, rel=0.1)

    def test_leaves_out_the_baseline_that_holes_forbid_and_says_so(self, run):
        assert {"climatology", "deterministic"} == set(run.metrics) - {"model"}
        log = (run.path / "log.txt").read_text()
        assert "linear_gaussian is left out: stress has missing values" in log

    def test_keeps_how_much_is_missing(self, run):
        missing = json.loads((run.path / "run.json").read_text())["missing"]
        assert missing == pytest.approx({"porosity": 0.2, "stress": 0.2}, abs=0.05)

    def test_shows_holes_and_values_of_samples(self, run):
        details = xr.open_zarr(run.path / "evaluation.zarr", consolidated=False).load()
        fields = run.model().fields
        inputs = input_plot([fields[name] for name in INPUTS], details)
        outputs = [sample_slices(fields[name], details) for name in ("stress", "permeability")]
        told = ["Gray cells are missing values." in plot.caption for plot in (inputs, *outputs)]
        assert told == [True, True, False]
        assert "Given for the whole sample: temperature" in inputs.caption

    def test_designs_values_of_samples_and_holds_others(self, run):
        found = xr.open_zarr(run.path / "design.zarr", consolidated=False).load()
        assert found.temperature.dims[0] == "sample"
        assert set(found.temperature.dims).isdisjoint("xy")
        assert float(found.temperature.min()) >= 300
        assert float(found.temperature.max()) <= 900
        assert not found["load"].any()
        assert not found.porosity.isnull().any()
        assert abs(float(found.porosity.mean())) < 1e-6


class TestModel:
    def test_predicts_alike_from_other_units(self, model):
        found, same = (
            model.predict(cells(5, 3, kelvin=kelvin)[INPUTS], self_check=False)
            for kelvin in (True, False)
        )
        xr.testing.assert_allclose(found, same, rtol=1e-4)

    def test_predicts_alike_whatever_another_sample_misses(self, model):
        data = cells(5, 3)[INPUTS]
        other = data.copy(deep=True)
        other["porosity"][0] = np.nan
        found, same = (
            model.predict(each, self_check=False).isel(sample=slice(1, None))
            for each in (data, other)
        )
        xr.testing.assert_allclose(found, same, rtol=1e-5)

    def test_refuses_a_hole_in_a_field_without_mask(self, model):
        data = cells(5, 3)[INPUTS]
        data["temperature"][1] = np.nan
        with pytest.raises(StoreError, match=r"'temperature' .* not finite, first nan at sample 1"):
            model.predict(data)


def all_missing(data):
    data.stress[3] = np.nan
    return data


def no_component(data):
    return data.assign(stress=data.stress.where(data.voigt != "yz"))


def not_positive(data):
    data.permeability[1, 2, 0] = 0.0
    return data


REFUSED = {
    "a sample without any value of an output": (
        all_missing,
        r"'stress' in .* is missing \(NaN\) in every cell of samples, 1 of them, first sample 27",
    ),
    "a store on another grid": (
        lambda data: data.isel(x=slice(3)),
        r"wrong.zarr has another grid than .*a.zarr: shape \(3, 3\) instead of \(4, 3\)",
    ),
    "a value without logarithm": (
        not_positive,
        r"wrong.zarr has 1 value that is not above zero, first 0 at sample 1, "
        r"cell \(2, 0\)",
    ),
}


class TestRefusal:
    @pytest.mark.parametrize("case", REFUSED)
    def test_of(self, case, stores, tmp_path):
        change, words = REFUSED[case]
        write_store(change(cells(7, 12)), stores / "wrong.zarr", overwrite=True)
        with pytest.raises(StoreError, match=words):
            fieldvae.run(task(stores, learned=("a.zarr", "wrong.zarr")), out=tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_of_a_component_that_no_test_sample_has(self, stores, tmp_path):
        write_store(no_component(cells(7, 12)), stores / "wrong.zarr", overwrite=True)
        with pytest.raises(StoreError, match=r"the test part of .* misses component yz in every"):
            fieldvae.run(task(stores, test="wrong.zarr"), out=tmp_path / "run")
