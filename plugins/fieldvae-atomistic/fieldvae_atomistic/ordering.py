r"""Short-range order on the lattice: pair energies and Metropolis swaps.

The energy of an arrangement of the elements on the sites is taken as

.. math:: E = \sum_i \mu_i n_i + \sum_s \sum_{i<j} v^s_{ij} N^s_{ij}

with :math:`n_i` the number of atoms of element :math:`i` and :math:`N^s_{ij}` the number of
pairs of unlike neighbors in shell :math:`s`. Like pairs need no energy of their own: at given
:math:`n_i` their numbers follow from those of the unlike ones.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from fieldvae import OptionError
from fieldvae_atomistic.lattice import SHELLS, Lattice

BOLTZMANN = 8.617333262e-5
"""Boltzmann's constant, eV/K (CODATA 2018)."""

MOST_MULTIPLES = 6
"""Unit cells along an edge of the largest supercell that :func:`supercell` tries."""


@dataclass(frozen=True)
class PairEnergies:
    r"""Pair energies of unlike neighbors and how well they reproduce the potential.

    Parameters
    ----------
    values
        :math:`v^s_{ij}`, eV per pair, shape ``(shell, element, element)``, symmetric with zero
        diagonal.
    r2
        Share of the variance of the cells' energies that the model predicts, each cell left
        out of the fit that predicts it.
    r2_ordering
        The same after what the composition alone explains is taken from the energies: the
        share that matters for order at given composition.
    """

    values: NDArray[np.float64]
    r2: float
    r2_ordering: float


def pair_counts(
    lattice: Lattice, occupation: NDArray[np.integer], elements: int
) -> NDArray[np.int64]:
    """Count ordered pairs of neighbors.

    Parameters
    ----------
    lattice
        Sites and their neighbors.
    occupation
        Element of every site, ``0 .. elements - 1``, shape ``(site,)``.
    elements
        Number of elements.

    Returns
    -------
    NDArray[np.int64]
        Centers of the first element with a neighbor of the second, shape ``(shell, element,
        element)``; symmetric, every bond counted from both its ends.
    """
    counts = [
        np.bincount(
            (occupation.astype(np.int64) * elements + occupation[neighbors]).ravel(),
            minlength=elements**2,
        )
        for neighbors in lattice.neighbors
    ]
    return np.stack(counts).reshape(-1, elements, elements)


def fit_pair_energies(
    lattice: Lattice,
    occupations: NDArray[np.integer],
    energies: NDArray[np.float64],
    *,
    elements: int,
) -> PairEnergies:
    """Fit the pair energies of both shells by least squares.

    Parameters
    ----------
    lattice
        The lattice of all cells.
    occupations
        Element of every site of every cell, shape ``(cell, site)``.
    energies
        Energy of every cell, eV, shape ``(cell,)``.
    elements
        Number of elements.

    Returns
    -------
    PairEnergies
        Energies and quality of the fit.

    Raises
    ------
    OptionError
        If there are fewer cells than numbers to fit.
    """
    unlike = list(itertools.combinations(range(elements), 2))
    first, second = (np.array(side, dtype=np.intp) for side in zip(*unlike, strict=True))
    composition = np.stack([np.bincount(cell, minlength=elements) for cell in occupations])
    bonds = np.stack(
        [pair_counts(lattice, cell, elements)[:, first, second].ravel() for cell in occupations]
    )
    design = np.hstack([composition, bonds]) / lattice.size
    target = np.asarray(energies, dtype=np.float64) / lattice.size
    if len(target) <= design.shape[1]:
        raise OptionError(
            f"{len(target)} training cells cannot fix {design.shape[1]} numbers (an energy for "
            "each element and, in each shell, each pair of unlike ones); take more"
        )
    solution = np.linalg.lstsq(design, target, rcond=None)[0]

    def left_out(columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Residual of every cell predicted by the fit to all the others (hat matrix)."""
        hat = columns @ np.linalg.pinv(columns)
        return (target - hat @ target) / (1.0 - np.diag(hat))

    residual = np.sum(left_out(design) ** 2)
    total = np.sum((target - target.mean()) ** 2)
    unexplained = np.sum(left_out(composition / lattice.size) ** 2)
    values = np.zeros((len(SHELLS), elements, elements))
    values[:, first, second] = solution[elements:].reshape(len(SHELLS), -1)
    return PairEnergies(
        values=values + values.transpose(0, 2, 1),
        r2=float(1.0 - residual / total),
        r2_ordering=float(1.0 - residual / unexplained),
    )


@cache
def supercell(orientation: tuple[int, ...]) -> tuple[int, int, int]:
    """Return the smallest supercell that :func:`anneal` can work on, in unit cells along x, y, z.

    Sites a supercell apart must be no neighbors in either shell, and its places (:func:`_places`)
    must be such that an atom gets from each to every other by swaps between places that are no
    neighbors: 2x2x2 with cube axes.
    """
    lattice = Lattice(cells=(2, 2, 2), grid=(1, 1, 1), orientation=orientation)
    multiples = range(1, MOST_MULTIPLES + 1)
    sizes = [(x, y, z) for x in multiples for y in multiples for z in multiples]
    for size in sorted(sizes, key=lambda size: (math.prod(size), size)):
        layers = lattice.cell_layers * size
        if any(not (shell % layers).any(axis=1).all() for shell in lattice.shells):
            continue
        _, apart = _places(lattice, size)
        if connected_components(apart, directed=False, return_labels=False) == 1:
            return size
    raise OptionError(f"annealing finds no supercell for the orientation {orientation}")


def check_even(lattice: Lattice) -> None:
    """Raise :class:`~fieldvae.OptionError` if :func:`anneal` cannot work on a lattice."""
    size = supercell(lattice.orientation)
    if any(n % m for n, m in zip(lattice.cells, size, strict=True)):
        needed = (
            "an even number of unit cells along every axis; choose even numbers"
            if size == (2, 2, 2)
            else f"multiples of {size} unit cells along x, y, z; choose such numbers"
        )
        raise OptionError(
            f"cells {lattice.cells}: annealing needs {needed}, or random_fraction 1 for random "
            "cells alone"
        )


def _places(
    lattice: Lattice, size: tuple[int, int, int]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the places in a supercell, in order, and which pairs of them are no neighbors.

    Places are triples of planes, shape ``(place, 3)``; two are neighbors, shape ``(place,
    place)``, if a site at one is a neighbor, in either shell, of any site at the other.
    """
    layers = lattice.cell_layers * size
    corners = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), axis=-1)
    at = (lattice.cell_layers * corners.reshape(-1, 1, 3) + lattice.basis).reshape(-1, 3)
    at = at[np.lexsort(at.T[::-1])]
    between = (at[:, None] - at[None]) % layers
    near = np.concatenate([*lattice.shells, np.zeros((1, 3), dtype=np.int64)]) % layers
    return at, ~(between[:, :, None] == near).all(-1).any(-1)


def _sublattices(lattice: Lattice) -> tuple[NDArray[np.intp], list[NDArray[np.intp]]]:
    """Sort the sites by their place in a supercell (:func:`supercell`).

    Returns the sites of each of its places, shape ``(place, supercell)``, and for each place
    those others whose sites are no neighbors, in either shell, of its own.
    """
    size = supercell(lattice.orientation)
    places, apart = _places(lattice, size)
    layers = tuple((lattice.cell_layers * size).tolist())
    place = np.ravel_multi_index(tuple((lattice.sites % layers).T), layers)
    sites = np.argsort(place, kind="stable").reshape(len(places), -1)
    return sites, [np.flatnonzero(row) for row in apart]


def anneal(
    lattice: Lattice,
    occupation: NDArray[np.integer],
    energies: NDArray[np.float64],
    *,
    temperature: float,
    sweeps: int,
    generator: np.random.Generator,
) -> NDArray[np.int8]:
    r"""Order the elements by Metropolis swaps at fixed composition.

    A step takes two of the places in a supercell (with cube axes 32, in 2x2x2 unit cells) that
    are not neighbors of each other. No two sites at these places interact, in any two
    supercells, so that each site of the first place can be paired at random with one of the
    second and all these swaps be tried at once: their energies add up exactly, and accepting
    each with
    probability :math:`\min(1, e^{-\Delta E / kT})` keeps detailed balance with respect to the
    canonical law. A sweep lets every place be the first once, in random order; the second is
    drawn, so that any two sites exchange their atoms in a few steps.

    Parameters
    ----------
    lattice
        Sites and their neighbors; a whole number of supercells along every axis (with cube axes
        an even number of unit cells).
    occupation
        Element of every site at the start, shape ``(site,)``; left as it is.
    energies
        Pair energies, eV, shape ``(shell, element, element)``, symmetric.
    temperature
        K, positive; may be infinite.
    sweeps
        Number of sweeps; in each, every site is proposed once as the first of a pair.
    generator
        The only source of chance.

    Returns
    -------
    NDArray[np.int8]
        Element of every site at the end, shape ``(site,)``.

    Raises
    ------
    OptionError
        If the supercells do not fit.
    """
    check_even(lattice)
    sites, partners = _sublattices(lattice)
    elements, supercells = energies.shape[1], int(sites.shape[1])
    # change[s][a, b, t]: energy with a neighbor t when a gives way to b
    change = [(shell[None, :, :] - shell[:, None, :]).ravel() for shell in energies]
    beta = 1.0 / (BOLTZMANN * temperature)
    around = [np.ascontiguousarray(n[:, sites].transpose(1, 0, 2)) for n in lattice.neighbors]
    state: NDArray[np.int8] = np.array(occupation, dtype=np.int8)

    def cost(place: int, chosen: NDArray[np.intp], swap: NDArray[np.int32]) -> NDArray[np.float64]:
        """Energy of putting other elements on the ``chosen`` sites of a place."""
        energy = np.zeros(len(chosen))
        for table, near in zip(change, around, strict=True):
            energy += table.take(state.take(near[place][:, chosen]) + swap).sum(axis=0)
        return energy

    for _ in range(sweeps):
        for first in generator.permutation(len(sites)):
            second = generator.choice(partners[first])
            shuffled = generator.permutation(supercells)
            chance = generator.random(supercells)
            here = state.take(sites[first]).astype(np.int32)
            there = state.take(sites[second, shuffled]).astype(np.int32)
            unlike = np.flatnonzero(here != there)
            other = shuffled[unlike]
            here, there = here[unlike], there[unlike]
            energy = cost(first, unlike, (here * elements + there) * elements)
            energy += cost(second, other, (there * elements + here) * elements)
            # exp of a negative number or 0 alone: it cannot overflow
            accept = chance[unlike] < np.exp(-beta * np.maximum(energy, 0.0))
            state[sites[first, unlike[accept]]] = there[accept]
            state[sites[second, other[accept]]] = here[accept]
    return state
