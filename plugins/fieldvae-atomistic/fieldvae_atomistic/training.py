"""What a source of cells learns beforehand, from small cells of the same alloy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic import eigenstrain as eigenstrains
from fieldvae_atomistic import engine
from fieldvae_atomistic.drawing import draw
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.ordering import BOLTZMANN, PairEnergies, anneal, fit_pair_energies
from fieldvae_atomistic.potential import Potential

TRAINING_CELLS = (4, 4, 4)
"""Unit cells of the small cells that pair energies are fitted to: 256 atoms."""

TRAINING_SPREAD = 0.35
"""Standard deviation of the interactions, in units of kT, that order every second training
cell: their energies then spread over two to three times the range of random cells."""

TRAINING_SWEEPS = 20

STIFFNESS_BLOCKS = 4
"""Random blocks that the alloy's mean stiffness is taken from."""

SEED = 0
"""Of these draws, whatever the seed of the cells that are asked for: those of two seeds are of one
alloy. Pair energies of 96 cells scatter, and so did order: Cr-Cr at 600 K from -0.06 to -0.08."""

TRAINING_STREAM, STIFFNESS_STREAM = (1,), (4,)
"""Keys that keep these draws apart from each other and from those of every cell."""


@dataclass(frozen=True, eq=False)
class Alloy:
    """What small cells tell of an alloy.

    Parameters
    ----------
    lattice_constant
        Mean over the relaxed small cells, Angstrom.
    bulk_modulus
        GPa.
    pair_energies
        ``None`` where they were not asked for.
    """

    lattice_constant: float
    bulk_modulus: float
    pair_energies: PairEnergies | None


def train(
    potential: Potential,
    *,
    lattice_constant: float | None,
    cells: int,
    composition: tuple[float, ...],
) -> Alloy:
    """Measure lattice constant and bulk modulus, and fit pair energies, on small cells.

    The cells have cube axes, whatever the orientation of those that are asked for.

    Parameters
    ----------
    potential
        The interatomic potential.
    lattice_constant
        To start from, Angstrom; ``None`` for a scan.
    cells
        How many; one alone gives lattice constant and bulk modulus only.
    composition
        Mean concentrations; equal where empty.

    Raises
    ------
    OptionError
        If there are fewer cells than numbers to fit.
    SimulationError
        If no stable crystal is found.
    """
    elements = len(potential.elements)
    lattice = Lattice(cells=TRAINING_CELLS, grid=(1, 1, 1))
    occupations = list(_arrangements(lattice, elements, composition, cells))
    start, modulus = engine.equilibrium(
        potential, lattice, occupations[0], lattice_constant=lattice_constant
    )
    relaxed = [
        engine.relax(potential, lattice, occupation, lattice_constant=start, bulk_modulus=modulus)
        for occupation in occupations
    ]
    mean = float(np.mean([cell.lattice_constant for cell in relaxed]))
    if elements < 2 or cells == 1:
        return Alloy(mean, modulus, None)
    energies = np.array([cell.energy for cell in relaxed])
    fit = fit_pair_energies(lattice, np.stack(occupations), energies, elements=elements)
    return Alloy(mean, modulus, fit)


def _arrangements(
    lattice: Lattice, elements: int, composition: tuple[float, ...], cells: int
) -> Iterator[NDArray[np.int8]]:
    """Arrange the elements of the small cells, shape ``(site,)`` each.

    Every second one is random; the others are annealed with interactions drawn from a normal
    law, so that order of every sign and strength is among them.
    """
    seeds = np.random.SeedSequence([SEED], spawn_key=TRAINING_STREAM)
    generator = np.random.default_rng(seeds)
    for number in range(cells):
        occupation = draw(
            lattice.size, elements=elements, composition=composition, generator=generator
        )
        if number % 2:
            drawn = generator.normal(0.0, TRAINING_SPREAD, size=(2, elements, elements))
            occupation = anneal(
                lattice,
                occupation,
                drawn + drawn.transpose(0, 2, 1),
                temperature=1.0 / BOLTZMANN,
                sweeps=TRAINING_SWEEPS,
                generator=generator,
            )
        yield occupation


def mean_stiffness(
    potential: Potential,
    lattice: Lattice,
    *,
    lattice_constant: float,
    composition: tuple[float, ...],
) -> NDArray[np.float64]:
    """Measure the mean stiffness of a few random blocks, GPa, shape ``(6, 6)``."""
    x, y, z = (c // g for c, g in zip(lattice.cells, lattice.grid, strict=True))
    blocks = replace(lattice, cells=(x, y, z * STIFFNESS_BLOCKS), grid=(1, 1, STIFFNESS_BLOCKS))
    seeds = np.random.SeedSequence([SEED], spawn_key=STIFFNESS_STREAM)
    occupation = draw(
        blocks.size,
        elements=len(potential.elements),
        composition=composition,
        generator=np.random.default_rng(seeds),
    )
    return eigenstrains.stiffness(potential, blocks, occupation, lattice_constant=lattice_constant)
