"""Stores made by importers and simulators."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from fieldvae.contract import Source
from fieldvae.data.collecting import BAD, Warned, collect
from fieldvae.data.hearing import hearing
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
    with hearing() as heard:
        source = prepare()
    for text in heard:
        told.warn(text)
    steps = collect(
        source,
        out,
        scheduler=scheduler,
        workers=workers,
        skip_bad=skip_bad,
        overwrite=force,
        command=command,
    )
    skipped, warned, ready = 0, _Warnings(told), 0
    try:
        for step in told.steps(steps, of=len(source), what="samples", done=lambda step: step.done):
            if step.kept and step.done == step.kept:
                told.say(f"{step.kept} of {step.total} samples are there from an earlier call")
            if step.warned is not None:
                warned.tell(step.warned)
            if step.skipped is not None:
                skipped += 1
                told.warn(f"sample {step.skipped.index} skipped: {step.skipped.reason}")
            ready = step.done - skipped
    except BAD:
        if ready and not skip_bad:
            told.say(
                f"{ready} finished {'samples are' if ready > 1 else 'sample is'} kept; the same "
                "call goes on from there, and with --skip-bad without the bad ones"
            )
        raise
    warned.tell_how_many()
    if skipped:
        told.say(
            f"{skipped} of {len(source)} samples skipped; the store's attribute 'skipped' says "
            "which and why"
        )


class _Warnings:
    """Tells each kind of warning once, and at the end of how many samples it was given.

    Parameters
    ----------
    progress
        Shows them.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.samples: dict[str, list[int]] = {}

    def tell(self, warned: Warned) -> None:
        """Tell what is new in the warnings of one sample."""
        for text in warned.texts:
            # of one kind are those that differ in the place before a colon and in numbers alone
            kind = re.sub(r"\S*\d\S*", "#", text.partition(": ")[2] or text)
            if kind not in self.samples:
                self.progress.warn(f"sample {warned.index}: {text}")
            self.samples.setdefault(kind, []).append(warned.index)

    def tell_how_many(self) -> None:
        """Tell of how many other samples each kind was."""
        for first, *others in self.samples.values():
            if others:
                plural = "samples" if len(others) > 1 else "sample"
                self.progress.warn(
                    f"the same as of sample {first} holds of {len(others)} other {plural}"
                )
