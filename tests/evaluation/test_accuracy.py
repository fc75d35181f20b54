import numpy as np
import pytest

from fieldvae.evaluation.accuracy import mae, r2, relative_error

LOW, HIGH = np.zeros(2), np.array([1.0, 2.0])


@pytest.fixture
def truth():
    return np.random.default_rng(0).uniform(0.2, 0.9, (20, 2, 3, 3, 1))


class TestR2:
    def test_is_one_for_the_truth_and_zero_for_its_means(self, truth):
        mean = np.broadcast_to(truth.mean((0, 2, 3, 4), keepdims=True), truth.shape)
        assert r2(truth, truth) == 1
        assert r2(truth, mean) == pytest.approx(0)

    def test_is_the_share_of_variance_explained(self):
        generator = np.random.default_rng(0)
        known = generator.standard_normal((400, 2, 4, 4, 4))
        truth = known + generator.standard_normal(known.shape)
        assert r2(truth, known) == pytest.approx(0.5, abs=0.01)


class TestRelativeError:
    def test_is_relative_on_the_minmax_scale(self, truth):
        error, masked = relative_error(truth, 1.1 * truth, low=LOW, high=HIGH)
        np.testing.assert_allclose(error, 0.1)
        assert masked == 0

    def test_leaves_out_references_near_zero_and_says_how_many(self, truth):
        truth[:, 0] = 0.005
        error, masked = relative_error(truth, truth + 0.1, low=LOW, high=HIGH)
        assert masked == pytest.approx(0.5)
        assert (error < 1).all()


class TestMae:
    def test_missing_truth_does_not_count(self, truth):
        estimate = truth + 0.25
        truth[:, 1] = np.nan
        np.testing.assert_allclose(mae(truth, estimate), 0.25)
