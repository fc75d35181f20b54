"""The exporter ``lammps_data``: crystals whose blocks have the composition of given fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pint
import xarray as xr
from annotated_types import Len
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from fieldvae import Grid, OptionError
from fieldvae_atomistic.exporting.arranging import arranged, block_numbers, pair_counts
from fieldvae_atomistic.exporting.structures import Structure
from fieldvae_atomistic.lattice import CUBE, Lattice

Triple = tuple[PositiveInt, PositiveInt, PositiveInt]

CUBIC = 0.01
"""Largest difference of the lattice constants that the spacings along two axes give, as a share;
relaxed cells differ by less."""

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
            wanted = pair_counts(sample, order_field, elements, numbers)
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
