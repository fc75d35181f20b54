"""LAMMPS with atoms in a periodic box, and what is done to them in it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError, SimulationError
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import REMEDY, Potential, load

QUIET = ["-log", "none", "-screen", "none", "-nocite", "-suffix", "opt"]
"""No output of LAMMPS's own; serial-optimized variants of the pair styles where there are any."""


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
            + (f" (it names {', '.join(potential.known)})" if potential.known else "")
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


@contextmanager
def failures_told(doing: str) -> Iterator[None]:
    """Turn LAMMPS's bare exceptions into a :class:`~fieldvae.SimulationError`.

    Parameters
    ----------
    doing
        What LAMMPS is at, for the message: ``relaxing a cell``.
    """
    try:
        yield
    except (OptionError, SimulationError):
        raise
    except Exception as error:  # LAMMPS raises no other kind
        raise SimulationError(f"LAMMPS failed while {doing}: {told(error)}") from error


def minimize(engine: Any, atoms: int, force: float) -> None:
    """Minimize the energy at a fixed box down to a root mean square ``force``, eV/Angstrom."""
    norm = force * math.sqrt(3 * atoms)  # LAMMPS's criterion is the norm over all atoms
    engine.command(f"minimize 0.0 {norm!r} 2000 20000")


def scale(engine: Any, lattice: Lattice, a: float) -> None:
    """Give the box the lattice constant ``a``, Angstrom, and take the atoms along."""
    x, y, z = (a * n for n in lattice.edges.tolist())
    engine.command(
        f"change_box all x final 0 {x!r} y final 0 {y!r} z final 0 {z!r} remap units box"
    )
