"""What the blocks of a configuration hold, as sums: pooled exactly, and turned into fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic.coarse import order_parameters

Number = TypeVar("Number", np.int64, np.float64)


def pool(sums: NDArray[Number], factors: tuple[int, int, int]) -> NDArray[Number]:
    """Add sums over blocks up to those over larger blocks.

    Exact: what is kept of blocks are sums (of atoms, bonds, virial), never means, so that pooling
    from a finer grid is the coarser grid itself.

    Parameters
    ----------
    sums
        Shape ``(..., x, y, z)``.
    factors
        Fine blocks per coarse block along x, y, z.

    Returns
    -------
    NDArray[Number]
        Shape ``(..., x // factor, y // factor, z // factor)``.

    Raises
    ------
    ValueError
        If the factors do not divide the grid.

    Examples
    --------
    >>> pool(np.ones((2, 4, 4, 2), dtype=np.int64), (2, 2, 2))[0, :, :, 0]
    array([[8, 8],
           [8, 8]])
    """
    shape = sums.shape[-3:]
    if any(n % f for n, f in zip(shape, factors, strict=True)):
        raise ValueError(f"{shape} blocks cannot be pooled by {factors}")
    x, y, z = (n // f for n, f in zip(shape, factors, strict=True))
    parts = sums.reshape(*sums.shape[:-3], x, factors[0], y, factors[1], z, factors[2])
    return np.asarray(parts.sum(axis=(-5, -3, -1)))


@dataclass(frozen=True)
class BlockSums:
    """What the blocks of a cell hold, as sums; fields are made of them, pooled or not.

    Parameters
    ----------
    atoms
        Atoms of every element, shape ``(element, x, y, z)``.
    volume
        Volume of a block, cubic Angstrom.
    bonds
        Neighbors of element ``j`` around atoms of element ``i``, shape ``(i, j, x, y, z)``.
    order
        Sums of the atoms' own Warren-Cowley parameters, shape ``(pair, x, y, z)``.
    virial
        Sums of stress times volume, in LAMMPS's unit and sign, shape ``(voigt, x, y, z)``.
    """

    atoms: NDArray[np.int64]
    volume: float
    bonds: NDArray[np.int64] | None = None
    order: NDArray[np.float64] | None = None
    virial: NDArray[np.float64] | None = None

    def pooled(self, factors: tuple[int, int, int]) -> BlockSums:
        """Return the sums over larger blocks; see :func:`pool`."""
        return BlockSums(
            atoms=pool(self.atoms, factors),
            volume=self.volume * factors[0] * factors[1] * factors[2],
            bonds=None if self.bonds is None else pool(self.bonds, factors),
            order=None if self.order is None else pool(self.order, factors),
            virial=None if self.virial is None else pool(self.virial, factors),
        )

    def concentration(self) -> NDArray[np.float64]:
        """Return the share of every element, shape ``(element, x, y, z)``; NaN without atoms."""
        total = self.atoms.sum(axis=0)
        shares = np.full(self.atoms.shape, np.nan)
        np.divide(self.atoms, total, out=shares, where=total > 0)
        return shares

    def warren_cowley(self, *, reference: Literal["cell", "block"]) -> NDArray[np.float64]:
        """Return the parameters of the first shell, shape ``(center, neighbor, x, y, z)``.

        From the bonds, against the concentrations of the cell or of each block
        (:func:`order_parameters`); or, where the dump has parameters of every atom, their mean
        over the block's atoms.
        """
        elements, *grid = self.atoms.shape
        if self.order is not None:
            mean = self.order / self.atoms.sum(axis=0)
            return np.asarray(mean.reshape(elements, elements, *grid))
        assert self.bonds is not None
        if reference == "cell":
            against = self.atoms.sum(axis=(1, 2, 3)) / self.atoms.sum()
        else:
            against = np.nan_to_num(self.concentration()).reshape(elements, -1).T
        bonds = self.bonds.reshape(elements, elements, -1).transpose(2, 0, 1)
        alpha = order_parameters(bonds, against)
        return np.asarray(alpha.transpose(1, 2, 0).reshape(elements, elements, *grid))

    def stress(self, *, unit: float) -> NDArray[np.float64]:
        """Return virial over volume, GPa, shape ``(voigt, x, y, z)``; ``unit`` is bar in GPa."""
        assert self.virial is not None
        return self.virial * (unit / self.volume)
