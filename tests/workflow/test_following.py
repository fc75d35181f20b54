"""What is told of a training that goes on, or is stopped."""

from __future__ import annotations

import pytest

import fieldvae
from fieldvae.cli.screen import Screen
from fieldvae.training import EpochRecord, Losses
from fieldvae.workflow.following import followed


def record(epoch, *, restored=None):
    losses = Losses({}, 1.0)
    return EpochRecord(epoch, 7, losses, losses, 0.1, 1.0, restored=restored)


@pytest.fixture
def follow(trained_run, capsys):
    """Follow records; returns the history and what was told."""
    model = fieldvae.load(trained_run)

    def call(records):
        history = followed(records, network=model.network, spec=model.spec, progress=Screen())
        return history, capsys.readouterr().err.splitlines()

    return call


class TestFollowed:
    def test_says_after_which_epoch_a_resumed_training_goes_on(self, follow):
        records = [record(epoch, restored=3 if epoch <= 3 else None) for epoch in range(1, 8)]
        history, told = follow(each for each in records)
        assert history == records
        assert told[0] == "goes on after epoch 3 of 7"
        assert told[1].startswith("epoch 4 of 7")

    def test_says_so_too_where_nothing_is_left_to_train(self, follow):
        records = [record(epoch, restored=7) for epoch in range(1, 8)]
        history, told = follow(each for each in records)
        assert (len(history), told) == (7, ["goes on after epoch 7 of 7"])
