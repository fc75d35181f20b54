import numpy as np
import pytest

from fieldvae.errors import ShapeError
from fieldvae.evaluation.selfcheck import ConditionErrors, auc, self_check_metrics


def errors(real, shuffled, tolerance=1.0):
    real, shuffled = np.asarray(real, float), np.asarray(shuffled, float)
    return ConditionErrors(
        {"composition": tolerance},
        real[:, None],
        shuffled[:, None],
        np.repeat(real[:, None, None], 3, axis=1),
    )


class TestAuc:
    def test_is_one_where_every_wrong_condition_errs_more(self):
        assert auc(np.array([1.0, 2.0]), np.array([3.0, 4.0])) == 1

    def test_is_one_half_where_nothing_is_seen(self):
        generator = np.random.default_rng(0)
        matched, shuffled = generator.random((2, 20000))
        assert auc(matched, shuffled) == pytest.approx(0.5, abs=0.01)


class TestSelfCheckMetrics:
    def test_counts_what_is_accepted(self):
        found = self_check_metrics(errors([0.5, 0.5, 2.0, 2.0], [0.5, 2.0, 2.0, 2.0]))
        assert found["composition"]["accepted_real"] == 0.5
        assert found["all"]["accepted_shuffled"] == 0.25
        assert found["all"]["accepted_realizations"] == 0.5

    def test_says_that_a_check_accepts_everything(self):
        found = self_check_metrics(errors([0.5, 0.6], [0.5, 0.6]))
        assert "tells next to nothing apart" in found["sentence"]

    def test_says_that_a_check_refuses_everything(self):
        found = self_check_metrics(errors([5, 6], [7, 8]))
        assert "refuses nearly everything" in found["sentence"]

    def test_says_how_many_realizations_pass(self):
        found = self_check_metrics(errors([0.5, 0.5, 0.5, 2.0], [2.0, 2.0, 2.0, 2.0]))
        assert found["sentence"].endswith(
            "Of the realizations drawn for test samples 75 % pass, before any rejection."
        )

    def test_says_that_realizations_are_not_like_real_fields(self):
        unlike = ConditionErrors(
            {"a": 1.0}, np.full((4, 1), 0.5), np.full((4, 1), 9.0), np.full((4, 2, 1), 3.0)
        )
        sentence = self_check_metrics(unlike)["sentence"]
        assert "test samples 0 % pass" in sentence
        assert "not like real fields" in sentence

    def test_the_worst_condition_decides(self):
        both = ConditionErrors(
            {"a": 1.0, "b": 0.1}, np.full((4, 2), 0.5), np.full((4, 2), 9.0), np.ones((4, 2, 2))
        )
        found = self_check_metrics(both)
        assert found["a"]["accepted_real"] == 1
        assert found["all"]["accepted_real"] == 0

    def test_refuses_errors_of_other_conditions(self):
        with pytest.raises(ShapeError, match=r"expected \(\.\.\., condition=1\)"):
            ConditionErrors({"a": 1.0}, np.ones((3, 2)), np.ones((3, 2)), np.ones((3, 2)))
