"""Plain, gzip and zstd files read as one stream; the packing is told by a file's first bytes."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard

from fieldvae import StoreError

READ = 1 << 21
"""Bytes parsed at a time. Smaller pieces cost more calls (half as much: 1.15 times as long), larger
ones leave the processor's cache (four times as much: 1.6 times as long)."""

CUT_OFF = (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError)
"""What the readers of compressed files raise where a file is cut off or damaged."""


def shown(path: Path) -> str:
    """Return a path as short as it can be said."""
    try:
        return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    except OSError:
        return str(path)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to read its text as bytes, unpacked.

    Raises
    ------
    StoreError
        If the file cannot be opened.
    """
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


def skip(stream: IO[bytes], count: int) -> None:
    """Go to a byte of the text, from its start; of a packed file that is cut off to its end."""
    if is_plain(stream):
        stream.seek(count)
        return
    try:
        while count > 0 and (block := take(stream, count)):
            count -= len(block)
    except CUT_OFF:
        pass


def take(stream: IO[bytes], count: int) -> bytes:
    """Read some bytes, at most ``READ``; of a packed file that is cut off all that there are."""
    count = min(READ, count)
    if is_plain(stream):
        return stream.read(count)
    parts = []
    try:
        while count > 0 and (part := stream.read1(count)):  # type: ignore[attr-defined]
            parts.append(part)
            count -= len(part)
    except CUT_OFF:
        if not parts:
            raise
    return b"".join(parts)


def line_at(path: Path, byte: int) -> int:
    """Return the number of the line, from 1, at a byte of the text."""
    line, left = 1, byte
    with opened(path) as stream:
        try:
            while left > 0 and (block := take(stream, left)):
                line += block.count(b"\n")
                left -= len(block)
        except CUT_OFF:
            pass
    return line


def is_plain(stream: IO[bytes]) -> bool:
    """Whether the file is not packed, so that any byte of it can be gone to at once."""
    return isinstance(stream, io.BufferedReader) and isinstance(stream.raw, io.FileIO)
