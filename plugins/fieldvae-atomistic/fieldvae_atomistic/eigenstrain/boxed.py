"""One block, repeated periodically, in a box of any shape; its stiffness."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic import engine
from fieldvae_atomistic.coarse import BAR_IN_GPA
from fieldvae_atomistic.eigenstrain.dividing import FORCE, Blocks, divide
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential
from fieldvae_atomistic.strain import ENGINEERING, tensor

STRAIN = 1.0e-3
"""Strain of the finite differences that stiffness is taken from."""

PRESSURES = ("pxx", "pyy", "pzz", "pxy", "pxz", "pyz")


class PeriodicBlock:
    """One block, repeated periodically, in a box of any shape; a context that closes LAMMPS.

    Parameters
    ----------
    potential
        The interatomic potential.
    blocks
        As :func:`divide` returns them.
    """

    def __init__(self, potential: Potential, blocks: Blocks) -> None:
        x, y, z = blocks.edges.tolist()
        self.blocks = blocks
        self.atoms = len(blocks.positions)
        self.engine = engine.start(
            potential,
            box=f"prism 0 {x!r} 0 {y!r} 0 {z!r} 0 0 0",
            kinds=np.zeros(self.atoms, dtype=np.int64),
            positions=blocks.positions,
        )

    def __enter__(self) -> PeriodicBlock:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    def fill(self, kinds: NDArray[np.integer]) -> None:
        """Put atoms of these elements, shape ``(atom,)``, on the sites of the embedded block."""
        self._deform(np.eye(3), remap=False)
        atom = self.engine.numpy.extract_atom("id")[: self.atoms] - 1
        self.engine.numpy.extract_atom("x")[: self.atoms] = self.blocks.positions[atom]
        self.engine.numpy.extract_atom("type")[: self.atoms] = np.asarray(kinds)[atom] + 1
        self.engine.command("run 0 post no")

    def stress(self, gradient: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Relax the atoms in a deformed box and return its stress, GPa, shape ``(voigt,)``.

        The box and its atoms are deformed from the state that is there to ``gradient``, which
        is symmetric; components refer to the box as LAMMPS turns it, which for the small strains
        here is the block's own frame to a share of the strain itself.
        """
        if gradient is not None:
            self._deform(gradient, remap=True)
            self.engine.command("run 0 post no")
        engine.minimize(self.engine, self.atoms, FORCE)
        return -BAR_IN_GPA * np.array([self.engine.get_thermo(name) for name in PRESSURES])

    def _deform(self, gradient: NDArray[np.float64], *, remap: bool) -> None:
        """Give the box the shape of a deformed block, turned so that LAMMPS can hold it."""
        upper = np.linalg.qr(gradient * self.blocks.edges, mode="r")
        upper *= np.sign(np.diag(upper))[:, None]
        (x, xy, xz), (_, y, yz), (_, _, z) = upper.tolist()
        self.engine.command(
            f"change_box all x final 0 {x!r} y final 0 {y!r} z final 0 {z!r} "
            f"xy final {xy!r} xz final {xz!r} yz final {yz!r} "
            f"{'remap ' if remap else ''}units box"
        )


def stiffness(
    potential: Potential,
    lattice: Lattice,
    occupations: NDArray[np.integer],
    *,
    lattice_constant: float,
) -> NDArray[np.float64]:
    """Return the mean elastic stiffness of blocks, their atoms relaxed.

    Central differences of the stress under each component of strain.

    Parameters
    ----------
    potential, lattice
        The crystal; every block of it is strained.
    occupations
        Element of every site, shape ``(site,)``.
    lattice_constant
        Of the unstrained blocks, Angstrom.

    Returns
    -------
    NDArray[np.float64]
        GPa by engineering strain, in the box's frame and the order of :data:`fieldvae.VOIGT`,
        symmetric, shape ``(6, 6)``.

    Raises
    ------
    OptionError
        If a block cannot be repeated periodically, or LAMMPS refuses the potential.
    SimulationError
        If LAMMPS fails.
    """
    blocks = divide(lattice, lattice_constant=lattice_constant)
    found = np.zeros((6, 6))
    with engine.failures_told("straining a block"), PeriodicBlock(potential, blocks) as block:
        for sites in blocks.sites:
            for component, unit in enumerate(np.eye(6) / ENGINEERING):
                for sign in (1.0, -1.0):
                    block.fill(occupations[sites])
                    stress = block.stress(np.eye(3) + tensor(sign * STRAIN * unit))
                    found[:, component] += sign * stress
    found /= 2.0 * STRAIN * len(blocks.sites)
    return np.asarray(0.5 * (found + found.T))
