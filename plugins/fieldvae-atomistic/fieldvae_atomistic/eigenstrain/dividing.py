"""A crystal's blocks told apart, and put together again as a field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.strain import stretch, voigt

FORCE = 2.0e-4
"""Forces left in a block, eV/Angstrom, root mean square."""


@dataclass(frozen=True, eq=False)
class Blocks:
    """The atoms of a crystal's blocks, as each block sees them.

    Parameters
    ----------
    edges
        Edges of a block, Angstrom, shape ``(3,)``.
    sites
        Sites of every block, in an order common to all, shape ``(block, atom)``.
    positions
        Of those sites from their block's lower corner, Angstrom, shape ``(atom, 3)``.
    """

    edges: NDArray[np.float64]
    sites: NDArray[np.int64]
    positions: NDArray[np.float64]


def divide(lattice: Lattice, *, lattice_constant: float) -> Blocks:
    """Tell a crystal's blocks apart.

    Raises
    ------
    OptionError
        If blocks differ but for their place, so that none can be repeated periodically.
    """
    grid = np.array(lattice.grid)
    edges = lattice_constant * lattice.edges / grid
    within = (lattice.fractions * grid) % 1.0
    rounded = np.round(within * 1e6)
    order = np.lexsort((*rounded.T[::-1], lattice.block))
    counts = np.bincount(lattice.block, minlength=lattice.blocks)
    if np.all(counts == counts[0]):
        sites = order.reshape(lattice.blocks, -1)
        if np.allclose(within[sites], within[sites[0]], atol=1e-6):
            return Blocks(edges, sites, within[sites[0]] * edges)
    raise OptionError(
        f"a block of {lattice.grid} in a cell of {lattice.cells} unit cells is no whole number "
        "of unit cells, so that it cannot be repeated periodically; choose a grid that divides "
        "the unit cells, or eigenstrain free"
    )


def on_grid(stretches: NDArray[np.float64], grid: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return Biot strains of deformations ``(block, 3, 3)`` as a field ``(voigt, x, y, z)``."""
    strain = voigt(stretch(stretches)) - voigt(np.eye(3))
    return np.asarray(strain.T.reshape(6, *grid))
