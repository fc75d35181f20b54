import json

import numpy as np
import pytest
import xarray as xr

from fieldvae.errors import StoreError
from fieldvae.evaluation import component_scales, evaluate, make_strata
from fieldvae.evaluation.baselines import Climatology
from fieldvae.evaluation.replicates import score_replicates
from fieldvae.grid import Grid
from fieldvae.testing.linear_gaussian_field import LinearGaussianField


def samples(**coordinates) -> xr.Dataset:
    return xr.Dataset(coords={name: ("sample", each) for name, each in coordinates.items()})


def rows(dataset, name) -> dict[str, list[int]]:
    return {stratum: found.tolist() for stratum, found in make_strata(dataset, name)}


class TestMakeStrata:
    def test_every_sample_is_in_one_stratum(self):
        values = np.random.default_rng(0).standard_normal(200)
        values[::7] = np.nan
        found = make_strata(samples(load=values), "load")
        assert sorted(np.concatenate([each for _, each in found])) == list(range(200))

    def test_missing_values_are_the_last_stratum(self):
        found = rows(samples(temperature=[np.nan, 900.0, 600.0, np.nan, 600.0]), "temperature")
        assert list(found.items()) == [("600", [2, 4]), ("900", [1]), ("none", [0, 3])]

    def test_thirteen_numbers_are_divided_at_their_quartiles(self):
        assert len(rows(samples(load=np.arange(12.0)), "load")) == 12
        found = rows(samples(load=np.arange(13.0)), "load")
        assert found == {
            "0 to 3": [0, 1, 2],
            "3 to 6": [3, 4, 5],
            "6 to 9": [6, 7, 8],
            "9 to 12": [9, 10, 11, 12],
        }

    def test_bins_that_quartiles_leave_empty_are_none(self):
        values = np.concatenate([np.zeros(80), np.arange(20.0)])
        found = make_strata(samples(load=values), "load")
        assert {name: len(each) for name, each in found} == {"0 to 19": 100}

    def test_numbers_are_told_apart(self):
        found = rows(samples(load=[1.0000001, 1.0000002, 2.5]), "load")
        assert list(found) == ["1.0000001", "1.0000002", "2.5"]

    def test_single_precision_is_printed_as_it_was_meant(self):
        assert list(rows(samples(load=np.array([0.1, 0.2], np.float32)), "load")) == ["0.1", "0.2"]

    def test_integers_texts_and_truth_values(self):
        assert list(rows(samples(cell=[3, 12, 3]), "cell")) == ["3", "12"]
        assert rows(samples(phase=["fcc", "", "bcc"]), "phase") == {
            "bcc": [2], "fcc": [0], "none": [1]
        }  # fmt: skip
        assert rows(samples(annealed=[True, False]), "annealed") == {"False": [1], "True": [0]}

    def test_a_text_may_be_called_none(self):
        assert rows(samples(phase=["none", ""]), "phase") == {"none": [0], "missing": [1]}

    def test_keeps_units(self):
        data = samples(temperature=[1.0, 2.0])
        data["temperature"].attrs["units"] = "K"
        assert make_strata(data, "temperature").units == "K"

    def test_takes_a_field_on_samples(self):
        data = xr.Dataset({"load": (("sample", "one"), [[1.0], [2.0]])})
        assert rows(data, "load") == {"1": [0], "2": [1]}

    def test_names_what_there_is(self):
        words = "--stratify: .*'temprature' .did you mean 'temperature'.*the store has temperature"
        with pytest.raises(StoreError, match=words):
            make_strata(samples(temperature=[1.0]), "temprature", option="--stratify")

    def test_refuses_thirteen_texts(self):
        with pytest.raises(StoreError, match="'name' holds 13 different texts; expected 12"):
            make_strata(samples(name=list("abcdefghijklm")), "name")


@pytest.fixture(scope="module")
def medium():
    return LinearGaussianField(Grid((4, 4, 4), periodic=(True,) * 3))


@pytest.fixture(scope="module")
def parts(medium):
    generator = np.random.default_rng(0)
    training, truth = (
        medium.simulate(60, generator=generator),
        medium.simulate(40, generator=generator),
    )
    return training, truth.assign_coords(kind=("sample", ["right", "wide"] * 20))


@pytest.fixture(scope="module")
def law(medium, parts):
    """The exact law for the one half of the samples, three times as wide for the other."""
    exact = medium.realize(parts[1], count=30, generator=np.random.default_rng(1))
    middle = exact["stress"].mean("realization")
    wide = xr.DataArray(np.tile([1.0, 3.0], 20), dims="sample")
    return exact.assign(stress=middle + wide * (exact["stress"] - middle))


@pytest.fixture(scope="module")
def options(medium, parts):
    return {
        "fields": medium.outputs,
        "grid": medium.grid,
        "scales": component_scales(parts[0], medium.outputs, medium.grid),
        "strata": make_strata(parts[1], "kind"),
        "resamples": 100,
    }


@pytest.fixture(scope="module")
def predictions(medium, parts, law):
    climatology = Climatology.fit(parts[0], outputs=medium.outputs, grid=medium.grid)
    generator = np.random.default_rng(2)
    return {
        "model": law,
        "climatology": climatology.realize(parts[1], count=30, generator=generator),
    }


@pytest.fixture(scope="module")
def scored(parts, predictions, options):
    return evaluate(parts[1], predictions, **options).metrics


class TestStratifiedScores:
    def test_find_where_a_model_is_too_wide(self, scored):
        found = scored["model"]["prediction_strata"]["strata"]
        right, wide = found["right"]["stress"], found["wide"]["stress"]
        assert right["coverage_90"] == pytest.approx(0.9, abs=0.015)
        assert right["spread_skill"] == pytest.approx(1, abs=0.05)
        assert wide["coverage_90"] > 0.99
        assert wide["spread_skill"] == pytest.approx(3, abs=0.15)

    def test_are_those_of_the_samples_alone(self, parts, predictions, options, scored):
        some = options["strata"].rows["wide"]
        alone = evaluate(
            parts[1].isel(sample=some),
            {name: each.isel(sample=some) for name, each in predictions.items()},
            **{**options, "strata": None},
        ).metrics
        for model in predictions:
            whole = alone[model]["prediction"]["stress"]
            part = scored[model]["prediction_strata"]["strata"]["wide"]["stress"]
            assert part.keys() == whole.keys()
            for key in ("energy_score", "crps", "crps_skill", "coverage_90", "spread_skill"):
                assert part[key] == pytest.approx(whole[key])
            # about the mean over all samples, which is not quite that of the stratum
            assert part["r2_mean"] == pytest.approx(whole["r2_mean"], abs=0.05)
        pair = scored["model"]["comparison_strata"]["strata"]["wide"]["climatology"]["stress"]
        expected = alone["model"]["comparison"]["climatology"]["stress"]["energy_score"]
        assert pair["energy_score"]["relative"] == pytest.approx(expected["relative"])

    def test_have_intervals_around_them(self, scored):
        found = scored["model"]["prediction_strata"]["strata"]["right"]["stress"]
        low, high = found["energy_score_interval"]
        assert low < found["energy_score"] < high

    def test_say_what_the_strata_are(self, scored):
        found = scored["climatology"]["prediction_strata"]
        assert (found["coordinate"], found["units"]) == ("kind", "")
        assert found["samples"] == {"right": 20, "wide": 20}

    def test_leave_all_other_numbers_alone(self, parts, predictions, options, scored):
        whole = evaluate(parts[1], predictions, **{**options, "strata": None}).metrics
        for model, found in whole.items():
            assert found == {key: scored[model][key] for key in found}
            extra = {"prediction_strata"} | ({"comparison_strata"} if model == "model" else set())
            assert set(scored[model]) - set(found) == extra

    def test_are_plain_json(self, scored):
        assert json.loads(json.dumps(scored, allow_nan=False)) == scored
        assert '"sentence"' not in json.dumps(scored["model"]["comparison_strata"])


class TestStratifiedReplicates:
    def test_find_which_inputs_are_far_from_the_limit(self, medium, parts, law, options):
        truths = medium.realize(parts[1], count=10, generator=np.random.default_rng(3))
        found = score_replicates(truths, {"model": law}, **options).metrics["model"]
        strata = found["replicates_strata"]["strata"]
        right, wide = strata["right"]["stress"], strata["wide"]["stress"]
        assert abs(right["energy_score_excess"]) < 0.02
        assert wide["energy_score_excess_interval"][0] > 0.1
        assert wide["spread_ratio"] == pytest.approx(3, abs=0.1)
        assert (right["conditions"], wide["conditions"]) == (20, 20)
        mean = (right["energy_score"] + wide["energy_score"]) / 2
        assert found["replicates"]["stress"]["energy_score"] == pytest.approx(mean)
