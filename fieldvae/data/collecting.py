"""A store made sample by sample from an importer or a simulator; a killed one is resumed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldvae.contract import Source
from fieldvae.data.parts import Made, Parts, plain, told_when_full
from fieldvae.data.scheduling import Schedule, completed, make_schedule
from fieldvae.data.store import check_absent, write_store
from fieldvae.errors import FieldvaeError, ShapeError, SimulationError, StoreError

BAD: tuple[type[FieldvaeError], ...] = (StoreError, ShapeError, SimulationError)
"""Errors of one sample; an option that is wrong or a plugin that is missing is wrong for all."""


@dataclass(frozen=True)
class Skipped:
    """A sample that could not be made.

    Parameters
    ----------
    index
        Which of the source's samples, from 0.
    reason
        The message of its error.
    """

    index: int
    reason: str


@dataclass(frozen=True)
class Warned:
    """A sample whose making gave warnings.

    Parameters
    ----------
    index
        Which of the source's samples, from 0.
    texts
        The warnings.
    """

    index: int
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Progress:
    """How far a collection has come.

    Parameters
    ----------
    done, total
        Samples finished or skipped, and samples asked for.
    kept
        How many of those done were found finished from an earlier call.
    skipped
        The sample that was just skipped; ``None`` where one was finished.
    warned
        What the making of the sample just done warned of; ``None`` where of nothing.
    """

    done: int
    total: int
    kept: int
    skipped: Skipped | None = None
    warned: Warned | None = None


def collect(
    source: Source,
    out: Path | str,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    skip_bad: bool = False,
    overwrite: bool = False,
    command: str | None = None,
) -> Iterator[Progress]:
    """Make every sample of a source and write them as one store.

    Each finished sample is kept as ``<out>.partial/<number>.nc``, so that a call after a kill
    makes only what is missing. The store appears when all are done, and the parts go.

    Parameters
    ----------
    source
        What to make; pickled for processes and clusters.
    out
        The store to write. For a cluster it lies on a file system that all workers see.
    scheduler
        ``sync``, ``threads``, ``processes``, or the address of a dask scheduler; see
        :func:`fieldvae.data.scheduling.make_schedule`. Processes are spawned, so that a script
        needs the usual ``if __name__ == "__main__":``.
    workers
        Number of threads or processes.
    skip_bad
        Whether a sample that fails (:data:`BAD`) is skipped; otherwise it ends the call. What was
        skipped stands in the store's attribute ``skipped``.
    overwrite
        Whether a store at ``out`` is replaced, once the new one is complete.
    command
        What the user typed; kept as the store's attribute ``command``.

    Yields
    ------
    Progress
        Once for what was found finished, then after each sample; the last one comes before the
        store is written, so exhaust the iterator.

    Raises
    ------
    StoreError
        At once if ``out`` exists, or if the parts that are there come from another source.
    OptionError
        At once if there is no such scheduler.
    WriteError
        If the disk is full, or cannot be written for another reason.
    """
    out = Path(out)
    check_absent(out, overwrite=overwrite)
    schedule = make_schedule(scheduler, workers)
    if not len(source):
        raise StoreError(f"{out}: the source has no samples")
    # Workers of a cluster have folders of their own to start from.
    place = out.absolute() if schedule.kind == "cluster" else out
    parts = Parts(place.with_name(f"{out.name}.partial"))
    parts.prepare(source)
    told = plain(source.attributes) | ({} if command is None else {"command": command})
    return _collected(source, out, parts, schedule, skip_bad, overwrite, told)


def _collected(
    source: Source,
    out: Path,
    parts: Parts,
    schedule: Schedule,
    skip_bad: bool,
    overwrite: bool,
    attributes: Mapping[str, Any],
) -> Iterator[Progress]:
    total = len(source)
    finished = parts.finished()
    kept = done = len(finished)
    if kept:
        yield Progress(done, total, kept)
    reasons: dict[int, str] = {}
    if skip_bad:
        reasons = {i: why for i, why in parts.skipped(source).items() if i not in finished}
        for index, reason in sorted(reasons.items()):
            done += 1
            yield Progress(done, total, kept, Skipped(index, reason))
    left = [i for i in range(total) if i not in finished and i not in reasons]
    with closing(completed(_Making(source, parts), left, schedule)) as outcomes:
        for made in outcomes:
            done += 1
            warned = Warned(made.index, made.warnings) if made.warnings else None
            if made.error is None:
                yield Progress(done, total, kept, warned=warned)
                continue
            if not skip_bad or not isinstance(made.error, BAD):
                raise made.error
            reasons[made.index] = str(made.error)
            parts.skip(source, made.index, str(made.error))
            skipped = Skipped(made.index, str(made.error))
            yield Progress(done, total, kept, skipped, warned)
    good = [index for index in range(total) if index not in reasons]
    if not good:
        raise StoreError(f"none of the {total} samples could be made; the first: {reasons[0]}")
    left_out = [f"sample {i}: {_without_folders(why)}" for i, why in sorted(reasons.items())]
    told = {**attributes, **({"skipped": left_out} if left_out else {})}
    joined = parts.joined(good)
    with told_when_full(out, kept=parts.folder):
        write_store(joined, out, attributes=told, overwrite=overwrite)
    shutil.rmtree(parts.folder)


@dataclass(frozen=True)
class _Making:
    """Makes samples by number; goes to other processes."""

    source: Source
    parts: Parts

    def __call__(self, index: int) -> Made:
        return self.parts.make(self.source, index)


def _without_folders(text: str) -> str:
    """Files by their names alone: where they lie is nobody else's business."""
    return re.sub(
        r"[^\s:]*/[^\s:]+",
        lambda found: Path(found[0]).name if Path(found[0]).exists() else found[0],
        text,
    )
