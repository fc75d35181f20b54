import json

import numpy as np
import pytest
import xarray as xr

from fieldvae.data.store import read_dataset, write_store
from fieldvae.evaluation import component_scales
from fieldvae.evaluation.baselines import Climatology
from fieldvae.evaluation.comparison import sentences, verdicts
from fieldvae.evaluation.replicates import score_replicates
from fieldvae.evaluation.replicates.metrics import replicate_sentence
from fieldvae.grid import Grid
from fieldvae.testing.linear_gaussian_field import LinearGaussianField


@pytest.fixture(scope="module")
def medium():
    return LinearGaussianField(Grid((4, 4, 4), periodic=(True,) * 3))


@pytest.fixture(scope="module")
def scored(medium):
    """The exact law as the model, beside climatology and the exact law's mean."""
    generator = np.random.default_rng(0)
    training = medium.simulate(60, generator=generator)
    inputs = medium.simulate(12, generator=generator)
    truths = medium.realize(inputs, count=16, generator=generator)
    exact = medium.realize(inputs, count=80, generator=generator)
    climatology = Climatology.fit(training, outputs=medium.outputs, grid=medium.grid)
    mean = medium.realize(inputs, count=1, generator=generator)
    mean["stress"].values[:, 0] = medium.expectation(inputs)
    return score_replicates(
        truths,
        {
            "model": exact,
            "climatology": climatology.realize(inputs, count=60, generator=generator),
            "deterministic": mean,
        },
        fields=medium.outputs,
        grid=medium.grid,
        scales=component_scales(training, medium.outputs, medium.grid),
        resamples=300,
    )


class TestScoreReplicates:
    def test_finds_the_exact_law_at_the_limit(self, scored):
        found = scored.metrics["model"]["replicates"]["stress"]
        low, high = found["energy_score_excess_interval"]
        assert abs(found["energy_score_excess"]) < 0.006  # 0.0017 is its standard deviation
        assert low < found["energy_score_excess"] < high < low + 0.015
        assert found["coverage_90"] == pytest.approx(0.9, abs=0.01)
        assert found["spread_ratio"] == pytest.approx(1, abs=0.02)
        assert found["sliced_wasserstein"] == pytest.approx(
            found["sliced_wasserstein_own"], rel=0.03
        )

    def test_finds_others_above_it(self, scored):
        for name in ("climatology", "deterministic"):
            found = scored.metrics[name]["replicates"]["stress"]
            assert found["energy_score_excess_interval"][0] > 0.05
            assert found["energy_distance"] == pytest.approx(
                2 * (found["energy_score"] - found["energy_score_limit"])
            )

    def test_finds_no_spread_in_a_point_mass(self, scored):
        found = scored.metrics["deterministic"]["replicates"]["stress"]
        assert (found["realizations"], found["spread_ratio"], found["coverage_90"]) == (1, 0, 0)

    def test_finds_one_limit_for_all(self, scored):
        ends = {
            tuple(found["replicates"]["stress"]["energy_score_limit_interval"])
            for found in scored.metrics.values()
        }
        assert len(ends) == 1

    def test_is_plain_json(self, scored):
        assert json.loads(json.dumps(scored.metrics, allow_nan=False)) == scored.metrics

    def test_says_so_first(self, scored):
        (told,) = sentences(scored.metrics)
        assert "the model scores" in told
        assert "the limit set by true replicates" in told

    @pytest.mark.parametrize(("low", "tone"), [(-0.01, "good"), (0.01, "open"), (None, "open")])
    def test_calls_good_what_reaches_the_limit(self, low, tone):
        scores = {"sentence": "told", "energy_score_excess_interval": [low, 0.02]}
        (found,) = verdicts({"model": {"replicates": {"stress": scores}}})
        assert (found.sentence, found.tone) == ("told", tone)

    def test_stores_what_the_report_plots(self, scored, medium, tmp_path):
        write_store(scored.details, tmp_path / "evaluation.zarr")
        details = read_dataset(tmp_path / "evaluation.zarr")
        assert details["replicates.energy_score"].sizes == {
            "model": 3, "field": 1, "replicated": 12
        }  # fmt: skip
        assert details["stress.replicates"].sizes["shown_replicate"] == 3
        quantiles = details["stress.cell_quantiles"].values
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert (np.diff(quantiles[:, 2], axis=1) >= 0).all()  # cells by the median

    def test_joins_an_evaluation_of_the_same_models(self, scored):
        other = type(scored)(
            {"model": {"prediction": 1}, "climatology": {"prediction": 2}},
            xr.Dataset({"crps": ("model", np.ones(3))}, {"model": list(scored.metrics)}),
        )
        both = other.joined(scored)
        assert list(both.metrics) == ["model", "climatology", "deterministic"]
        assert set(both.metrics["model"]) == {"prediction", "replicates"}
        assert {"crps", "replicates.energy_score"} <= set(both.details.data_vars)


class TestReplicateSentence:
    def test_without_interval(self):
        scores = {"energy_score_excess": -0.002, "energy_score_excess_interval": [None, None]}
        told = replicate_sentence(
            "flux", "climatology", {**scores, "conditions": 1, "replicates": 9}
        )
        assert told == (
            "On flux climatology scores 0.20 % below the limit set by true replicates (energy "
            "score, 1 conditions of 9 replicates)."
        )
