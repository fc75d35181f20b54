"""A crystal relaxed at no mean pressure."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldvae import SimulationError
from fieldvae_atomistic.coarse import BAR_IN_GPA
from fieldvae_atomistic.engine.running import failures_told, minimize, open_crystal, scale
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential

FORCE = 4.0e-5
"""Forces left after relaxation, eV/Angstrom, root mean square over all components. Block
stresses are then within 1 % of one standard deviation of those of a full minimization."""

COARSE_FORCE = 2.0e-3
"""The same before the box is scaled, where only the mean pressure has to be right."""


@dataclass(frozen=True)
class Relaxed:
    """A relaxed cell.

    Parameters
    ----------
    energy
        Potential energy of the cell, eV.
    lattice_constant
        Edge of the box per unit cell, Angstrom.
    pressure
        Mean pressure left, GPa.
    virial
        Stress times volume of the atom of every site, bar times cubic Angstrom, shape
        ``(site, voigt)``, in LAMMPS's order xx, yy, zz, xy, xz, yz and of its sign: the sum
        over atoms divided by the volume is the stress, tension positive.
    displacement
        Way of every atom from its site, affine part taken off, Angstrom, shape ``(site, 3)``.
    """

    energy: float
    lattice_constant: float
    pressure: float
    virial: NDArray[np.float64]
    displacement: NDArray[np.float64]


def relax(
    potential: Potential,
    lattice: Lattice,
    occupation: NDArray[np.integer],
    *,
    lattice_constant: float,
    bulk_modulus: float,
) -> Relaxed:
    """Relax a crystal at no mean pressure.

    Forces are minimized in a fixed box, the box is scaled isotropically by the strain that
    takes the mean pressure away, and forces are minimized again. Every call starts an instance
    of LAMMPS of its own (30 ms), so that the result depends on the arguments alone.

    Parameters
    ----------
    potential
        The interatomic potential.
    lattice
        Sites of the crystal.
    occupation
        Element of every site as an index into the potential's elements, shape ``(site,)``.
    lattice_constant
        To start from, Angstrom.
    bulk_modulus
        GPa; turns the pressure into the strain of the box.

    Returns
    -------
    Relaxed
        The relaxed cell.

    Raises
    ------
    OptionError
        If LAMMPS is missing or refuses the potential.
    SimulationError
        If the minimization fails or an atom leaves its site.
    """
    engine = open_crystal(potential, lattice, occupation, lattice_constant)
    with closing(engine), failures_told("relaxing a cell"):
        return settle(
            engine,
            potential,
            lattice,
            lattice_constant=lattice_constant,
            bulk_modulus=bulk_modulus,
        )


def settle(
    engine: Any,
    potential: Potential,
    lattice: Lattice,
    *,
    lattice_constant: float,
    bulk_modulus: float,
) -> Relaxed:
    """Relax the crystal in a running LAMMPS, as :func:`relax` does.

    Parameters
    ----------
    engine
        LAMMPS with a crystal of this lattice constant, its atoms near their sites.
    potential, lattice, lattice_constant, bulk_modulus
        As for :func:`relax`.

    Returns
    -------
    Relaxed
        The relaxed cell.

    Raises
    ------
    SimulationError
        If the pressure is beyond what the box can take away, or an atom left its site.
    """
    minimize(engine, lattice.size, COARSE_FORCE)
    pressure = BAR_IN_GPA * engine.get_thermo("press")
    stretch = 1.0 + pressure / (3.0 * bulk_modulus)
    if not 0.8 < stretch < 1.25:
        raise SimulationError(
            f"the mean pressure is {pressure:.4g} GPa at a lattice constant of "
            f"{lattice_constant} Angstrom; start from one nearer to equilibrium"
        )
    a = stretch * lattice_constant
    scale(engine, lattice, a)
    minimize(engine, lattice.size, FORCE)
    engine.command("run 0 post no")  # brings the per-atom virial up to date
    result = _read(engine, lattice, a)
    quarter = 0.25 * a
    furthest = float(np.abs(result.displacement).max())
    if not furthest < quarter:
        raise SimulationError(
            f"an atom moved {furthest:.3g} Angstrom along an axis while its cell relaxed, more "
            f"than a quarter lattice constant ({quarter:.3g}): the crystal is not stable with "
            f"{potential.path.name}"
        )
    return result


def _read(engine: Any, lattice: Lattice, a: float) -> Relaxed:
    """Collect a cell's result from LAMMPS, in the order of the sites."""
    atoms = lattice.size
    site = engine.numpy.extract_atom("id")[:atoms] - 1
    virial = np.empty((atoms, 6))
    virial[site] = engine.numpy.extract_compute("virial", 1, 2)[:atoms]
    position = np.empty((atoms, 3))
    position[site] = engine.numpy.extract_atom("x")[:atoms]
    away = position / (a * lattice.edges) - lattice.fractions
    away -= np.round(away)
    away -= away.mean(axis=0)
    return Relaxed(
        energy=float(engine.get_thermo("pe")),
        lattice_constant=a,
        pressure=BAR_IN_GPA * float(engine.get_thermo("press")),
        virial=virial,
        displacement=away * (a * lattice.edges),
    )
