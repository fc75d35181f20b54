"""Stores made by importers and simulators."""

from __future__ import annotations

from pathlib import Path

from fieldvae.contract import Source
from fieldvae.data.collecting import collect
from fieldvae.workflow.progress import Progress, Silence


def collect_store(
    source: Source,
    out: Path,
    *,
    workers: int = 1,
    force: bool = False,
    command: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Make every sample of a source and write the store; goes on where an earlier call stood."""
    told = progress or Silence()
    steps = collect(source, out, workers=workers, overwrite=force, command=command)
    for step in told.steps(steps, of=len(source) + 1, what="samples"):
        if step.kept and step.done == step.kept:
            told.say(f"{step.kept} of {step.total} samples are there from an earlier call")
