"""The runs of a sweep made one after the other, going on where an earlier call stood."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from fieldvae.errors import FieldvaeError
from fieldvae.workflow.directory import RunDirectory
from fieldvae.workflow.progress import Progress
from fieldvae.workflow.stages import check_same_task, run_plan
from fieldvae.workflow.sweeping.varying import Member

Device = Literal["auto", "cpu", "cuda"]


def make_runs(
    members: Sequence[Member], out: Path, *, device: Device, force: bool, progress: Progress
) -> None:
    """Make the runs that are not finished yet, the others too where one fails.

    Parameters
    ----------
    members
        The runs.
    out
        The directory that theirs are in.
    device
        Where to compute.
    force
        Whether finished runs are repeated.
    progress
        Who is told.

    Raises
    ------
    FieldvaeError
        The failure of one run; where several failed, their names.
    """
    failures: dict[str, FieldvaeError] = {}
    for number, member in enumerate(members, start=1):
        told = f"run {number} of {len(members)}: {member.name}"
        try:
            if finished(member, out) and not force:
                progress.say(f"{told} is finished")
                continue
            progress.say(told)
            place = RunDirectory(out / member.name)
            run_plan(
                member.plan,
                out=place.path,
                device=device,
                resume=not force and place.state() == "unfinished",
                force=force,
                progress=progress,
            )
        except FieldvaeError as error:
            progress.warn(f"{member.name}: {error}")
            failures[member.name] = error
    raise_failures(failures, of=len(members))


def finished(member: Member, out: Path) -> bool:
    """Whether an earlier call has finished this very run.

    Raises
    ------
    RunError
        If the directory holds a run of another task.
    """
    directory = RunDirectory(out / member.name)
    if directory.state() != "finished":
        return False
    check_same_task(directory, member.plan)
    return True


def raise_failures(failures: dict[str, FieldvaeError], *, of: int) -> None:
    """Raise what failed, if anything did: one failure as it is, several by the runs' names."""
    if len(failures) == 1:
        raise next(iter(failures.values()))
    if failures:
        first = next(iter(failures.values()))
        raise type(first)(
            f"{len(failures)} of {of} runs failed: {', '.join(failures)}; what each lacks is "
            "said above, and once that is mended the same call goes on"
        )
