"""Ctrl-C and a cluster's signals while weights change: end the epoch, keep a checkpoint, stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGUSR1", "SIGBREAK")
    if hasattr(signal, name)
)
"""Ctrl-C; what ends a job; what SLURM is asked to send some time before (Windows has no such); what
a sweep sends to its runs on Windows."""


class Interruption:
    """Whether somebody has asked to stop.

    Parameters
    ----------
    tell
        Called at the first request.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self.asked = False
        self.tell = tell

    def ask(self, _signal: int, _frame: FrameType | None) -> None:
        """Remember the first request; the second one interrupts at once."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        self.tell()


@contextmanager
def telling(tell: Callable[[str], None], remedy: str) -> Iterator[None]:
    """Tell whoever interrupts the block how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        tell(remedy)
        raise


@contextmanager
def deferred(tell: Callable[[], None]) -> Iterator[Interruption]:
    """Hold back interruptions inside the block, which looks at ``asked`` where it can stop.

    Outside the main thread, where Python handles no signals, nothing is held back.
    """
    interruption = Interruption(tell)
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    earlier = {number: signal.signal(number, interruption.ask) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)
