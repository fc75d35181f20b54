r"""The face-centered cubic lattice of a periodic cell: sites, shells of neighbors, blocks.

In crystal axes sites are triples :math:`h` of integers with an even sum, in half lattice
constants. The box may be turned against the crystal: its axes are three lattice directions at
right angles, and its *unit cell* is the block spanned by the shortest lattice vector
:math:`A_k` along each of them. Every site then lies on a plane of atoms perpendicular to each
axis, and the numbers of these planes, counted from zero, are the triple of integers by which
a site is known here. With cube axes, planes are half a lattice constant apart and the triple is
:math:`h` itself.

Planes keep off the faces of blocks. Where a block is a whole number of planes they lie half a
spacing from its faces, so that with blocks of whole unit cells every block holds the same number
of sites, and none of them changes its block when the cell relaxes. Elsewhere the faces fall at
:math:`q` different heights between planes, and the planes lie :math:`1/2q` of a spacing from the
nearest of them, the most that there is.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError

SITES_PER_UNIT_CELL = 4
"""Sites of the cubic unit cell."""

CUBE = (1, 0, 0, 0, 1, 0, 0, 0, 1)
"""The orientation along the cube's axes."""

PRIMITIVE = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]], dtype=np.int64)
"""Vectors that span the lattice, in half lattice constants."""


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
    """The sites of a periodic fcc cell, and the blocks they fall into.

    Parameters
    ----------
    cells
        Unit cells along x, y and z; four atoms each with cube axes.
    grid
        Blocks along x, y and z. A block is made of whole unit cells, unless ``uneven``.
    orientation
        Axes x, y, z of the box in crystal coordinates, nine integers row by row: at right
        angles, right-handed, of any length.
    uneven
        Whether blocks may be no whole number of unit cells. They are then of the same size still,
        but hold different numbers of atoms: a site belongs to the block that it lies in.

    Raises
    ------
    OptionError
        If the axes are not those of a box, ``cells`` is no multiple of ``grid`` along an axis
        without ``uneven``, or is smaller than 2, or a block holds no atoms.

    Examples
    --------
    >>> lattice = Lattice(cells=(4, 4, 4), grid=(2, 2, 2))
    >>> lattice.size, lattice.sites_per_block
    (256, 32)

    The axes of arXiv:2604.02281, in cells of 6 atoms, and blocks of three (111) planes by turns
    with two of them:

    >>> turned = Lattice((8, 4, 5), (2, 2, 6), (1, -1, 0, 1, 1, -2, 1, 1, 1), uneven=True)
    >>> turned.size, sorted(set(turned.block_sizes.tolist()))
    (960, [32, 48])
    """

    cells: tuple[int, int, int]
    grid: tuple[int, int, int]
    orientation: tuple[int, ...] = CUBE
    uneven: bool = False

    def __post_init__(self) -> None:
        if len(self.cells) != 3 or len(self.grid) != 3:
            raise OptionError(
                f"cells {self.cells} and grid {self.grid}: expected three numbers each, "
                "one for each of x, y, z"
            )
        _check_orientation(self.orientation)
        if min(self.cells) < 2:
            raise OptionError(
                f"cells {self.cells}: expected at least 2 unit cells along every axis, so that "
                "an atom is not its own neighbor"
            )
        whole = all(c % g == 0 for c, g in zip(self.cells, self.grid, strict=True) if g > 0)
        if min(self.grid) < 1 or not (whole or self.uneven):
            raise OptionError(
                f"cells {self.cells} do not divide into a grid of {self.grid} blocks; expected "
                "a whole number of unit cells per block along every axis"
            )
        if not whole and not self.block_sizes.all():
            raise OptionError(
                f"cells {self.cells} on a grid of {self.grid} blocks: a block without atoms; "
                "take larger cells or fewer blocks"
            )

    @cached_property
    def axes(self) -> NDArray[np.int64]:
        """Edges of the unit cell, the shortest lattice vectors, in half lattice constants.

        Shape ``(axis, 3)``, components along the cube's axes.
        """
        rows = np.array(self.orientation, dtype=np.int64).reshape(3, 3)
        rows //= np.gcd.reduce(rows, axis=1, keepdims=True)
        odd = rows.sum(axis=1, keepdims=True) % 2
        return np.asarray(rows * (1 + odd))

    @cached_property
    def _step(self) -> NDArray[np.int64]:
        """Distance of two planes times the length of the unit cell's edge, shape ``(axis,)``."""
        return np.asarray(np.gcd.reduce(PRIMITIVE @ self.axes.T, axis=0))

    def planes(self, vectors: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return by how many planes along x, y, z lattice vectors lead on, shape ``(..., 3)``."""
        return np.asarray((vectors @ self.axes.T) // self._step)

    @cached_property
    def cell_layers(self) -> NDArray[np.int64]:
        """Planes of atoms in a unit cell along x, y, z, shape ``(3,)``."""
        return np.asarray((self.axes**2).sum(axis=1) // self._step)

    @cached_property
    def layers(self) -> NDArray[np.int64]:
        """Planes of atoms in the box along x, y, z, shape ``(3,)``."""
        return np.asarray(self.cell_layers * np.array(self.cells, dtype=np.int64))

    @cached_property
    def basis(self) -> NDArray[np.int64]:
        """Sites of a unit cell, by the numbers of their planes, shape ``(site, 3)``."""
        per_cell = self.cell_layers
        triples = np.stack(
            np.meshgrid(*(np.arange(n) for n in per_cell), indexing="ij"), axis=-1
        ).reshape(-1, 3)
        common = math.lcm(*per_cell.tolist())
        vectors = (triples * (common // per_cell)) @ self.axes
        sites = (vectors % common == 0).all(axis=1) & (vectors.sum(axis=1) % (2 * common) == 0)
        return np.asarray(triples[sites])

    @property
    def edges(self) -> NDArray[np.float64]:
        """Edges of the box, lattice constants, shape ``(3,)``."""
        return np.asarray(np.sqrt((self.axes**2).sum(axis=1)) / 2.0 * np.array(self.cells))

    @property
    def frame(self) -> list[float]:
        """Axes of the box as unit vectors in crystal coordinates, nine numbers row by row."""
        lengths = np.sqrt((self.axes**2).sum(axis=1, keepdims=True))
        return [float(part) for part in (self.axes / lengths).ravel()]

    @property
    def size(self) -> int:
        """Number of sites."""
        return len(self.basis) * int(np.prod(self.cells))

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return int(np.prod(self.grid))

    @property
    def sites_per_block(self) -> int:
        """Number of sites in every block; their mean, rounded down, where blocks differ."""
        return self.size // self.blocks

    @cached_property
    def block_sizes(self) -> NDArray[np.int64]:
        """Number of sites in each block, shape ``(block,)``."""
        return np.bincount(self.block, minlength=self.blocks)

    @property
    def whole(self) -> bool:
        """Whether blocks are whole unit cells, so that each is the other's translation."""
        return not (np.array(self.cells) % np.array(self.grid)).any()

    @cached_property
    def sites(self) -> NDArray[np.int64]:
        """Sites by the numbers of their planes along x, y, z, shape ``(site, 3)``.

        Unit cells run with x slowest and z fastest; the sites of a unit cell follow one another,
        so that near sites are near in memory.
        """
        corners = np.stack(
            np.meshgrid(*(np.arange(n) for n in self.cells), indexing="ij"), axis=-1
        ).reshape(-1, 1, 3)
        sites: NDArray[np.int64] = (self.cell_layers * corners + self.basis).reshape(-1, 3)
        return sites

    @property
    def _heights(self) -> NDArray[np.int64]:
        """At how many different heights between planes faces lie, along each axis."""
        grid = np.array(self.grid, dtype=np.int64)
        return np.asarray(grid // np.gcd(self.layers, grid))

    @cached_property
    def fractions(self) -> NDArray[np.float64]:
        """Positions of the sites as fractions of the box's edges, shape ``(site, 3)``."""
        return np.asarray((self.sites + 0.5 / self._heights) / self.layers)

    @cached_property
    def _site_at(self) -> NDArray[np.int32]:
        """Number of the site at each triple of planes; -1 where there is none."""
        table = np.full(self.layers, -1, dtype=np.int32)
        table[tuple(self.sites.T)] = np.arange(self.size, dtype=np.int32)
        return table

    @cached_property
    def shells(self) -> tuple[NDArray[np.int64], ...]:
        """Vectors of :data:`SHELLS` by the numbers of planes, shape ``(neighbor, 3)`` each."""
        return tuple(self.planes(shell) for shell in SHELLS)

    @cached_property
    def neighbors(self) -> tuple[NDArray[np.int32], ...]:
        """Neighbors of every site, one array per shell of :data:`SHELLS`.

        Shape ``(neighbor, site)``; in a cell of two unit cells along an axis one site can
        stand twice, once for each of its images.
        """
        return tuple(
            np.stack(
                [self._site_at[tuple(((self.sites + step) % self.layers).T)] for step in shell]
            )
            for shell in self.shells
        )

    @cached_property
    def block(self) -> NDArray[np.int32]:
        """Number of the block (x slowest, z fastest) that every site lies in, shape ``(site,)``.

        Sites, not relaxed positions, decide. As faces lie between atomic planes the two agree
        as long as no atom is displaced as far as its plane is from a face: a quarter lattice
        constant with cube axes and blocks of whole unit cells.
        """
        twice = 2 * self._heights
        along = (twice * self.sites + 1) * np.array(self.grid) // (twice * self.layers)
        return np.asarray(np.ravel_multi_index(tuple(along.T), self.grid), dtype=np.int32)


def _check_orientation(orientation: tuple[int, ...]) -> None:
    """Raise :class:`~fieldvae.OptionError` unless nine integers are the axes of a box."""
    told = ",".join(map(str, orientation))
    if len(orientation) != 9:
        raise OptionError(
            f"orientation {told}: expected nine integers, three for each of x, y, z, such as "
            "1,-1,0,1,1,-2,1,1,1"
        )
    rows = np.array(orientation, dtype=np.int64).reshape(3, 3)
    named = [f"{axis} = [{' '.join(map(str, row))}]" for axis, row in zip("xyz", rows, strict=True)]
    for axis, row in zip(named, rows, strict=True):
        if not row.any():
            raise OptionError(f"orientation {told}: {axis} has no direction")
    for i, j in itertools.combinations(range(3), 2):
        if rows[i] @ rows[j]:
            raise OptionError(
                f"orientation {told}: {named[i]} and {named[j]} are not at right angles (their "
                f"product is {rows[i] @ rows[j]})"
            )
    if np.cross(rows[0], rows[1]) @ rows[2] < 0:
        turned = " ".join(str(-part) for part in rows[2])
        raise OptionError(
            f"orientation {told} is left-handed: {named[2]} points against x cross y; "
            f"reverse an axis, such as z = [{turned}]"
        )
