"""What long work tells while it goes on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from fieldvae.errors import PredictionWarning

if TYPE_CHECKING:
    from fieldvae.training import EpochRecord

T = TypeVar("T")


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
