"""The waves of a grid: Fourier along periodic axes, cosines (DCT-II) along the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from fieldvae.errors import GridError
from fieldvae.evaluation.scores import Array
from fieldvae.grid import Grid

Complex: TypeAlias = NDArray[np.complexfloating]
Mirror: TypeAlias = Callable[[NDArray[np.intp], int], NDArray[np.intp]]

MOST_SHELLS = 16
"""Shells of wave vectors on a large grid."""


class FourierBasis:
    """Orthonormal waves on a grid, in which a field with translation symmetry falls apart.

    Along a periodic axis of n cells the waves are exp(2 pi i m x / n); along any other axis they
    are cos(pi m (x + 1/2) / n), which mirror the field at its faces instead of joining them.
    Being orthonormal, the transform keeps sums of squares.

    Parameters
    ----------
    grid
        The grid; axes that it lacks have one cell.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.shape = grid.shape3
        self.periodic = (*grid.periodic, True, True)[:3]
        self._waves = [-3 + i for i in range(3) if self.periodic[i]]
        self._cosines = [-3 + i for i in range(3) if not self.periodic[i]]

    def transform(self, fields: Array) -> Complex:
        """Return the coefficients of every wave, shape of ``fields``: ``(..., x, y, z)``."""
        found = fields
        if self._cosines:
            found = fft.dctn(found, type=2, axes=self._cosines, norm="ortho")
        return np.asarray(fft.fftn(found, axes=self._waves, norm="ortho"))

    def inverse(self, coefficients: Complex) -> Array:
        """Return the real field with these coefficients; an imaginary rest is dropped."""
        found = np.real(fft.ifftn(coefficients, axes=self._waves, norm="ortho"))
        if self._cosines:
            found = fft.idctn(found, type=2, axes=self._cosines, norm="ortho")
        return np.asarray(found)

    def wavenumbers(self) -> Array:
        """Length of every wave vector in radians per unit of the spacing, shape ``(x, y, z)``."""
        spacing = (*self.grid.spacing, 1.0, 1.0)[:3]
        parts = []
        for cells, h, periodic in zip(self.shape, spacing, self.periodic, strict=True):
            waves = fft.fftfreq(cells, h) if periodic else np.arange(cells) / (2 * cells * h)
            parts.append(2 * np.pi * waves)
        return np.asarray(np.sqrt(sum(k**2 for k in np.meshgrid(*parts, indexing="ij"))))

    def wave_images(self, operation: Array) -> NDArray[np.intp]:
        r"""Say for every wave :math:`k` where its image :math:`R^{-1} k` stands.

        Parameters
        ----------
        operation
            Signed permutation :math:`R` of the grid's axes, shape ``(3, 3)``.

        Returns
        -------
        NDArray
            Positions in the flattened grid, shape ``(cell,)``; a cosine is its own mirror image.

        Raises
        ------
        GridError
            If the operation does not map the grid onto itself.
        """
        return self._images(
            operation,
            lambda index, axis: -index % self.shape[axis] if self.periodic[axis] else index,
        )

    def cell_images(self, operation: Array) -> NDArray[np.intp]:
        """Say for every cell where its image stands, about the center of the grid.

        Parameters, result and refusal as in :meth:`wave_images`.
        """
        return self._images(operation, lambda index, axis: self.shape[axis] - 1 - index)

    def _images(self, operation: Array, mirror: Mirror) -> NDArray[np.intp]:
        turned = np.rint(operation).astype(int)
        target, source = np.nonzero(turned)
        if np.abs(turned - operation).max() > 1e-9 or sorted(source) != [0, 1, 2]:
            raise GridError(f"operation {np.asarray(operation).tolist()} permutes no grid axes")
        indices = np.indices(self.shape).reshape(3, -1)
        moved = np.empty_like(indices)
        for t, s in zip(target.tolist(), source.tolist(), strict=True):
            if (self.shape[t], self.periodic[t]) != (self.shape[s], self.periodic[s]):
                raise GridError(
                    f"operation {np.asarray(operation).tolist()} does not map the grid "
                    f"{self.grid.shape} with periodic {self.grid.periodic} onto itself"
                )
            moved[s] = indices[t] if turned[t, s] > 0 else mirror(indices[t], s)
        return np.asarray(np.ravel_multi_index(tuple(moved), self.shape))


def power_spectrum(fields: Array, basis: FourierBasis) -> Array:
    """Mean square of every wave's coefficient, summed over components.

    Parameters
    ----------
    fields
        Shape ``(..., component, x, y, z)``; the mean goes over all leading axes.
    basis
        The waves of their grid.

    Returns
    -------
    Array
        Shape ``(x, y, z)``, in the unit of the fields squared.
    """
    power = np.abs(basis.transform(fields)) ** 2
    return np.asarray(power.sum(axis=-4).reshape(-1, *basis.shape).mean(axis=0))


def shells(basis: FourierBasis) -> tuple[Array, NDArray[np.intp]]:
    """Group the waves other than the mean by the length of their wave vector.

    Shells are half a step of the longest wave wide, wider where there would be many of them.

    Returns
    -------
    wavenumber
        Mean length of the wave vectors of every shell, shape ``(shell,)``, ascending.
    member
        Shell of every wave, shape ``(cell,)``; -1 for the mean.
    """
    lengths = basis.wavenumbers().ravel()
    member = np.full(lengths.shape, -1, dtype=np.intp)
    waves = lengths > 0
    if not waves.any():
        return np.zeros(0), member
    width = max(lengths[waves].min() / 2, lengths.max() / MOST_SHELLS)
    _, member[waves] = np.unique(np.rint(lengths[waves] / width), return_inverse=True)
    count = np.bincount(member[waves])
    return np.bincount(member[waves], lengths[waves]) / count, member
