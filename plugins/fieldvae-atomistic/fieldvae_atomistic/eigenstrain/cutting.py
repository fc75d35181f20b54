"""Blocks cut out of their cell and relaxed with free surfaces."""

from __future__ import annotations

from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic import engine
from fieldvae_atomistic.eigenstrain.dividing import FORCE
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential
from fieldvae_atomistic.strain import affine_map

GAP = 30.0
"""Between blocks that are cut out, Angstrom; beyond twice the reach of any potential here."""


def free(
    potential: Potential,
    lattice: Lattice,
    occupation: NDArray[np.integer],
    *,
    lattice_constant: float,
    displacement: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Relax every block of a cell cut out of it, with free surfaces: the paper's definition.

    All blocks are relaxed in one run, far apart from one another. The deformation of a block is
    the affine map nearest to the ways of its atoms.

    Parameters
    ----------
    potential, lattice, occupation
        The crystal.
    lattice_constant
        Of the relaxed cell, Angstrom.
    displacement
        Way of every atom from its site in the relaxed cell, Angstrom, shape ``(site, 3)``.

    Returns
    -------
    NDArray[np.float64]
        Deformation gradients from the embedded to the relaxed block, shape ``(block, 3, 3)``.

    Raises
    ------
    OptionError
        If LAMMPS refuses the potential.
    SimulationError
        If LAMMPS fails.
    """
    edges = lattice_constant * lattice.edges
    corner = np.stack(np.unravel_index(lattice.block, lattice.grid), axis=1)
    embedded = lattice.fractions * edges + displacement
    apart = embedded + GAP * (corner + 0.5)
    x, y, z = (edges + GAP * np.array(lattice.grid)).tolist()
    with engine.failures_told("relaxing blocks that are cut out"):
        running = engine.start(
            potential,
            box=f"block 0 {x!r} 0 {y!r} 0 {z!r}",
            kinds=occupation,
            positions=apart,
        )
        with closing(running):
            engine.minimize(running, lattice.size, FORCE)
            relaxed = np.empty_like(apart)
            site = running.numpy.extract_atom("id")[: lattice.size] - 1
            relaxed[site] = running.numpy.extract_atom("x")[: lattice.size]
    of_block = [np.flatnonzero(lattice.block == block) for block in range(lattice.blocks)]
    return np.stack([affine_map(apart[sites], relaxed[sites]) for sites in of_block])
