"""The regular grid on which fields live."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from fieldvae.errors import GridError

AXES = ("x", "y", "z")
"""Names of the grid's axes; a grid of fewer dimensions uses the first ones."""

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

RELATIVE_TOLERANCE = 1e-6
"""Two frames, or two edges of one cell, that differ by less than this share are the same."""

SPACING_TOLERANCE = 1e-2
"""Two spacings that differ by less than this share are the same: blocks of as many atoms are,
though their edges differ by tenths of a percent with composition and order."""

ATTRIBUTES = ("spacing", "spacing_units", "periodic", "frame")
"""Attributes of a store's group that describe the grid."""

MISSPELLED = 0.7
"""Likeness (difflib) from which an unknown attribute is taken for a misspelled one.

Lets names such as ``time_units`` (0.61) and ``name`` (0.67) pass; ``period`` has 0.86.
"""


@dataclass(frozen=True)
class Grid:
    """Shape, spacing, periodicity and crystal frame of a regular grid of one to three dimensions.

    Parameters
    ----------
    shape
        Number of cells along x, y, z (as many as the grid has dimensions).
    spacing
        Edge of a cell along each axis, in ``spacing_units``.
    spacing_units
        Unit of length that pint reads; ``"1"``, a pure number, where a store says nothing.
    periodic
        Whether the grid repeats along each axis; false where a store says nothing.
    frame
        Nine numbers: row by row, the axes x, y, z in crystal coordinates; orthonormal.

    Raises
    ------
    GridError
        If the parts disagree in number, the unit is none of length, or the frame is no rotation.

    Examples
    --------
    >>> grid = Grid(shape=(4, 4, 4), spacing=(14.2, 14.2, 14.2), spacing_units="angstrom")
    >>> grid.axes, grid.cells
    (('x', 'y', 'z'), 64)
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...] = ()
    spacing_units: str = "1"
    periodic: tuple[bool, ...] = ()
    frame: tuple[float, ...] = IDENTITY

    def __post_init__(self) -> None:
        dimensions = len(self.shape)
        if not 1 <= dimensions <= 3:
            raise GridError(f"a grid has one to three dimensions, not {dimensions}")
        if min(self.shape) < 1:
            raise GridError(f"grid shape {self.shape} has an axis without cells")
        if not self.spacing:
            object.__setattr__(self, "spacing", (1.0,) * dimensions)
        if not self.periodic:
            object.__setattr__(self, "periodic", (False,) * dimensions)
        for name, values in (("spacing", self.spacing), ("periodic", self.periodic)):
            if len(values) != dimensions:
                raise GridError(
                    f"{name} has {len(values)} values for a grid of {dimensions} dimensions; "
                    f"give one for each of {', '.join(self.axes)}"
                )
        if not all(math.isfinite(h) and h > 0 for h in self.spacing):
            raise GridError(f"spacing {self.spacing} is not positive and finite")
        _measure(self.spacing_units)
        if len(self.frame) != 9:
            raise GridError(f"frame has {len(self.frame)} numbers; expected nine, row by row")
        if not self._frame_is_orthonormal():
            raise GridError(
                f"frame {self.frame} is not orthonormal; its rows are the unit vectors "
                "of x, y, z in crystal coordinates"
            )

    def _frame_is_orthonormal(self) -> bool:
        rows = [self.frame[3 * i : 3 * i + 3] for i in range(3)]
        return all(
            abs(sum(a * b for a, b in zip(rows[i], rows[j], strict=True)) - (i == j)) < 1e-4
            for i in range(3)
            for j in range(3)
        )

    @property
    def dimensions(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes, a prefix of x, y, z."""
        return AXES[: len(self.shape)]

    @property
    def cells(self) -> int:
        """Number of cells."""
        return math.prod(self.shape)

    @property
    def volume(self) -> float:
        """Volume (area, length) of the grid, ``spacing_units`` to the power of its dimensions."""
        return self.cells * math.prod(self.spacing)

    @property
    def shape3(self) -> tuple[int, int, int]:
        """Shape inside the model, where absent axes have one cell."""
        padded = self.shape + (1,) * (3 - self.dimensions)
        return (padded[0], padded[1], padded[2])

    def with_shape(self, shape: tuple[int, ...]) -> Grid:
        """Return the same grid with another number of cells."""
        return Grid(shape, self.spacing, self.spacing_units, self.periodic, self.frame)

    def difference(self, other: Grid, *, shape: bool = True) -> str:
        """Say in words how ``other`` differs from this grid; empty where it does not.

        Spacings are compared as lengths, whatever their units, within a share of 1e-2.

        Parameters
        ----------
        other
            The grid to compare.
        shape
            Whether the number of cells counts.

        Returns
        -------
        str
            The differences, joined by semicolons.
        """
        found = []
        if self.dimensions != other.dimensions:
            return f"{other.dimensions} dimensions instead of {self.dimensions}"
        if shape and self.shape != other.shape:
            found.append(f"shape {other.shape} instead of {self.shape}")
        found += self._difference_of_spacing(other)
        if self.periodic != other.periodic:
            found.append(f"periodic {other.periodic} instead of {self.periodic}")
        if not _close(self.frame, other.frame, RELATIVE_TOLERANCE):
            found.append(f"frame {other.frame} instead of {self.frame}")
        return "; ".join(found)

    def _difference_of_spacing(self, other: Grid) -> list[str]:
        ours, theirs = self.spacing_units, other.spacing_units
        if ours == theirs:
            if _close(self.spacing, other.spacing, SPACING_TOLERANCE):
                return []
            return [f"spacing {other.spacing} instead of {self.spacing}"]
        (kind, unit), (other_kind, other_unit) = _measure(ours), _measure(theirs)
        if kind != other_kind:
            return [f"spacing in {theirs} instead of {ours}"]
        converted = tuple(h * (other_unit / unit) for h in other.spacing)
        if _close(self.spacing, converted, SPACING_TOLERANCE):
            return []
        return [f"spacing {other.spacing} {theirs} instead of {self.spacing} {ours}"]

    def attributes(self) -> dict[str, Any]:
        """Return the group attributes that a store keeps of this grid (store format, version 1)."""
        return {
            "spacing": [float(h) for h in self.spacing],
            "spacing_units": self.spacing_units,
            "periodic": [bool(p) for p in self.periodic],
            "frame": [float(f) for f in self.frame],
        }

    @classmethod
    def from_attributes(cls, shape: tuple[int, ...], attributes: Mapping[str, Any]) -> Grid:
        """Read a grid from a store's group attributes; absent ones take their defaults.

        Parameters
        ----------
        shape
            Number of cells along each axis.
        attributes
            Those of the group; others than the grid's are ignored.

        Returns
        -------
        Grid
            The grid.

        Raises
        ------
        GridError
            If an attribute is of another kind, or another one looks like a misspelled one.
        """
        _check_names(attributes)
        units = attributes.get("spacing_units", "1")
        if not isinstance(units, str):
            raise GridError(f"attribute 'spacing_units' is {units!r}; expected a unit such as 'nm'")
        booleans = "booleans, one for each axis"
        periodic = _listed(attributes, "periodic", booleans)
        if any(isinstance(p, str) or p not in (0, 1) for p in periodic):
            raise GridError(f"attribute 'periodic' is {periodic!r}; expected a list of {booleans}")
        spacing = _listed(attributes, "spacing", "numbers, one for each axis")
        frame = _listed(attributes, "frame", "nine numbers, row by row")
        return cls(
            shape=shape,
            spacing=tuple(float(h) for h in spacing),
            spacing_units=units,
            periodic=tuple(bool(p) for p in periodic),
            frame=tuple(float(f) for f in frame) or IDENTITY,
        )


def _check_names(attributes: Mapping[str, Any]) -> None:
    """Refuse an attribute that nobody reads because its name is misspelled."""
    absent = [name for name in ATTRIBUTES if name not in attributes]
    for name in sorted(map(str, attributes)):
        close = get_close_matches(name.lower(), absent, n=1, cutoff=MISSPELLED)
        if close and name not in ATTRIBUTES:
            raise GridError(f"attribute {name!r} is unknown (did you mean {close[0]!r}?)")


def _listed(attributes: Mapping[str, Any], name: str, items: str) -> list[Any]:
    value = attributes.get(name, ())
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise GridError(f"attribute {name!r} is {value!r}; expected a list of {items}")
    return list(value)


@cache
def _measure(units: str) -> tuple[str, float]:
    """Tell whether a unit is a ``length`` or a ``number``, and how many meters or ones it is."""
    if units == "1":
        return "number", 1.0
    import pint  # takes a moment, and many grids have pure numbers

    registry = pint.application_registry
    expected = "expected a length such as angstrom, nm or m, or 1 for none"
    try:
        one = registry.Quantity(1.0, registry.Unit(units))
    except Exception as error:  # pint raises tokenizer and attribute errors besides its own
        raise GridError(
            f"spacing_units {units!r} is no unit that pint can read ({error}); {expected}"
        ) from None
    for kind, unit in (("length", "m"), ("number", "")):
        if one.is_compatible_with(unit):
            return kind, float(one.to(unit).magnitude)
    raise GridError(f"spacing_units {units!r} is no length; {expected}")


def _close(left: tuple[float, ...], right: tuple[float, ...], tolerance: float) -> bool:
    scale = max(map(abs, left), default=1.0)
    return all(abs(a - b) <= tolerance * scale for a, b in zip(left, right, strict=True))
