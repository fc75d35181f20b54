"""What of a typed command is kept in a store."""

import shlex

import pytest

from fieldvae.cli import data


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("{folder}/cell.eam", "cell.eam"),
        ("--potential={folder}/cell.eam", "--potential=cell.eam"),
        ("{folder}/*.dump", "*.dump"),
        ("eam/alloy", "eam/alloy"),
        ("--swap-fix=atom/swap", "--swap-fix=atom/swap"),
        ("eV/angstrom^3", "eV/angstrom^3"),
        ("bundled:library.meam", "bundled:library.meam"),
        ("stress=c_s[1..6]", "stress=c_s[1..6]"),
    ],
)
def test_folders_are_left_out_and_nothing_else(typed, kept, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dumps").mkdir()
    for folder in (tmp_path, "dumps"):
        words = ["fieldvae", "data", "generate", "toy", typed.format(folder=folder)]
        monkeypatch.setattr("sys.argv", words)
        assert shlex.split(data._command())[-1] == kept
