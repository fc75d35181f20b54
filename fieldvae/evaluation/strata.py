"""Groups of samples that share a value of a sample coordinate, to score each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae.data.coordinates import sample_coordinate
from fieldvae.errors import StoreError

MOST_STRATA = 12
"""Most distinct values that are strata each; more numbers are divided at their quartiles."""

NO_VALUE = "none"
"""The stratum of the samples whose value is missing."""

_MOST_DIGITS = 17
"""Digits that tell any two numbers of double precision apart."""


@dataclass(frozen=True)
class Strata:
    """Samples by their value of one coordinate; every sample is in one stratum.

    Parameters
    ----------
    coordinate, units
        Its name, and the units of its values, empty where it has none.
    rows
        By stratum, in ascending order, the positions of its samples; none is empty.
    """

    coordinate: str
    units: str
    rows: Mapping[str, NDArray[np.int64]]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        return iter(self.rows.items())

    def described(self, by_stratum: Mapping[str, Any]) -> dict[str, Any]:
        """Set scores by stratum beside what the strata are, as JSON.

        Sentences are left out: they tell of all samples at once.
        """
        return {
            "coordinate": self.coordinate,
            "units": self.units,
            "samples": {name: len(rows) for name, rows in self},
            "strata": _without_sentences(by_stratum),
        }


def make_strata(dataset: xr.Dataset, coordinate: str, *, option: str = "stratify") -> Strata:
    """Divide samples by a coordinate.

    Each of at most :data:`MOST_STRATA` distinct values makes a stratum. More numbers are divided at
    their quartiles, of which the lower end belongs to a bin and the upper to the next. Missing
    values (NaN, or an empty text) are a stratum of their own, the last.

    Parameters
    ----------
    dataset
        Samples with their coordinates.
    coordinate
        A sample coordinate, or a field on samples with one component.
    option
        The option that names it, for messages.

    Raises
    ------
    StoreError
        If there is no such coordinate, or it holds too many texts.

    Examples
    --------
    >>> data = xr.Dataset(coords={"temperature": ("sample", [900.0, 600.0, np.nan, 600.0])})
    >>> {name: rows.tolist() for name, rows in make_strata(data, "temperature")}
    {'600': [1, 3], '900': [0], 'none': [2]}
    >>> data = xr.Dataset(coords={"load": ("sample", np.arange(20.0))})
    >>> {name: len(rows) for name, rows in make_strata(data, "load")}
    {'0 to 4.75': 5, '4.75 to 9.5': 5, '9.5 to 14.2': 5, '14.2 to 19': 5}
    """
    array = sample_coordinate(dataset, coordinate, option=option)
    values = array.values
    if values.dtype.kind not in "iuf":
        values = np.array([str(value) for value in values], dtype=object)
        missing = np.array([value in ("", "None", "nan", "NaT") for value in values], dtype=bool)
    else:
        values = values.astype(float)
        missing = ~np.isfinite(values)
    names, codes = _grouped(values[~missing], coordinate, option)
    place = np.full(len(values), len(names), dtype=np.int64)
    place[~missing] = codes
    last = NO_VALUE if NO_VALUE not in names else "missing"
    rows = {name: np.flatnonzero(place == code) for code, name in enumerate([*names, last])}
    filled = {name: each for name, each in rows.items() if len(each)}
    return Strata(coordinate, str(array.attrs.get("units", "")), filled)


def _without_sentences(scores: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_sentences(value) if isinstance(value, Mapping) else value
        for key, value in scores.items()
        if key != "sentence"
    }


def _grouped(
    values: NDArray[Any], coordinate: str, option: str
) -> tuple[list[str], NDArray[np.int64]]:
    """Name the strata of known values, and number each value's."""
    distinct, codes = np.unique(values, return_inverse=True)
    number = values.dtype.kind == "f"
    if len(distinct) <= MOST_STRATA:
        return (_printed(distinct, digits=6) if number else [str(each) for each in distinct]), codes
    if not number:
        raise StoreError(
            f"{option}: {coordinate!r} holds {len(distinct)} different texts; expected "
            f"{MOST_STRATA} at most, or numbers, which are divided at their quartiles"
        )
    edges = np.unique(np.quantile(values, [0, 0.25, 0.5, 0.75, 1]))
    printed = _printed(edges, digits=3)
    names = [f"{low} to {high}" for low, high in pairwise(printed)]
    return names, np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(names) - 1)


def _printed(values: NDArray[np.floating], *, digits: int) -> list[str]:
    """Print numbers with some significant digits, or as many as tell them apart."""
    printed: list[str] = []
    for precision in range(digits, _MOST_DIGITS + 1):
        printed = [
            np.format_float_positional(
                v, precision=max(precision, len(f"{abs(v):.0f}")), fractional=False, trim="-"
            )
            for v in values
        ]
        if len(set(printed)) == len(printed):
            break
    return printed
