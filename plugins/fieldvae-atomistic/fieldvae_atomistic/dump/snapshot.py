"""One snapshot of a dump, read two megabytes at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldvae import StoreError
from fieldvae_atomistic.dump.header import AGAIN, Header, Mistake, read_header
from fieldvae_atomistic.dump.lines import Parser
from fieldvae_atomistic.dump.mistakes import mistake
from fieldvae_atomistic.dump.packed import CUT_OFF, line_at, opened, shown, skip, take


@dataclass(frozen=True)
class Piece:
    """Some successive atoms of a snapshot.

    Parameters
    ----------
    snapshot
        Where they stand.
    numbers
        Columns of numbers by their places, each ``(atom,)``; finite.
    texts
        Columns of names by their places: codes, shape ``(atom,)``, and what they stand for.
    """

    snapshot: Snapshot
    numbers: dict[int, NDArray[np.float64]]
    texts: dict[int, tuple[NDArray[np.integer], list[str]]]
    _text: bytes
    _head: int  # bytes of the text that do not stand in the file
    _start: int

    def error(self, row: int, message: str) -> StoreError:
        """Make the error that names the file and the line of one of the atoms."""
        start = self._start
        for line in self._text[self._head :].splitlines(keepends=True):
            if line.strip():
                if not row:
                    break
                row -= 1
            start += len(line)
        return self.snapshot.error(start, message)


@dataclass(frozen=True)
class Snapshot:
    """One snapshot of a dump.

    Parameters
    ----------
    path
        The file.
    start, end
        Where it stands in the (uncompressed) text, bytes.
    number
        Which of the file's snapshots it is, from 0.
    """

    path: Path
    start: int
    end: int
    number: int

    def error(self, byte: int, message: str) -> StoreError:
        """Make the error that names the file and the line at a byte."""
        return StoreError(f"{shown(self.path)}:{line_at(self.path, byte)}: {message}")

    def header(self) -> Header:
        """Read what stands above the atoms.

        Raises
        ------
        StoreError
            If it is cut off or makes no sense; names file and line.
        """
        try:
            with opened(self.path) as stream:
                skip(stream, self.start)
                return read_header(stream, self.start, self.end)
        except Mistake as found:
            raise self.error(found.byte, str(found)) from None

    def pieces(
        self, header: Header, *, numbers: Sequence[int], texts: Sequence[int] = ()
    ) -> Iterator[Piece]:
        """Read columns of the atoms, some thousand lines at a time.

        Parameters
        ----------
        header
            The snapshot's.
        numbers, texts
            Places of the columns wanted, from 0.

        Yields
        ------
        Piece
            The atoms in the order of the file.

        Raises
        ------
        StoreError
            If a line has too few or too many columns or holds what is no finite number, or the
            number of atoms is not the header's; names file and line.
        """
        _keep_freed_memory()
        parser = Parser(len(header.columns), tuple(sorted({*numbers})), tuple(sorted({*texts})))
        head = len(parser.first)
        rows, at = 0, header.data
        blocks = _WholeLines(self, header.data, parser.first)
        for text in blocks:
            columns = parser.parse(text)
            if columns is None:
                found = mistake(header, text[head:], at, rows, numbers=numbers, texts=texts)
                raise self.error(found.byte, str(found))
            if rows + columns.rows > header.atoms:
                raise Piece(self, {}, {}, text, head, at).error(
                    header.atoms - rows,
                    f"a line beyond the {header.atoms} atoms of the header; {AGAIN}",
                )
            if columns.rows:
                yield Piece(self, columns.numbers, columns.texts, text, head, at)
            rows += columns.rows
            at += len(text) - head
        if blocks.rest.strip():
            raise self.error(
                at,
                f"the file ends within this line, after {rows} of {header.atoms} atoms (a line's "
                f"end is missing, so that a number may be cut off); {AGAIN}",
            )
        if rows < header.atoms:
            why = "the compressed file is cut off or damaged" if blocks.damaged else "the dump ends"
            raise self.error(at, f"{why} after {rows} of {header.atoms} atoms; {AGAIN}")


KEPT = 1 << 24
"""Bytes, some times what one piece takes with its columns."""


def _keep_freed_memory() -> None:
    """Have the memory of a piece serve the next one.

    The C library of Linux gives what is freed back to the system unless it has seen larger blocks
    come and go, and a page that comes anew costs more than reading what stands on it: a third of
    the whole import. One larger block, made, never touched and freed, raises its thresholds.
    """
    bytearray(KEPT)


class _WholeLines:
    """The lines of a snapshot about two megabytes at a time, each time with a line ``first`` above.

    Afterwards ``rest`` is what stands after the last line's end, and ``damaged`` tells whether a
    packed file is cut off.
    """

    def __init__(self, snapshot: Snapshot, start: int, first: bytes) -> None:
        self.snapshot = snapshot
        self.start = start
        self.first = first
        self.rest = b""
        self.damaged = False

    def __iter__(self) -> Iterator[bytes]:
        left = self.snapshot.end - self.start
        with opened(self.snapshot.path) as stream:
            skip(stream, self.start)
            while left > 0 and not self.damaged:
                try:
                    block = take(stream, left)
                except CUT_OFF:
                    block, self.damaged = b"", True
                if not block:
                    break
                left -= len(block)
                cut = block.rfind(b"\n") + 1
                if not cut:
                    self.rest += block
                    continue
                text = b"".join((self.first, self.rest, memoryview(block)[:cut]))
                self.rest = block[cut:]
                yield text
