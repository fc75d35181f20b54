r"""The face-centered cubic lattice of a periodic cell: sites, shells of neighbors, blocks.

Sites are counted in half lattice constants: a site is a triple :math:`h` of integers with
an even sum, and lies at :math:`(h + 1/2)\,a/2` from the lower corner of the box. The half
step moves the atomic planes off the corners of the unit cells, so that the faces of blocks
of whole unit cells lie midway between two planes: every block then holds the same number of
sites, and none of them changes its block when the cell relaxes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError

SITES_PER_UNIT_CELL = 4
HALF_STEPS = 2  # half lattice constants along the edge of a unit cell


def _signed_permutations(vector: tuple[int, int, int]) -> NDArray[np.int64]:
    """Return every distinct permutation of ``vector`` with every sign, in a fixed order."""
    found = {
        tuple(sign * part for sign, part in zip(signs, order, strict=True))
        for order in itertools.permutations(vector)
        for signs in itertools.product((1, -1), repeat=3)
    }
    return np.array(sorted(found), dtype=np.int64)


SHELLS: tuple[NDArray[np.int64], ...] = (
    _signed_permutations((1, 1, 0)),
    _signed_permutations((2, 0, 0)),
)
"""Vectors to the neighbors of the first shell (12, at :math:`a/\\sqrt2`) and of the second
(6, at :math:`a`), in half lattice constants, shape ``(neighbor, 3)``."""


@dataclass(frozen=True)
class Lattice:
    """The sites of a periodic fcc cell with cube axes, and the blocks they fall into.

    Parameters
    ----------
    cells
        Unit cells along x, y and z; four atoms each.
    grid
        Blocks along x, y and z. A block is made of whole unit cells.

    Raises
    ------
    OptionError
        If ``cells`` is not a multiple of ``grid`` along an axis, or is smaller than 2.

    Examples
    --------
    >>> lattice = Lattice(cells=(4, 4, 4), grid=(2, 2, 2))
    >>> lattice.size, lattice.sites_per_block
    (256, 32)
    """

    cells: tuple[int, int, int]
    grid: tuple[int, int, int]

    def __post_init__(self) -> None:
        if len(self.cells) != 3 or len(self.grid) != 3:
            raise OptionError(
                f"cells {self.cells} and grid {self.grid}: expected three numbers each, "
                "one for each of x, y, z"
            )
        if min(self.cells) < 2:
            raise OptionError(
                f"cells {self.cells}: expected at least 2 unit cells along every axis, so that "
                "an atom is not its own neighbor"
            )
        if min(self.grid) < 1 or any(c % g for c, g in zip(self.cells, self.grid, strict=True)):
            raise OptionError(
                f"cells {self.cells} do not divide into a grid of {self.grid} blocks; expected "
                "a whole number of unit cells per block along every axis"
            )

    @property
    def size(self) -> int:
        """Number of sites."""
        return SITES_PER_UNIT_CELL * int(np.prod(self.cells))

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return int(np.prod(self.grid))

    @property
    def sites_per_block(self) -> int:
        """Number of sites in every block."""
        return self.size // self.blocks

    @property
    def halves(self) -> NDArray[np.int64]:
        """Edges of the box in half lattice constants, shape ``(3,)``."""
        return HALF_STEPS * np.array(self.cells, dtype=np.int64)

    @cached_property
    def sites(self) -> NDArray[np.int64]:
        """Sites in half lattice constants, shape ``(site, 3)``.

        Unit cells run with x slowest and z fastest; the four sites of a unit cell follow one
        another, so that near sites are near in memory.
        """
        basis = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]])
        corners = np.stack(
            np.meshgrid(*(np.arange(n) for n in self.cells), indexing="ij"), axis=-1
        ).reshape(-1, 1, 3)
        sites: NDArray[np.int64] = (HALF_STEPS * corners + basis).reshape(-1, 3)
        return sites

    @cached_property
    def fractions(self) -> NDArray[np.float64]:
        """Positions of the sites as fractions of the box's edges, shape ``(site, 3)``."""
        return (self.sites + 0.5) / self.halves

    @cached_property
    def _site_at(self) -> NDArray[np.int32]:
        """Number of the site at each triple of half steps; -1 where there is none."""
        table = np.full(self.halves, -1, dtype=np.int32)
        table[tuple(self.sites.T)] = np.arange(self.size, dtype=np.int32)
        return table

    @cached_property
    def neighbors(self) -> tuple[NDArray[np.int32], ...]:
        """Neighbors of every site, one array per shell of :data:`SHELLS`.

        Shape ``(neighbor, site)``; in a cell of two unit cells along an axis one site can
        stand twice, once for each of its images.
        """
        return tuple(
            np.stack(
                [self._site_at[tuple(((self.sites + step) % self.halves).T)] for step in shell]
            )
            for shell in SHELLS
        )

    @cached_property
    def block(self) -> NDArray[np.int32]:
        """Number of the block (x slowest, z fastest) that every site lies in, shape ``(site,)``.

        Sites, not relaxed positions, decide. As faces lie between atomic planes the two agree
        as long as no atom is displaced by a quarter lattice constant along an axis.
        """
        along = self.sites * np.array(self.grid) // self.halves
        return np.asarray(np.ravel_multi_index(tuple(along.T), self.grid), dtype=np.int32)
