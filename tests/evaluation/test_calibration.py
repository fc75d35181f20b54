import numpy as np
import pytest

from fieldvae.evaluation.calibration import coverage, rank_histogram, reachable_level, spread_skill

SHAPE = (2, 2, 2, 2)


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def calibrated(generator, samples, members):
    center = generator.standard_normal((samples, 1, *SHAPE))
    everything = center + generator.standard_normal((samples, members + 1, *SHAPE))
    return everything[:, 0], everything[:, 1:]


class TestCoverage:
    @pytest.mark.parametrize("members", [40, 99, 100])
    def test_of_a_calibrated_ensemble_is_nominal(self, generator, members):
        truth, ensemble = calibrated(generator, 1500, members)
        levels = (0.5, 0.8, 0.9, 0.95)
        found = coverage(truth, ensemble, levels).mean(axis=1)
        np.testing.assert_allclose(found, levels, atol=0.01)

    def test_of_few_realizations_is_that_of_their_range(self, generator):
        truth, ensemble = calibrated(generator, 2000, 3)
        assert coverage(truth, ensemble, [0.9]).mean() == pytest.approx(0.5, abs=0.02)
        assert reachable_level(0.9, members=3) == 0.5

    def test_missing_truth_does_not_count(self, generator):
        truth, ensemble = calibrated(generator, 5, 9)
        truth[:, 0] = 0
        ensemble[:, :, 0] = np.linspace(-1, 1, 9).reshape(-1, 1, 1, 1)
        truth[:, 1] = np.nan
        np.testing.assert_array_equal(coverage(truth, ensemble, [0.5]), 1)


class TestSpreadSkill:
    @pytest.mark.parametrize("members", [2, 5, 50])
    def test_of_a_calibrated_ensemble_is_one(self, generator, members):
        truth, ensemble = calibrated(generator, 3000, members)
        assert spread_skill(truth, ensemble) == pytest.approx(1, abs=0.02)

    def test_is_the_factor_of_the_spread(self, generator):
        truth, ensemble = calibrated(generator, 3000, 400)
        mean = ensemble.mean(1, keepdims=True)
        half = spread_skill(truth, mean + 0.5 * (ensemble - mean))
        assert half == pytest.approx(0.5, abs=0.02)


class TestRankHistogram:
    def test_of_a_calibrated_ensemble_is_flat(self, generator):
        truth, ensemble = calibrated(generator, 4000, 4)
        counts = rank_histogram(truth, ensemble, generator=generator)
        assert counts.sum() == truth.size
        np.testing.assert_allclose(counts / counts.mean(), 1, atol=0.03)

    @pytest.mark.parametrize("members", [3, 100])
    def test_bins_are_flat_for_any_number_of_realizations(self, generator, members):
        truth, ensemble = calibrated(generator, 2000, members)
        counts = rank_histogram(truth, ensemble, generator=generator, bins=10)
        np.testing.assert_allclose(counts / counts.mean(), 1, atol=0.05)

    def test_ties_are_broken_evenly(self, generator):
        truth, ensemble = np.zeros((4000, *SHAPE)), np.zeros((4000, 3, *SHAPE))
        counts = rank_histogram(truth, ensemble, generator=generator)
        np.testing.assert_allclose(counts / counts.mean(), 1, atol=0.03)

    def test_a_biased_ensemble_leaves_the_truth_on_one_side(self, generator):
        truth, ensemble = calibrated(generator, 100, 5)
        counts = rank_histogram(truth + 100, ensemble, generator=generator)
        assert counts[-1] == counts.sum()
