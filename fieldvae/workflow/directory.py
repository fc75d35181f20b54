"""The directory that one ``fieldvae run`` makes."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fieldvae.errors import OptionError, RunError

PACKAGES = ("fieldvae", "torch", "numpy", "xarray", "zarr", "pydantic", "scipy", "stevedore")


@dataclass(frozen=True)
class RunDirectory:
    """Names of the files in a run; each stage reads those of the stages before it.

    Parameters
    ----------
    path
        The directory.
    """

    path: Path

    @property
    def task(self) -> Path:
        """The task as the user gave it."""
        return self.path / "task.yaml"

    @property
    def filled(self) -> Path:
        """The task with every default."""
        return self.path / "task.filled.yaml"

    @property
    def environment(self) -> Path:
        """Versions and machine."""
        return self.path / "environment.json"

    @property
    def summary(self) -> Path:
        """Counts, grid, symmetry, seeds and the state of every stage."""
        return self.path / "run.json"

    @property
    def split(self) -> Path:
        """Indices of the parts."""
        return self.path / "split.json"

    @property
    def log(self) -> Path:
        """What was told, with times."""
        return self.path / "log.txt"

    @property
    def history(self) -> Path:
        """Losses, one JSON object an epoch."""
        return self.path / "history.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Training state, for ``--resume``."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The trained model; all that prediction needs."""
        return self.path / "model"

    @property
    def baselines(self) -> Path:
        """Weights of the baselines that are networks."""
        return self.path / "baselines"

    @property
    def metrics(self) -> Path:
        """The scores."""
        return self.path / "metrics.json"

    @property
    def evaluation(self) -> Path:
        """What the report plots of the evaluation."""
        return self.path / "evaluation.zarr"

    @property
    def predictions(self) -> Path:
        """Self-checked realizations of the test part."""
        return self.path / "predictions.zarr"

    @property
    def designs(self) -> Path:
        """What inverse design found."""
        return self.path / "design.zarr"

    @property
    def design_analysis(self) -> Path:
        """What the report shows of the designs."""
        return self.path / "design_analysis.zarr"

    @property
    def report(self) -> Path:
        """The page."""
        return self.path / "report" / "index.html"

    @property
    def previous(self) -> Path:
        """Where ``--force`` keeps the earlier run until this one has finished."""
        return self.path.with_name(self.path.name + ".previous")

    def state(self) -> str:
        """Say what is there.

        ``absent``, ``unfinished``, ``finished``, ``damaged`` (a run whose ``run.json`` cannot be
        read), or ``foreign``: a directory of other things.
        """
        if not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir())):
            return "absent"
        try:
            summary = read_json(self.summary)
        except (FileNotFoundError, NotADirectoryError):
            return "foreign"
        except RunError:
            return "damaged"
        return "finished" if summary.get("finished") else "unfinished"

    def check_sound(self) -> None:
        """Refuse a run whose ``run.json`` cannot be read; one that has none passes.

        Raises
        ------
        RunError
            With the reason and the remedy.
        """
        if self.state() == "damaged":
            read_json(self.summary)


def check_claim(directory: RunDirectory, *, resume: bool, force: bool) -> None:
    """Refuse a directory that may not be written, before anything is.

    Raises
    ------
    RunError
        If it holds something that is no run, a damaged or finished run without ``force``, or an
        unfinished one without ``resume`` or ``force``.
    """
    if resume and force:
        raise OptionError("--resume goes on with a run and --force starts anew; choose one")
    state = directory.state()
    if state == "foreign":
        raise RunError(f"{directory.path} holds something that is no run; choose another --out")
    if state == "absent" or force:
        return
    if state == "damaged":
        raise RunError(
            f"{damage(directory.summary)}; copy it again, start anew with --force, or choose "
            "another --out"
        )
    if state == "finished" and not resume:
        raise RunError(
            f"{directory.path} holds a finished run; repeat it with --force, complete it with "
            "--resume, or choose another --out"
        )
    if state == "unfinished" and not resume:
        raise RunError(
            f"{directory.path} holds an unfinished run; go on with --resume, start anew with "
            "--force, or choose another --out"
        )


def claim(directory: RunDirectory, *, resume: bool, force: bool) -> None:
    """Make the directory ready; an earlier run under ``force`` is set aside, not removed."""
    if force and not resume and directory.state() in ("finished", "unfinished", "damaged"):
        if directory.state() == "finished" or not directory.previous.exists():
            shutil.rmtree(directory.previous, ignore_errors=True)
            os.replace(directory.path, directory.previous)
        else:
            shutil.rmtree(directory.path)
    directory.path.mkdir(parents=True, exist_ok=True)


def release(directory: RunDirectory) -> None:
    """Remove the earlier run that was set aside, now that this one has finished."""
    shutil.rmtree(directory.previous, ignore_errors=True)


def begun_with(directory: RunDirectory) -> list[str]:
    """Read from a run's record which settings, ``--set``, its command had."""
    if not directory.environment.exists():
        return []
    words = [str(word) for word in read_json(directory.environment).get("command", ())]
    settings = [words[i + 1] for i, word in enumerate(words[:-1]) if word == "--set"]
    return settings + [w.removeprefix("--set=") for w in words if w.startswith("--set=")]


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write JSON so that a reader sees the old file or the new one, never half of one."""
    staged = path.with_name(path.name + ".tmp")
    staged.write_text(json.dumps(data, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(staged, path)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    RunError
        If the file holds none, or cannot be read although it is there.
    OSError
        If there is no such file.
    """
    if words := damage(path):
        raise RunError(f"{words}; copy it again, or train again")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def damage(path: Path) -> str:
    """Say why a file holds no JSON object that can be read; empty where it does.

    Raises
    ------
    OSError
        If there is no such file.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, ValueError) as error:
        return f"{path} cannot be read ({error})"
    return "" if isinstance(data, dict) else f"{path} cannot be read (it holds no JSON object)"


def environment(device: str, *, plugins: Mapping[str, str]) -> dict[str, Any]:
    """Versions, machine and device, for the record; ``plugins`` are those that the task uses."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "absent"
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "packages": packages,
        "plugins": dict(plugins),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }
