"""What long work tells while it goes on."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from fieldvae.errors import PredictionWarning

if TYPE_CHECKING:
    from fieldvae.training import EpochRecord

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 15.0
"""Where no bar can be shown, how often a line tells how far the work has come."""


class Progress(Protocol):
    """Shows the user how far long work has come."""

    def say(self, line: str) -> None:
        """Tell one line."""
        ...

    def warn(self, line: str) -> None:
        """Tell one line that the user should not overlook."""
        ...

    def epochs(self, records: Iterable[EpochRecord]) -> Iterator[EpochRecord]:
        """Show training epoch by epoch, passing the records on."""
        ...

    def steps(
        self, items: Iterable[T], *, of: int, what: str, done: Callable[[T], int] | None = None
    ) -> Iterator[T]:
        """Show other long work step by step, passing the items on.

        ``done`` tells from an item how much is done by then; without it the items are counted.
        """
        ...


@contextmanager
def passed_on(warn: Callable[[str], None]) -> Iterator[None]:
    """Tell the warnings of the Python API in the way of the command line."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", PredictionWarning)
        yield
    for warning in caught:
        warn(str(warning.message))


def told_epochs(
    records: Iterable[EpochRecord], tell: Callable[[str], None]
) -> Iterator[EpochRecord]:
    """Tell the first and the last epoch and one in 15 seconds, passing all records on."""
    told = 0.0
    for record in records:
        if due(told, last=record.epoch == record.of):
            told = time.monotonic()
            tell(f"epoch {record.epoch} of {record.of}  {losses(record)}")
        yield record


def due(told: float, *, last: bool) -> bool:
    """Whether a line is to be told, the last one having been told at that time."""
    return last or time.monotonic() - told >= SECONDS_BETWEEN_LINES


def losses(record: EpochRecord) -> str:
    """Losses of an epoch, and the score of its realizations where there is one."""
    words = f"loss {record.train.total:.4f}"
    if record.validation:
        words += f"  validation {record.validation.total:.4f}"
    if record.score is not None:
        words += f"  score {record.score:.4f}"
    return words


def self_checking(progress: Progress, *, of: int) -> Callable[[Iterator[int]], Iterator[int]]:
    """Follow :func:`fieldvae.prediction.realize_checked` on so many samples."""

    def follow(samples: Iterator[int]) -> Iterator[int]:
        return progress.steps(
            samples, of=of, what="samples drawn with self-check", done=lambda done: done
        )

    return follow


class Silence:
    """Tells nothing; the default of the Python API."""

    def say(self, line: str) -> None:
        """Tell nothing."""

    def warn(self, line: str) -> None:
        """Tell nothing."""

    def epochs(self, records: Iterable[EpochRecord]) -> Iterator[EpochRecord]:
        """Pass the records on."""
        yield from records

    def steps(
        self, items: Iterable[T], *, of: int, what: str, done: Callable[[T], int] | None = None
    ) -> Iterator[T]:
        """Pass the items on."""
        yield from items
