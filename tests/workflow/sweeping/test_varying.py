"""From keys and values to runs."""

from __future__ import annotations

import pytest

from fieldvae import OptionError, SpecError
from fieldvae.workflow.sweeping.varying import (
    check_fractions,
    chosen,
    members_of,
    read_values,
    read_variations,
)


class TestMembers:
    def test_are_one_for_every_combination(self, small_task):
        vary = {"training.seed": [0, 1], "model.latent": [4, 8]}
        found = members_of(small_task, vary, ["training.batch=8"])
        assert [m.name for m in found] == [
            "seed-0_latent-4", "seed-0_latent-8", "seed-1_latent-4", "seed-1_latent-8",
        ]  # fmt: skip
        assert found[3].plan.spec.training.seed == 1
        assert found[3].plan.spec.model.latent == 8
        assert found[3].plan.spec.training.batch == 8

    def test_tell_keys_of_one_last_word_apart(self, small_task):
        vary = {"training.seed": [0, 1], "evaluation.seed": [3]}
        assert members_of(small_task, vary)[1].name == "training.seed-1_evaluation.seed-3"

    @pytest.mark.parametrize(
        ("vary", "words"),
        [
            ({}, "two runs or more: give a key several values"),
            ({"training.seed": [1]}, "two runs or more"),
            ({"training.seed": [1, 2, 1]}, "has the value 1 twice"),
        ],
    )
    def test_refuse_what_is_no_sweep(self, small_task, vary, words):
        with pytest.raises(OptionError, match=words):
            members_of(small_task, vary)

    def test_refuse_a_key_that_no_task_has(self, small_task):
        with pytest.raises(SpecError, match=r"unknown key 'sed'.*did you mean 'seed'"):
            members_of(small_task, {"training.sed": [0, 1]})

    def test_are_chosen_by_number(self, small_task):
        found = members_of(small_task, {"training.seed": [5, 6]})
        assert [m.name for m in chosen(found, 1)] == ["seed-6"]
        with pytest.raises(OptionError, match="there are 0 seed-5, 1 seed-6"):
            chosen(found, 2)


class TestFractions:
    @pytest.mark.parametrize(
        ("fractions", "words"),
        [
            ([0.5], "a learning curve needs two fractions .*, as in --fractions 0.25,0.5,1"),
            ([0.5, 2], "--fractions: 2 is no share of the training samples; expected numbers abo"),
            ([0, 1], "--fractions: 0 is no share"),
            (["half", 1], "--fractions: 'half' is no share"),
        ],
    )
    def test_of_no_curve_are_refused(self, fractions, words):
        with pytest.raises(OptionError, match=words):
            check_fractions(fractions)


class TestVariations:
    @pytest.mark.parametrize("text", ["training.seed", "training.seed=", "=1,2"])
    def test_without_key_or_values_are_refused(self, text):
        with pytest.raises(OptionError, match=r"expected a key and values, as training.seed=0,1,2"):
            read_variations([text])

    def test_that_are_no_yaml_are_refused(self):
        with pytest.raises(OptionError, match="no list of values"):
            read_values("1, {", option="--seeds")

    def test_of_one_key_come_at_once(self):
        with pytest.raises(OptionError, match=r"training.seed is given twice"):
            read_variations(["training.seed=1,2", "training.seed=3,4"])
