"""Where a trained model lies and where a file may go, told before anything large is imported."""

from __future__ import annotations

from pathlib import Path

from fieldvae.errors import OptionError, RunError
from fieldvae.workflow.directory import RunDirectory

MODEL, WEIGHTS = "model.json", "weights.safetensors"
"""Files of a trained model."""


def model_folder(run: Path) -> Path:
    """Find the directory of the trained model of a run.

    Raises
    ------
    RunError
        If there is none, or its run is damaged; says why.
    """
    for folder in (run, RunDirectory(run).model):
        if (folder / MODEL).exists():
            return folder
    RunDirectory(run).check_sound()
    states = {
        "absent": "there is nothing; check the path",
        "foreign": "it is no run; give the directory that `fieldvae run` made",
        "unfinished": "its training has not finished; go on with fieldvae run --resume",
        "finished": "its model has been removed; train again",
    }
    raise RunError(f"{run} holds no trained model: {states[RunDirectory(run).state()]}")


def check_whole(run: Path, *, to: str) -> None:
    """Refuse a file with the model alone, where the samples that it was trained on are needed.

    Raises
    ------
    RunError
        With the remedy.
    """
    if run.is_file():
        raise RunError(
            f"{run} holds a model alone; to {to}, the samples that it was trained on are needed "
            "too: give the run directory"
        )


def check_file(file: Path, *, force: bool) -> None:
    """Refuse a place that is taken.

    Raises
    ------
    OptionError
        With the remedy.
    """
    if file.is_dir():
        raise OptionError(f"{file} is a directory; name a file, such as {file / 'model.fieldvae'}")
    if file.exists() and not force:
        raise OptionError(f"{file} exists; replace it with --force, or choose another file")
