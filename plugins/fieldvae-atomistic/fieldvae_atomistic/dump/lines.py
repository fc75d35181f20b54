"""Lines of atoms to columns, with pandas's C parser.

It is quick as long as single spaces stand between columns and is told to be patient where they do
not. Two traps of it are closed: lines with too many columns (silently cut where some columns only
are asked for) and with too few (silently filled).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Columns:
    """Columns of some lines.

    Parameters
    ----------
    rows
        Number of lines.
    numbers
        Columns of numbers by their places, each ``(atom,)``; finite.
    texts
        Columns of names by their places: codes, shape ``(atom,)``, and what they stand for.
    """

    rows: int
    numbers: dict[int, NDArray[np.float64]]
    texts: dict[int, tuple[NDArray[np.integer], list[str]]]


class Parser:
    """Parse lines of one layout; remembers whether single spaces stand between columns.

    Parameters
    ----------
    width
        Number of columns of a line.
    numbers, texts
        Places of the columns wanted, from 0, ascending.
    """

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

    def parse(self, text: bytes) -> Columns | None:
        """Return the columns, or nothing where a line is not as it should be.

        ``text`` starts with the line ``first``.
        """
        if self.last_is_number is None and self.width - 1 not in self.texts:
            words = text[len(self.first) :].split(b"\n", 1)[0].split()
            self.last_is_number = bool(words) and _is_number(words[-1])
        for separator in (" ", r"\s+") if self.separator == " " else (self.separator,):
            columns = self._parsed(text, separator)
            if columns is not None:
                self.separator = separator
                return columns
        return None

    def _parsed(self, text: bytes, separator: str) -> Columns | None:
        named = [*self.texts]
        if self.width - 1 not in named and not self.last_is_number:
            named.append(self.width - 1)
        figures = [column for column in self.used if column not in named]
        frame = self._frame(text, separator, figures, named)
        if frame is None:
            return None
        table = (frame[figures] if named else frame).to_numpy(dtype=np.float64).T[:, 1:]
        if not np.isnan(table[-1]).all():  # more columns than names
            return None
        if not np.isfinite(table[:-1].sum(axis=1)).all():
            return None
        if any((frame[column].cat.codes.iloc[1:] < 0).any() for column in named):
            return None
        numbers = dict(zip(figures, table, strict=True))
        return Columns(
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

    def _frame(
        self, text: bytes, separator: str, figures: list[int], named: list[int]
    ) -> pd.DataFrame | None:
        kinds: dict[int, Any] = dict.fromkeys(figures, np.float64)
        kinds |= dict.fromkeys(named, "category")
        try:
            return pd.read_csv(
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


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
