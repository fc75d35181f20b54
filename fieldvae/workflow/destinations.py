"""Where results may be written: beside what is read, never over it."""

from __future__ import annotations

from pathlib import Path

from fieldvae.data.store import check_absent
from fieldvae.errors import OptionError, RunError
from fieldvae.spec import TaskSpec
from fieldvae.workflow.directory import RunDirectory


def check_no_source(path: Path, spec: TaskSpec, *, read: Path | None = None) -> None:
    """Refuse to write over data that are read or that a model was trained on, or into them.

    Parameters
    ----------
    path
        The store that would be written.
    spec
        The model's task.
    read
        A store that is read beside those of the task.

    Raises
    ------
    OptionError
        With the store that is in the way.
    """
    data = spec.data
    there = path.resolve()
    for store in (read, *data.store, data.test_store, data.replicates):
        if store is None:
            continue
        kept = store.resolve()
        what = "read" if store == read else "what the model was trained or scored on"
        if kept == there:
            raise OptionError(f"{path} is a store that is {what}; choose another --out")
        if kept in there.parents:
            raise OptionError(
                f"{path} lies inside the store {store}, which is {what}; choose another --out"
            )
        if there in kept.parents:
            raise OptionError(
                f"{path} holds the store {store}, which is {what}; choose another --out"
            )


def check_scores(folder: Path, *, force: bool) -> None:
    """Refuse a directory for scores where they do not belong, or where there are some.

    Raises
    ------
    OptionError
        If it is a file, or has scores and may not lose them.
    RunError
        If it is a run, which has scores of its own.
    StoreError
        If it has scores and may not lose them.
    """
    if folder.is_file():
        raise OptionError(f"--out {folder} is a file; expected a directory, new or not")
    directory = RunDirectory(folder)
    if directory.summary.exists():
        raise RunError(
            f"--out {folder} is a run, whose scores are of its own test part; "
            "choose another directory"
        )
    check_absent(directory.evaluation, overwrite=force)
    if directory.metrics.exists() and not force:
        raise OptionError(
            f"{directory.metrics} exists; choose another path, or replace it (--force)"
        )
