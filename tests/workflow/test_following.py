"""What is told of a training that goes on, or is stopped."""

from __future__ import annotations

import contextlib

import pytest

import fieldvae
from fieldvae.checkpoint import save_checkpoint
from fieldvae.cli.screen import Screen
from fieldvae.training import EpochRecord, Losses
from fieldvae.workflow.following import followed


def record(epoch, *, restored=None):
    losses = Losses({}, 1.0)
    return EpochRecord(epoch, 7, losses, losses, 0.1, 1.0, restored=restored)


@pytest.fixture
def follow(trained_run, tmp_path, capsys):
    """Follow records, with checkpoints in ``tmp_path``; returns the history and what was told."""
    model = fieldvae.load(trained_run)

    def call(records):
        history = []
        with contextlib.suppress(KeyboardInterrupt):
            history = followed(
                records,
                network=model.network,
                spec=model.spec,
                progress=Screen(),
                checkpoints=tmp_path,
            )
        return history, capsys.readouterr().err.splitlines()

    return call


def interrupted():
    yield record(1)
    raise KeyboardInterrupt


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

    def test_stopped_within_an_epoch_names_the_checkpoint(self, follow, tmp_path):
        save_checkpoint(tmp_path, {}, epoch=5)
        words = "stopped at once; the checkpoint after epoch 5 is kept"
        assert follow(interrupted())[1][-1] == words

    def test_stopped_before_there_is_a_checkpoint_says_that_nothing_is_kept(self, follow):
        words = "stopped at once; there is no checkpoint yet, so training will start over"
        assert follow(interrupted())[1][-1] == words
