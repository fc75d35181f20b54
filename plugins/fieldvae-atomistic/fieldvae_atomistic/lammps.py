"""The simulator ``lammps``: random and ordered fcc alloys, relaxed, averaged over blocks."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import xarray as xr
from annotated_types import Ge, Gt, Le, Len
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from fieldvae import VOIGT, OptionError
from fieldvae_atomistic import eigenstrain as eigenstrains
from fieldvae_atomistic import engine
from fieldvae_atomistic.coarse import block_stress, concentration, warren_cowley
from fieldvae_atomistic.engine import PairStyle, Potential
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.ordering import (
    BOLTZMANN,
    PairEnergies,
    anneal,
    check_even,
    fit_pair_energies,
)
from fieldvae_atomistic.strain import volumetric

TRAINING_CELLS = (4, 4, 4)
"""Unit cells of the small cells that pair energies are fitted to: 256 atoms."""

TRAINING_SPREAD = 0.35
"""Standard deviation of the interactions, in units of kT, that order every second training
cell: their energies then spread over two to three times the range of random cells."""

TRAINING_SWEEPS = 20

METHOD = (
    "fcc crystal with cube axes, atomic planes a quarter lattice constant off the faces of the "
    "unit cells; the element of every site drawn independently; cells with a temperature then "
    "annealed by Metropolis swaps on the lattice at fixed composition, with the pair energies "
    "below for the first two shells, for the given number of sweeps, which is the time of "
    "annealing where an alloy would decompose; pair energies fitted by least squares to the "
    "relaxed energies of 256-atom cells, half of them random, half ordered by random "
    "interactions; forces minimized in a fixed box, box scaled isotropically to no mean "
    "pressure, forces minimized again (conjugate gradients); block stress = sum of stress/atom "
    "(virial part) over the block's sites / volume of the block, tension positive; its mean over "
    "the grid subtracted and kept as stress_offset; Warren-Cowley parameters over first-shell "
    "bonds of the lattice, counted for the block of the center, with the cell's concentrations"
)

EIGENSTRAIN_METHOD = {
    "periodic": (
        "every block repeated periodically and relaxed with its box to no stress; strain from the "
        "block's share of the relaxed cell to that state"
    ),
    "free": (
        "every block cut out of the relaxed cell and relaxed with free surfaces, all blocks in "
        "one run; strain of the affine map nearest to the ways of its atoms (section 4.1.2 of "
        "arXiv:2604.02281)"
    ),
}

STIFFNESS_BLOCKS = 4
"""Random blocks that the alloy's mean stiffness is taken from."""

EigenstrainKind = Literal["none", "periodic", "free"]
EigenstrainForm = Literal["tensor", "scalar"]

Triple = tuple[PositiveInt, PositiveInt, PositiveInt]


@dataclass(frozen=True, eq=False)
class RelaxedBlocks:
    """Block averages of one relaxed cell.

    Parameters
    ----------
    stress
        GPa, tension positive, its mean over the grid subtracted, shape ``(voigt, x, y, z)``.
    offset
        That mean, GPa, shape ``(voigt,)``.
    lattice_constant
        Edge of the box per unit cell, Angstrom.
    displacement
        Way of every atom from its site, Angstrom, shape ``(site, 3)``.
    """

    stress: NDArray[np.float64]
    offset: NDArray[np.float64]
    lattice_constant: float
    displacement: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AlloyCells:
    """The cells of one call of :func:`lammps`, made one by one when asked for.

    Cell ``index`` depends on the options and on ``index`` alone. Nothing of LAMMPS is kept
    between cells, so that a source can be pickled.
    """

    potential: Potential
    lattice: Lattice
    samples: int
    random_fraction: float
    temperatures: tuple[float, ...]
    sweeps: int
    seed: int
    lattice_constant: float
    bulk_modulus: float
    pair_energies: PairEnergies | None
    options: Mapping[str, Any]
    stream: tuple[int, ...] = ()
    """Keeps the cells of one simulator apart from another's of the same seed."""
    eigenstrain: EigenstrainKind = "none"
    eigenstrain_form: EigenstrainForm = "tensor"
    stiffness: NDArray[np.float64] | None = None
    """Mean stiffness of random blocks, GPa, shape ``(6, 6)``; where periodic blocks are relaxed."""

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.samples

    def temperature(self, index: int) -> float:
        """Return the annealing temperature of a cell, K; NaN for a random one.

        Random cells are spread evenly among the others, whose temperatures take turns: the
        first ``n`` cells are the same whatever the number of samples.
        """
        share = Fraction(self.random_fraction).limit_denominator(10_000)
        before = math.floor(index * share)
        if math.floor((index + 1) * share) > before:
            return math.nan
        return self.temperatures[(index - before) % len(self.temperatures)]

    def arrangement(self, index: int) -> NDArray[np.int8]:
        """Return the element of every site of a cell, shape ``(site,)``, before relaxation."""
        generator = np.random.default_rng(
            np.random.SeedSequence([self.seed, index], spawn_key=self.stream)
        )
        elements = len(self.potential.elements)
        occupation = generator.integers(elements, size=self.lattice.size, dtype=np.int8)
        temperature = self.temperature(index)
        if math.isnan(temperature) or self.pair_energies is None:
            return occupation
        return anneal(
            self.lattice,
            occupation,
            self.pair_energies.values,
            temperature=temperature,
            sweeps=self.sweeps,
            generator=generator,
        )

    def relaxed(self, occupation: NDArray[np.integer]) -> RelaxedBlocks:
        """Relax an arrangement and average its stress over blocks."""
        relaxed = engine.relax(
            self.potential,
            self.lattice,
            occupation,
            lattice_constant=self.lattice_constant,
            bulk_modulus=self.bulk_modulus,
        )
        volume = relaxed.lattice_constant**3 * math.prod(self.lattice.cells)
        stress = block_stress(self.lattice, relaxed.virial, volume=volume)
        offset = stress.mean(axis=(1, 2, 3))
        return RelaxedBlocks(
            stress - offset[:, None, None, None],
            offset,
            relaxed.lattice_constant,
            relaxed.displacement,
        )

    def eigenstrains(
        self, occupation: NDArray[np.integer], relaxed: RelaxedBlocks
    ) -> NDArray[np.float64] | None:
        """Return the eigenstrain of every block, by the form and definition that were asked for.

        Shape ``(voigt, x, y, z)``, or ``(x, y, z)`` for the scalar form; ``None`` where none was.
        """
        if self.eigenstrain == "none":
            return None
        if self.eigenstrain == "periodic":
            assert self.stiffness is not None
            gradients = eigenstrains.periodic(
                self.potential,
                self.lattice,
                occupation,
                lattice_constant=relaxed.lattice_constant,
                stiffness=self.stiffness,
            )
        else:
            gradients = eigenstrains.free(
                self.potential,
                self.lattice,
                occupation,
                lattice_constant=relaxed.lattice_constant,
                displacement=relaxed.displacement,
            )
        if self.eigenstrain_form == "scalar":
            return volumetric(gradients).reshape(self.lattice.grid)
        return eigenstrains.on_grid(gradients, self.lattice.grid)

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Make one cell and average it over blocks."""
        if not 0 <= index < self.samples:
            raise IndexError(f"cell {index} of {self.samples}")
        occupation = self.arrangement(index)
        relaxed = self.relaxed(occupation)
        return self.labeled(
            index,
            occupation,
            stress=relaxed.stress,
            offset=relaxed.offset,
            lattice_constant=np.array(relaxed.lattice_constant),
            eigenstrain=self.eigenstrains(occupation, relaxed),
        )

    def labeled(
        self,
        index: int,
        occupation: NDArray[np.integer],
        *,
        stress: NDArray[np.float64],
        offset: NDArray[np.float64],
        lattice_constant: NDArray[np.float64],
        eigenstrain: NDArray[np.float64] | None = None,
    ) -> xr.Dataset:
        """Return the sample of a cell: its fields with units, its scalar coordinates.

        Parameters
        ----------
        index
            Number of the cell.
        occupation
            Element of every site, shape ``(site,)``: what concentration and Warren-Cowley
            parameters are taken from.
        stress
            GPa, shape ``(..., voigt, x, y, z)``; one leading axis is the dim ``realization``.
        offset
            Mean stress subtracted, GPa, shape ``(..., voigt)``.
        lattice_constant
            Angstrom, shape ``(...,)``.
        eigenstrain
            As of :meth:`eigenstrains`; ``None`` leaves the field out.
        """
        names = self.potential.elements
        own = ("realization",) * lattice_constant.ndim
        order = warren_cowley(self.lattice, occupation, elements=len(names))
        fields = {
            "concentration": (
                ("element",),
                concentration(self.lattice, occupation, elements=len(names)),
                {"units": "1", "long_name": "concentration", "tensor_kind": "set"},
            ),
            "warren_cowley": (
                ("pair",),
                order.reshape(-1, *self.lattice.grid),
                {
                    "units": "1",
                    "long_name": "Warren-Cowley parameter of the first shell",
                    "tensor_kind": "set",
                },
            ),
            "residual_stress": (
                (*own, "voigt"),
                stress,
                {
                    "units": "GPa",
                    "long_name": "residual stress, tension positive",
                    "tensor_kind": "symmetric",
                },
            ),
        }
        if eigenstrain is not None:
            scalar = eigenstrain.ndim == 3
            fields["eigenstrain"] = (
                () if scalar else ("voigt",),
                eigenstrain,
                {
                    "units": "1",
                    "long_name": "eigenstrain",
                    "tensor_kind": "scalar" if scalar else "symmetric",
                },
            )
        return xr.Dataset(
            {
                name: ((*leading, "x", "y", "z"), values.astype(np.float32), attributes)
                for name, (leading, values, attributes) in fields.items()
            },
            coords={
                "element": list(names),
                "pair": [f"{center}-{neighbor}" for center in names for neighbor in names],
                "voigt": list(VOIGT),
                "temperature": (
                    (),
                    np.float32(self.temperature(index)),
                    {"units": "K", "long_name": "annealing temperature; missing: random"},
                ),
                "seed": ((), np.int32(self.seed), {"long_name": "seed of the source"}),
                "cell": ((), np.int32(index), {"long_name": "number of the cell in its source"}),
                "stress_offset": (
                    (*own, "voigt"),
                    offset.astype(np.float32),
                    {"units": "GPa", "long_name": "mean stress of the cell, subtracted"},
                ),
                "lattice_constant": (
                    own,
                    lattice_constant.astype(np.float32),
                    {"units": "angstrom", "long_name": "edge of the box per unit cell"},
                ),
            },
        )

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Group attributes of the store."""
        return self.described(simulator="lammps", method=METHOD, options=self.options)

    def described(
        self, *, simulator: str, method: str, options: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the group attributes of a store that a simulator makes of these cells."""
        per_block = np.array(self.lattice.cells) / np.array(self.lattice.grid)
        with self.potential.path.open(errors="replace") as file:
            lines = [line.strip() for _, line in zip(range(3), file, strict=False)]
        comment = next((line for line in lines if line.startswith("#")), lines[0])
        fit = self.pair_energies
        provenance = {
            "simulator": simulator,
            "method": method,
            "potential": {
                "file": self.potential.path.name,
                "sha256": hashlib.sha256(self.potential.path.read_bytes()).hexdigest(),
                "comment": comment,
                "pair_style": self.potential.style,
            },
            "elements": list(self.potential.elements),
            "options": dict(options),
            "lattice_constant_angstrom": self.lattice_constant,
            "bulk_modulus_gpa": self.bulk_modulus,
            "pair_energies": None
            if fit is None
            else {
                "units": "eV per pair of unlike neighbors; like pairs 0",
                "elements": list(self.potential.elements),
                "first_shell": fit.values[0].tolist(),
                "second_shell": fit.values[1].tolist(),
                "r2_left_out": fit.r2,
                "r2_left_out_at_given_composition": fit.r2_ordering,
            },
            **self._eigenstrain_provenance(),
            "versions": {
                "lammps": engine.version(),
                "fieldvae-atomistic": _version("fieldvae-atomistic"),
                "numpy": np.__version__,
            },
        }
        return {
            "fieldvae_store": 1,
            "spacing": [round(float(n * self.lattice_constant), 4) for n in per_block],
            "spacing_units": "angstrom",
            "periodic": [True, True, True],
            "frame": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            "provenance": json.dumps(provenance),
        }

    def _eigenstrain_provenance(self) -> dict[str, Any]:
        """Say how eigenstrains are found, where they are asked for."""
        if self.eigenstrain == "none":
            return {}
        told: dict[str, Any] = {
            "definition": self.eigenstrain,
            "form": self.eigenstrain_form,
            "method": EIGENSTRAIN_METHOD[self.eigenstrain],
        }
        if self.stiffness is not None:
            told["stiffness_gpa"] = self.stiffness.round(2).tolist()
        return {"eigenstrain": told}


def _version(distribution: str) -> str:
    """Return an installed distribution's version, or say that it runs from a checkout."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def _train(
    potential: Potential, *, lattice_constant: float | None, cells: int, seed: int
) -> tuple[float, float, PairEnergies | None]:
    """Measure lattice constant and bulk modulus, and fit pair energies, on small cells.

    Every second training cell is random; the others are annealed with interactions drawn from
    a normal law, so that order of every sign and strength is among them. One cell alone gives
    lattice constant and bulk modulus only.
    """
    elements = len(potential.elements)
    lattice = Lattice(cells=TRAINING_CELLS, grid=(1, 1, 1))
    # a key of its own keeps these draws apart from those of every cell
    generator = np.random.default_rng(np.random.SeedSequence([seed], spawn_key=(1,)))
    occupations, relaxed = [], []
    modulus = 0.0
    for number in range(cells):
        occupation = generator.integers(elements, size=lattice.size, dtype=np.int8)
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
        if not number:
            lattice_constant, modulus = engine.equilibrium(
                potential, lattice, occupation, lattice_constant=lattice_constant
            )
        assert lattice_constant is not None
        occupations.append(occupation)
        relaxed.append(
            engine.relax(
                potential,
                lattice,
                occupation,
                lattice_constant=lattice_constant,
                bulk_modulus=modulus,
            )
        )
    mean = float(np.mean([cell.lattice_constant for cell in relaxed]))
    if elements < 2 or cells == 1:
        return mean, modulus, None
    energies = np.array([cell.energy for cell in relaxed])
    fit = fit_pair_energies(lattice, np.stack(occupations), energies, elements=elements)
    return mean, modulus, fit


def _stiffness(
    potential: Potential, lattice: Lattice, *, lattice_constant: float, seed: int
) -> NDArray[np.float64]:
    """Measure the mean stiffness of a few random blocks."""
    cells = tuple(c // g for c, g in zip(lattice.cells, lattice.grid, strict=True))
    blocks = Lattice(
        cells=(cells[0], cells[1], cells[2] * STIFFNESS_BLOCKS), grid=(1, 1, STIFFNESS_BLOCKS)
    )
    # a key of its own keeps these draws apart from those of every cell
    generator = np.random.default_rng(np.random.SeedSequence([seed], spawn_key=(4,)))
    occupation = generator.integers(len(potential.elements), size=blocks.size, dtype=np.int8)
    return eigenstrains.stiffness(potential, blocks, occupation, lattice_constant=lattice_constant)


def lammps(
    *,
    potential: Path,
    elements: Annotated[tuple[str, ...], Len(min_length=1)],
    samples: PositiveInt,
    pair_style: PairStyle = "eam/alloy",
    library: Path | None = None,
    library_elements: tuple[str, ...] = (),
    lattice_constant: PositiveFloat | None = None,
    cells: Triple = (16, 16, 16),
    grid: Triple = (4, 4, 4),
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
    training_cells: Annotated[int, Gt(0)] = 96,
    eigenstrain: EigenstrainKind = "none",
    eigenstrain_form: EigenstrainForm = "tensor",
    seed: NonNegativeInt = 0,
) -> AlloyCells:
    r"""Make relaxed fcc alloy cells with LAMMPS: random ones and ones with short-range order.

    Each sample holds, on blocks of whole unit cells, ``concentration`` (element, x, y, z),
    ``warren_cowley`` (pair, x, y, z) with labels center-neighbor, and ``residual_stress``
    (voigt, x, y, z) in GPa, tension positive, with the mean over the grid subtracted and kept
    as the coordinate ``stress_offset``. See ``METHOD`` in this module for the whole procedure;
    it stands in the provenance of the store too.

    Parameters
    ----------
    potential
        File of the interatomic potential; for ``meam`` the file of parameters.
    elements
        Elements of the alloy, in the order in which the store labels them; drawn with equal
        probabilities.
    samples
        Number of cells.
    pair_style
        LAMMPS's name for the kind of potential.
    library, library_elements
        For ``meam``: the library file, and the elements that the file of parameters numbers,
        in its order.
    lattice_constant
        Where to look for the equilibrium, Angstrom; found by a scan where not given. It is a
        start only: every cell is relaxed to no mean pressure.
    cells
        Unit cells along x, y, z. Annealing needs even numbers.
    grid
        Blocks along x, y, z; each must divide its number of unit cells.
    random_fraction
        Share of the cells that stay random.
    temperatures
        Annealing temperatures of the others, K, by turns.
    sweeps
        Sweeps of swaps, one proposal per site each. Above an alloy's critical temperature order
        is stationary after some tens; below, regions rich in one element keep growing, and
        this is the time of annealing.
    training_cells
        Cells of 256 atoms that the pair energies are fitted to.
    eigenstrain
        Whether each sample holds ``eigenstrain``, the strain from a block embedded in its cell to
        the block relaxed on its own: ``periodic``, repeated periodically (bulk); ``free``, cut out
        with free surfaces (the paper's).
    eigenstrain_form
        ``tensor``: (voigt, x, y, z); ``scalar``: the cube root of the volume ratio less one,
        (x, y, z).
    seed
        Seed of everything drawn.

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
    lattice = Lattice(cells=cells, grid=grid)
    if len(set(elements)) < len(elements):
        raise OptionError(f"elements {', '.join(elements)}: each may stand only once")
    if random_fraction < 1.0:
        check_even(lattice)
    for file in (potential, library):
        if file is not None and not file.is_file():
            raise OptionError(f"there is no potential file {file}")
    if pair_style == "meam" and (library is None or not library_elements):
        raise OptionError("pair_style meam needs library and library_elements too")
    if pair_style != "meam" and (library is not None or library_elements):
        raise OptionError(f"library and library_elements belong to meam, not to {pair_style}")
    chosen = Potential(
        style=pair_style,
        path=potential.absolute(),
        elements=elements,
        library=None if library is None else library.absolute(),
        library_elements=library_elements,
    )
    constant, modulus, fit = _train(
        chosen,
        lattice_constant=lattice_constant,
        cells=training_cells if random_fraction < 1.0 and len(elements) > 1 else 1,
        seed=seed,
    )
    stiffness = (
        _stiffness(chosen, lattice, lattice_constant=constant, seed=seed)
        if eigenstrain == "periodic"
        else None
    )
    return AlloyCells(
        potential=chosen,
        lattice=lattice,
        samples=samples,
        random_fraction=random_fraction,
        temperatures=temperatures,
        sweeps=sweeps,
        seed=seed,
        lattice_constant=constant,
        bulk_modulus=modulus,
        pair_energies=fit,
        eigenstrain=eigenstrain,
        eigenstrain_form=eigenstrain_form,
        stiffness=stiffness,
        options={
            "potential": potential.name,
            "elements": elements,
            "samples": samples,
            "pair_style": pair_style,
            "library": None if library is None else library.name,
            "library_elements": library_elements,
            "lattice_constant": lattice_constant,
            "cells": cells,
            "grid": grid,
            "random_fraction": random_fraction,
            "temperatures": temperatures,
            "sweeps": sweeps,
            "training_cells": training_cells,
            "eigenstrain": eigenstrain,
            "eigenstrain_form": eigenstrain_form,
            "seed": seed,
        },
    )
