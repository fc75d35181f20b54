"""Blocks relaxed as periodic crystals of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldvae import SimulationError
from fieldvae_atomistic import engine
from fieldvae_atomistic.eigenstrain.boxed import PeriodicBlock
from fieldvae_atomistic.eigenstrain.dividing import divide
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential
from fieldvae_atomistic.strain import ENGINEERING, stretch, tensor

RESIDUAL = 5.0e-3
"""Largest component of stress left, GPa. With the forces left, strains are within 1 % of their
standard deviation."""

MOST_STEPS = 24
"""Steps of a block's box: 4 to 6 are the rule."""

LONGEST_STEP = 0.02
"""Largest strain of one step: farther off a crystal may collapse, and LAMMPS with it."""


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
    with engine.failures_told("relaxing a block"), PeriodicBlock(potential, blocks) as block:
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
    with engine.failures_told("relaxing a block"), PeriodicBlock(potential, blocks) as block:
        for sites in blocks.sites:
            block.fill(occupation[sites])
            strain = -compliance @ block.stress() / ENGINEERING
            stretches.append(np.eye(3) + tensor(strain))
    return np.stack(stretches)
