"""The regular grid on which fields live."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldvae.errors import GridError

AXES = ("x", "y", "z")
"""Names of the grid's axes; a grid of fewer dimensions uses the first ones."""

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

RELATIVE_TOLERANCE = 1e-6
"""Two spacings or frames that differ by less than this share are the same."""


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
        Unit of the spacing; ``"1"`` where a store says nothing.
    periodic
        Whether the grid repeats along each axis; false where a store says nothing.
    frame
        Nine numbers: row by row, the axes x, y, z in crystal coordinates; orthonormal.

    Raises
    ------
    GridError
        If the parts disagree in number, or the frame is no rotation.

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

        Parameters
        ----------
        other
            The grid to compare.
        shape
            Whether the number of cells counts.
        """
        found = []
        if self.dimensions != other.dimensions:
            return f"{other.dimensions} dimensions instead of {self.dimensions}"
        if shape and self.shape != other.shape:
            found.append(f"shape {other.shape} instead of {self.shape}")
        if self.spacing_units != other.spacing_units:
            found.append(f"spacing in {other.spacing_units} instead of {self.spacing_units}")
        if not _close(self.spacing, other.spacing):
            found.append(f"spacing {other.spacing} instead of {self.spacing}")
        if self.periodic != other.periodic:
            found.append(f"periodic {other.periodic} instead of {self.periodic}")
        if not _close(self.frame, other.frame):
            found.append(f"frame {other.frame} instead of {self.frame}")
        return "; ".join(found)

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
        """Read a grid from a store's group attributes; absent ones take their defaults."""
        return cls(
            shape=shape,
            spacing=tuple(float(h) for h in _listed(attributes, "spacing")),
            spacing_units=str(attributes.get("spacing_units", "1")),
            periodic=tuple(bool(p) for p in _listed(attributes, "periodic")),
            frame=tuple(float(f) for f in _listed(attributes, "frame")) or IDENTITY,
        )


def _listed(attributes: Mapping[str, Any], name: str) -> list[Any]:
    value = attributes.get(name, ())
    try:
        return list(value)
    except TypeError:
        raise GridError(f"attribute {name!r} is {value!r}; expected a list") from None


def _close(left: tuple[float, ...], right: tuple[float, ...]) -> bool:
    scale = max(map(abs, left), default=1.0)
    return all(abs(a - b) <= RELATIVE_TOLERANCE * scale for a, b in zip(left, right, strict=True))
