"""LAMMPS inside this process: build a crystal, relax it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError, SimulationError
from fieldvae_atomistic.coarse import BAR_IN_GPA
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import REMEDY, Potential, load

FORCE = 4.0e-5
"""Forces left after relaxation, eV/Angstrom, root mean square over all components. Block
stresses are then within 1 % of one standard deviation of those of a full minimization."""

COARSE_FORCE = 2.0e-3
"""The same before the box is scaled, where only the mean pressure has to be right."""

SWEEP = tuple(float(a) for a in np.arange(2.4, 6.6, 0.1))
"""Lattice constants tried where none is given, Angstrom: from below nickel's to above those of
lead and the rare earths."""

QUIET = ["-log", "none", "-screen", "none", "-nocite", "-suffix", "opt"]
"""No output of LAMMPS's own; serial-optimized variants of the pair styles where there are any."""


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


def start(
    potential: Potential,
    *,
    box: str,
    kinds: NDArray[np.integer],
    positions: NDArray[np.float64],
) -> Any:
    """Start LAMMPS with atoms in a periodic box, ready to run.

    Parameters
    ----------
    potential
        The interatomic potential.
    box
        Style and bounds of the box, as of LAMMPS's command ``region``.
    kinds
        Element of every atom as an index into the potential's elements, shape ``(atom,)``.
    positions
        Angstrom, shape ``(atom, 3)``.

    Returns
    -------
    lammps.lammps
        To be closed by the caller.

    Raises
    ------
    OptionError
        If LAMMPS is missing or refuses the potential.
    """
    module = load()
    try:
        engine = module.lammps(cmdargs=QUIET)
    except OSError as error:
        raise OptionError(f"LAMMPS does not load: {error}; remedy: {REMEDY}") from error
    try:
        engine.commands_list(
            [
                "units metal",
                "atom_style atomic",
                # atoms keep their order: a cell's result does not depend on the cells before it
                "atom_modify map array sort 0 0",
                "boundary p p p",
                f"region box {box}",
                f"create_box {len(potential.elements)} box",
            ]
        )
        engine.create_atoms(
            len(kinds),
            list(range(1, len(kinds) + 1)),
            (np.asarray(kinds) + 1).tolist(),
            positions.ravel().tolist(),
        )
        engine.commands_list(
            [
                *potential.commands,
                "neighbor 0.5 bin",
                "neigh_modify delay 0 every 1 check yes",
                "compute virial all stress/atom NULL virial",
                "compute total all reduce sum c_virial[1]",
                "thermo 0",
                "thermo_style custom step pe press vol c_total",
                "thermo_modify norm no",
                "min_style cg",
                "min_modify line quadratic dmax 0.1",
                "run 0 post no",
            ]
        )
    except Exception as error:  # LAMMPS raises bare Exceptions
        engine.close()
        raise OptionError(
            f"LAMMPS refuses {potential.path.name} as pair_style {potential.style} with "
            f"elements {', '.join(potential.elements)}: {told(error)}"
        ) from error
    return engine


def open_crystal(
    potential: Potential, lattice: Lattice, occupation: NDArray[np.integer], a: float
) -> Any:
    """Start LAMMPS with a crystal of lattice constant ``a``, Angstrom, ready to run."""
    x, y, z = (a * n for n in lattice.edges.tolist())
    return start(
        potential,
        box=f"block 0 {x!r} 0 {y!r} 0 {z!r}",
        kinds=occupation,
        positions=lattice.fractions * (x, y, z),
    )


def told(error: Exception) -> str:
    """Return the first sentence of a message of LAMMPS, without its own prefix and source."""
    text = str(error).strip().splitlines() or [type(error).__name__]
    return text[0].removeprefix("ERROR: ").split(" (src/")[0].split(" (/")[0]


def minimize(engine: Any, atoms: int, force: float) -> None:
    """Minimize the energy at a fixed box down to a root mean square ``force``, eV/Angstrom."""
    norm = force * math.sqrt(3 * atoms)  # LAMMPS's criterion is the norm over all atoms
    engine.command(f"minimize 0.0 {norm!r} 2000 20000")


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
    try:
        return settle(
            engine,
            potential,
            lattice,
            lattice_constant=lattice_constant,
            bulk_modulus=bulk_modulus,
        )
    except SimulationError:
        raise
    except Exception as error:  # LAMMPS raises bare Exceptions
        raise SimulationError(f"LAMMPS failed while relaxing a cell: {told(error)}") from error
    finally:
        engine.close()


def scale(engine: Any, lattice: Lattice, a: float) -> None:
    """Give the box the lattice constant ``a``, Angstrom, and take the atoms along."""
    x, y, z = (a * n for n in lattice.edges.tolist())
    engine.command(
        f"change_box all x final 0 {x!r} y final 0 {y!r} z final 0 {z!r} remap units box"
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

    try:
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
    except SimulationError:
        raise
    except Exception as error:  # LAMMPS raises bare Exceptions
        raise SimulationError(f"LAMMPS failed while scaling a cell: {told(error)}") from error
    finally:
        engine.close()
    return a, bulk_modulus
