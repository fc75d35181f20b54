r"""Other arrangements of a cell's atoms with the same blocks: swaps within blocks.

The law is that of arrangements :math:`s` that hold as many atoms of each element in every block
as a given cell :math:`s_0` does, with the weight

.. math:: P(s) \propto \exp\Big(-\frac{E(s)}{kT}
          -w \sum_b \sum_{ij} \big(N^b_{ij}(s) - N^b_{ij}(s_0)\big)^2\Big)

:math:`N^b_{ij}` counts the first neighbors of element :math:`j` around the atoms of element
:math:`i` in block :math:`b`; those across a face count for the center's block. :math:`E` is the
energy of :mod:`fieldvae_atomistic.ordering`: what it says beyond the counts, of second neighbors
and of pairs across faces, is part of the law of a cell annealed at :math:`T`; a random cell has
:math:`1/kT = 0`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic.coarse import count_bonds
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.moves import Moves, check_thick
from fieldvae_atomistic.swaps import Arrangements


def block_pair_counts(
    lattice: Lattice, occupation: NDArray[np.integer], *, elements: int
) -> NDArray[np.int64]:
    """Count the first neighbors of each element around those of each element, block by block.

    Parameters
    ----------
    lattice
        Sites, neighbors and blocks.
    occupation
        Element of every site, ``0 .. elements - 1``, shape ``(site,)``.
    elements
        Number of elements.

    Returns
    -------
    NDArray[np.int64]
        Shape ``(block, center, neighbor)``; a bond across a face counts for its center's block.
    """
    kind = occupation.astype(np.int64)
    return count_bonds(
        (lattice.block * elements + kind) * elements,
        kind,
        np.arange(lattice.size),
        lattice.neighbors[0],
        blocks=lattice.blocks,
        elements=elements,
    )


def rearrange(
    lattice: Lattice,
    occupation: NDArray[np.integer],
    *,
    elements: int,
    count: int,
    penalty: float,
    sweeps: int,
    generator: np.random.Generator,
    wanted: NDArray[np.floating] | None = None,
    reduced: NDArray[np.float64] | None = None,
) -> NDArray[np.int8]:
    r"""Draw arrangements with every block's composition exactly and its pair counts nearly.

    Every realization starts from a random arrangement of each block's atoms, so that nothing but
    its counts is remembered of ``occupation``, and the penalty then brings the counts back
    within some ten sweeps. (From ``occupation`` itself, order is forgotten slowly: of a cell
    annealed at 600 K half the sites still held their atoms after 80 sweeps, 38 % here, and
    36 % by chance.)

    A step draws a color of blocks and tries one swap in each of its blocks, in all realizations
    at once; the blocks of a color have no counts in common that their swaps change, and no pairs
    of neighbors, so that accepting each with probability :math:`\min(1, e^{-\Delta})`, with the
    change :math:`\Delta` of penalty and energy, keeps detailed balance with respect to the law of
    this module.

    Parameters
    ----------
    lattice
        Sites, neighbors and blocks; blocks of two unit cells at least along every axis of more
        than two blocks.
    occupation
        Element of every site of the cell to follow, ``0 .. elements - 1``, shape ``(site,)``.
    elements
        Number of elements.
    count
        Number of realizations.
    penalty
        :math:`w`, on the squared error of a block's pair counts; 0 leaves composition alone.
    sweeps
        Number of sweeps; in each, every site is proposed once on average as the first of a pair.
    generator
        The only source of chance.
    wanted
        Pair counts to come near to, shape ``(block, center, neighbor)``; those of ``occupation``
        where ``None``.
    reduced
        Pair energies over :math:`kT`, shape ``(shell, element, element)``, symmetric; 0 where
        ``None``.

    Returns
    -------
    NDArray[np.int8]
        Element of every site, shape ``(realization, site)``.

    Raises
    ------
    OptionError
        If blocks are too thin.
    """
    check_thick(lattice)
    moves = Moves.of(lattice)
    realizations = _shuffled(lattice, occupation, count, generator)
    target = block_pair_counts(lattice, occupation, elements=elements) if wanted is None else wanted
    # of every block of every realization: its pair counts less those wanted
    error = np.concatenate(
        [block_pair_counts(lattice, r, elements=elements) - target for r in realizations]
    ).astype(np.float64)
    arrangements = Arrangements(lattice, moves, realizations, error)
    steps = len(moves.colors) * lattice.sites_per_block
    together = max(len(color) for color in moves.colors)
    for _ in range(sweeps):
        color_of = generator.integers(len(moves.colors), size=steps)
        way_of = generator.integers(len(moves.sites), size=steps)
        places = generator.random((steps, 2, count, together))
        chances = generator.random((steps, count, together))
        for step in range(steps):
            blocks = moves.colors[color_of[step]]
            swaps = arrangements.proposed(
                places[step, :, :, : len(blocks)], blocks=blocks, way=way_of[step]
            )
            if not len(swaps):
                continue
            change = arrangements.change(swaps)
            worse = penalty * arrangements.error_change(swaps, change)
            if reduced is not None:
                worse += arrangements.energy_change(swaps, reduced)
            chance = chances[step, swaps.realization, swaps.column]
            accepted = np.flatnonzero(chance < np.exp(-np.maximum(worse, 0.0)))
            arrangements.swap(swaps, change, accepted)
    return realizations


def _shuffled(
    lattice: Lattice,
    occupation: NDArray[np.integer],
    count: int,
    generator: np.random.Generator,
) -> NDArray[np.int8]:
    """Draw arrangements with each block's atoms at random, shape ``(realization, site)``."""
    by_block = np.argsort(lattice.block, kind="stable").reshape(lattice.blocks, -1)
    block_atoms = np.asarray(occupation, dtype=np.int8)[by_block]
    realizations = np.empty((count, lattice.size), dtype=np.int8)
    for realization in realizations:
        realization[by_block] = generator.permuted(block_atoms, axis=1)
    return realizations
