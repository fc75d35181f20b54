"""The exporter ``lammps_data``: crystals whose blocks have the composition of given fields."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pint
import xarray as xr
from annotated_types import Len
from numpy.typing import NDArray
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from fieldvae import Grid, OptionError
from fieldvae_atomistic.drawing import atom_numbers
from fieldvae_atomistic.lattice import CUBE, Lattice
from fieldvae_atomistic.rearranging import rearrange

Triple = tuple[PositiveInt, PositiveInt, PositiveInt]

CUBIC = 0.01
"""Largest difference of the lattice constants that the spacings along two axes give, as a share;
relaxed cells differ by less."""

NEIGHBORS = 12
"""First neighbors of a site."""

INDEX = "structures.json"
"""The file beside the structures that tells what each of them is."""


def lammps_data(
    dataset: xr.Dataset,
    grid: Grid,
    folder: Path,
    *,
    cells: Triple = (16, 16, 16),
    arrangements: PositiveInt = 4,
    order: Literal["random", "given"] = "random",
    composition_field: str = "concentration",
    order_field: str = "warren_cowley",
    orientation: Annotated[tuple[int, ...], Len(9, 9)] = CUBE,
    lattice_constant: PositiveFloat | None = None,
    penalty: NonNegativeFloat = 0.06,
    sweeps: NonNegativeInt = 30,
    seed: NonNegativeInt = 0,
) -> list[Path]:
    """Write LAMMPS data files of fcc crystals whose blocks have the compositions of a field.

    A block gets the whole numbers of atoms that are nearest to its composition (largest
    remainders); which of its sites they take is drawn, differently for every arrangement. Atoms
    are on ideal sites, for LAMMPS to relax. ``structures.json`` beside the files tells of every
    file which sample it is, its elements in the order of the atom types, and how far compositions
    were rounded.

    Parameters
    ----------
    dataset, grid, folder
        Handed over by fieldvae: samples with the fields, where they live, and where files go.
    cells
        Unit cells along x, y, z; each a multiple of the grid's blocks.
    arrangements
        Structures for every sample.
    order
        ``random``: atoms lie at random within their block, which leaves Warren-Cowley
        parameters, taken against the cell's composition, as block compositions make them.
        ``given``: atoms are swapped within blocks until pair counts are as near as they get to
        those of the field of Warren-Cowley parameters.
    composition_field
        Field of the compositions, one component an element.
    order_field
        Field of the Warren-Cowley parameters, components center-neighbor, for ``given``.
    orientation
        Axes of the box in crystal coordinates, nine integers row by row; those of the grid.
    lattice_constant
        Angstrom; from the grid's spacing where left out.
    penalty, sweeps
        For ``given``: on the squared error of a block's pair counts, and sweeps of swaps.
    seed
        Seed of the arrangements. One depends on the seed, its sample and its number alone.

    Returns
    -------
    list of Path
        The files, ``structures.json`` last.

    Raises
    ------
    OptionError
        If a field is missing, or cells, grid, spacing and orientation do not fit each other.
    """
    elements = _elements(dataset, composition_field)
    lattice = _lattice(grid, cells, orientation)
    a = lattice_constant or _lattice_constant(grid, lattice)
    written, told = [], []
    for row, (position, label) in enumerate(_named(dataset).items()):
        sample = dataset.isel(sample=row)
        shares = sample[composition_field].to_numpy().astype(np.float64)
        numbers = block_numbers(lattice, shares.reshape(len(elements), -1).T)
        wanted = None
        if order == "given":
            wanted = _pair_counts(sample, order_field, elements, numbers)
        generator = np.random.default_rng(np.random.SeedSequence([seed, position]))
        found = arranged(
            lattice,
            numbers,
            count=arrangements,
            wanted=wanted,
            penalty=penalty,
            sweeps=sweeps,
            generator=generator,
        )
        rounding = np.abs(
            numbers / lattice.block_sizes[:, None] - shares.reshape(len(elements), -1).T
        )
        for number, occupation in enumerate(found):
            structure = Structure(lattice, occupation, elements, a)
            path = folder / f"{label}-{number}.data"
            structure.write(path, title=f"{label}, arrangement {number}")
            written.append(path)
            told.append(
                {
                    "file": path.name,
                    "sample": position,
                    "arrangement": number,
                    **_coordinates(sample),
                    "atoms": dict(zip(elements, numbers.sum(0).tolist(), strict=True)),
                    "largest_rounding": float(rounding.max()),
                }
            )
    index = folder / INDEX
    about = {
        "elements": list(elements),
        "cells": list(cells),
        "grid": list(grid.shape),
        "orientation": list(orientation),
        "lattice_constant_angstrom": a,
        "order": order,
        "seed": seed,
        "structures": told,
    }
    index.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    return [*written, index]


@dataclass(frozen=True)
class Structure:
    """Elements on the sites of a crystal.

    Parameters
    ----------
    lattice
        The sites.
    occupation
        Element of every site, shape ``(site,)``.
    elements
        In the order of LAMMPS's atom types.
    lattice_constant
        Angstrom.
    """

    lattice: Lattice
    occupation: NDArray[np.integer]
    elements: tuple[str, ...]
    lattice_constant: float

    def write(self, path: Path, *, title: str) -> None:
        """Write a data file of ``atom_style atomic``; masses are those of the potential."""
        edges = self.lattice_constant * self.lattice.edges
        types = " ".join(f"{i}={name}" for i, name in enumerate(self.elements, start=1))
        lines = [
            f"# {title}; types {types}; units metal, Angstrom",
            "",
            f"{self.lattice.size} atoms",
            f"{len(self.elements)} atom types",
            "",
            *(
                f"0.0 {edge:.10f} {axis}lo {axis}hi"
                for edge, axis in zip(edges, "xyz", strict=True)
            ),
            "",
            "Atoms # atomic",
            "",
        ]
        rows = np.column_stack(
            [
                np.arange(1, self.lattice.size + 1),
                self.occupation.astype(np.int64) + 1,
                self.lattice.fractions * edges,
            ]
        )
        with path.open("w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            np.savetxt(file, rows, fmt=["%d", "%d", "%.8f", "%.8f", "%.8f"])


def read_occupation(path: Path) -> NDArray[np.int8]:
    """Read the element of every site from a data file that :func:`lammps_data` wrote.

    Returns
    -------
    NDArray[np.int8]
        ``0 .. elements - 1``, shape ``(site,)``, in the order of the lattice's sites.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = np.loadtxt(lines[lines.index("Atoms # atomic") + 1 :], usecols=(0, 1), dtype=np.int64)
    occupation = np.empty(len(rows), dtype=np.int8)
    occupation[rows[:, 0] - 1] = rows[:, 1] - 1
    return occupation


def block_numbers(lattice: Lattice, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the whole numbers of atoms of each element that are nearest to compositions.

    Parameters
    ----------
    lattice
        Gives the sites of every block.
    shares
        Composition of every block, shape ``(block, element)``.

    Returns
    -------
    NDArray[np.int64]
        Shape ``(block, element)``; rows add up to the block's sites.
    """
    kept = np.clip(shares, 0.0, None)  # a design may be below zero by rounding
    return np.stack(
        [
            atom_numbers(int(size), tuple(row.tolist()))
            for size, row in zip(lattice.block_sizes, kept, strict=True)
        ]
    )


def arranged(
    lattice: Lattice,
    numbers: NDArray[np.int64],
    *,
    count: int,
    wanted: NDArray[np.float64] | None,
    penalty: float,
    sweeps: int,
    generator: np.random.Generator,
) -> NDArray[np.int8]:
    """Draw arrangements of given numbers of atoms within blocks.

    Parameters
    ----------
    lattice
        The sites and blocks.
    numbers
        Atoms of each element in each block, shape ``(block, element)``.
    count
        How many arrangements.
    wanted
        Pair counts to come near to, shape ``(block, center, neighbor)``; ``None`` for random
        ones.
    penalty, sweeps, generator
        As of :func:`~fieldvae_atomistic.rearranging.rearrange`.

    Returns
    -------
    NDArray[np.int8]
        Element of every site, shape ``(arrangement, site)``.
    """
    elements = numbers.shape[1]
    found = np.empty((count, lattice.size), dtype=np.int8)
    order = np.argsort(lattice.block, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(lattice.block_sizes)])
    for block, row in enumerate(numbers):
        atoms = np.repeat(np.arange(elements, dtype=np.int8), row)
        sites = order[bounds[block] : bounds[block + 1]]
        for occupation in found:
            occupation[sites] = generator.permutation(atoms)
    if wanted is None:
        return found
    return rearrange(
        lattice,
        found[0],
        elements=elements,
        count=count,
        penalty=penalty,
        sweeps=sweeps,
        generator=generator,
        wanted=wanted,
    )


def _pair_counts(
    sample: xr.Dataset, name: str, elements: Sequence[str], numbers: NDArray[np.int64]
) -> NDArray[np.float64]:
    r"""Pair counts that belong to Warren-Cowley parameters, shape ``(block, center, neighbor)``.

    .. math:: N_{ij} = 12\,N_i\,\big(c_j + \alpha_{ij}(\delta_{ij} - c_j)\big)

    with the concentrations :math:`c_j` of the cell.
    """
    if name not in sample:
        raise OptionError(f"order given: the samples have no field {name!r} (order_field)")
    labels = [f"{center}-{neighbor}" for center in elements for neighbor in elements]
    (dim,) = (str(d) for d in sample[name].dims if d not in ("x", "y", "z"))
    if set(map(str, sample[name][dim].values)) != set(labels):
        raise OptionError(f"{name!r} has other components than {', '.join(labels)}")
    alpha = sample[name].sel({dim: labels}).to_numpy().reshape(len(elements), len(elements), -1)
    cell = numbers.sum(0) / numbers.sum()
    share = cell + alpha.transpose(2, 0, 1) * (np.eye(len(elements)) - cell)
    return np.asarray(NEIGHBORS * numbers[:, :, None] * np.clip(share, 0.0, 1.0))


def _elements(dataset: xr.Dataset, name: str) -> tuple[str, ...]:
    if name not in dataset:
        known = ", ".join(str(n) for n in dataset.data_vars)
        raise OptionError(
            f"the samples have no field {name!r}; name the one of the compositions by "
            f"composition_field. There are: {known}"
        )
    found = [str(d) for d in dataset[name].dims if d not in ("sample", "x", "y", "z")]
    if len(found) != 1 or {"x", "y", "z"} - set(map(str, dataset[name].dims)):
        raise OptionError(
            f"{name!r} has dims {dataset[name].dims}; expected sample, element, x, y, z"
        )
    return tuple(str(label) for label in dataset[name][found[0]].values)


def _lattice(grid: Grid, cells: Triple, orientation: tuple[int, ...]) -> Lattice:
    if grid.dimensions != 3:
        raise OptionError(f"a crystal needs a grid of three dimensions, not {grid.dimensions}")
    if not all(grid.periodic):
        raise OptionError("a crystal needs a grid that repeats along every axis (periodic)")
    lattice = Lattice(cells=cells, grid=grid.shape3, orientation=orientation)
    if not np.allclose(lattice.frame, grid.frame, atol=1e-4):
        raise OptionError(
            f"orientation {list(orientation)} is not the frame of the grid, {list(grid.frame)}"
        )
    return lattice


def _lattice_constant(grid: Grid, lattice: Lattice) -> float:
    """Lattice constant that the grid's spacing means, Angstrom."""
    try:
        unit = float(pint.Quantity(1.0, grid.spacing_units).to("angstrom").magnitude)
    except Exception:  # a pure number, where the store says nothing
        raise OptionError(
            f"the grid's spacing is in {grid.spacing_units!r}, which is no length; give "
            "lattice_constant"
        ) from None
    along = np.array(grid.spacing) * np.array(grid.shape) * unit / lattice.edges
    if np.ptp(along) > CUBIC * along.mean():
        raise OptionError(
            f"cells {lattice.cells} on this grid mean lattice constants of "
            f"{', '.join(f'{value:.4g}' for value in along)} Angstrom along x, y, z; choose cells "
            "in proportion to the grid, or give lattice_constant"
        )
    return float(along.mean())


def _named(dataset: xr.Dataset) -> dict[int, str]:
    """Name of every sample by its number: the coordinate ``sample``, else its row."""
    rows = range(dataset.sizes["sample"])
    numbers = [int(n) for n in dataset["sample"].values] if "sample" in dataset.coords else rows
    labels = dataset["label"].values if "label" in dataset.coords else [f"{n:04d}" for n in numbers]
    return dict(zip(numbers, map(str, labels), strict=True))


def _coordinates(sample: xr.Dataset) -> dict[str, Any]:
    """Scalar coordinates as plain values."""
    found = {str(name): c.values.item() for name, c in sample.coords.items() if c.ndim == 0}
    return {name: value for name, value in found.items() if isinstance(value, str | int | float)}
