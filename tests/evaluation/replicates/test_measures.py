import numpy as np
import pytest

from fieldvae.evaluation.replicates.measures import halved_distances, measure_replicates
from fieldvae.evaluation.scale import ComponentScale

SHAPE = (2, 2, 2, 2)
SCALE = ComponentScale(np.array([1.0, 1.0]), np.zeros(2), np.ones(2))


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def drawn(generator, samples, members, spread=1.0):
    return spread * generator.standard_normal((samples, members, *SHAPE))


def measured(truths, ensemble, scale=SCALE):
    return measure_replicates(
        truths, ensemble, scale=scale, generator=np.random.default_rng(1)
    ).samples


class TestMeasureReplicates:
    def test_of_the_right_law_covers_what_it_promises(self, generator):
        found = measured(drawn(generator, 40, 10), drawn(generator, 40, 39))
        for level in (50, 80, 90, 95):
            assert found[f"coverage_{level}"].mean() == pytest.approx(level / 100, abs=0.015)
        ratio = np.sqrt(found["variance"].mean() / found["variance_own"].mean())
        assert ratio == pytest.approx(1, abs=0.02)

    def test_of_a_law_too_narrow_covers_less(self, generator):
        found = measured(drawn(generator, 40, 10), drawn(generator, 40, 39, spread=0.5))
        assert found["coverage_90"].mean() < 0.65
        assert found["energy_score"].mean() > found["energy_score_limit"].mean()

    def test_of_a_point_mass_has_no_spread(self, generator):
        found = measured(drawn(generator, 4, 6), np.zeros((4, 1, *SHAPE)))
        assert (found["variance"] == 0).all()
        assert (found["coverage_90"] == 0).all()

    def test_does_not_depend_on_what_is_said_of_missing_values(self, generator):
        truths, ensemble = drawn(generator, 3, 6), drawn(generator, 3, 20)
        truths[:, 2, 1, 0, 1] = np.nan
        other = ensemble.copy()
        other[:, :, 1, 0, 1] = 7.0
        here, there = measured(truths, ensemble), measured(truths, other)
        truths[:, :, 1, 0, 1] = np.nan
        without = measured(truths, ensemble)
        for name, values in here.items():
            assert np.isfinite(values).all()
            np.testing.assert_array_equal(there[name], values)
            if not name.startswith("coverage"):
                np.testing.assert_array_equal(without[name], values)

    def test_does_not_depend_on_units(self, generator):
        truths, ensemble = drawn(generator, 3, 6), drawn(generator, 3, 20)
        factor = np.array([10.0, 0.1]).reshape(-1, 1, 1, 1)
        other = ComponentScale(np.array([10.0, 0.1]), np.zeros(2), np.ones(2))
        here, there = (
            measured(truths, ensemble),
            measured(factor * truths, factor * ensemble, other),
        )
        for name, values in here.items():
            np.testing.assert_allclose(there[name], values, err_msg=name)


class TestHalvedDistances:
    def test_agree_for_the_right_law(self, generator):
        apart, own = halved_distances(
            drawn(generator, 200, 12), drawn(generator, 200, 12), generator=generator
        )
        assert apart.mean() == pytest.approx(own.mean(), rel=0.02)

    def test_are_apart_for_others(self, generator):
        truths = drawn(generator, 50, 24)
        for other in (drawn(generator, 50, 40, spread=1.5), 0.5 + drawn(generator, 50, 40)):
            apart, own = halved_distances(truths, other, generator=generator)
            assert apart.mean() > 1.2 * own.mean()
