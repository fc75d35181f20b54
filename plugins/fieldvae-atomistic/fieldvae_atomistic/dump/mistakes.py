"""Which line of the atoms the parser would not take, and why."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from fieldvae_atomistic.dump.header import AGAIN, Header, Mistake


def mistake(
    header: Header,
    text: bytes,
    start: int,
    rows: int,
    *,
    numbers: Sequence[int],
    texts: Collection[int],
) -> Mistake:
    """Find the line that the parser would not take.

    Parameters
    ----------
    header
        The snapshot's.
    text
        Whole lines.
    start
        Byte at which they start.
    rows
        Atoms that stand before them.
    numbers, texts
        Places of the columns that were wanted, from 0.
    """
    at = start
    for line in text.splitlines(keepends=True):
        words = line.decode("utf-8", "replace").split()
        complaint = _about_line(header, words, rows)
        if complaint is None and words:
            complaint = _about_numbers(header, words, [n for n in numbers if n not in texts])
        if complaint is not None:
            return Mistake(at, complaint)
        at += len(line)
        rows += bool(words)
    return Mistake(start, f"the lines from here on cannot be read; {AGAIN}")


def _about_line(header: Header, words: list[str], rows: int) -> str | None:
    if words and words[0] == "ITEM:" and rows == header.atoms:
        return (
            f"all {rows} atoms are followed by a snapshot that is much shorter; cut the "
            "file off here, or give what follows a file of its own"
        )
    if words and words[0] == "ITEM:":
        return f"the next item comes after {rows} of {header.atoms} atoms; {AGAIN}"
    if words and len(words) != len(header.columns):
        return (
            f"{len(words)} columns; expected {len(header.columns)}, one for each name in "
            f"'ITEM: ATOMS ...'; {AGAIN}"
        )
    return None


def _about_numbers(header: Header, words: list[str], numbers: Sequence[int]) -> str | None:
    for column in numbers:
        word, name = words[column], header.columns[column]
        try:
            value = float(word)
        except ValueError:
            return (
                f"column {name!r} holds {word!r}, which is no number; map another column "
                "(columns), or write the dump again"
            )
        if not math.isfinite(value):
            return (
                f"column {name!r} is {word}; expected a finite number: the calculation "
                "went wrong here; leave the file out, or map another column (columns)"
            )
    return None
