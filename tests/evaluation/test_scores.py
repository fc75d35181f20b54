import numpy as np
import pytest
import scoringrules

from fieldvae.errors import ShapeError
from fieldvae.evaluation.scores import crps, energy_score, variogram_score

SHAPE = (2, 3, 2, 2)


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def drawn(generator, samples, members):
    """Truth and ensemble from one law: calibrated."""
    center = generator.standard_normal((samples, 1, *SHAPE))
    ensemble = center + generator.standard_normal((samples, members, *SHAPE))
    return (center + generator.standard_normal((samples, 1, *SHAPE)))[:, 0], ensemble


def flat(truth, ensemble):
    return truth.reshape(len(truth), -1), ensemble.reshape(*ensemble.shape[:2], -1)


class TestCrps:
    def test_agrees_with_scoringrules(self, generator):
        truth, ensemble = drawn(generator, 5, 7)
        y, x = flat(truth, ensemble)
        expected = scoringrules.crps_ensemble(y, x, m_axis=1, estimator="fair").mean(axis=1)
        np.testing.assert_allclose(crps(truth, ensemble), expected)

    def test_does_not_depend_on_the_ensemble_size_in_expectation(self, generator):
        truth, ensemble = drawn(generator, 2000, 20)
        few, many = crps(truth, ensemble[:, :2]).mean(), crps(truth, ensemble).mean()
        assert few == pytest.approx(many, rel=0.01)

    def test_of_a_calibrated_gaussian_is_its_own(self, generator):
        truth, ensemble = drawn(generator, 2000, 10)
        assert crps(truth, ensemble).mean() == pytest.approx(1 / np.sqrt(np.pi), rel=0.01)

    def test_of_one_realization_is_its_absolute_error(self, generator):
        truth, ensemble = drawn(generator, 4, 1)
        expected = np.abs(ensemble[:, 0] - truth).reshape(4, -1).mean(axis=1)
        np.testing.assert_allclose(crps(truth, ensemble), expected)

    def test_missing_truth_does_not_count(self, generator):
        truth, ensemble = drawn(generator, 3, 5)
        kept = crps(truth[..., :1], ensemble[..., :1])
        truth[..., 1:] = np.nan
        np.testing.assert_allclose(crps(truth, ensemble), kept)

    def test_names_the_shapes_it_refuses(self, generator):
        truth, ensemble = drawn(generator, 3, 5)
        with pytest.raises(ShapeError, match=r"\(sample, realization, component"):
            crps(truth, ensemble.swapaxes(0, 1))


class TestEnergyScore:
    def test_agrees_with_scoringrules(self, generator):
        truth, ensemble = drawn(generator, 5, 7)
        y, x = flat(truth, ensemble)
        expected = scoringrules.es_ensemble(y, x, estimator="fair")
        np.testing.assert_allclose(energy_score(truth, ensemble), expected)

    def test_does_not_depend_on_the_ensemble_size_in_expectation(self, generator):
        truth, ensemble = drawn(generator, 2000, 20)
        few = energy_score(truth, ensemble[:, :2]).mean()
        assert few == pytest.approx(energy_score(truth, ensemble).mean(), rel=0.01)

    def test_of_one_value_is_the_crps(self, generator):
        truth, ensemble = drawn(generator, 5, 7)
        truth, ensemble = truth[:, :1, :1, :1, :1], ensemble[:, :, :1, :1, :1, :1]
        np.testing.assert_allclose(energy_score(truth, ensemble), crps(truth, ensemble))

    def test_punishes_a_law_that_is_too_narrow(self, generator):
        truth, ensemble = drawn(generator, 500, 10)
        narrow = ensemble.mean(1, keepdims=True) + 0.3 * (
            ensemble - ensemble.mean(1, keepdims=True)
        )
        assert energy_score(truth, narrow).mean() > energy_score(truth, ensemble).mean()

    def test_of_equal_realizations_is_their_distance(self, generator):
        truth, ensemble = drawn(generator, 3, 1)
        repeated = np.repeat(ensemble, 4, axis=1) + 1e6
        np.testing.assert_allclose(
            energy_score(truth + 1e6, repeated), energy_score(truth, ensemble), rtol=1e-6
        )


class TestVariogramScore:
    def test_agrees_with_scoringrules(self, generator):
        truth, ensemble = drawn(generator, 4, 6)
        truth, ensemble = truth[:, :1, :, :1, :1], ensemble[:, :, :1, :, :1, :1]
        neighbors = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]], dtype=float)
        y, x = flat(truth, ensemble)
        expected = scoringrules.vs_ensemble(y, x, w=neighbors, p=0.5) / 3
        found = variogram_score(truth, ensemble, periodic=(True, True, True))
        np.testing.assert_allclose(found, expected)

    def test_sees_a_texture_that_is_lost(self, generator):
        truth, ensemble = drawn(generator, 500, 20)
        smooth = np.repeat(ensemble[..., :1], 2, axis=-1)
        score = [variogram_score(truth, e, periodic=(True,) * 3).mean() for e in (ensemble, smooth)]
        assert score[0] < score[1]
