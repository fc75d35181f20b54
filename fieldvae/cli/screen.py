"""Progress on a terminal as bars, elsewhere as plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from fieldvae.workflow.progress import due, losses, told_epochs

if TYPE_CHECKING:
    from fieldvae.training import EpochRecord

T = TypeVar("T")


class Screen:
    """Shows progress on standard error; standard output is left to results."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, soft_wrap=not sys.stderr.isatty(), highlight=False)

    def say(self, line: str) -> None:
        """Tell one line."""
        self.console.print(escape(line))

    def warn(self, line: str) -> None:
        """Tell one line that the user should not overlook."""
        self.console.print(f"[yellow]warning:[/yellow] {escape(line)}")

    def epochs(self, records: Iterable[EpochRecord]) -> Iterator[EpochRecord]:
        """Show training with the losses and the time left."""
        with self._bars("training") as (bars, task):
            for record in records if self.console.is_terminal else told_epochs(records, self.say):
                bars.update(task, completed=record.epoch, total=record.of, note=losses(record))
                yield record

    def steps(
        self, items: Iterable[T], *, of: int, what: str, done: Callable[[T], int] | None = None
    ) -> Iterator[T]:
        """Show other long work; ``done`` tells from an item how much is done by then."""
        with self._bars(what) as (bars, task):
            told = 0.0
            for count, item in enumerate(items, start=1):
                now = count if done is None else done(item)
                bars.update(task, completed=now, total=of, note="")
                if not self.console.is_terminal and due(told, last=now == of):
                    told = time.monotonic()
                    self.say(f"{what}: {now} of {of}")
                yield item

    def _bars(self, what: str) -> _Bar:
        return _Bar(self.console, what)


class _Bar:
    """One bar for the time of one loop."""

    def __init__(self, console: Console, what: str) -> None:
        self.bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=console,
            disable=not console.is_terminal,
        )
        self.what = what

    def __enter__(self) -> tuple[Bars, TaskID]:
        self.bars.start()
        return self.bars, self.bars.add_task(self.what, note="", total=None)

    def __exit__(self, *_: object) -> None:
        self.bars.stop()
