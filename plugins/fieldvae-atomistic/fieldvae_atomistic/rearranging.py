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

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError
from fieldvae_atomistic.coarse import count_bonds
from fieldvae_atomistic.lattice import Lattice


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


def _reach(lattice: Lattice) -> NDArray[np.int64]:
    """Planes that first neighbors are away at most, along x, y, z."""
    return np.asarray(np.abs(lattice.shells[0]).max(axis=0))


def check_thick(lattice: Lattice) -> None:
    """Raise :class:`~fieldvae.OptionError` if :func:`rearrange` cannot work on a lattice.

    A step leaves out the sites that have neighbors behind one face (:class:`_Moves`); what is
    left by steps of either way must overlap, or atoms would never get through the block.
    """
    if not lattice.whole:
        raise OptionError(
            f"cells {lattice.cells} on a grid of {lattice.grid} blocks: rearranging needs blocks "
            "of whole unit cells"
        )
    least = -(-(2 * _reach(lattice) + 1) // lattice.cell_layers)
    sizes = zip(lattice.cells, lattice.grid, least.tolist(), strict=True)
    if any(g > 2 and c < n * g for c, g, n in sizes):
        needed = "two" if set(least.tolist()) == {2} else f"{tuple(least.tolist())}"
        raise OptionError(
            f"cells {lattice.cells} on a grid of {lattice.grid} blocks: rearranging needs blocks "
            f"of {needed} unit cells at least along every axis of more than two blocks"
        )


@dataclass(frozen=True)
class _Moves:
    """Which swaps can be tried at once, one in each of several blocks.

    A swap changes the counts of its own block and of those its two sites have neighbors in. Of
    every second block along an axis, two may have the one between them in common; so a step
    looks one way along each axis, and leaves out the sites that have neighbors on the other
    side. Then no block's counts change by two swaps.

    Parameters
    ----------
    colors
        Blocks that take part in a step, shape ``(block of the color,)`` each; every block is in
        one color.
    sites
        Sites that may be swapped, shape ``(block, site)``, for each way.
    reached
        Blocks whose counts may change, the block itself first, shape ``(way, block, slot)``.
    slot
        In which of them the neighbors of every site lie, shape ``(site, neighbor)``.
    """

    colors: list[NDArray[np.intp]]
    sites: list[NDArray[np.intp]]
    reached: NDArray[np.intp]
    slot: NDArray[np.intp]

    @classmethod
    def of(cls, lattice: Lattice) -> _Moves:
        grid = lattice.grid
        every = np.stack(np.unravel_index(np.arange(lattice.blocks), grid), axis=1)
        # by turns along an axis; the last of an odd number has the first beside it
        color = every % 2
        color[(every == np.array(grid) - 1) & (np.array(grid) % 2 == 1) & (every > 0)] = 2
        colors = [
            np.flatnonzero((color == which).all(axis=1)) for which in np.unique(color, axis=0)
        ]
        along = every[lattice.block]
        layers = lattice.layers // np.array(grid)
        reach = _reach(lattice)
        layer = lattice.sites - along * layers
        by_block = np.argsort(lattice.block, kind="stable").reshape(lattice.blocks, -1)
        layer = layer[by_block[0]]  # blocks are alike
        sites, reached = [], []
        # along an axis of two blocks or one there is no other side
        for way in itertools.product(*((1, -1) if g > 2 else (1,) for g in grid)):
            inside = np.ones(len(layer), dtype=bool)
            for axis, step in enumerate(way):
                if grid[axis] > 2:
                    within = layer[:, axis] if step > 0 else layers[axis] - 1 - layer[:, axis]
                    inside &= within >= reach[axis]
            sites.append(by_block[:, inside])
            steps = itertools.product(
                *((0, s) if g > 1 else (0,) for s, g in zip(way, grid, strict=True))
            )
            reached.append(
                np.stack(
                    [np.ravel_multi_index(tuple(((every + s) % grid).T), grid) for s in steps],
                    axis=1,
                )
            )
        apart = along[:, None] != along[lattice.neighbors[0].T]
        shape = tuple(min(g, 2) for g in grid)
        slot = np.ravel_multi_index(tuple(np.moveaxis(apart.astype(np.intp), -1, 0)), shape)
        return cls(colors, sites, np.stack(reached), slot)


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
    moves = _Moves.of(lattice)
    bonded = [np.ascontiguousarray(shell.T.astype(np.intp)) for shell in lattice.neighbors]
    neighbors = bonded[0]
    slots = moves.reached.shape[2]
    every, unit = np.arange(elements), np.eye(elements)
    by_block = np.argsort(lattice.block, kind="stable").reshape(lattice.blocks, -1)
    block_atoms = np.asarray(occupation, dtype=np.int8)[by_block]
    realizations = np.empty((count, lattice.size), dtype=np.int8)
    for realization in realizations:
        realization[by_block] = generator.permuted(block_atoms, axis=1)
    target = block_pair_counts(lattice, occupation, elements=elements) if wanted is None else wanted
    # of every block of every realization: its pair counts less those wanted
    error = np.concatenate(
        [block_pair_counts(lattice, r, elements=elements) - target for r in realizations]
    ).astype(np.float64)
    state = realizations.ravel()
    steps = len(moves.colors) * lattice.sites_per_block
    together = max(len(color) for color in moves.colors)
    atom_of = np.arange(count)[:, None] * lattice.size  # the first of every realization
    key_of = np.arange(count * together)[:, None] * (slots * elements)
    for _ in range(sweeps):
        color_of = generator.integers(len(moves.colors), size=steps)
        way_of = generator.integers(len(moves.sites), size=steps)
        places = generator.random((steps, 2, count, together))
        chances = generator.random((steps, count, together))
        for step in range(steps):
            way, blocks = way_of[step], moves.colors[color_of[step]]
            sites = moves.sites[way]
            place = (places[step, :, :, : len(blocks)] * sites.shape[1]).astype(np.intp)
            pair = sites[blocks, place]
            kinds = state.take(pair + atom_of)
            row_of, block = np.nonzero(kinds[0] != kinds[1])
            swaps = len(block)
            if not swaps:
                continue
            pair, (first, second) = pair[:, row_of, block], kinds[:, row_of, block]
            atoms = row_of * lattice.size
            # around[k, slot, e]: neighbors of the first site less those of the second; a bond
            # between the two stays what it is
            near = neighbors.take(pair, axis=0)
            key = moves.slot.take(pair, axis=0) * elements + key_of[:swaps]
            key += state.take(near + atoms[:, None])
            weight = (near != pair[::-1, :, None]).astype(np.float64)
            weight[1] *= -1.0
            around = np.bincount(
                key.ravel(), weights=weight.ravel(), minlength=swaps * slots * elements
            ).reshape(swaps, slots, elements)
            # Squared errors change by 2 error . change + change . change, with the changes
            # around[slot, i] swap[j] seen from the neighbors and, in the block itself,
            # swap[i] center[j] seen from the two sites.
            center = around.sum(axis=1)
            at = moves.reached[way].take(blocks[block], axis=0)
            at += (row_of * lattice.blocks)[:, None]
            row = (at[:, :, None] * elements + every) * elements
            slope = error.take(row + second[:, None, None]) - error.take(row + first[:, None, None])
            row = at[:, :1] * elements
            own = error.take((row + second[:, None]) * elements + every)
            own -= error.take((row + first[:, None]) * elements + every)
            swap = unit[second] - unit[first]
            worse = 2.0 * np.einsum("bse,bse->b", around, slope + around)
            worse += 2.0 * np.einsum("be,be->b", center, own + center)
            worse += 2.0 * (
                np.einsum("be,be->b", around[:, 0], swap) * np.einsum("be,be->b", center, swap)
            )
            worse *= penalty
            if reduced is not None:
                worse += _energies(reduced, bonded, state, pair, atoms, (first, second))
            chance = chances[step, row_of, block]
            accept = np.flatnonzero(chance < np.exp(-np.maximum(worse, 0.0)))
            taken = pair[:, accept] + atoms[accept]
            state[taken[0]] = second[accept]
            state[taken[1]] = first[accept]
            swap = swap[accept]
            change = around[accept][:, :, :, None] * swap[:, None, None, :]
            change[:, 0] += swap[:, :, None] * center[accept][:, None, :]
            error[at[accept]] += change
    return realizations


def _energies(
    reduced: NDArray[np.float64],
    bonded: list[NDArray[np.intp]],
    state: NDArray[np.int8],
    pair: NDArray[np.intp],
    atoms: NDArray[np.intp],
    kinds: tuple[NDArray[np.int8], NDArray[np.int8]],
) -> NDArray[np.float64]:
    """Change of energy over kT when two sites exchange their atoms, shape ``(swap,)``.

    Parameters
    ----------
    reduced
        As of :func:`rearrange`.
    bonded
        Neighbors of every site, ``(site, neighbor)``, for each shell.
    state
        Element of every site of every realization, flat.
    pair
        The two sites, shape ``(2, swap)``.
    atoms
        First site of the swap's realization, shape ``(swap,)``.
    kinds
        Elements of the two, ``(swap,)`` each.
    """
    first, second = kinds
    energy = np.zeros(len(atoms))
    for shell, neighbors in zip(reduced, bonded, strict=True):
        # change[a, b, t]: with a neighbor t, when a gives way to b
        change = shell[None, :, :] - shell[:, None, :]
        near = neighbors.take(pair, axis=0)
        around = state.take(near + atoms[:, None])
        cost = np.stack(
            [
                change[first[:, None], second[:, None], around[0]],
                change[second[:, None], first[:, None], around[1]],
            ]
        )
        # the bond between the two stays what it is
        energy += np.where(near == pair[::-1, :, None], 0.0, cost).sum(axis=(0, 2))
    return energy
