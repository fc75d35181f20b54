"""What stands above the atoms of a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from fieldvae_atomistic.box import Box
from fieldvae_atomistic.dump.packed import CUT_OFF, READ

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


class Mistake(Exception):  # noqa: N818 (the snapshot makes the error of it, with file and line)
    """A line that is not as it should be.

    Parameters
    ----------
    byte
        Where the line starts.
    message
        What is wrong, and how to mend it.
    """

    def __init__(self, byte: int, message: str) -> None:
        super().__init__(message)
        self.byte = byte


class _Lines:
    """Lines of a text one by one, and where the last one started."""

    def __init__(self, stream: IO[bytes], start: int, end: int) -> None:
        self.stream = stream
        self.end = end
        self.at = self.before = start

    def next(self) -> str:
        self.before = self.at
        try:
            text = self.stream.readline(READ) if self.at < self.end else b""
        except CUT_OFF:
            text = b""
        self.at += len(text)
        if not text.endswith(b"\n"):
            raise Mistake(self.before, f"the file ends within the header; {AGAIN}")
        return text.decode("utf-8", "replace").strip()

    def number(self, *, least: int) -> int:
        text = self.next()
        if not text.isdigit() or int(text) < least:
            raise Mistake(self.before, f"found {text!r}; expected a whole number from {least} on")
        return int(text)

    def items(self) -> Iterator[str]:
        while True:
            yield self.next()


def read_header(stream: IO[bytes], start: int, end: int) -> Header:
    """Read the header of a snapshot from a stream that stands at its first byte.

    Parameters
    ----------
    stream
        The text.
    start, end
        Where the snapshot stands in it, bytes.

    Raises
    ------
    Mistake
        If the header is cut off or makes no sense.
    """
    lines = _Lines(stream, start, end)
    timestep: int | None = None
    atoms: int | None = None
    box: Box | None = None
    for item in lines.items():
        if item == "ITEM: TIMESTEP":
            timestep = lines.number(least=0)
        elif item == "ITEM: NUMBER OF ATOMS":
            atoms = lines.number(least=1)
        elif item.startswith("ITEM: BOX BOUNDS"):
            first = lines.at
            bounds = [lines.next().split() for _ in range(3)]
            try:
                box = _box(item.split()[3:], bounds)
            except ValueError as error:
                raise Mistake(
                    first, f"{error}; expected the bounds of a box, as LAMMPS writes them"
                ) from None
        elif item == "ITEM: TIME":
            lines.next()
        elif item.startswith("ITEM: ATOMS"):
            if timestep is None or atoms is None or box is None:
                raise Mistake(
                    lines.before, "'ITEM: ATOMS' before time step, number of atoms and box bounds"
                )
            return Header(timestep, atoms, box, tuple(item.split()[2:]), lines.before, lines.at)
        else:
            raise Mistake(
                lines.before,
                f"found {item[:60]!r}; expected an 'ITEM: ...' of a LAMMPS text dump of atoms",
            )
    raise AssertionError("lines end by a mistake")


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
