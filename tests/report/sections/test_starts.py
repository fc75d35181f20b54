"""A training that started from a trained model is told as such in the report."""

from dataclasses import replace
from pathlib import Path

import pytest

from fieldvae.report.record import RunRecord
from fieldvae.report.sections import provenance, training

LOSSES = {"total": 1.0, "energy_score": 1.0}
EPOCHS = [
    {"epoch": i, "train": LOSSES, "validation": None, "learning_rate": 0.1, "seconds": 1.0}
    for i in (1, 2)
]
START = {
    "run": "/runs/cold",
    "name": "cold",
    "weights_sha256": "0" * 64,
    "provenance": {"command": ["fieldvae", "run", "cold.yaml"], "date": "2026-01-01T00:00:00"},
}


@pytest.fixture
def anew():
    return RunRecord(Path("/runs/hot"), {}, "", {}, EPOCHS, {}, None, None)


@pytest.fixture
def tuned(anew):
    return replace(anew, environment={"start": START})


def test_training_says_that_it_went_on(tuned):
    (note,) = training.section(tuned).notes
    assert note.startswith("Training went on from the weights and the scaling of cold: what is")


def test_training_anew_says_nothing(anew):
    assert training.section(anew).notes == ()
    assert "Started from" not in dict(provenance.section(anew).facts)


def test_provenance_says_from_which_run_and_how_that_was_made(tuned):
    assert dict(provenance.section(tuned).facts)["Started from"].splitlines() == [
        "weights and scaling of cold (/runs/cold)",
        "made by: fieldvae run cold.yaml",
        "on 2026-01-01T00:00:00",
    ]
