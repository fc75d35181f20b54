"""Sweeps and learning curves, as commands and as calls in Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldvae.errors import WriteError
from fieldvae.evaluation.alternatives import Comparison
from fieldvae.evaluation.learning import LearningCurve
from fieldvae.workflow.cautions import FEW_TO_TRAIN
from fieldvae.workflow.comparing.checking import NUMBERS, PAGE
from fieldvae.workflow.comparing.serving import compare
from fieldvae.workflow.directory import write_json
from fieldvae.workflow.progress import Progress, Silence
from fieldvae.workflow.sweeping.curves import read_curve
from fieldvae.workflow.sweeping.processes import make_runs_beside
from fieldvae.workflow.sweeping.running import Device, finished, make_runs
from fieldvae.workflow.sweeping.varying import (
    FRACTION,
    SEED,
    Member,
    check_fractions,
    chosen,
    members_of,
    task_file,
)

CURVE_PAGE, CURVE_PICTURE, CURVE_NUMBERS = (
    "learning_curve.html",
    "learning_curve.png",
    "learning_curve.json",
)


@dataclass(frozen=True)
class SweepOptions:
    """How the runs of a sweep are made.

    Parameters
    ----------
    workers
        Runs at a time, each in a process of its own where there are several.
    device
        Where to compute.
    only
        Number of the one run to make, as of an array of jobs; all where ``None``.
    force
        Whether finished runs are repeated.
    """

    workers: int = 1
    device: Device = "auto"
    only: int | None = None
    force: bool = False


def sweep(
    task: Path | str | Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    *,
    out: Path | str | None = None,
    settings: Sequence[str] = (),
    options: SweepOptions | None = None,
    progress: Progress | None = None,
) -> Comparison | None:
    """Run one task several times with other values of some keys, and compare the runs.

    A call that was stopped goes on where it stood when it is repeated: finished runs are kept.

    Parameters
    ----------
    task
        A task file, or the same as nested mappings.
    vary
        Values by key, ``{"training.seed": [0, 1, 2]}``; every combination is run.
    out
        Directory of the runs; ``sweeps/<name>`` beside the task's file where ``None``.
    settings
        Overrides ``key.path=value`` of every run.
    options
        Workers, device, whether to repeat.
    progress
        Shows how far the work has come; silent where ``None``.

    Returns
    -------
    Comparison or None
        Also written as ``comparison.html`` and ``comparison.json``. ``None`` where one run alone
        was asked for and others are not finished.

    Raises
    ------
    InputError
        Before anything is run, if the task or a value is wrong.
    FieldvaeError
        Where runs failed; the others are finished first.
    """
    place, members = _members(task, vary, settings, out, "sweeps")
    if not _made(task, members, place, options or SweepOptions(), progress):
        return None
    return compare(*(place / member.name for member in members), out=place, force=True)


def learning_curve(
    task: Path | str | Mapping[str, Any],
    *,
    fractions: Sequence[float] = (0.25, 0.5, 1.0),
    seeds: Sequence[int] | None = None,
    out: Path | str | None = None,
    settings: Sequence[str] = (),
    options: SweepOptions | None = None,
    progress: Progress | None = None,
) -> LearningCurve | None:
    """Train on nested parts of the training samples, and tell whether more would help.

    All runs are scored on the same held-out samples, and validate on the same ones. A call that
    was stopped goes on where it stood when it is repeated.

    Parameters
    ----------
    task
        A task file, or the same as nested mappings.
    fractions
        Shares of the training part, two or more.
    seeds
        Seeds of training, whose scores are averaged; the task's where ``None``.
    out
        Directory of the runs; ``curves/<name>`` beside the task's file where ``None``.
    settings, options, progress
        As of :func:`sweep`.

    Returns
    -------
    LearningCurve or None
        Also written as ``learning_curve.html``, ``.png`` and ``.json``. ``None`` where one run
        alone was asked for and others are not finished.

    Raises
    ------
    InputError
        Before anything is run, if the task, a fraction or a seed is wrong.
    FieldvaeError
        Where runs failed; the others are finished first.
    """
    check_fractions(fractions)
    vary: dict[str, Sequence[Any]] = {FRACTION: [float(each) for each in fractions]}
    if seeds is not None:
        vary[SEED] = seeds
    place, members = _members(task, vary, settings, out, "curves")
    if not _made(task, members, place, options or SweepOptions(), progress):
        return None
    curve = read_curve([place / member.name for member in members])
    if curve.smallest < FEW_TO_TRAIN:
        words = "one sample" if curve.smallest == 1 else f"{curve.smallest} samples"
        (progress or Silence()).warn(
            f"the smallest part has {words} to train on: its point says little, and so does the "
            "curve from there; take larger --fractions"
        )
    from fieldvae.report.learning import write_learning_curve  # matplotlib

    try:
        write_learning_curve(curve, place / CURVE_PAGE, place / CURVE_PICTURE)
        write_json(place / CURVE_NUMBERS, curve.metrics())
    except OSError as error:
        raise WriteError(f"{place}: the curve cannot be written: {error}") from error
    return curve


def _members(
    task: Path | str | Mapping[str, Any],
    vary: Mapping[str, Sequence[Any]],
    settings: Sequence[str],
    out: Path | str | None,
    folder: str,
) -> tuple[Path, list[Member]]:
    given = task if isinstance(task, Mapping) else Path(task)
    members = members_of(given, vary, settings)
    base = Path.cwd() if isinstance(given, Mapping) else given.parent
    return Path(out or base / folder / members[0].plan.spec.name), members


def _made(
    task: Path | str | Mapping[str, Any],
    members: Sequence[Member],
    out: Path,
    options: SweepOptions,
    progress: Progress | None,
) -> bool:
    """Make the runs that are asked for; tell whether all are finished then."""
    told = progress or Silence()
    asked = chosen(members, options.only)
    if options.workers > 1 and len(asked) > 1:
        file = task_file(task if isinstance(task, Mapping) else Path(task), members, out)
        make_runs_beside(
            asked,
            out,
            task=file,
            workers=options.workers,
            device=options.device,
            force=options.force,
            progress=told,
        )
    else:
        make_runs(asked, out, device=options.device, force=options.force, progress=told)
    missing = [member.name for member in members if not finished(member, out)]
    if missing:
        told.say(f"not finished yet: {', '.join(missing)}")
    return not missing


__all__ = [
    "CURVE_NUMBERS",
    "CURVE_PAGE",
    "CURVE_PICTURE",
    "NUMBERS",
    "PAGE",
    "SweepOptions",
    "learning_curve",
    "sweep",
]
