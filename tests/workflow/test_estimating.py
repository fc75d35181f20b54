"""What a training costs, read off a few of its steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from fieldvae.workflow.estimating import GRADIENTS, LOADED, estimate
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.rehearsing import rehearsed


@pytest.fixture(scope="module")
def prepared(small_task):
    return prepare(make_plan(small_task))


@pytest.fixture(scope="module")
def network(prepared):
    return rehearsed(prepared)


@pytest.fixture(scope="module")
def found(prepared, network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = estimate(prepared, network, device="cpu")
    after = network.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    return found


def test_counts_the_steps_of_the_whole_training(found):
    assert (found.steps, found.epochs) == (6, 3)  # 38 samples by 16, the rest left, three times


def test_time_is_steps_and_looks_at_the_validation_part(found):
    assert found.step_seconds > 0
    assert found.seconds == pytest.approx(6 * found.step_seconds + 3 * found.validation_seconds)


def test_weights_are_kept_with_gradient_moments_average_and_the_best(found, network):
    weights = sum(p.numel() for p in network.parameters())
    assert found.weight_bytes == 6 * 4 * weights


def test_samples_are_those_that_train_and_validate(found):
    channels = 1 + 3 + 2 + 3 + 6
    assert found.data_bytes == 43 * channels * 64 * 4


def test_memory_is_what_is_kept_gradients_and_libraries(found):
    kept = found.weight_bytes + found.data_bytes
    assert found.bytes == kept + int(GRADIENTS * found.activation_bytes) + LOADED


def test_libraries_are_not_in_a_gpus_memory(found):
    there = replace(found, loaded_bytes=0)
    assert there.bytes == found.bytes - LOADED


def test_larger_batches_keep_more_for_their_gradient(prepared, network, found, small_task):
    small = {**small_task, "training": {"epochs": 3, "batch": 4}}
    fewer = estimate(prepare(make_plan(small)), network, device="cpu")
    assert 2 < found.activation_bytes / fewer.activation_bytes < 4.5
