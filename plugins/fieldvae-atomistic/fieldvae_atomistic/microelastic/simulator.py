"""The simulator ``microelastic``: its options, checked, to a source of cells."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from annotated_types import Ge, Le, Len
from pydantic import NonNegativeInt, PositiveFloat, PositiveInt

from fieldvae import OptionError
from fieldvae_atomistic.drawing import check_composition
from fieldvae_atomistic.elasticity import CubicStiffness
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.microelastic.cells import MicroelasticCells
from fieldvae_atomistic.microelastic.law import ExactLaw
from fieldvae_atomistic.microelastic.materials import (
    C11,
    C12,
    C44,
    chosen_pair_energies,
    chosen_volumes,
)
from fieldvae_atomistic.microelastic.response import BlockResponse
from fieldvae_atomistic.ordering import check_even

Triple = tuple[PositiveInt, PositiveInt, PositiveInt]


def microelastic(
    *,
    samples: PositiveInt,
    elements: Annotated[tuple[str, ...], Len(min_length=2)] = ("Co", "Cr", "Ni"),
    composition: tuple[PositiveFloat, ...] = (),
    volumes: tuple[PositiveFloat, ...] = (),
    c11: PositiveFloat = C11,
    c12: float = C12,
    c44: PositiveFloat = C44,
    cells: Triple = (16, 16, 16),
    grid: Triple = (4, 4, 4),
    random_fraction: Annotated[float, Ge(0.0), Le(1.0)] = 1.0,
    temperatures: Annotated[tuple[PositiveFloat, ...], Len(min_length=1)] = (
        600.0,
        700.0,
        800.0,
        900.0,
        1000.0,
        1100.0,
    ),
    pair_energies: tuple[float, ...] = (),
    sweeps: NonNegativeInt = 10,
    seed: NonNegativeInt = 0,
) -> MicroelasticCells:
    r"""Make alloy cells in which misfitting atoms strain an elastic medium.

    Each sample holds, on blocks of whole fcc unit cells, ``concentration`` (element, x, y, z),
    ``warren_cowley`` (pair, x, y, z) with labels center-neighbor, and ``residual_stress``
    (voigt, x, y, z) in GPa, tension positive, whose mean over the grid is zero. The law of the
    stress of random cells given the concentration is exact: :attr:`MicroelasticCells.law`.

    Parameters
    ----------
    samples
        Number of cells.
    elements
        Elements of the alloy, in the order in which the store labels them.
    composition
        Probability of each element; equal where not given. The numbers of atoms of a cell
        fluctuate about it.
    volumes
        Atomic volume of each element in the alloy, cubic Angstrom; only their ratios enter the
        stress. Known for Co, Cr and Ni (``VOLUMES``), to be given for others.
    c11, c12, c44
        Elastic constants of the medium, GPa. The defaults are near those of CoCrNi, rounded
        (:mod:`~fieldvae_atomistic.microelastic.materials` tells from where).
    cells
        fcc unit cells along x, y, z, four sites each. Annealing needs even numbers.
    grid
        Blocks along x, y, z; each must divide its number of unit cells.
    random_fraction
        Share of the cells that stay random; all by default.
    temperatures
        Annealing temperatures of the others, K, by turns.
    pair_energies
        Energy of unlike first neighbors, eV a pair, for the first element with the second, with
        the third, ..., the second with the third, ...; known for Co, Cr and Ni.
    sweeps
        Sweeps of Metropolis swaps, one proposal per site each.
    seed
        Seed of everything drawn.

    Returns
    -------
    MicroelasticCells
        The source; cell ``i`` is the same for every number of samples.

    Raises
    ------
    OptionError
        If an option is wrong.

    Examples
    --------
    >>> cell = microelastic(samples=10, cells=(4, 4, 4), grid=(2, 2, 2))[7]
    >>> dict(cell.residual_stress.sizes)
    {'voigt': 6, 'x': 2, 'y': 2, 'z': 2}
    """
    lattice = Lattice(cells=cells, grid=grid)
    if len(elements) < 2 or len(set(elements)) < len(elements):
        raise OptionError(
            f"elements {', '.join(elements)}: expected two or more, each of them once"
        )
    check_composition(composition, elements)
    shares = composition or (1.0 / len(elements),) * len(elements)
    sizes = chosen_volumes(elements, volumes)
    mean = float(np.dot(shares, sizes))
    energies = None
    if random_fraction < 1.0:
        check_even(lattice)
        energies = chosen_pair_energies(elements, pair_energies)
    elif pair_energies:
        raise OptionError("pair_energies serve annealed cells alone; choose a random_fraction < 1")
    return MicroelasticCells(
        law=ExactLaw(
            response=BlockResponse(lattice, CubicStiffness(c11, c12, c44)),
            elements=elements,
            misfit=tuple((size / mean - 1.0) / 3.0 for size in sizes),
        ),
        samples=samples,
        composition=shares,
        volumes=sizes,
        random_fraction=random_fraction,
        temperatures=temperatures,
        pair_energies=energies,
        sweeps=sweeps,
        seed=seed,
        options={
            "samples": samples,
            "elements": elements,
            "composition": composition,
            "volumes": volumes,
            "c11": c11,
            "c12": c12,
            "c44": c44,
            "cells": cells,
            "grid": grid,
            "random_fraction": random_fraction,
            "temperatures": temperatures,
            "pair_energies": pair_energies,
            "sweeps": sweeps,
            "seed": seed,
        },
    )
