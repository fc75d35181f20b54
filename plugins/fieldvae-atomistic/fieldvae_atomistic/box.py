"""The box of a snapshot: edges, volume, and where an atom lies in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

FLAT = 1.0e-9
"""Volume over the product of the edges' lengths below which a box counts as flat."""


@dataclass(frozen=True)
class Box:
    """A box spanned by three edges, periodic along some of them.

    Parameters
    ----------
    origin
        Lower corner, Angstrom.
    edges
        The edges as rows, Angstrom.
    periodic
        Whether the box repeats along each edge.

    Raises
    ------
    ValueError
        If the volume is zero or not finite.
    """

    origin: tuple[float, float, float]
    edges: tuple[tuple[float, float, float], ...]
    periodic: tuple[bool, bool, bool] = (True, True, True)

    def __post_init__(self) -> None:
        lengths = float(np.prod(self.lengths))
        if not np.isfinite([*self.origin, lengths]).all() or not self.volume > FLAT * lengths:
            raise ValueError(f"the box has a volume of {self.volume:g}")

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """The edges as rows, shape ``(3, 3)``."""
        return np.array(self.edges, dtype=np.float64)

    @cached_property
    def lengths(self) -> NDArray[np.float64]:
        """Lengths of the edges, shape ``(3,)``."""
        return np.asarray(np.sqrt((self.matrix**2).sum(axis=1)))

    @cached_property
    def volume(self) -> float:
        """Volume, cubic Angstrom."""
        return float(abs(np.linalg.det(self.matrix)))

    @cached_property
    def heights(self) -> NDArray[np.float64]:
        """Distances between opposite faces, shape ``(3,)``."""
        return np.asarray(1.0 / np.sqrt((np.linalg.inv(self.matrix) ** 2).sum(axis=0)))

    @property
    def tilted(self) -> bool:
        """Whether an edge leaves its own Cartesian axis."""
        return bool((self.matrix != np.diag(np.diag(self.matrix))).any())

    def scaled(self, axis: int, share: float) -> Box:
        """Return a box with one edge scaled, periodic along it."""
        edges = self.matrix.copy()
        edges[axis] *= share
        x, y, z = (flag or other == axis for other, flag in enumerate(self.periodic))
        return Box(self.origin, tuple(map(tuple, edges.tolist())), (x, y, z))

    def fractions(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return Cartesian points as shares of the edges from the lower corner.

        Parameters
        ----------
        points
            Angstrom, shape ``(3, atom)``; overwritten.

        Returns
        -------
        NDArray[np.float64]
            Dimensionless, shape ``(3, atom)``.
        """
        points -= np.array(self.origin)[:, None]
        if self.tilted:
            return np.asarray(np.linalg.inv(self.matrix).T @ points)
        points /= np.diag(self.matrix)[:, None]
        return points
