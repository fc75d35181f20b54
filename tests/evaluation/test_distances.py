import math

import numpy as np
import ot
import pytest
import scoringrules

from fieldvae.errors import ShapeError
from fieldvae.evaluation.distances import (
    directions,
    energy_distance,
    expected_energy_score,
    half_mutual_distance,
    sliced_wasserstein,
)
from fieldvae.evaluation.scores import energy_score

SHAPE = (2, 3, 2, 2)


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def drawn(generator, samples, members, *, shift=0.0, spread=1.0):
    """Realizations of a law with independent values."""
    return shift + spread * generator.standard_normal((samples, members, *SHAPE))


class TestExpectedEnergyScore:
    def test_is_the_mean_of_the_scores_against_single_replicates(self, generator):
        truths, ensemble = drawn(generator, 3, 5), drawn(generator, 3, 7)
        each = [energy_score(truths[:, r], ensemble) for r in range(5)]
        np.testing.assert_allclose(expected_energy_score(truths, ensemble), np.mean(each, axis=0))

    def test_agrees_with_scoringrules(self, generator):
        truths, ensemble = drawn(generator, 4, 3), drawn(generator, 4, 6)
        y, x = truths.reshape(4, 3, -1), ensemble.reshape(4, 6, -1)
        each = [scoringrules.es_ensemble(y[:, r], x, estimator="fair") for r in range(3)]
        np.testing.assert_allclose(expected_energy_score(truths, ensemble), np.mean(each, axis=0))

    def test_of_a_point_mass_is_the_mean_distance(self, generator):
        truths, point = drawn(generator, 3, 5), drawn(generator, 3, 1)
        away = np.linalg.norm((truths - point).reshape(3, 5, -1), axis=2).mean(axis=1)
        np.testing.assert_allclose(expected_energy_score(truths, point), away)

    def test_of_the_right_law_reaches_the_limit_and_no_other_does(self, generator):
        truths = drawn(generator, 400, 10)
        limit = half_mutual_distance(truths).mean()
        assert expected_energy_score(truths, drawn(generator, 400, 10)).mean() == pytest.approx(
            limit, rel=3e-3
        )
        for change in ({"shift": 0.3}, {"spread": 0.6}, {"spread": 1.6}):
            other = drawn(generator, 400, 10, **change)
            assert expected_energy_score(truths, other).mean() > 1.01 * limit

    def test_cells_missing_in_a_replicate_do_not_count(self, generator):
        truths, ensemble = drawn(generator, 3, 5), drawn(generator, 3, 7)
        kept = expected_energy_score(truths[..., :1], ensemble[..., :1])
        truths[:, 0, ..., 1] = np.nan
        np.testing.assert_allclose(expected_energy_score(truths, ensemble), kept)

    def test_refuses_other_samples(self, generator):
        with pytest.raises(ShapeError, match=r"the ensemble has shape \(2, 7, .*replicates \(3, 5"):
            expected_energy_score(drawn(generator, 3, 5), drawn(generator, 2, 7))


class TestHalfMutualDistance:
    def test_of_a_gaussian_is_one_over_the_root_of_pi(self, generator):
        fields = generator.standard_normal((4000, 8, 1, 1, 1, 1))
        expected = 1 / math.sqrt(math.pi)
        assert half_mutual_distance(fields).mean() == pytest.approx(expected, rel=0.01)


class TestEnergyDistance:
    def test_is_unbiased_for_equal_laws(self, generator):
        found = energy_distance(drawn(generator, 2000, 4), drawn(generator, 2000, 6))
        assert abs(found.mean()) < 3 * found.std() / math.sqrt(2000)
        assert found.min() < 0

    def test_agrees_with_pot_where_equal_points_count_too(self, generator):
        truths, ensemble = drawn(generator, 1, 5), drawn(generator, 1, 7)
        y, x = truths.reshape(5, -1), ensemble.reshape(7, -1)
        across, ours, theirs = (ot.dist(a, b, "euclidean") for a, b in ((y, x), (x, x), (y, y)))
        expected = 2 * across.mean() - ours.sum() / (7 * 6) - theirs.sum() / (5 * 4)
        np.testing.assert_allclose(energy_distance(truths, ensemble), expected)


class TestSlicedWasserstein:
    @pytest.mark.parametrize(("first", "second"), [(9, 9), (12, 5), (1, 8)])
    def test_agrees_with_pot(self, generator, first, second):
        x, y = generator.standard_normal((first, 6)), 0.5 + generator.standard_normal((second, 6))
        way = directions(6, 20, generator)
        expected = ot.sliced_wasserstein_distance(x, y, projections=way, p=2)
        assert sliced_wasserstein(x @ way, y @ way) == pytest.approx(float(expected))

    def test_of_a_shift_is_its_length_over_the_root_of_the_dimension(self, generator):
        points = generator.standard_normal((10, 50))
        way = directions(50, 4000, generator)
        moved = points + 2.0  # by 2 sqrt(50)
        assert sliced_wasserstein(points @ way, moved @ way) == pytest.approx(2.0, rel=0.05)

    def test_is_zero_for_equal_sets_in_any_order(self, generator):
        points = generator.standard_normal((7, 3))
        assert sliced_wasserstein(points, points[::-1]) == 0


class TestDirections:
    def test_have_length_one_and_no_preference(self, generator):
        way = directions(5, 20000, generator)
        np.testing.assert_allclose(np.linalg.norm(way, axis=0), 1)
        np.testing.assert_allclose(way @ way.T / 20000, np.eye(5) / 5, atol=0.01)
