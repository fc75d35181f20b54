"""Which swaps within blocks can be tried at once, and on which lattices."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError
from fieldvae_atomistic.lattice import Lattice


def check_thick(lattice: Lattice) -> None:
    """Raise :class:`~fieldvae.OptionError` if atoms of a lattice cannot be rearranged in blocks.

    A step leaves out the sites that have neighbors behind one face (:class:`Moves`); what is
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


def _reach(lattice: Lattice) -> NDArray[np.int64]:
    """Planes that first neighbors are away at most, along x, y, z."""
    return np.asarray(np.abs(lattice.shells[0]).max(axis=0))


@dataclass(frozen=True)
class Moves:
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
    def of(cls, lattice: Lattice) -> Moves:
        """List the swaps of a lattice that passes :func:`check_thick`."""
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
