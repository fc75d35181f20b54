"""Stores made by importers and simulators."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fieldvae.contract import Source
from fieldvae.data.collecting import collect
from fieldvae.data.scheduling import make_schedule
from fieldvae.data.store import check_absent
from fieldvae.workflow.progress import Progress, Silence


def collect_store(
    prepare: Callable[[], Source],
    out: Path,
    *,
    name: str,
    scheduler: str | None = None,
    workers: int | None = None,
    skip_bad: bool = False,
    force: bool = False,
    command: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Make every sample of a source and write the store; goes on where an earlier call stood.

    Parameters
    ----------
    prepare
        Makes the source, which may take long; called only if ``out`` may be written.
    out
        The store to write.
    name
        Names the source to the user.
    scheduler, workers, skip_bad, force, command
        As of :func:`fieldvae.data.collecting.collect`, where ``force`` is ``overwrite``.
    progress
        Shows how far the work has come.
    """
    told = progress or Silence()
    make_schedule(scheduler, workers)  # refuses at once what does not go together
    check_absent(out, overwrite=force)
    told.say(f"preparing {name} ...")
    source = prepare()
    steps = collect(
        source,
        out,
        scheduler=scheduler,
        workers=workers,
        skip_bad=skip_bad,
        overwrite=force,
        command=command,
    )
    skipped = 0
    for step in told.steps(steps, of=len(source), what="samples", done=lambda step: step.done):
        if step.kept and step.done == step.kept:
            told.say(f"{step.kept} of {step.total} samples are there from an earlier call")
        if step.skipped is not None:
            skipped += 1
            told.warn(f"sample {step.skipped.index} skipped: {step.skipped.reason}")
    if skipped:
        told.say(
            f"{skipped} of {len(source)} samples skipped; the store's attribute 'skipped' says "
            "which and why"
        )
