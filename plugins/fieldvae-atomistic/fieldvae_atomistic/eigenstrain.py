r"""Eigenstrains of blocks: how a block would deform if nothing around it held it back.

Two definitions, each from the state embedded in the cell to a relaxed one (section 4.1.2 of
arXiv:2604.02281 leaves the boundary open to both):

``periodic``
    The block, repeated periodically, is relaxed with its box: a bulk quantity. Embedded is the
    block's share of the relaxed cell.
``free``
    The block is cut out of the relaxed cell and relaxed with free surfaces, as in the paper.
    Blocks of some hundred atoms are then ruled by the contraction of their surfaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError, SimulationError
from fieldvae_atomistic import engine
from fieldvae_atomistic.coarse import BAR_IN_GPA
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential
from fieldvae_atomistic.strain import ENGINEERING, affine_map, stretch, tensor, voigt

FORCE = 2.0e-4
"""Forces left in a block, eV/Angstrom, root mean square; ``RESIDUAL`` the largest component of
stress left, GPa. Together they leave strains within 1 % of their standard deviation."""

RESIDUAL = 5.0e-3

MOST_STEPS = 24
"""Steps of a block's box: 4 to 6 are the rule."""

LONGEST_STEP = 0.02
"""Largest strain of one step: farther off a crystal may collapse, and LAMMPS with it."""

STRAIN = 1.0e-3
"""Strain of the finite differences that stiffness is taken from."""

GAP = 30.0
"""Between blocks that are cut out, Angstrom; beyond twice the reach of any potential here."""

PRESSURES = ("pxx", "pyy", "pzz", "pxy", "pxz", "pyz")


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
    with _told_errors("straining a block"), PeriodicBlock(potential, blocks) as block:
        for sites in blocks.sites:
            for component, unit in enumerate(np.eye(6) / ENGINEERING):
                for sign in (1.0, -1.0):
                    block.fill(occupations[sites])
                    stress = block.stress(np.eye(3) + tensor(sign * STRAIN * unit))
                    found[:, component] += sign * stress
    found /= 2.0 * STRAIN * len(blocks.sites)
    return np.asarray(0.5 * (found + found.T))


def periodic(
    potential: Potential,
    lattice: Lattice,
    occupation: NDArray[np.integer],
    *,
    lattice_constant: float,
    stiffness: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Relax every block of a cell as a periodic crystal of its own.

    The box is strained until no stress is left, by Broyden's method from the alloy's mean
    compliance; atoms are relaxed at each step. Where a step leaves more stress than it found, as
    when atoms settle in another arrangement, the method starts anew from there.

    Parameters
    ----------
    potential, lattice, occupation
        The crystal.
    lattice_constant
        Of the relaxed cell, Angstrom: what blocks are embedded in.
    stiffness
        As :func:`stiffness` returns it. It sets the number of steps and not the result.

    Returns
    -------
    NDArray[np.float64]
        Stretches from the embedded to the relaxed block, shape ``(block, 3, 3)``.

    Raises
    ------
    OptionError
        If a block cannot be repeated periodically, or LAMMPS refuses the potential.
    SimulationError
        If a block does not come to rest, or LAMMPS fails.
    """
    blocks = divide(lattice, lattice_constant=lattice_constant)
    compliance = np.asarray(np.linalg.inv(stiffness), dtype=np.float64)
    with _told_errors("relaxing a block"), PeriodicBlock(potential, blocks) as block:
        return np.stack(
            [
                _relax(block, occupation[sites], compliance, place=f"block {place}")
                for sites, place in zip(blocks.sites, np.ndindex(lattice.grid), strict=True)
            ]
        )


def _relax(
    block: PeriodicBlock,
    kinds: NDArray[np.integer],
    compliance: NDArray[np.float64],
    *,
    place: str,
) -> NDArray[np.float64]:
    """Return the stretch at which a block bears no stress."""
    block.fill(kinds)
    gradient, inverse = np.eye(3), compliance
    stress = block.stress()
    for _ in range(MOST_STEPS):
        if np.abs(stress).max() < RESIDUAL:
            return gradient
        step = -inverse @ stress
        step *= min(1.0, LONGEST_STEP / np.abs(step).max())
        gradient = stretch((np.eye(3) + tensor(step / ENGINEERING)) @ gradient)
        before, stress = stress, block.stress(gradient)
        if np.abs(stress).max() > np.abs(before).max():
            inverse = compliance
            continue
        change = inverse @ (stress - before)
        inverse = inverse + np.outer(step - change, step @ inverse) / (step @ change)
    raise SimulationError(
        f"{place} still bears {np.abs(stress).max():.3g} GPa after {MOST_STEPS} steps of its box: "
        f"its crystal is not stable, or its {block.atoms} atoms are too few; take larger blocks, "
        "or eigenstrain free"
    )


def linearized(
    potential: Potential,
    lattice: Lattice,
    occupation: NDArray[np.integer],
    *,
    lattice_constant: float,
    stiffness: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Estimate what :func:`periodic` finds: the embedded block's stress by the mean compliance.

    Takes half the time, and misses that blocks differ in stiffness. Parameters, errors and
    result as of :func:`periodic`.
    """
    blocks = divide(lattice, lattice_constant=lattice_constant)
    compliance = np.asarray(np.linalg.inv(stiffness), dtype=np.float64)
    stretches = []
    with _told_errors("relaxing a block"), PeriodicBlock(potential, blocks) as block:
        for sites in blocks.sites:
            block.fill(occupation[sites])
            strain = -compliance @ block.stress() / ENGINEERING
            stretches.append(np.eye(3) + tensor(strain))
    return np.stack(stretches)


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
    with _told_errors("relaxing blocks that are cut out"):
        running = engine.start(
            potential,
            box=f"block 0 {x!r} 0 {y!r} 0 {z!r}",
            kinds=occupation,
            positions=apart,
        )
        try:
            engine.minimize(running, lattice.size, FORCE)
            relaxed = np.empty_like(apart)
            site = running.numpy.extract_atom("id")[: lattice.size] - 1
            relaxed[site] = running.numpy.extract_atom("x")[: lattice.size]
        finally:
            running.close()
    of_block = [np.flatnonzero(lattice.block == block) for block in range(lattice.blocks)]
    return np.stack([affine_map(apart[sites], relaxed[sites]) for sites in of_block])


def on_grid(stretches: NDArray[np.float64], grid: tuple[int, int, int]) -> NDArray[np.float64]:
    """Return Biot strains of deformations ``(block, 3, 3)`` as a field ``(voigt, x, y, z)``."""
    strain = voigt(stretch(stretches)) - voigt(np.eye(3))
    return np.asarray(strain.T.reshape(6, *grid))


class _told_errors:  # noqa: N801  (reads as a statement)
    """Turn LAMMPS's bare exceptions into a :class:`SimulationError` that says what was done."""

    def __init__(self, doing: str) -> None:
        self.doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, (OptionError, SimulationError)):
            raise SimulationError(
                f"LAMMPS failed while {self.doing}: {engine.told(error)}"
            ) from error
