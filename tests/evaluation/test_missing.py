"""Scores of outputs of which values are missing."""

import numpy as np
import pytest
import xarray as xr

from fieldvae import FieldSpec, Grid, StoreError
from fieldvae.evaluation import component_scales, evaluate
from fieldvae.evaluation.baselines import Climatology, LinearGaussian
from fieldvae.evaluation.missing import completed, hidden, known_mean

GRID = Grid((4, 3, 2), periodic=(True, False, True))
HEAT = FieldSpec(name="heat", units="K", mask=True)
STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", mask=True)
FIELDS = (HEAT, STRESS)
AXES = ("x", "y", "z")


def dataset(seed, samples, members=0, holes=0.0):
    chance = np.random.default_rng(seed)
    leading = (samples, members) if members else (samples,)
    dims = ("sample", "realization")[: len(leading)]
    heat = chance.normal(3, 1, (*leading, *GRID.shape))
    stress = chance.standard_normal((*leading, 6, *GRID.shape))
    if holes:
        heat[chance.random(heat.shape) < holes] = np.nan
        stress[chance.random(stress.shape) < holes] = np.nan
        stress[1, 4] = np.nan  # a whole component
        heat[2] = np.nan
        heat[2, 0, 0, 0] = 3.0  # no two neighbors
    return xr.Dataset(
        {"heat": ((*dims, *AXES), heat), "stress": ((*dims, "voigt", *AXES), stress)},
        coords={"voigt": list(STRESS.labels)},
    )


@pytest.fixture(scope="module")
def training():
    return dataset(0, 12, holes=0.3)


@pytest.fixture(scope="module")
def truth():
    return dataset(1, 8, holes=0.3)


@pytest.fixture(scope="module")
def score(training, truth):
    scales = component_scales(training, FIELDS, GRID)

    def scored(model, **options):
        return evaluate(
            truth, {"model": model}, fields=FIELDS, grid=GRID, scales=scales, resamples=5, **options
        )

    return scored


def altered(fields, truth):
    """The same fields, with other values where the truth is missing."""
    return xr.where(truth.isnull(), 7.0 + fields, fields).transpose(*fields.heat.dims, ...)


class TestEvaluation:
    def test_does_not_depend_on_what_is_said_of_missing_values(self, score, truth):
        model = dataset(2, 8, members=6)
        found = score(model, reconstruction=model.isel(realization=0))
        other = altered(model, truth).transpose("sample", "realization", ...)
        again = score(other, reconstruction=other.isel(realization=0))
        assert again.metrics == found.metrics
        pictured = ("realization", "mean", "spread", "volume", "reconstruction")
        for name in found.details.data_vars:
            if str(name).endswith(pictured):
                continue
            xr.testing.assert_equal(again.details[name], found.details[name])

    def test_has_every_score_but_those_of_balance(self, score):
        metrics = score(dataset(2, 8, members=6)).metrics["model"]
        for by_field in metrics["prediction"].values():
            assert None not in by_field.values()
        assert "mechanics" not in metrics

    def test_scores_an_ensemble_around_the_known_values_as_calibrated(self, score):
        found = score(dataset(2, 8, members=40)).metrics["model"]["prediction"]["stress"]
        assert found["coverage_90"] == pytest.approx(0.9, abs=0.03)
        assert found["spread_skill"] == pytest.approx(1.0, abs=0.07)
        assert found["variance_ratio"] == pytest.approx(1.0, abs=0.07)


class TestBaselines:
    def test_climatology_is_whole_and_made_of_known_values(self, training):
        baseline = Climatology.fit(training, outputs=FIELDS, grid=GRID)
        for name, values in baseline.fields.items():
            known = training[name].values.reshape(values.shape)
            there = ~np.isnan(known)
            np.testing.assert_allclose(values[there], known[there], rtol=1e-6)
            for cell in np.ndindex(values.shape[1:]):
                of_cell = known[(slice(None), *cell)]
                drawn = values[(slice(None), *cell)]
                assert np.isclose(drawn[:, None], of_cell).any(axis=1).all()

    def test_climatology_takes_the_mean_where_no_sample_knows_a_cell(self, training):
        hole = training.copy(deep=True)
        hole.heat[:, 1, 1, 1] = np.nan
        found = Climatology.fit(hole, outputs=FIELDS, grid=GRID).fields["heat"][:, 0, 1, 1, 1]
        np.testing.assert_allclose(found, float(hole.heat.mean()), rtol=1e-5)

    def test_the_linear_gaussian_refuses_outputs_with_holes(self, training):
        with pytest.raises(StoreError, match=r"'stress' has missing values .*is not that of the"):
            LinearGaussian.fit(training, inputs=[HEAT], outputs=[STRESS], grid=GRID)

    def test_the_linear_gaussian_takes_missing_inputs_for_their_mean(self, training):
        whole = training.assign(stress=dataset(3, 12).stress)
        mean = known_mean(whole.heat.values, (0, 1, 3), keepdims=True)
        filled = whole.assign(
            heat=whole.heat.copy(data=np.where(whole.heat.isnull(), mean, whole.heat))
        )
        laws = [
            LinearGaussian.fit(each, inputs=[HEAT], outputs=[STRESS], grid=GRID)
            for each in (whole, filled)
        ]
        found, expected = (
            law.expectation(each) for law, each in zip(laws, (whole, filled), strict=True)
        )
        np.testing.assert_allclose(found, expected, atol=1e-12)


class TestArrays:
    def test_are_hidden_where_a_truth_is_missing(self, truth):
        y = truth.stress.values
        x = np.zeros((8, 3, *y.shape[1:]))
        assert (np.isnan(hidden(x, y)) == np.isnan(y)[:, None]).all()
        assert hidden(x, np.zeros_like(y)) is x

    def test_are_completed_by_the_mean_of_their_component(self, truth):
        y = truth.stress.values
        found = completed(y)
        assert not np.isnan(found).any()
        assert not found[1, 4].any()
        np.testing.assert_allclose(found[0, 2].mean(), np.nanmean(y[0, 2]))
