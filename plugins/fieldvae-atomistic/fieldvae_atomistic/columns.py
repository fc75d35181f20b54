"""Which columns of a dump mean what: by LAMMPS's names, or as the user says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from fieldvae import OptionError

POSITIONS: Mapping[str, tuple[str, str, str]] = {
    "x": ("x", "y", "z"),
    "xs": ("xs", "ys", "zs"),
    "xu": ("xu", "yu", "zu"),
    "xsu": ("xsu", "ysu", "zsu"),
}
"""LAMMPS's positions in the order in which they are looked for: Angstrom or shares of the box,
each wrapped into the box or not."""

SCALED = frozenset({"xs", "xsu"})

NAMES = ("element", "typelabel")
"""Columns that hold names of elements."""

STRESS = ("c_stress", "c_s", "c_virial", "f_stress", "f_s", "f_virial")
"""Vectors that are taken for the stress where the user says nothing."""

ROLES: Mapping[str, int | None] = {
    **dict.fromkeys(POSITIONS, 3),
    "type": 1,
    "element": 1,
    "stress": 6,
    "warren_cowley": None,
}
"""What a column can be mapped to, and how many columns it takes."""

_PLACES = re.compile(r"(-?\d+)(?:\.\.(-?\d+))?")
_RANGE = re.compile(r"(.*\[)(\d+)\.\.(\d+)(\].*)")


class MissingColumn(Exception):  # noqa: N818 (the importer makes the error of it)
    """A column that is wanted is not there; the message says which and what to do."""


@dataclass(frozen=True)
class Layout:
    """Places of the columns of a snapshot, from 0.

    Parameters
    ----------
    scaled
        Whether positions are shares of the box.
    positions
        Three places.
    species
        Place of the element's name or the atom's type.
    named
        Which of the two it is.
    stress
        Six places, or none.
    warren_cowley
        Places of the parameters, or none.
    """

    scaled: bool
    positions: tuple[int, ...]
    species: int
    named: bool
    stress: tuple[int, ...] = ()
    warren_cowley: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """Places of everything that is a number."""
        species = () if self.named else (self.species,)
        return (*self.positions, *species, *self.stress, *self.warren_cowley)


def parse_columns(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read ``stress=c_s[1..6]``: what columns mean.

    Parameters
    ----------
    words
        ``role=column``, further columns of the same role after it. A column is a name,
        a range of a vector's components, or a place (from 1, or from -1 at the end) or a range of
        places.

    Returns
    -------
    dict[str, tuple[str, ...]]
        Columns by role; ranges of names are written out, places stand as they are.

    Raises
    ------
    OptionError
        If a role is unknown or has the wrong number of columns.

    Examples
    --------
    >>> parse_columns(["type=2", "x=c_p[1..3]"])
    {'type': ('2',), 'x': ('c_p[1]', 'c_p[2]', 'c_p[3]')}
    """
    found: dict[str, list[str]] = {}
    role = ""
    for word in (part for text in words for part in re.split(r"[,\s]+", text.strip()) if part):
        column = word
        if "=" in word:
            role, _, column = word.partition("=")
            if role not in ROLES:
                raise OptionError(
                    f"columns: {role!r} in {word!r} is nothing that a column can be"
                    f"{_meant(role, list(ROLES))}; known: {', '.join(ROLES)}"
                )
            found[role] = []
        if not role:
            raise OptionError(f"columns: {word!r}; expected role=column, such as stress=c_s[1..6]")
        found[role] += _written_out(column) if column else []
    for role, columns in found.items():
        count = sum(_count(column) for column in columns)
        if count != ROLES[role] and (ROLES[role] is not None or not count):
            raise OptionError(
                f"columns: {role} has {count} columns ({', '.join(columns)}); "
                f"expected {ROLES[role] or 'one for each ordered pair of elements'}"
            )
    return {role: tuple(columns) for role, columns in found.items()}


def _meant(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _written_out(column: str) -> list[str]:
    match = _RANGE.fullmatch(column)
    if match is None:
        return [column]
    before, low, high, after = match.groups()
    return [f"{before}{n}{after}" for n in range(int(low), int(high) + 1)]


def _count(column: str) -> int:
    match = _PLACES.fullmatch(column)
    if match is None or match[2] is None:
        return 1
    low, high = int(match[1]), int(match[2])
    if high < low or (low < 0) != (high < 0) or not low or not high:
        raise OptionError(
            f"columns: {column} is no range of places; write 9..14, or -9..-1 from the end"
        )
    return high - low + 1


def lay_out(
    columns: Sequence[str],
    mapping: Mapping[str, tuple[str, ...]],
    *,
    stress: bool,
) -> Layout:
    """Find the columns of a snapshot.

    Parameters
    ----------
    columns
        Names in the header.
    mapping
        What the user says (:func:`parse_columns`).
    stress
        Whether the stress is wanted.

    Raises
    ------
    MissingColumn
        If a column that is needed is not there.
    """

    def places(role: str) -> tuple[int, ...]:
        return tuple(place for word in mapping[role] for place in _places(word, columns, role))

    told = [kind for kind in POSITIONS if kind in mapping]
    if len(told) > 1:
        raise OptionError(f"columns: positions are mapped twice, as {' and '.join(told)}")
    there = told or [kind for kind, names in POSITIONS.items() if set(names) <= {*columns}]
    if not there:
        raise MissingColumn(
            "no positions: expected x y z, xs ys zs, xu yu zu or xsu ysu zsu; dump them, or map "
            "others such as columns 'x=c_p[1..3]'"
        )
    kind = there[0]
    at = places(kind) if told else tuple(columns.index(name) for name in POSITIONS[kind])
    named = [name for name in NAMES if name in columns]
    if "element" in mapping:
        species, is_name = places("element")[0], True
    elif "type" in mapping:
        species, is_name = places("type")[0], False
    elif named:
        species, is_name = columns.index(named[0]), True
    elif "type" in columns:
        species, is_name = columns.index("type"), False
    else:
        raise MissingColumn(
            "neither type nor element: dump one, or map another such as columns 'type=2'"
        )
    return Layout(
        scaled=kind in SCALED,
        positions=at,
        species=species,
        named=is_name,
        stress=_stress(columns, mapping) if stress else (),
        warren_cowley=places("warren_cowley") if "warren_cowley" in mapping else (),
    )


def _stress(columns: Sequence[str], mapping: Mapping[str, tuple[str, ...]]) -> tuple[int, ...]:
    if "stress" in mapping:
        return tuple(p for word in mapping["stress"] for p in _places(word, columns, "stress"))
    for vector in STRESS:
        names = [f"{vector}[{n}]" for n in range(1, 7)]
        if set(names) <= {*columns}:
            return tuple(columns.index(name) for name in names)
    raise MissingColumn(
        "no stress: dump a 'compute stress/atom NULL virial', map its columns such as columns "
        "'stress=c_s[1..6]', or import the other fields alone: "
        "fields concentration,warren_cowley"
    )


def _places(word: str, columns: Sequence[str], role: str) -> list[int]:
    match = _PLACES.fullmatch(word)
    if match is None:
        if word not in columns:
            raise MissingColumn(
                f"no column {word!r} for {role}{_meant(word, list(columns))}; map one that is "
                f"there (columns '{role}=...')"
            )
        return [columns.index(word)]
    low, high = int(match[1]), int(match[2] or match[1])
    found = [n - 1 if n > 0 else len(columns) + n for n in range(low, high + 1)]
    if not low or min(found) < 0 or max(found) >= len(columns):
        raise MissingColumn(
            f"no column {word} for {role}: there are {len(columns)}, counted from 1 at the start "
            "or from -1 at the end"
        )
    return found
