"""Command lines that cannot be read: one line, with what was meant, and exit code 2."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fieldvae.cli import main


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (
            "schema nothing",
            "fieldvae schema: kind: 'nothing' is none of task, field, store, design",
        ),
        (
            "schema tsk",
            "fieldvae schema: kind: 'tsk' is none of task, field, store, design; did you mean "
            "'task'?",
        ),
        (
            "new-plugin soft --kind smother",
            "fieldvae new-plugin: --kind: 'smother' is none of smoother, encoder, decoder, loss, "
            "prior, quantity, source, importer, exporter, simulator, field, task; did you mean "
            "'smoother'?",
        ),
        (
            "run task.yaml --devce cpu",
            "fieldvae run: there is no option --devce; did you mean '--device'?",
        ),
        ("runn", "fieldvae: there is no command 'runn'; did you mean 'run'?"),
        (
            "predict run cells.zarr --out e.zarr --realizations 0",
            "fieldvae predict: --realizations: expected a number not below 1; found 0",
        ),
        (
            "evaluate run cells.zarr --realizations few",
            "fieldvae evaluate: --realizations: expected a whole number; found 'few'",
        ),
        (
            "predict run",
            "fieldvae predict: STORE is missing; fieldvae predict -h says what it is",
        ),
    ],
)
def test_is_told_in_one_line(command, words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["fieldvae", *command.split()])
    with pytest.raises(SystemExit) as exited:
        main()
    assert (exited.value.code, capsys.readouterr().err) == (2, f"{words}\n")


def test_the_package_itself_can_be_run():
    arguments = [sys.executable, "-m", "fieldvae", "schema", "nothing"]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("python -m fieldvae schema: kind: 'nothing' is none of")
