"""First shell of every atom, and its bonds counted by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from fieldvae_atomistic.box import Box
from fieldvae_atomistic.coarse import count_bonds

FCC_SHELL = (1.0 + np.sqrt(0.5)) / 2.0
"""Midway between the first (a / sqrt 2) and the second (a) shell of fcc, in lattice constants."""

FCC_NEIGHBORS = 12

SLAB = 250_000
"""Atoms whose pairs are searched at a time: 1.5 million pairs in fcc, 24 MB."""

ROUNDING = 1.0e-9
"""What a reach is widened by, so that no pair at the cutoff is lost between two slabs."""

WIDENINGS = 12
"""How often the search for the nearest is widened: 1.25 times the radius each, 14 times in all."""

PIECE = 1 << 17
"""Bonds that are counted at a time, so that what is gathered stays in the processor's cache."""


def default_cutoff(box: Box, atoms: int) -> float:
    """Return the middle between the first two shells of an fcc crystal of the box's density.

    Parameters
    ----------
    box
        The box.
    atoms
        Atoms in it.

    Returns
    -------
    float
        Angstrom.
    """
    return float(FCC_SHELL * (4.0 * box.volume / atoms) ** (1.0 / 3.0))


def bonds_within(
    box: Box,
    fractions: NDArray[np.float64],
    block: NDArray[np.integer],
    kind: NDArray[np.integer],
    *,
    cutoff: float,
    blocks: int,
    elements: int,
) -> NDArray[np.int64]:
    """Count all bonds shorter than a cutoff, each for both of its ends.

    Parameters
    ----------
    box
        The box.
    fractions
        Places of the atoms in it, 0 to below 1, shape ``(atom, 3)``.
    block, kind
        Block and element of every atom, shape ``(atom,)``.
    cutoff
        Angstrom.
    blocks, elements
        How many there are.

    Returns
    -------
    NDArray[np.int64]
        Shape ``(block, center, neighbor)``.
    """
    total = np.zeros((blocks, elements, elements), dtype=np.int64)
    kind = kind.astype(np.int32)
    place = (block.astype(np.int32) * elements + kind) * elements
    for chosen, own, pairs in _pairs(box, fractions, cutoff):
        here, there = place[chosen], kind[chosen]
        for start in range(0, len(pairs), PIECE):
            first, second = pairs[start : start + PIECE].T
            if own < len(here):
                mine = np.minimum(first, second) < own  # or the next slab counts the bond
                first, second = first[mine], second[mine]
            for ends in ((first, second), (second, first)):
                total += count_bonds(here, there, *ends, blocks=blocks, elements=elements)
    return total


def bonds_of_nearest(
    box: Box,
    fractions: NDArray[np.float64],
    block: NDArray[np.integer],
    kind: NDArray[np.integer],
    *,
    neighbors: int,
    blocks: int,
    elements: int,
) -> NDArray[np.int64]:
    """Count the bonds of every atom to a number of nearest ones; see :func:`bonds_within`.

    Raises
    ------
    ValueError
        If the box holds too few atoms.
    """
    total = np.zeros((blocks, elements, elements), dtype=np.int64)
    kind = kind.astype(np.int32)
    place = (block.astype(np.int32) * elements + kind) * elements
    for centers, nearest in _nearest(box, fractions, neighbors):
        total += count_bonds(
            place, kind, centers[:, None], nearest, blocks=blocks, elements=elements
        )
    return total


def _pairs(
    box: Box, fractions: NDArray[np.float64], cutoff: float
) -> Iterator[tuple[NDArray[np.intp] | slice, int, NDArray[np.integer]]]:
    """Find pairs slab by slab along the longest axis of the box.

    Yields the atoms that were searched, those of the slab first and then those within the
    cutoff above it; how many of them are the slab's own; and pairs of their numbers in it. A pair
    belongs to the slab if one of its atoms does: one of two in neighboring slabs is found from
    the lower one, and pairs wholly above the slab are the next one's.
    """
    axis = int(np.argmax(box.heights))
    # two cutoffs thick, so that what lies above a slab is never what lies below it
    slabs = min(-(-len(fractions) // SLAB), int(box.heights[axis] / (2.0 * cutoff)))
    if slabs < 2:
        yield slice(None), len(fractions), _search(box, fractions, cutoff)
        return
    along = fractions[:, axis]
    reach = cutoff / box.heights[axis] * (1.0 + ROUNDING)
    # a periodic box with nothing in its upper end: vesin is slow where a box is not periodic
    height = 1.0 / slabs + 2.0 * reach
    thin = box.scaled(axis, height)
    for slab in range(slabs):
        low, high = slab / slabs, (slab + 1) / slabs
        own = np.flatnonzero((along >= low) & (along < high))
        above = np.flatnonzero((along >= high) & (along < high + reach))
        wrapped = np.empty(0, dtype=np.intp)
        if slab == slabs - 1 and box.periodic[axis]:
            wrapped = np.flatnonzero(along < reach)
        chosen = np.concatenate([own, above, wrapped])
        points = fractions[chosen]
        points[len(chosen) - len(wrapped) :, axis] += 1.0
        points[:, axis] = (points[:, axis] - low) / height
        yield chosen, len(own), _search(thin, points, cutoff)


def _search(box: Box, fractions: NDArray[np.float64], cutoff: float) -> NDArray[np.integer]:
    """Find every pair within the cutoff once, shape ``(pair, 2)``."""
    points = fractions @ box.matrix
    if _suits_tree(box, cutoff):
        tree = _tree(box, points)
        found: NDArray[np.integer] = tree.query_pairs(cutoff, output_type="ndarray")
        return found
    finder = _finder(cutoff, full_list=False)
    (pairs,) = finder.compute(points, box.matrix, box.periodic, "P", copy=False)
    return np.array(pairs, dtype=np.int64)  # what vesin gives lives as long as the finder


def _finder(cutoff: float, *, full_list: bool) -> Any:
    import vesin  # brings torch along where that is installed, which takes a second

    return vesin.NeighborList(cutoff=cutoff, full_list=full_list, n_threads=1)


def _suits_tree(box: Box, cutoff: float) -> bool:
    """Whether scipy's tree sees every pair: edges along the axes, one image of each atom."""
    narrow = min(
        (h for h, flag in zip(box.heights, box.periodic, strict=True) if flag), default=np.inf
    )
    return not box.tilted and bool(narrow > 2.0 * cutoff) and bool((np.diag(box.matrix) > 0).all())


def _tree(box: Box, points: NDArray[np.float64]) -> cKDTree:
    size = np.where(box.periodic, np.diag(box.matrix), 0.0)  # 0: not periodic
    for axis in np.flatnonzero(box.periodic):
        # a fraction just below 1 may round up to the edge, which the tree refuses
        points[points[:, axis] >= size[axis], axis] = 0.0
    return cKDTree(points, boxsize=size, balanced_tree=False, compact_nodes=False)


def _nearest(
    box: Box, fractions: NDArray[np.float64], neighbors: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.integer]]]:
    """Find the nearest neighbors of every atom: centers ``(n,)``, neighbors ``(n, neighbors)``."""
    atoms = len(fractions)
    # twice the volume that holds so many on average, and more where that is not enough
    cutoff = (2.0 * neighbors * box.volume / atoms * 3.0 / (4.0 * np.pi)) ** (1.0 / 3.0)
    points = fractions @ box.matrix
    left = np.arange(atoms)
    if _suits_tree(box, cutoff) and atoms > neighbors:
        tree = _tree(box, points)
        reach = min(box.heights[list(box.periodic)], default=np.inf) / 2.0
        failed = []
        for start in range(0, atoms, PIECE):
            centers = left[start : start + PIECE]
            distance, found = tree.query(points[centers], k=neighbors + 1)
            # farther than half the box a second image may be nearer than other atoms
            sure = distance[:, -1] < reach
            failed.append(centers[~sure])
            centers, distance, found = centers[sure], distance[sure], found[sure]
            # an atom is its own nearest, but not the first of the list where two coincide
            distance[found == centers[:, None]] = -1.0
            order = np.argsort(distance, axis=1, kind="stable")[:, 1:]
            yield centers, np.take_along_axis(found, order, axis=1)
        left = np.concatenate(failed)
    for _ in range(WIDENINGS if len(left) else 0):
        finder = _finder(cutoff, full_list=True)
        center, other, distance = finder.compute(points, box.matrix, box.periodic, "ijd")
        count = np.bincount(center.view(np.int64), minlength=atoms)
        if count[left].min() >= neighbors:
            order = np.lexsort((distance, center))
            first = np.cumsum(count) - count
            chosen = order[first[left, None] + np.arange(neighbors)]
            yield left, other[chosen].view(np.int64)
            return
        cutoff *= 1.25
    if len(left):
        raise ValueError(f"some of the {atoms} atoms have no {neighbors} neighbors")
