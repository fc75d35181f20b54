"""Whether the faces of blocks lie on planes of atoms.

An atom on a face falls to one block or to the other by a rounding error or a thermal displacement:
blocks then differ in their numbers of atoms, and so do the fields, for no reason of physics. A
face is told by the atoms within a short way of it, compared with those that an even density would
put there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic.box import Box

BIN = 0.05
"""Width of the bins that distances from faces are counted in, Angstrom, at most."""

NEAR = 3
"""Bins on each side of a face: an atom within 0.15 Angstrom lies on it. Static displacements of
a concentrated alloy are 0.05 to 0.1."""

CROWDED = 1.5
"""Times the even density from which on a face lies on a plane. A plane exactly on a face gives 2.4
where planes are 0.73 Angstrom apart (fcc <112>) and more where they are farther; midway gives 0."""

CERTAIN = 5.0
"""Standard deviations of a Poisson count that the excess must have."""


class Profile:
    """Atoms counted by their place along each edge of the box.

    Parameters
    ----------
    box
        The box.
    grid
        Blocks along each edge.
    """

    def __init__(self, box: Box, grid: tuple[int, int, int]) -> None:
        self.box = box
        self.grid = grid
        block = box.heights / grid
        self.bins = tuple(max(2 * NEAR + 2, int(np.ceil(edge / BIN))) for edge in block)
        self.counts = [
            np.zeros(n * bins, dtype=np.int64) for n, bins in zip(grid, self.bins, strict=True)
        ]

    def add(self, fractions: NDArray[np.float64]) -> None:
        """Count atoms at places from 0 to below 1, shape ``(3, atom)``."""
        for axis, counts in enumerate(self.counts):
            place = (fractions[axis] * len(counts)).astype(np.int32)
            counts += np.bincount(place, minlength=len(counts) + 1)[: len(counts)]

    def crowded(self, axis: int) -> int:
        """Return how many of the faces across an axis lie on planes of atoms."""
        counts = self.counts[axis]
        near = _around(counts)[:: self.bins[axis]]
        even = 2 * NEAR * counts.mean()
        faces = near > max(CROWDED * even, even + CERTAIN * np.sqrt(even))
        if not self.box.periodic[axis]:
            faces[0] = False  # the ends of the box are no faces between blocks
        return int(faces.sum())

    def clear(self, axis: int) -> float | None:
        """Return the smallest shift of all faces, Angstrom, that puts them between planes.

        The middle of the widest-enough gap nearest to where faces are; nothing where no
        shift has less than half the even density around every face.
        """
        bins, grid = self.bins[axis], self.grid[axis]
        near = _around(self.counts[axis]).reshape(grid, bins).max(axis=0)
        least = near.min()
        if least > NEAR * self.counts[axis].mean():
            return None
        free = near <= least + 0.02 * (near.max() - least)
        at = np.flatnonzero(free & ~np.roll(free, 1))  # where gaps begin
        if not len(at):
            return 0.0
        lengths = [int(np.argmin(np.append(np.roll(free, -start), False))) for start in at]
        middles = [start + (length - 1) / 2.0 for start, length in zip(at, lengths, strict=True)]
        shifts = np.array([m - bins if m > bins / 2 else m for m in middles])
        # between planes on both sides it is a toss of rounding: upwards then
        best = shifts[np.argmin(np.abs(shifts) - (shifts > 0))]
        return float(best * self.box.lengths[axis] / (grid * bins))


def _around(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Atoms within ``NEAR`` bins on both sides of the lower edge of every bin."""
    return np.asarray(sum(np.roll(counts, shift) for shift in range(1 - NEAR, NEAR + 1)))
