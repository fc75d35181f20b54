"""Where the snapshots of a dump start."""

from __future__ import annotations

import io
from pathlib import Path

from fieldvae import StoreError
from fieldvae_atomistic.dump import packed
from fieldvae_atomistic.dump.header import Mistake, read_header
from fieldvae_atomistic.dump.packed import CUT_OFF, is_plain, opened, shown, take
from fieldvae_atomistic.dump.snapshot import Snapshot

_START = b"\nITEM: TIME"
_STEP = b"STEP"
_REACH = len(_START) + len(_STEP)

SINGLE = 0.98
"""Share of a file's atoms, as its size tells, from which on it holds a single snapshot."""

PROBE = 1 << 16
"""Bytes of text that the mean length of a line is taken from, at three places."""


def scan(path: Path) -> tuple[tuple[Snapshot, ...], str | None]:
    """Find the snapshots of a file.

    Parameters
    ----------
    path
        A text dump.

    Returns
    -------
    tuple[tuple[Snapshot, ...], str | None]
        Snapshots in the order of the file, and LAMMPS's unit style where the file names it.

    Raises
    ------
    StoreError
        If the file cannot be read or holds no snapshot.
    """
    single = _single(path)
    if single is not None:
        return (single,), None
    starts, size, preamble = _starts(path)
    if not starts:
        raise StoreError(
            f"{shown(path)}:1: no 'ITEM: TIMESTEP' can be read in this file; expected a text dump "
            "of LAMMPS (dump atom or custom), plain or packed by gzip or zstd and not cut off"
        )
    units = None
    if starts[0]:
        words = preamble[: starts[0]].decode("utf-8", "replace").split()
        if words[:2] != ["ITEM:", "UNITS"] or len(words) != 3:
            raise StoreError(
                f"{shown(path)}:1: the file starts with {' '.join(words)[:60]!r}; expected "
                "'ITEM: TIMESTEP' or 'ITEM: UNITS'"
            )
        units = words[2]
    ends = [*starts[1:], size]
    return tuple(
        Snapshot(path, start, end, number)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ), units


def _starts(path: Path) -> tuple[list[int], int, bytes]:
    """Return where snapshots start, the size of the text, and how it begins."""
    starts: list[int] = []
    size, tail, pending, preamble = 0, b"\n", -1, b""
    with opened(path) as stream:
        while True:
            try:
                block = take(stream, packed.READ)
            except CUT_OFF:
                block = b""  # what can be read is; the snapshot that is cut off says so
            if not block:
                return starts, size, preamble
            text, base = tail + block, size - len(tail)
            if not size:
                preamble = block[:200]
            at = text.find(_START)
            while 0 <= at <= len(text) - _REACH:
                start = base + at + 1
                if text[at + len(_START) : at + _REACH] == _STEP:
                    starts.append(start if pending < 0 else pending)
                    pending = -1
                else:
                    pending = start  # ITEM: TIME, which stands above the time step
                at = text.find(_START, at + 1)
            size += len(block)
            tail = text[1 - _REACH :]


def _single(path: Path) -> Snapshot | None:
    """Tell a plain file of one snapshot by its size, without reading it.

    A folder of large dumps would otherwise be read twice, once to find no second snapshot. A second
    one of less than a fiftieth of the first one's atoms is not seen; reading the first refuses it.
    """
    with opened(path) as stream:
        if not is_plain(stream) or stream.read(len(_START) + 3) != _START[1:] + _STEP:
            return None
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        snapshot = Snapshot(path, 0, size, 0)
        try:
            header = read_header(stream, 0, size)
        except Mistake:
            return None
        lines = length = 0
        for start in (header.data, (header.data + size) // 2, max(header.data, size - PROBE)):
            stream.seek(start)
            text = stream.read(PROBE)
            if b"ITEM:" in text:
                return None
            lines += text.count(b"\n")
            length += len(text)
    if not lines or (size - header.data) * lines / length * SINGLE > header.atoms:
        return None
    return snapshot
