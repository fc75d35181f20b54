"""A configuration averaged over blocks: the same for every reader of atoms."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError
from fieldvae_atomistic.box import Box
from fieldvae_atomistic.coarse import add_up, count_atoms
from fieldvae_atomistic.faces import Profile
from fieldvae_atomistic.importing.configuration import Configuration, Field, Piece
from fieldvae_atomistic.importing.sums import BlockSums
from fieldvae_atomistic.neighbors import (
    FCC_NEIGHBORS,
    bonds_of_nearest,
    bonds_within,
    default_cutoff,
)

OUTSIDE = 1.0e-5
"""Share of an edge by which rounding in the text may put an atom outside a box that is not
periodic."""

FEW, MANY = 0.95, 1.05
"""Mean neighbors over twelve beyond which the default cutoff is doubted."""

METHOD = (
    "a block is a share of the box along each of its edges, the first one starting at the lower "
    "corner plus the offset; atoms outside a periodic box are wrapped into it; concentration = "
    "atoms of an element / atoms of the block; residual stress = sum of stress times volume over "
    "the block's atoms / volume of the block, Cartesian components, nothing subtracted; "
)

BONDS = (
    "Warren-Cowley parameters (p_ij - c_j) / (delta_ij - c_j) from the bonds of the first shell, "
    "counted for the block of the center, with the concentrations of the {reference}; 0 where "
    "nothing is known"
)

COLUMNS = "Warren-Cowley parameters: mean of the dump's columns over the block's atoms"


@dataclass(frozen=True)
class Averaging:
    """How configurations are averaged over blocks.

    Parameters
    ----------
    grid
        Blocks along the three edges of the box.
    elements
        The elements in the store's order.
    fields
        What to make.
    offset
        Where the first block starts, Angstrom from the box's lower corner along its edges.
    cutoff, neighbors
        The first shell: radius, Angstrom, or a number of nearest atoms; neither for the radius
        that suits an fcc crystal of the configuration's density.
    reference
        Whose concentrations Warren-Cowley parameters refer to.

    Raises
    ------
    OptionError
        If both ``cutoff`` and ``neighbors`` are given.
    """

    grid: tuple[int, int, int]
    elements: tuple[str, ...]
    fields: tuple[Field, ...]
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    cutoff: float | None = None
    neighbors: int | None = None
    reference: Literal["cell", "block"] = "cell"

    def __post_init__(self) -> None:
        if self.cutoff is not None and self.neighbors is not None:
            raise OptionError("cutoff and neighbors both say what the first shell is; give one")

    def sums(self, configuration: Configuration) -> BlockSums:
        """Return what the blocks of a configuration hold, piece by piece.

        Raises
        ------
        StoreError
            If an atom lies outside a box that is not periodic, or a block holds none where one is
            needed, or neighbors are too few.
        """
        box = configuration.box
        blocks, elements = int(np.prod(self.grid)), len(self.elements)
        search = "warren_cowley" in self.fields and not configuration.ordered
        atoms = np.zeros((elements, blocks), dtype=np.int64)
        virial, order = np.zeros((6, blocks)), np.zeros((elements**2, blocks))
        kept = _Kept(configuration.room if search else 0, elements)
        profile = Profile(box, self.grid)
        for piece in configuration.pieces:
            fractions = self._fractions(piece, box)
            block = block_numbers(fractions, self.grid)
            profile.add(fractions)
            atoms += count_atoms(block, piece.kind, blocks=blocks, elements=elements)
            for total, values in ((virial, piece.stress), (order, piece.order)):
                if values:
                    total += add_up(block, values, blocks=blocks)
            if search:
                kept.add(fractions, piece.kind, block)
        self._warn_of_faces(profile, configuration.place)
        self._check_blocks(configuration, atoms)
        bonds = None
        if search:
            bonds = self._bonds(configuration, kept)
            bonds = bonds.transpose(1, 2, 0).reshape(elements, elements, *self.grid)
        return BlockSums(
            atoms=atoms.reshape(elements, *self.grid),
            volume=box.volume / blocks,
            bonds=bonds,
            order=order.reshape(-1, *self.grid) if configuration.ordered else None,
            virial=virial.reshape(-1, *self.grid) if "residual_stress" in self.fields else None,
        )

    def _fractions(self, piece: Piece, box: Box) -> NDArray[np.float64]:
        """Return places in the box from the first block's lower corner on, 0 to below 1."""
        fractions = piece.positions if piece.scaled else box.fractions(piece.positions)
        for axis, along in enumerate(fractions):
            if not box.periodic[axis]:
                far = (along < -OUTSIDE) | (along > 1.0 + OUTSIDE)
                if far.any():
                    row = int(np.argmax(far))
                    raise piece.error(
                        row,
                        f"the atom lies outside the box along {'xyz'[axis]}, at {along[row]:.6g} "
                        "of its edge, and the box is not periodic there; dump a box that holds all "
                        "atoms (boundary s), or leave the file out",
                    )
                np.clip(along, 0.0, np.nextafter(1.0, 0.0), out=along)
                continue
            if self.offset[axis]:
                along -= self.offset[axis] / box.lengths[axis]
            along -= np.floor(along)
            along[along >= 1.0] = 0.0  # a small negative number rounds up to 1
        return fractions

    def _warn_of_faces(self, profile: Profile, place: str) -> None:
        crowded = [axis for axis in range(3) if profile.crowded(axis)]
        if not crowded:
            return
        clear = [profile.clear(axis) if axis in crowded else 0.0 for axis in range(3)]
        remedy = "no offset would put all of them between planes; choose another grid"
        if all(shift is not None for shift in clear):
            shifts = [a + (b or 0.0) for a, b in zip(self.offset, clear, strict=True)]
            remedy = (
                f"offset {','.join(f'{shift:.2f}' for shift in shifts)} would put them between "
                "planes"
            )
        warnings.warn(
            f"{place}: faces of blocks across {', '.join('xyz'[axis] for axis in crowded)} lie on "
            "planes of atoms, which fall to one block or the other by chance; nothing was shifted; "
            f"{remedy}",
            stacklevel=5,
        )

    def _check_blocks(self, configuration: Configuration, atoms: NDArray[np.int64]) -> None:
        empty = np.flatnonzero(atoms.sum(axis=0) == 0)
        if len(empty) and {"concentration", "warren_cowley"} & {*self.fields}:
            first = tuple(int(i) for i in np.unravel_index(empty[0], self.grid))
            raise configuration.error(
                f"{len(empty)} of {atoms.shape[1]} blocks hold no atom in this snapshot, the "
                f"first one block {first}: their concentration is undefined; choose a coarser "
                f"grid than {','.join(map(str, self.grid))}, or fields residual_stress alone",
            )

    def _bonds(self, configuration: Configuration, kept: _Kept) -> NDArray[np.int64]:
        box, atoms = configuration.box, configuration.atoms
        blocks, elements = int(np.prod(self.grid)), len(self.elements)
        here = (kept.places, kept.blocks, kept.kinds)
        if self.neighbors is not None:
            try:
                return bonds_of_nearest(
                    box, *here, neighbors=self.neighbors, blocks=blocks, elements=elements
                )
            except ValueError as error:
                raise configuration.error(str(error)) from None
        cutoff = self.cutoff or default_cutoff(box, atoms)
        bonds = bonds_within(box, *here, cutoff=cutoff, blocks=blocks, elements=elements)
        mean = bonds.sum() / atoms
        if not mean:
            raise configuration.error(
                f"no atom has a neighbor within {cutoff:g} Angstrom; give a larger cutoff, or the "
                "number of neighbors"
            )
        if self.cutoff is None and not FEW < mean / FCC_NEIGHBORS < MANY:
            warnings.warn(
                f"{configuration.place}: {mean:.2f} neighbors an atom lie within {cutoff:.3f} "
                "Angstrom, midway between two shells of an fcc crystal of this density, the first "
                f"of {FCC_NEIGHBORS}; for another crystal give the cutoff, or the number of "
                "neighbors",
                stacklevel=5,
            )
        return bonds


class _Kept:
    """What the search for neighbors needs of all atoms, filled piece by piece."""

    def __init__(self, atoms: int, elements: int) -> None:
        self.places = np.empty((atoms, 3))
        self.kinds: NDArray[np.integer] = np.empty(
            atoms, dtype=np.int8 if elements < 128 else np.int32
        )
        self.blocks = np.empty(atoms, dtype=np.int32)
        self.done = 0

    def add(
        self,
        fractions: NDArray[np.float64],
        kind: NDArray[np.integer],
        block: NDArray[np.integer],
    ) -> None:
        here = slice(self.done, self.done + len(kind))
        self.places[here], self.kinds[here], self.blocks[here] = fractions.T, kind, block
        self.done += len(kind)


def block_numbers(fractions: NDArray[np.float64], grid: tuple[int, int, int]) -> NDArray[np.int64]:
    """Return the number of every atom's block, x slowest and z fastest.

    Parameters
    ----------
    fractions
        Places in the box from the first block on, 0 to below 1, shape ``(3, atom)``.
    grid
        Blocks along the edges.
    """
    x, y, z = (
        (along * count).astype(np.int64) for along, count in zip(fractions, grid, strict=True)
    )
    return np.asarray((x * grid[1] + y) * grid[2] + z)
