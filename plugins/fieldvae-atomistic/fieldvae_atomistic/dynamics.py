"""Hybrid molecular dynamics and Monte Carlo: order from swaps among atoms in thermal motion."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError, SimulationError
from fieldvae_atomistic import engine
from fieldvae_atomistic.engine import Relaxed
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential

SwapFix = Literal["sgcmc", "atom/swap"]

LOCAL_STYLES = ("eam/alloy", "eam/fs")
"""Pair styles whose change of energy LAMMPS's ``fix sgcmc`` finds from an atom's neighbors."""

CONSTRAINT = 1000.0
"""Variance constraint (kappa) of ``fix sgcmc``: holds a cell's concentrations to about 1e-3. The
size that its authors use, B. Sadigh et al., Physical Review B 85, 184203 (2012)."""

THERMOSTAT, BAROSTAT = 100, 1000
"""Damping times in time steps, as LAMMPS's manual recommends."""

COLD = 1.0
"""Temperature at the end of the quench, K."""

QUENCH_STEPS = 400
"""Steps from the temperature of the swaps to ``COLD``: four times of the thermostat."""

LARGEST_SEED = 900_000_000


@dataclass(frozen=True)
class Dynamics:
    """How long and by what moves a cell is equilibrated.

    Parameters
    ----------
    steps
        Time steps at temperature.
    timestep
        Femtoseconds.
    interval
        Steps between two rounds of swaps.
    fraction
        Share of the atoms tried in a round.
    swap_fix
        LAMMPS's fix: ``sgcmc`` changes the element of single atoms in the semi-grand canonical
        ensemble with constrained variance, from local energies; ``atom/swap`` exchanges two
        atoms and computes the energy of the whole cell each time.
    """

    steps: int
    timestep: float
    interval: int
    fraction: float
    swap_fix: SwapFix

    def check(self, potential: Potential) -> None:
        """Raise :class:`~fieldvae.OptionError` if a potential does not go with the swaps."""
        if self.swap_fix == "sgcmc" and potential.style not in LOCAL_STYLES:
            raise OptionError(
                f"swap_fix sgcmc knows local energies of {' and '.join(LOCAL_STYLES)} alone, not "
                f"of {potential.style}; choose swap_fix atom/swap"
            )
        if len(potential.elements) < 2:
            raise OptionError("method md swaps elements and needs two of them at least")


@dataclass(frozen=True, eq=False)
class Equilibrated:
    """A cell after swaps, quenched and minimized.

    Parameters
    ----------
    occupation
        Element of every site, shape ``(site,)``.
    relaxed
        The cell with atoms where dynamics left them, forces minimized at no mean pressure.
    """

    occupation: NDArray[np.int8]
    relaxed: Relaxed


def equilibrate(
    potential: Potential,
    lattice: Lattice,
    occupation: NDArray[np.integer],
    *,
    dynamics: Dynamics,
    temperature: float,
    lattice_constant: float,
    bulk_modulus: float,
    generator: np.random.Generator,
) -> Equilibrated:
    """Order the elements of a crystal by hybrid molecular dynamics and Monte Carlo.

    The protocol of section 2.1 of arXiv:2604.02281: dynamics at constant temperature and no
    pressure, a round of Metropolis swaps every few steps, then a quench to 1 K and minimization.
    Atoms keep their numbers, so that the site of each is known; the crystal has no vacancies, and
    a cell where an atom left its site all the same is refused.

    Parameters
    ----------
    potential, lattice, occupation
        The crystal at the start.
    dynamics
        Length and moves.
    temperature
        K.
    lattice_constant
        To start from, Angstrom.
    bulk_modulus
        GPa; turns pressure into the strain of the box.
    generator
        The only source of chance; gives LAMMPS its seeds.

    Returns
    -------
    Equilibrated
        Depends on the arguments alone. The number of atoms of each element is that of
        ``occupation`` with ``atom/swap``, and about that (0.1 %) with ``sgcmc``.

    Raises
    ------
    OptionError
        If LAMMPS is missing or refuses the potential, or the box is too small for ``sgcmc``.
    SimulationError
        If the run fails or an atom leaves its site.
    """
    dynamics.check(potential)
    running = engine.open_crystal(potential, lattice, occupation, lattice_constant)
    try:
        swaps = _swaps(dynamics, potential, occupation, temperature, generator)
        _run(running, dynamics, swaps, temperature, generator)
        engine.scale(running, lattice, lattice_constant)
        relaxed = engine.settle(
            running,
            potential,
            lattice,
            lattice_constant=lattice_constant,
            bulk_modulus=bulk_modulus,
        )
        site = running.numpy.extract_atom("id")[: lattice.size] - 1
        found = np.empty(lattice.size, dtype=np.int8)
        found[site] = running.numpy.extract_atom("type")[: lattice.size] - 1
    except SimulationError as error:
        raise SimulationError(
            f"dynamics at {temperature:g} K: {error}; take a lower temperature, or fewer md_steps"
        ) from None
    except Exception as error:  # LAMMPS raises bare Exceptions
        if "too small for fix sgcmc" in str(error):
            raise OptionError(
                f"cells {lattice.cells}: swap_fix sgcmc needs a box of four reaches of the "
                "potential along every axis; take more cells, or swap_fix atom/swap"
            ) from error
        raise SimulationError(
            f"LAMMPS failed during dynamics at {temperature:g} K: {engine.told(error)}"
        ) from error
    finally:
        running.close()
    return Equilibrated(found, relaxed)


def _run(
    running: Any,
    dynamics: Dynamics,
    swaps: list[str],
    temperature: float,
    generator: np.random.Generator,
) -> None:
    """Run LAMMPS at temperature with swaps, then quench."""
    step = dynamics.timestep / 1000.0  # ps, LAMMPS's unit of time (metal)
    thermostat, barostat = THERMOSTAT * step, BAROSTAT * step

    def hold(start: float, stop: float) -> str:
        """Keep a temperature and no pressure."""
        return f"fix hold all npt temp {start} {stop} {thermostat} iso 0.0 0.0 {barostat}"

    running.commands_list(
        [
            # on their sites atoms lack potential energy, and half of the kinetic one goes into it
            f"velocity all create {2.0 * temperature} {_seed(generator)} mom yes dist gaussian",
            f"timestep {step}",
            hold(temperature, temperature),
            # swaps change masses, and so the momentum of the whole
            f"fix still all momentum {THERMOSTAT} linear 1 1 1",
            *(f"fix swaps{number} {swap}" for number, swap in enumerate(swaps)),
            f"run {dynamics.steps} post no",
            *(f"unfix swaps{number}" for number in range(len(swaps))),
            "unfix hold",
            hold(temperature, COLD),
            f"run {QUENCH_STEPS} post no",
            "unfix hold",
            "unfix still",
            "velocity all set 0.0 0.0 0.0",  # or the pressure would hold their share
        ]
    )


def _swaps(
    dynamics: Dynamics,
    potential: Potential,
    occupation: NDArray[np.integer],
    temperature: float,
    generator: np.random.Generator,
) -> list[str]:
    """Return LAMMPS's fixes that swap elements, without their names."""
    elements = len(potential.elements)
    if dynamics.swap_fix == "sgcmc":
        shares = np.bincount(occupation, minlength=elements)[1:] / len(occupation)
        return [
            f"all sgcmc {dynamics.interval} {dynamics.fraction} {temperature} "
            f"{' '.join(['0.0'] * (elements - 1))} randseed {_seed(generator)} "
            f"variance {CONSTRAINT} {' '.join(map(repr, shares.tolist()))}"
        ]
    pairs = list(itertools.combinations(range(1, elements + 1), 2))
    # a swap tries two atoms
    tries = max(1, round(dynamics.fraction * len(occupation) / 2 / len(pairs)))
    return [
        f"all atom/swap {dynamics.interval} {tries} {_seed(generator)} {temperature} types {i} {j}"
        for i, j in pairs
    ]


def _seed(generator: np.random.Generator) -> int:
    """Draw a seed that LAMMPS takes."""
    return int(generator.integers(1, LARGEST_SEED))
