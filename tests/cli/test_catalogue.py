"""Wrong tasks, wrong stores, wrong calls of a trained model: what a user reads, letter by letter.

``catalogue/messages.txt`` holds the whole message of every case under its name. Each names the
place, what was found there and what to do; the exit code is 2, and an earlier run stays as it was.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

from fieldvae.cli import main
from fieldvae.workflow.stages import run as run_task

from .catalogue.case import TASK, Case
from .catalogue.runs import RUNS
from .catalogue.specs import SPECS
from .catalogue.stores import STORES, dataset, put

CASES = (*SPECS, *STORES, *RUNS)
MESSAGES = Path(__file__).parent / "catalogue" / "messages.txt"


def messages() -> dict[str, str]:
    """The messages by the names of their cases."""
    parts = re.split(r"^## (.*)\n\n", MESSAGES.read_text(encoding="utf-8"), flags=re.M)
    return {name: text.strip("\n") for name, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.fixture(scope="session")
def home(tmp_path_factory) -> Path:
    """A folder with a right task, its store, and a finished run of it."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "task.yaml").write_text(TASK)
    put(dataset(), folder / "store.zarr")
    trained = run_task(folder / "task.yaml", until="train")
    summary = trained.path / "run.json"
    summary.write_text(json.dumps({**json.loads(summary.read_text()), "finished": True}))
    return folder


@pytest.fixture
def folder(home, tmp_path, monkeypatch) -> Path:
    """A copy of it, where the user stands."""
    place = tmp_path / "home"
    shutil.copytree(home, place)
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def told(monkeypatch, capsys):
    """Call the command line in this process; returns exit code and standard error."""

    def call(*command: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["fieldvae", *command])
        with pytest.raises(SystemExit) as exited:
            main()
        return exited.value.code, capsys.readouterr().err

    return call


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_told_in_these_words(case: Case, folder, told):
    case.prepare(folder)
    before = contents(folder)
    code, message = told(*case.command)
    message = re.sub(rf"(/\S*)?{re.escape(str(folder.parent))}/\S*?(?=home/)", "", message)
    message = message.replace("home/", "FOLDER/").strip("\n")
    message = re.sub(r"Installed: [\w, ]+", "Installed: ...", message)  # as many as there are
    assert message == messages().get(case.name)
    assert code == 2
    assert contents(folder) == before


def test_every_message_belongs_to_a_case():
    assert list(messages()) == [case.name for case in CASES]


def test_the_right_task_is_accepted(folder, told):
    """So that what is refused is the mistake and nothing else."""
    code, message = told("validate", "task.yaml")
    assert (code, message) == (0, "")
