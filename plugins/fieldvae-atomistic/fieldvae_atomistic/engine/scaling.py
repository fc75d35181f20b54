"""Lattice constant and bulk modulus of a crystal, from scaling its box."""

from __future__ import annotations

from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from fieldvae import SimulationError
from fieldvae_atomistic.coarse import BAR_IN_GPA
from fieldvae_atomistic.engine.running import failures_told, open_crystal, scale
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential

SWEEP = tuple(float(a) for a in np.arange(2.4, 6.6, 0.1))
"""Lattice constants tried where none is given, Angstrom: from below nickel's to above those of
lead and the rare earths."""


def equilibrium(
    potential: Potential,
    lattice: Lattice,
    occupation: NDArray[np.integer],
    *,
    lattice_constant: float | None = None,
) -> tuple[float, float]:
    """Find the lattice constant and the bulk modulus of a crystal.

    Atoms stay on their sites while the box is scaled. Energies at the lattice constants of
    :data:`SWEEP` show where the minimum lies (left out where ``lattice_constant`` says so); the
    pressures on both sides of it then give the root by Newton's method.

    Parameters
    ----------
    potential, lattice, occupation
        The crystal.
    lattice_constant
        To start from, Angstrom.

    Returns
    -------
    tuple of float
        Lattice constant at no pressure, Angstrom, and bulk modulus there, GPa.

    Raises
    ------
    SimulationError
        If no lattice constant in the range is stable.
    """
    engine = open_crystal(potential, lattice, occupation, lattice_constant or SWEEP[0])

    def measure(a: float, quantity: str) -> float:
        scale(engine, lattice, a)
        engine.command("run 0 post no")
        return float(engine.get_thermo(quantity))

    with closing(engine), failures_told("scaling a cell"):
        a = lattice_constant
        if a is None:
            energies = [measure(trial, "pe") for trial in SWEEP]
            lowest = int(np.argmin(energies))
            if lowest in (0, len(SWEEP) - 1):
                raise SimulationError(
                    f"no lattice constant between {SWEEP[0]:.3g} and {SWEEP[-1]:.3g} Angstrom is "
                    f"stable with {potential.path.name}; give one as lattice_constant"
                )
            a = SWEEP[lowest]
        for _ in range(4):  # quadratic convergence from within 3 %
            low, high = (BAR_IN_GPA * measure(a * stretch, "press") for stretch in (0.999, 1.001))
            bulk_modulus = (low - high) / (3 * 0.002)
            if not bulk_modulus > 0.0:
                raise SimulationError(
                    f"the crystal is not stable at a lattice constant of {a:.4g} Angstrom with "
                    f"{potential.path.name}; give a better one as lattice_constant"
                )
            a *= 1.0 + 0.5 * (low + high) / (3.0 * bulk_modulus)
    return a, bulk_modulus
