import json
import warnings

import numpy as np
import pytest
import xarray as xr
from scipy.stats import norm

from fieldvae import VOIGT, OptionError, PredictionWarning, exceedance, quantiles, write_store
from fieldvae.data.store import read_dataset
from fieldvae.quantities import labeled
from fieldvae.quantities.levels import level_in

SHAPE = (2, 2, 1)
PRESSURE = "hydrostatic_pressure"


def ensemble(realizations=200, samples=3, seed=0):
    """Realizations whose pressure is standard normal in every cell, plus the sample's number."""
    chance = np.random.default_rng(seed)
    pressure = chance.standard_normal((samples, realizations, 1, *SHAPE))
    pressure += np.arange(samples).reshape(-1, 1, 1, 1, 1, 1)
    stress = np.concatenate(
        [np.repeat(-pressure, 3, axis=2), np.zeros_like(pressure).repeat(3, 2)], axis=2
    )
    return xr.Dataset(
        {"stress": (("sample", "realization", "voigt", "x", "y", "z"), stress, {"units": "GPa"})},
        coords={"voigt": list(VOIGT), "temperature": ("sample", 300.0 + np.arange(samples))},
        attrs={"spacing": [1.0] * 3, "periodic": [True] * 3},
    )


def pressures(data):
    return -data.stress.isel(voigt=0, drop=True)


def accepting(data, pattern):
    return data.assign(accepted=(("sample", "realization"), np.asarray(pattern)))


class TestExceedance:
    def test_is_the_share_of_realizations_over_the_level(self):
        data = ensemble()
        found = exceedance(data, PRESSURE, level=0.5)
        expected = (pressures(data) > 0.5).mean("realization")
        np.testing.assert_allclose(found[f"{PRESSURE}_exceedance"], expected)

    def test_is_the_probability_within_its_error(self):
        found = exceedance(ensemble(realizations=4000), PRESSURE, level=1.0)
        truth = norm.sf(1.0 - np.arange(3)).reshape(3, 1, 1, 1)
        deviation = found[f"{PRESSURE}_exceedance"] - truth
        assert (abs(deviation) < 4.5 * found[f"{PRESSURE}_exceedance_error"]).all()

    def test_anywhere_is_of_the_greatest_value_over_the_grid(self):
        data = ensemble(realizations=4000)
        found = exceedance(data, PRESSURE, level=1.0)[f"{PRESSURE}_exceedance_any"]
        expected = (pressures(data).max(["x", "y", "z"]) > 1.0).mean("realization")
        assert found.dims == ("sample",)
        np.testing.assert_allclose(found, expected)
        independent = 1 - norm.cdf(1.0 - np.arange(3)) ** 4
        np.testing.assert_allclose(found, independent, atol=0.03)

    def test_keeps_components_apart(self):
        found = exceedance(ensemble(), "principal_stresses", level=0.5)
        assert found.principal_stresses_exceedance.dims == ("sample", "principal", "x", "y", "z")
        assert found.principal_stresses_exceedance_any.dims == ("sample", "principal")

    @pytest.mark.parametrize("level", [0.5, "0.5", "0.5 GPa", "500 MPa", "5e8 Pa", "5 kbar"])
    def test_takes_a_level_in_any_units_of_stress(self, level):
        found = exceedance(ensemble(), PRESSURE, level=level)
        xr.testing.assert_allclose(found, exceedance(ensemble(), PRESSURE, level=0.5))

    def test_never_and_always_have_an_error_too(self):
        found = exceedance(ensemble(), PRESSURE, level=100.0)
        np.testing.assert_array_equal(found[f"{PRESSURE}_exceedance"], 0)
        assert (found[f"{PRESSURE}_exceedance_error"] > 0).all()
        upper = found[f"{PRESSURE}_exceedance_interval"].sel(bound="upper")
        np.testing.assert_allclose(upper, 1 - 0.025 ** (1 / 200))

    def test_counts_accepted_realizations_alone(self):
        data = ensemble()
        chance = np.random.default_rng(1).random((3, 200)) < [[0.2], [0.5], [1.0]]
        found = exceedance(accepting(data, chance), PRESSURE, level=0.5)
        over = (pressures(data) > 0.5).values
        np.testing.assert_array_equal(found[f"{PRESSURE}_counted"], chance.sum(1))
        for sample in range(3):
            np.testing.assert_allclose(
                found[f"{PRESSURE}_exceedance"][sample], over[sample][chance[sample]].mean(0)
            )
        assert found[f"{PRESSURE}_exceedance"].attrs["realizations"] == "accepted"

    def test_counts_all_where_that_is_asked_for(self):
        data = ensemble()
        checked = accepting(data, np.zeros((3, 200), dtype=bool))
        found = exceedance(checked, PRESSURE, level=0.5, accepted=False)
        xr.testing.assert_identical(found, exceedance(data, PRESSURE, level=0.5))
        assert found[f"{PRESSURE}_exceedance"].attrs["realizations"] == "unrejected"

    def test_is_missing_where_nothing_was_accepted(self):
        pattern = np.ones((3, 200), dtype=bool)
        pattern[1] = False
        with pytest.warns(PredictionWarning, match="1 of 3 samples have no realization that count"):
            found = exceedance(accepting(ensemble(), pattern), PRESSURE, level=0.5)
        missing = np.isnan(found[f"{PRESSURE}_exceedance"]).any(["x", "y", "z"])
        np.testing.assert_array_equal(missing, [False, True, False])

    def test_is_missing_in_masked_cells_alone(self):
        data = ensemble()
        data.stress.values[0, :, :, 1, 0, 0] = np.nan
        found = exceedance(data, PRESSURE, level=0.5)
        assert int(np.isnan(found[f"{PRESSURE}_exceedance"]).sum()) == 1
        assert not np.isnan(found[f"{PRESSURE}_exceedance_any"]).any()

    def test_does_a_few_samples_at_a_time_as_it_does_all(self, monkeypatch):
        pattern = np.random.default_rng(1).random((3, 200)) < 0.5
        data = accepting(ensemble(), pattern)
        whole = exceedance(data, PRESSURE, level=0.5)
        monkeypatch.setattr(labeled, "VALUES_AT_ONCE", 1)
        xr.testing.assert_identical(exceedance(data, PRESSURE, level=0.5), whole)

    def test_says_what_was_asked_and_survives_a_store(self, tmp_path):
        found = exceedance(ensemble(), PRESSURE, level="500 MPa", name="high")
        write_store(found, tmp_path / "store.zarr")
        back = read_dataset(tmp_path / "store.zarr")
        attributes = back.high_exceedance.attrs
        assert (attributes["level"], attributes["level_units"]) == (0.5, "GPa")
        assert json.loads(attributes["quantity"])["use"] == PRESSURE
        assert list(back.temperature.values) == [300, 301, 302]
        for name in found.data_vars:
            np.testing.assert_array_equal(
                back[name].transpose(*found[name].dims).values, found[name].values
            )

    def test_refuses_data_without_realizations(self):
        data = ensemble().isel(realization=0)
        with pytest.raises(OptionError, match=r"has no realizations \(dims sample, x, y, z\)"):
            exceedance(data, PRESSURE, level=0.5)

    def test_refuses_a_confidence_that_is_no_probability(self):
        with pytest.raises(OptionError, match="confidence 95 is not between 0 and 1"):
            exceedance(ensemble(), PRESSURE, level=0.5, confidence=95)


class TestQuantiles:
    def test_are_those_of_the_law_within_their_error(self):
        found = quantiles(ensemble(realizations=4000), PRESSURE, probabilities=(0.1, 0.5, 0.9))
        truth = norm.ppf([0.1, 0.5, 0.9])[None, :] + np.arange(3)[:, None]
        values = found[f"{PRESSURE}_quantile"]
        assert values.dims == ("sample", "quantile", "x", "y", "z")
        assert list(values["quantile"].values) == [0.1, 0.5, 0.9]
        deviation = abs(values - truth.reshape(3, 3, 1, 1, 1))
        assert (deviation < 4.5 * found[f"{PRESSURE}_quantile_error"]).all()

    def test_have_the_units_of_the_quantity(self):
        found = quantiles(ensemble(), PRESSURE)
        assert {found[n].attrs["units"] for n in found.data_vars if "quantile" in n} == {"GPa"}

    def test_warn_where_realizations_are_too_few(self):
        with pytest.warns(PredictionWarning, match="3 of 3 samples have fewer than the 19 realiz"):
            found = quantiles(ensemble(realizations=18), PRESSURE)
        values = found[f"{PRESSURE}_quantile"]
        np.testing.assert_array_equal(np.isnan(values).all(["sample", "x", "y", "z"]), [1, 0, 1])

    def test_of_enough_realizations_warn_of_nothing(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            quantiles(ensemble(realizations=19), PRESSURE)

    @pytest.mark.parametrize(
        ("probabilities", "words"),
        [
            ((0.5, 1.0), "quantile 1 is not between 0 and 1"),
            ((0.5, 0.5), r"quantiles \[0.5, 0.5\] stand there twice"),
        ],
    )
    def test_refuse_what_is_no_probability(self, probabilities, words):
        with pytest.raises(OptionError, match=words):
            quantiles(ensemble(), PRESSURE, probabilities=probabilities)


class TestLevelIn:
    def test_reads_a_number_with_exponent_and_sign(self):
        assert level_in(" -1.5e2 MPa ", "GPa", of="it") == pytest.approx(-0.15)

    @pytest.mark.parametrize("level", ["high", "", "GPa 3", "0.5,0.6"])
    def test_refuses_what_is_no_number(self, level):
        with pytest.raises(OptionError, match="expected a number in GPa, or one with units"):
            level_in(level, "GPa", of="it")

    def test_refuses_units_of_another_dimension(self):
        with pytest.raises(OptionError, match="level '300 K' of it is in K, which does not conv"):
            level_in("300 K", "GPa", of="it")
