"""Learning curves from scores that are known."""

from __future__ import annotations

import numpy as np
import pytest

from fieldvae.evaluation.learning import TrainedOn, learning_curve_of
from fieldvae.field import FieldSpec

HEAT = FieldSpec(name="heat", units="K", long_name="temperature rise")
SAMPLES = 60


def trained_on(samples, level, *, noise=0.002, linear=None, seed=0):
    """A run whose scores lie about a level; samples differ from each other much more."""
    common = np.random.default_rng(1).lognormal(0, 0.4, SAMPLES)
    own = np.random.default_rng([samples, seed]).normal(0, noise, SAMPLES)
    scores = level * common * (1 + own)
    found = {"model": {"energy_score": scores, "crps": scores / 10}}
    if linear is not None:
        found["linear_gaussian"] = {"energy_score": linear * common, "crps": linear * common / 10}
    return TrainedOn(samples, {"heat": found})


def slope_of(*runs):
    return learning_curve_of(runs, [HEAT]).slopes["heat"]["model"]


class TestSlope:
    def test_is_the_change_for_each_doubling(self):
        found = slope_of(trained_on(100, 1.0, noise=0), trained_on(400, 0.81, noise=0))
        assert found["relative"] == pytest.approx(-0.1)
        assert (found["from"], found["to"]) == (100, 400)

    def test_is_paired_so_that_a_small_change_shows(self):
        found = slope_of(trained_on(100, 1.0), trained_on(200, 0.98))
        low, high = found["interval"]
        assert low < -0.02 < high < 0
        assert found["verdict"] == "helps"

    @pytest.mark.parametrize(
        ("end", "verdict"), [(1.0, "is level"), (0.998, "helps little"), (1.02, "hurts")]
    )
    def test_tells_a_curve_that_has_come_to_its_end(self, end, verdict):
        assert slope_of(trained_on(100, 1.0), trained_on(200, end))["verdict"] == verdict

    def test_is_that_of_the_last_step(self):
        runs = [trained_on(100, 0.95), trained_on(25, 2.0), trained_on(50, 0.95)]
        assert abs(slope_of(*runs)["relative"]) < 0.01


class TestLearningCurve:
    def test_averages_the_seeds_of_one_number_of_samples(self):
        runs = [trained_on(50, 1.0), trained_on(100, 0.8, seed=1), trained_on(100, 0.6, seed=2)]
        last = learning_curve_of(runs, [HEAT]).points["heat"]["model"]["energy_score"][-1]
        assert len(last.each) == 2
        assert last.mean == pytest.approx(np.mean(last.each))
        assert last.interval[0] < last.mean < last.interval[1]

    def test_says_where_the_linear_gaussian_is_still_the_better_one(self):
        runs = [trained_on(50, 1.2, linear=1.0), trained_on(100, 1.1, linear=1.0)]
        (sentence,) = learning_curve_of(runs, [HEAT]).sentences
        assert sentence.startswith("On temperature rise more samples would help: from 50 to 100")
        assert sentence.endswith("train longer before you read this curve.")

    def test_needs_no_linear_gaussian(self):
        curve = learning_curve_of([trained_on(50, 1.0), trained_on(100, 0.9)], [HEAT])
        assert list(curve.points["heat"]) == ["model"]
        assert "linear" not in curve.sentences[0]
