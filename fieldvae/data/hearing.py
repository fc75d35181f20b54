"""Warnings heard while samples are made, in whatever thread or process that is."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

_own = threading.local()
_lock = threading.Lock()
_open: list[warnings.catch_warnings[Any]] = []
_hearers = 0


@contextmanager
def hearing() -> Iterator[list[str]]:
    """Collect the texts of this thread's warnings (``UserWarning``) instead of showing them.

    Python's filters are one for all threads: the first block that is entered changes them and the
    last one that is left puts them back, so that blocks may overlap in any order. Warnings of
    other threads, and of other kinds, go the way they went.

    Yields
    ------
    list of str
        Grows while the block lasts; each text once.

    Examples
    --------
    >>> with hearing() as told:
    ...     warnings.warn("the faces of blocks lie on planes of atoms")
    >>> told
    ['the faces of blocks lie on planes of atoms']
    """
    before = getattr(_own, "told", None)
    told: list[str] = []
    _own.told = told
    _enter()
    try:
        yield told
    finally:
        _leave()
        _own.told = before


def _enter() -> None:
    global _hearers
    with _lock:
        if not _hearers:
            caught: warnings.catch_warnings[Any] = warnings.catch_warnings()
            caught.__enter__()
            _open.append(caught)
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = partial(_show, warnings.showwarning)
        _hearers += 1


def _show(
    shown: Callable[..., None], message: Warning | str, category: type[Warning], *place: Any
) -> None:
    told = getattr(_own, "told", None)
    if told is None or not issubclass(category, UserWarning):
        shown(message, category, *place)
    elif str(message) not in told:
        told.append(str(message))


def _leave() -> None:
    global _hearers
    with _lock:
        _hearers -= 1
        if not _hearers:
            _open.pop().__exit__(None, None, None)
