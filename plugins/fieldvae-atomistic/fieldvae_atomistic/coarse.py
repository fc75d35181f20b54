"""From atoms to blocks: concentration, Warren-Cowley parameters and stress of every block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic.lattice import Lattice

BAR_IN_GPA = 1.0e-4
"""What LAMMPS's unit of pressure (units metal) is in ours."""


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
    key = occupation.astype(np.int64) * lattice.blocks + lattice.block
    counts = np.bincount(key, minlength=elements * lattice.blocks)
    return np.asarray(counts.reshape(elements, *lattice.grid) / lattice.sites_per_block)


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
    blocks = lattice.blocks
    kind = occupation.astype(np.int64)
    cell = np.bincount(kind, minlength=elements) / lattice.size
    first_shell = lattice.neighbors[0]
    key = (lattice.block * elements + kind) * elements + kind[first_shell]
    bonds = np.bincount(key.ravel(), minlength=blocks * elements**2)
    bonds = bonds.reshape(blocks, elements, elements)
    centers = bonds.sum(axis=2, keepdims=True)
    share = np.divide(bonds, centers, out=np.zeros(bonds.shape), where=centers > 0)
    scale = np.eye(elements) - cell
    known = (centers > 0) & (scale != 0.0) & (cell > 0.0)
    alpha = np.divide(share - cell, scale, out=np.zeros(bonds.shape), where=known)
    return np.asarray(alpha.transpose(1, 2, 0).reshape(elements, elements, *lattice.grid))


def block_stress(
    lattice: Lattice, virial: NDArray[np.float64], *, volume: float
) -> NDArray[np.float64]:
    """Return the stress of each block, tension positive.

    LAMMPS's per-atom stress is a stress times a volume, of such a sign that its sum over all
    atoms divided by the volume of the box is minus the pressure. A block's stress is the sum
    over its atoms divided by the block's volume.

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
    sums = np.stack(
        [np.bincount(lattice.block, weights=part, minlength=lattice.blocks) for part in virial.T]
    )
    stress = sums * (BAR_IN_GPA * lattice.blocks / volume)
    return np.asarray(stress.reshape(-1, *lattice.grid))
