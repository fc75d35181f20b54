import numpy as np
import pytest
import tarp
from scipy import stats

from fieldvae.evaluation.uniformity import distance_rank, uniformity, value_rank

SHAPE = (2, 2, 2, 2)
SAMPLES = 1200


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.fixture
def calibrated(generator):
    """Truth, 30 realizations of its law, whose neighbors hang together, and centers."""
    center = generator.standard_normal((SAMPLES, 1, *SHAPE))
    everything = generator.standard_normal((SAMPLES, 31, *SHAPE))
    everything += generator.standard_normal((SAMPLES, 31, 2, 1, 1, 1))
    return (center + everything)[:, 0], (center + everything)[:, 1:], center


def references(truth):
    return np.roll(truth, -1, axis=0)


class TestRanks:
    def test_of_a_calibrated_ensemble_are_uniform(self, calibrated, generator):
        truth, ensemble, _ = calibrated
        of_values = value_rank(truth, ensemble, generator=generator)
        of_fields = distance_rank(truth, ensemble, references(truth), generator=generator)
        for shares in (of_values, of_fields):
            assert shares.shape == (SAMPLES,)
            assert stats.kstest(shares, "uniform").pvalue > 0.01
            assert uniformity(shares)["p_value"] > 0.01

    def test_of_single_values_see_a_narrow_ensemble(self, calibrated, generator):
        truth, ensemble, center = calibrated
        shares = value_rank(truth, center + 0.7 * (ensemble - center), generator=generator)
        assert uniformity(shares)["p_value"] < 1e-6

    def test_of_fields_alone_see_values_that_do_not_hang_together(self, calibrated, generator):
        truth, ensemble, center = calibrated
        parted = center + generator.permuted(
            (ensemble - center).reshape(SAMPLES, 30, -1), axis=1
        ).reshape(ensemble.shape)
        of_values = value_rank(truth, parted, generator=generator)
        of_fields = distance_rank(truth, parted, references(truth), generator=generator)
        assert uniformity(of_values)["p_value"] > 0.01
        assert uniformity(of_fields)["p_value"] < 1e-6

    def test_break_ties_at_random(self, generator):
        truth, ensemble = np.zeros((SAMPLES, *SHAPE)), np.zeros((SAMPLES, 5, *SHAPE))
        shares = value_rank(truth, ensemble, generator=generator)
        assert uniformity(shares)["p_value"] > 0.01

    def test_missing_values_do_not_count(self, calibrated, generator):
        truth, ensemble, _ = (each[:50].copy() for each in calibrated)
        truth[:, 0] = np.nan
        spoiled = ensemble.copy()
        spoiled[:, :, 0] = 1e6
        whole = (ensemble, spoiled)
        for rank in (
            lambda x, g: value_rank(truth, x, generator=g),
            lambda x, g: distance_rank(truth, x, references(truth), generator=g),
        ):
            first, second = (rank(x, np.random.default_rng(1)) for x in whole)
            np.testing.assert_array_equal(first, second)
            assert not np.isnan(first).any()
        truth[0] = np.nan
        assert np.isnan(value_rank(truth, ensemble, generator=generator)[0])
        lone = distance_rank(truth, ensemble, references(truth), generator=generator)
        assert np.isnan(lone[0])

    def test_of_fields_are_those_of_its_authors(self, calibrated, generator):
        truth, ensemble, _ = calibrated
        points = references(truth)
        shares = distance_rank(truth, ensemble, points, generator=generator)
        rank = np.floor(shares * 31)
        theirs, levels = tarp.get_tarp_coverage(
            ensemble.swapaxes(0, 1).reshape(30, SAMPLES, -1),
            truth.reshape(SAMPLES, -1),
            references=points.reshape(SAMPLES, -1),
            norm=False,
            num_alpha_bins=10,
        )
        density, _ = np.histogram(rank / 30, bins=levels, density=True)
        np.testing.assert_allclose(theirs[1:], np.cumsum(density) * (levels[1] - levels[0]))


class TestUniformity:
    def test_is_the_chi_square_of_the_counts(self):
        shares = np.repeat([0.1, 0.3, 0.6, 0.9], [10, 10, 10, 10])
        found = uniformity(shares)
        assert found["bins"] == 8
        assert found["chi_square"] == pytest.approx(40.0)
        assert found["p_value"] == pytest.approx(stats.chi2.sf(40.0, 7))

    def test_takes_too_few_samples_for_no_answer(self):
        assert np.isnan(uniformity(np.linspace(0, 1, 9))["p_value"])

    def test_holds_its_level(self, generator):
        rejected = [uniformity(generator.random(200))["p_value"] < 0.1 for _ in range(400)]
        assert 0.05 < np.mean(rejected) < 0.15
