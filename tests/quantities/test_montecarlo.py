import numpy as np
import pytest
from scipy.stats import binom, binomtest, mstats, norm

from fieldvae.quantities.montecarlo import needed, proportion, sample_quantiles


def share(hits, count, confidence=0.95):
    return proportion(np.asarray(hits), count, confidence=confidence)


class TestProportion:
    @pytest.mark.parametrize("hits", [0, 1, 7, 19, 20])
    @pytest.mark.parametrize("confidence", [0.5, 0.95])
    def test_has_the_interval_of_clopper_and_pearson(self, hits, confidence):
        found = share([hits], 20, confidence)
        interval = binomtest(hits, 20).proportion_ci(confidence, method="exact")
        np.testing.assert_allclose([found.lower[0], found.upper[0]], interval, atol=1e-12)

    @pytest.mark.parametrize("truth", [0.003, 0.1, 0.5, 0.97])
    def test_interval_covers_at_least_as_often_as_it_says(self, truth):
        hits = np.arange(51)
        found = share(hits, 50, 0.9)
        covered = (found.lower <= truth) & (truth <= found.upper)
        assert binom.pmf(hits, 50, truth)[covered].sum() >= 0.9

    def test_error_is_the_binomial_one_where_there_are_many_hits(self):
        found = share([3000], 10000)
        np.testing.assert_allclose(found.error[0], np.sqrt(0.3 * 0.7 / 10000), rtol=1e-3)

    def test_error_is_not_zero_without_hits_and_with_nothing_else(self):
        found = share([0, 100], 100)
        np.testing.assert_array_equal(found.value, [0, 1])
        np.testing.assert_allclose(found.error, found.error[::-1])
        assert 0.002 < found.error[0] < 0.01
        assert (found.lower[0], found.upper[1]) == (0, 1)

    def test_of_nothing_knows_nothing(self):
        found = share([0], 0)
        assert np.isnan(found.value[0])
        assert np.isnan(found.error[0])
        assert (found.lower[0], found.upper[0]) == (0, 1)


class TestSampleQuantiles:
    def test_are_missing_where_values_are_too_few(self):
        found, errors = sample_quantiles(np.arange(18.0), [0.05, 0.5, 0.95])
        np.testing.assert_array_equal(np.isnan(found), [True, False, True])
        np.testing.assert_array_equal(np.isnan(errors), [True, False, True])

    def test_are_the_least_and_greatest_of_as_many_values_as_are_needed(self):
        values = np.random.default_rng(0).permutation(19.0 + np.arange(19))
        found, _ = sample_quantiles(values, [0.05, 0.5, 0.95])
        np.testing.assert_allclose(found, [19, 28, 37])

    def test_a_new_value_falls_below_with_their_probability(self):
        chance = np.random.default_rng(1)
        found, _ = sample_quantiles(chance.random((39, 4000)), [0.05, 0.5, 0.9])
        np.testing.assert_allclose(found.mean(axis=1), [0.05, 0.5, 0.9], atol=0.005)

    def test_error_is_the_spread_over_ensembles(self):
        chance = np.random.default_rng(2)
        found, errors = sample_quantiles(chance.standard_normal((400, 3000)), [0.05, 0.5, 0.9])
        assert norm.cdf(found.mean(axis=1)) == pytest.approx([0.05, 0.5, 0.9], abs=0.003)
        np.testing.assert_allclose(errors.mean(axis=1), found.std(axis=1), rtol=0.06)

    def test_error_is_near_the_one_of_scipy(self):
        values = np.random.default_rng(3).standard_normal(500)
        _, errors = sample_quantiles(values, [0.3, 0.5])
        np.testing.assert_allclose(errors, mstats.mjci(values, [0.3, 0.5]), rtol=0.05)

    def test_of_the_same_value_again_and_again_has_no_error(self):
        found, errors = sample_quantiles(np.full((20, 2), 3.0), [0.5])
        np.testing.assert_array_equal(found, 3)
        np.testing.assert_allclose(errors, 0, atol=1e-7)

    def test_are_missing_where_a_value_is(self):
        values = np.arange(20.0).reshape(10, 2)
        values[3, 1] = np.nan
        found, errors = sample_quantiles(values, [0.5])
        np.testing.assert_array_equal(np.isnan([found, errors]), [[[False, True]]] * 2)


@pytest.mark.parametrize(("probability", "count"), [(0.5, 1), (0.25, 3), (0.01, 99), (0.99, 99)])
def test_needed_is_the_fewest_with_a_rank_among_them(probability, count):
    assert needed(probability) == count
    for n, inside in ((count, True), (count - 1, False)):
        rank = (n + 1) * probability
        assert (1 - 1e-9 <= rank <= n + 1e-9) is inside
