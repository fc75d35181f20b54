"""LAMMPS's text dumps: where snapshots start, what their headers say, and their columns in pieces.

Plain, gzip and zstd files, told by their first bytes. A snapshot is read a few megabytes at a time
with pandas's C parser, which is quick as long as single spaces stand between columns and is told
to be patient where they do not. Two traps of that parser are closed: lines with too many columns
(silently cut where some columns only are asked for) and with too few (silently filled).
"""

from __future__ import annotations

import gzip
import io
import math
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import zstandard
from numpy.typing import NDArray

from fieldvae import StoreError
from fieldvae_atomistic.box import Box

READ = 1 << 20
"""Bytes parsed at a time; larger pieces leave the processor's cache and take 1.4 times as long."""

_START = b"\nITEM: TIME"
_STEP = b"STEP"
_REACH = len(_START) + len(_STEP)

_CUT_OFF = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError)
"""What the readers of compressed files raise where a file is cut off or damaged."""

SINGLE = 0.98
"""Share of a file's atoms, as its size tells, from which on it holds a single snapshot."""

PROBE = 1 << 16
"""Bytes of text that the mean length of a line is taken from, at three places."""

AGAIN = "write the dump again, or leave the file out"


@dataclass(frozen=True)
class Header:
    """What stands above the atoms of a snapshot.

    Parameters
    ----------
    timestep
        LAMMPS's step.
    atoms
        Number of atoms.
    box
        The box.
    columns
        Names of the columns.
    line
        Byte at which the line that names them starts.
    data
        Byte at which the first atom's line starts.
    """

    timestep: int
    atoms: int
    box: Box
    columns: tuple[str, ...]
    line: int
    data: int


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
        line, left = 1, byte
        with _opened(self.path) as stream:
            try:
                while left > 0 and (block := _take(stream, left)):
                    line += block.count(b"\n")
                    left -= len(block)
            except _CUT_OFF:
                pass
        return StoreError(f"{shown(self.path)}:{line}: {message}")

    def header(self) -> Header:
        """Read what stands above the atoms.

        Raises
        ------
        StoreError
            If it is cut off or makes no sense; names file and line.
        """
        with _opened(self.path) as stream:
            _skip(stream, self.start)
            return self._header(stream)

    def _header(self, stream: IO[bytes]) -> Header:
        at = before = self.start

        def line() -> str:
            nonlocal at, before
            before = at
            try:
                text = stream.readline(READ) if at < self.end else b""
            except _CUT_OFF:
                text = b""
            at += len(text)
            if not text.endswith(b"\n"):
                raise self.error(before, f"the file ends within the header; {AGAIN}")
            return text.decode("utf-8", "replace").strip()

        def number(text: str, *, least: int) -> int:
            if not text.isdigit() or int(text) < least:
                raise self.error(before, f"found {text!r}; expected a whole number from {least} on")
            return int(text)

        timestep: int | None = None
        atoms: int | None = None
        box: Box | None = None
        while True:
            item = line()
            if item == "ITEM: TIMESTEP":
                timestep = number(line(), least=0)
            elif item == "ITEM: NUMBER OF ATOMS":
                atoms = number(line(), least=1)
            elif item.startswith("ITEM: BOX BOUNDS"):
                first = at
                bounds = [line().split() for _ in range(3)]
                try:
                    box = _box(item.split()[3:], bounds)
                except ValueError as error:
                    raise self.error(
                        first, f"{error}; expected the bounds of a box, as LAMMPS writes them"
                    ) from None
            elif item == "ITEM: TIME":
                line()
            elif item.startswith("ITEM: ATOMS"):
                if timestep is None or atoms is None or box is None:
                    raise self.error(
                        before, "'ITEM: ATOMS' before time step, number of atoms and box bounds"
                    )
                return Header(timestep, atoms, box, tuple(item.split()[2:]), before, at)
            else:
                raise self.error(
                    before,
                    f"found {item[:60]!r}; expected an 'ITEM: ...' of a LAMMPS text dump of atoms",
                )

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
        reader = _Reader(len(header.columns), tuple(sorted({*numbers})), tuple(sorted({*texts})))
        rows, at, rest = 0, header.data, b""
        left = self.end - header.data
        damaged = False
        with _opened(self.path) as stream:
            _skip(stream, header.data)
            while left > 0 and not damaged:
                try:
                    block = _take(stream, left)
                except _CUT_OFF:
                    block, damaged = b"", True
                if not block:
                    break
                left -= len(block)
                cut = block.rfind(b"\n") + 1
                if not cut:
                    rest += block
                    continue
                text = b"".join((reader.first, rest, memoryview(block)[:cut]))
                rest = block[cut:]
                parsed = reader.parse(text)
                head = len(reader.first)
                if parsed is None:
                    raise self._explained(header, text[head:], at, rows, numbers, texts)
                count = parsed.rows
                if rows + count > header.atoms:
                    found = Piece(self, {}, {}, text, head, at)
                    raise found.error(
                        header.atoms - rows,
                        f"a line beyond the {header.atoms} atoms of the header; {AGAIN}",
                    )
                if count:
                    yield Piece(self, parsed.numbers, parsed.texts, text, head, at)
                rows += count
                at += len(text) - head
        if rest.strip():
            raise self.error(
                at, f"the file ends within this line, after {rows} of {header.atoms} atoms; {AGAIN}"
            )
        if rows < header.atoms:
            why = "the compressed file is cut off or damaged" if damaged else "the dump ends"
            raise self.error(at, f"{why} after {rows} of {header.atoms} atoms; {AGAIN}")

    def _explained(
        self,
        header: Header,
        text: bytes,
        start: int,
        rows: int,
        numbers: Sequence[int],
        texts: Sequence[int],
    ) -> StoreError:
        """Find the line that the parser would not take."""
        width = len(header.columns)
        at = start
        for line in text.splitlines(keepends=True):
            words = line.decode("utf-8", "replace").split()
            if words and words[0] == "ITEM:" and rows == header.atoms:
                return self.error(
                    at,
                    f"all {rows} atoms are followed by a snapshot that is much shorter; cut the "
                    "file off here, or give what follows a file of its own",
                )
            if words and words[0] == "ITEM:":
                return self.error(
                    at, f"the next item comes after {rows} of {header.atoms} atoms; {AGAIN}"
                )
            if words and len(words) != width:
                return self.error(
                    at,
                    f"{len(words)} columns; expected {width}, one for each name in "
                    f"'ITEM: ATOMS ...'; {AGAIN}",
                )
            for column in (*numbers, *texts) if words else ():
                word, name = words[column], header.columns[column]
                if column in texts:
                    continue
                try:
                    value = float(word)
                except ValueError:
                    return self.error(
                        at,
                        f"column {name!r} holds {word!r}, which is no number; map another column "
                        "(columns), or write the dump again",
                    )
                if not math.isfinite(value):
                    return self.error(
                        at,
                        f"column {name!r} is {word}; expected a finite number: the calculation "
                        "went wrong here; leave the file out, or map another column (columns)",
                    )
            at += len(line)
            rows += bool(words)
        return self.error(start, f"the lines from here on cannot be read; {AGAIN}")


@dataclass(frozen=True)
class _Parsed:
    """Columns of some lines."""

    rows: int
    numbers: dict[int, NDArray[np.float64]]
    texts: dict[int, tuple[NDArray[np.integer], list[str]]]


class _Reader:
    """Parse lines of one layout; remembers whether single spaces stand between columns."""

    def __init__(self, width: int, numbers: tuple[int, ...], texts: tuple[int, ...]) -> None:
        self.width = width
        self.numbers = numbers
        self.texts = texts
        self.separator = " "
        # one column too many in a first line of our own: without it the parser would cut every
        # line after the last column asked for; what stands there must be empty
        self.first = b" ".join([b"0"] * (width + 1)) + b"\n"
        # the last column is read in any case: where a line is too short, it is missing
        self.used = sorted({*numbers, *texts, width - 1, width})
        self.last_is_number: bool | None = True if width - 1 in numbers else None

    def parse(self, text: bytes) -> _Parsed | None:
        """Return the columns, or nothing where a line is not as it should be.

        ``text`` starts with the line ``first``.
        """
        if self.last_is_number is None and self.width - 1 not in self.texts:
            words = text[len(self.first) :].split(b"\n", 1)[0].split()
            self.last_is_number = bool(words) and _is_number(words[-1])
        for separator in (" ", r"\s+") if self.separator == " " else (self.separator,):
            parsed = self._parsed(text, separator)
            if parsed is not None:
                self.separator = separator
                return parsed
        return None

    def _parsed(self, text: bytes, separator: str) -> _Parsed | None:
        named = [*self.texts]
        if self.width - 1 not in named and not self.last_is_number:
            named.append(self.width - 1)
        figures = [column for column in self.used if column not in named]
        kinds: dict[int, Any] = dict.fromkeys(figures, np.float64)
        kinds |= dict.fromkeys(named, "category")
        try:
            frame = pd.read_csv(
                io.BytesIO(text),
                sep=separator,
                header=None,
                names=range(self.width + 1),
                usecols=self.used,
                index_col=False,
                engine="c",
                low_memory=False,
                quoting=3,
                dtype=kinds if named else np.float64,
                # nothing but what is not there is missing: a name may read NA, a number that is
                # no number is refused, and every other word costs a look-up for each value
                keep_default_na=False,
                na_values=[""],
            )
        except (ValueError, pd.errors.ParserError):
            return None
        table = (frame[figures] if named else frame).to_numpy(dtype=np.float64).T[:, 1:]
        if not np.isnan(table[-1]).all():  # more columns than names
            return None
        if not np.isfinite(table[:-1].sum(axis=1)).all():
            return None
        if any((frame[column].cat.codes.iloc[1:] < 0).any() for column in named):
            return None
        numbers = dict(zip(figures, table, strict=True))
        return _Parsed(
            rows=table.shape[1],
            numbers={column: numbers[column] for column in self.numbers},
            texts={
                column: (
                    frame[column].cat.codes.to_numpy()[1:],
                    [str(name) for name in frame[column].cat.categories],
                )
                for column in self.texts
            },
        )


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
    starts: list[int] = []
    size, tail, pending, preamble = 0, b"\n", -1, b""
    with _opened(path) as stream:
        while True:
            try:
                block = _take(stream, READ)
            except _CUT_OFF:
                block = b""  # what can be read is; the snapshot that is cut off says so
            if not block:
                break
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


def _single(path: Path) -> Snapshot | None:
    """Tell a plain file of one snapshot by its size, without reading it.

    A folder of large dumps would otherwise be read twice, once to find no second snapshot. A second
    one of less than a fiftieth of the first one's atoms is not seen; reading the first refuses it.
    """
    with _opened(path) as stream:
        if not _is_plain(stream) or stream.read(len(_START) + 3) != _START[1:] + _STEP:
            return None
        size = stream.seek(0, io.SEEK_END)
        stream.seek(0)
        snapshot = Snapshot(path, 0, size, 0)
        try:
            header = snapshot._header(stream)
        except StoreError:
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


def shown(path: Path) -> str:
    """Return a path as short as it can be said."""
    try:
        return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    except OSError:
        return str(path)


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic[:2] == b"\x1f\x8b":
                with gzip.open(file) as text:
                    yield text  # type: ignore[misc]  # reads bytes as the others do
            elif magic == b"\x28\xb5\x2f\xfd":
                unpacked = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
                yield io.BufferedReader(unpacked, READ)
            else:
                yield file
    except OSError as error:
        if isinstance(error, gzip.BadGzipFile):
            raise
        raise StoreError(f"{shown(path)} cannot be read: {error.strerror or error}") from error


def _skip(stream: IO[bytes], count: int) -> None:
    if _is_plain(stream):
        stream.seek(count)
        return
    try:
        while count > 0 and (block := _take(stream, count)):
            count -= len(block)
    except _CUT_OFF:
        pass


def _take(stream: IO[bytes], count: int) -> bytes:
    """Read some bytes, at most ``READ``; of a packed file that is cut off all that there are."""
    count = min(READ, count)
    if _is_plain(stream):
        return stream.read(count)
    parts = []
    try:
        while count > 0 and (part := stream.read1(count)):  # type: ignore[attr-defined]
            parts.append(part)
            count -= len(part)
    except _CUT_OFF:
        if not parts:
            raise
    return b"".join(parts)


def _is_plain(stream: IO[bytes]) -> bool:
    return isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO)


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _box(words: list[str], bounds: list[list[str]]) -> Box:
    """Read the three lines of bounds in any of LAMMPS's three forms."""
    rows = [[float(word) for word in line] for line in bounds]
    general = words[:2] == ["abc", "origin"]
    tilted = words[:3] == ["xy", "xz", "yz"]
    width = 4 if general else 3 if tilted else 2
    if any(len(row) != width for row in rows):
        raise ValueError(
            f"the bounds have {[len(row) for row in rows]} numbers a line, not {width}"
        )
    flags = words[2:] if general else words[3:] if tilted else words
    x, y, z = (flag == "pp" for flag in (flags or ["pp"] * 3))
    if general:
        a, b, c = (tuple(row[:3]) for row in rows)
        origin = tuple(row[3] for row in rows)
    else:
        low, high = ([row[i] for row in rows] for i in (0, 1))
        xy, xz, yz = (row[2] for row in rows) if tilted else (0.0, 0.0, 0.0)
        # the bounds of a tilted box are those of the upright box around it
        low[0] -= min(0.0, xy, xz, xy + xz)
        high[0] -= max(0.0, xy, xz, xy + xz)
        low[1] -= min(0.0, yz)
        high[1] -= max(0.0, yz)
        edges = [top - bottom for bottom, top in zip(low, high, strict=True)]
        if min(edges) < 0.0:
            raise ValueError(f"an upper bound lies below the lower one by {-min(edges):g}")
        a, b, c = (edges[0], 0.0, 0.0), (xy, edges[1], 0.0), (xz, yz, edges[2])
        origin = tuple(low)
    return Box(origin, (a, b, c), (x, y, z))  # type: ignore[arg-type]
