"""What long work tells while it goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

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

    def steps(self, items: Iterable[T], *, of: int, what: str) -> Iterator[T]:
        """Show other long work step by step, passing the items on."""
        ...


class Silence:
    """Tells nothing; the default of the Python API."""

    def say(self, line: str) -> None:
        """Tell nothing."""

    def warn(self, line: str) -> None:
        """Tell nothing."""

    def epochs(self, records: Iterable[EpochRecord]) -> Iterator[EpochRecord]:
        """Pass the records on."""
        yield from records

    def steps(self, items: Iterable[T], *, of: int, what: str) -> Iterator[T]:
        """Pass the items on."""
        yield from items
