"""Atoms for the blocks of a crystal: how many of each element, and where."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae import OptionError
from fieldvae_atomistic.drawing import atom_numbers
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.rearranging import rearrange

NEIGHBORS = 12
"""First neighbors of a site."""


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


def pair_counts(
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
