"""From atoms to blocks: concentration, Warren-Cowley parameters and stress of every block.

The simulator knows the block of every lattice site; the importer finds it from positions, piece
by piece. Both count and add with the same functions, and turn sums into fields with the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic.lattice import Lattice

BAR_IN_GPA = 1.0e-4
"""What LAMMPS's unit of pressure (units metal) is in ours."""


def count_atoms(
    block: NDArray[np.integer], kind: NDArray[np.integer], *, blocks: int, elements: int
) -> NDArray[np.int64]:
    """Count the atoms of every element in each block.

    Parameters
    ----------
    block
        Number of every atom's block, ``0 .. blocks - 1``, shape ``(atom,)``.
    kind
        Element of every atom, ``0 .. elements - 1``, shape ``(atom,)``.
    blocks, elements
        How many there are.

    Returns
    -------
    NDArray[np.int64]
        Shape ``(element, block)``.
    """
    key = kind.astype(np.int64) * blocks + block
    return np.bincount(key, minlength=elements * blocks).reshape(elements, blocks)


def count_bonds(
    place: NDArray[np.integer],
    kind: NDArray[np.integer],
    center: NDArray[np.integer],
    neighbor: NDArray[np.integer],
    *,
    blocks: int,
    elements: int,
) -> NDArray[np.int64]:
    """Count neighbors of every element around the atoms of every element, by the center's block.

    Parameters
    ----------
    place
        ``(block * elements + kind) * elements`` of every atom, shape ``(atom,)``: what has to be
        known of a center.
    kind
        Element of every atom, shape ``(atom,)``.
    center, neighbor
        Numbers of the two atoms of every bond, of shapes that broadcast together; a bond counts
        once, for its center.
    blocks, elements
        How many there are.

    Returns
    -------
    NDArray[np.int64]
        Shape ``(block, center, neighbor)``, the last two by element.
    """
    key = place[center] + kind[neighbor]
    bonds = np.bincount(key.ravel(), minlength=blocks * elements**2)
    return bonds.reshape(blocks, elements, elements)


def add_up(
    block: NDArray[np.integer], values: Sequence[NDArray[np.float64]], *, blocks: int
) -> NDArray[np.float64]:
    """Add values of atoms up over blocks.

    Parameters
    ----------
    block
        Number of every atom's block, shape ``(atom,)``.
    values
        One array ``(atom,)`` for each component.
    blocks
        How many there are.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(component, block)``.
    """
    return np.stack([np.bincount(block, weights=part, minlength=blocks) for part in values])


def order_parameters(
    bonds: NDArray[np.int64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    r"""Turn bonds into Warren-Cowley parameters.

    .. math:: \alpha_{ij} = \frac{p_{ij} - c_j}{\delta_{ij} - c_j}

    Parameters
    ----------
    bonds
        Neighbors of element ``j`` around atoms of element ``i``, shape ``(block, i, j)``.
    reference
        Concentrations, shape ``(element,)`` for all blocks or ``(block, element)``.

    Returns
    -------
    NDArray[np.float64]
        Dimensionless, shape ``(block, i, j)``; 0 where nothing is known: no atom of ``i`` in
        the block, none of ``j`` in the reference, or nothing else in it.
    """
    elements = bonds.shape[-1]
    concentration = reference[..., None, :]
    centers = bonds.sum(axis=2, keepdims=True)
    share = np.divide(bonds, centers, out=np.zeros(bonds.shape), where=centers > 0)
    scale = np.eye(elements) - concentration
    known = (centers > 0) & (scale != 0.0) & (concentration > 0.0)
    alpha: NDArray[np.float64] = np.divide(
        share - concentration, scale, out=np.zeros(bonds.shape), where=known
    )
    return alpha


def concentration(
    lattice: Lattice, occupation: NDArray[np.integer], *, elements: int
) -> NDArray[np.float64]:
    """Return the share of every element among the atoms of each block.

    Parameters
    ----------
    lattice
        Sites and blocks.
    occupation
        Element of every site, ``0 .. elements - 1``, shape ``(site,)``.
    elements
        Number of elements.

    Returns
    -------
    NDArray[np.float64]
        Dimensionless, shape ``(element, x, y, z)``; adds up to one in every block.
    """
    counts = count_atoms(lattice.block, occupation, blocks=lattice.blocks, elements=elements)
    return np.asarray((counts / lattice.block_sizes).reshape(elements, *lattice.grid))


def warren_cowley(
    lattice: Lattice, occupation: NDArray[np.integer], *, elements: int
) -> NDArray[np.float64]:
    r"""Return the Warren-Cowley parameters of the first shell of each block.

    .. math:: \alpha_{ij} = \frac{p_{ij} - c_j}{\delta_{ij} - c_j}

    with :math:`p_{ij}` the share of element :math:`j` among the neighbors of the block's atoms
    of element :math:`i`, and :math:`c_j` the concentration of :math:`j` in the whole cell.
    Bonds across a block's faces count for the block of their center. Zero is random, one means
    that :math:`i` has only its own kind around it; unlike elements that seek each other are
    negative, and so is a kind that avoids itself.

    Where a block holds no atom of :math:`i`, or the cell none of :math:`j` (or nothing else),
    nothing is known, and the value is 0.

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
    NDArray[np.float64]
        Dimensionless, shape ``(center, neighbor, x, y, z)``.
    """
    kind = occupation.astype(np.int64)
    first_shell = lattice.neighbors[0]
    bonds = count_bonds(
        (lattice.block * elements + kind) * elements,
        kind,
        np.arange(lattice.size),
        first_shell,
        blocks=lattice.blocks,
        elements=elements,
    )
    alpha = order_parameters(bonds, np.bincount(kind, minlength=elements) / lattice.size)
    return np.asarray(alpha.transpose(1, 2, 0).reshape(elements, elements, *lattice.grid))


def block_stress(
    lattice: Lattice, virial: NDArray[np.float64], *, volume: float
) -> NDArray[np.float64]:
    """Return the stress of each block, tension positive.

    LAMMPS's per-atom stress is a stress times a volume, of such a sign that its sum over all
    atoms divided by the volume of the box is minus the pressure. A block's stress is the sum
    over its atoms divided by the volume of its atoms: the block's own, and where blocks hold
    different numbers of atoms the share of the box that its number says, so that a uniform
    stress is the same in all of them.

    Parameters
    ----------
    lattice
        Blocks.
    virial
        ``stress/atom NULL virial`` of the atom of every site, bar times cubic Angstrom, shape
        ``(site, voigt)``.
    volume
        Volume of the box, cubic Angstrom.

    Returns
    -------
    NDArray[np.float64]
        GPa, shape ``(voigt, x, y, z)``, components in the order of :data:`fieldvae.VOIGT`.
    """
    sums = add_up(lattice.block, list(virial.T), blocks=lattice.blocks)
    stress = sums * (BAR_IN_GPA * lattice.blocks / volume)
    stress *= (lattice.size / lattice.blocks) / lattice.block_sizes  # one where blocks are alike
    return np.asarray(stress.reshape(-1, *lattice.grid))
