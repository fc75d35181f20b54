"""Which directories can be compared, and where the page may be written: told all at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fieldvae.errors import OptionError, RunError
from fieldvae.workflow.directory import RunDirectory, read_json

PAGE, NUMBERS = "comparison.html", "comparison.json"
"""Files that are written where asked."""


def checked_runs(runs: Sequence[Path], reference: Path | None = None) -> list[Path]:
    """Return the runs, the one that others are compared with first.

    Parameters
    ----------
    runs
        Run directories.
    reference
        The one to compare with; the first of ``runs`` where ``None``. It need not be among them.

    Raises
    ------
    OptionError
        If they are fewer than two.
    RunError
        If one is given twice, is no run, or has no scores; names every such directory.
    """
    given = list(runs)
    if reference is not None:
        given = [reference, *(run for run in given if run.resolve() != reference.resolve())]
    mistakes = [mistake for run in dict.fromkeys(given) if (mistake := _mistake(run))]
    seen: dict[Path, Path] = {}
    for run in given:
        if run.resolve() in seen:
            mistakes.append(f"{run} is given twice; name each run once")
        seen[run.resolve()] = run
    if mistakes:
        raise RunError("\n".join(mistakes))
    if len(given) < 2:
        raise OptionError(
            "one run alone cannot be compared: name two or more, as in "
            "`fieldvae compare runs/one runs/other`"
        )
    return given


def check_place(out: Path, *, force: bool) -> None:
    """Refuse a directory for the page that is a file, or holds a page already.

    Raises
    ------
    OptionError
        With the remedy.
    """
    if out.exists() and not out.is_dir():
        raise OptionError(f"--out {out} is a file; name a directory")
    there = [name for name in (PAGE, NUMBERS) if (out / name).exists()]
    if there and not force:
        raise OptionError(
            f"--out {out} holds {' and '.join(there)} already; choose another directory, or "
            "replace them (--force)"
        )


def _mistake(run: Path) -> str:
    """What is wrong with one directory, and what to do; nothing where it can be compared."""
    directory = RunDirectory(run)
    if not run.exists():
        return f"{run}: there is no such directory"
    if directory.state() in ("absent", "foreign"):
        return f"{run} is no run; give a directory that `fieldvae run` made"
    if unread := _unread(directory.summary):
        return unread
    missing = [p.name for p in (directory.metrics, directory.evaluation) if not p.exists()]
    if missing:
        return f"{run} has no {' and no '.join(missing)}: {_remedy(directory)}"
    return _unread(directory.metrics) or _unread(directory.split)


def _unread(file: Path) -> str:
    """Why a file of a run cannot be read, and what to do; nothing where it can."""
    try:
        read_json(file)
    except RunError as error:
        return str(error)
    except OSError as error:
        return f"{file} cannot be read: {error}"
    return ""


def _remedy(directory: RunDirectory) -> str:
    try:
        tested = read_json(directory.split).get("test")
    except (OSError, RunError):
        tested = None
    if tested == []:
        return "it has no test samples (data.split.test) and was not scored"
    return "it has not been scored; complete it with `fieldvae run TASK.yaml --resume`"
