"""Mean stress of blocks as a linear map of the eigenstrains of their sites."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from fieldvae_atomistic.elasticity import AXES, NORMAL, CubicStiffness, lattice_response
from fieldvae_atomistic.lattice import Lattice


@dataclass(frozen=True)
class BlockResponse:
    r"""Mean stress of every block as a linear map of the sites' isotropic eigenstrains.

    With :math:`m_{b,r}` the linear misfit of place :math:`r` in block :math:`b`, the stress of
    block :math:`x` is a convolution over blocks,

    .. math:: \sigma_i(x) = \sum_{b, r} H_{ir}(x - b)\, m_{b,r}, \qquad
              \hat\sigma_i(K) = \sum_r \hat H_{ir}(K)\, \hat m_r(K),

    so that one Fourier transform over *blocks* for each place replaces that over sites, and
    the fine waves are never needed: they are folded into :math:`H` once. The result is the
    block average of :func:`~fieldvae_atomistic.elasticity.site_stress` to rounding.

    Parameters
    ----------
    lattice
        Sites and blocks.
    stiffness
        Of the homogeneous medium.
    """

    lattice: Lattice
    stiffness: CubicStiffness

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """Sites of every block, in the same order in each, shape ``(x, y, z, place)``."""
        order = np.argsort(self.lattice.block, kind="stable")
        return order.reshape(*self.lattice.grid, self.lattice.sites_per_block)

    @cached_property
    def kernel(self) -> NDArray[np.float64]:
        """Stress :math:`H` of a unit misfit at a place of block 0, GPa, shape
        ``(voigt, x, y, z, place)``.
        """
        lattice = self.lattice
        halves = tuple(lattice.layers.tolist())
        edge = tuple(h // g for h, g in zip(halves, lattice.grid, strict=True))
        # the mean over a block; points that are no sites have no stress and add nothing
        window = np.zeros(halves)
        window[: edge[0], : edge[1], : edge[2]] = 1.0 / lattice.sites_per_block
        isotropic = lattice_response(lattice, self.stiffness)[..., NORMAL].sum(axis=-1)
        waves = np.moveaxis(isotropic, -1, 0) * fft.rfftn(window).conj()
        summed = fft.irfftn(waves, s=halves, axes=AXES)
        corners = np.indices(lattice.grid) * np.reshape(edge, (3, 1, 1, 1))
        origin = lattice.sites[self.places[0, 0, 0]].T[:, None, None, None, :]
        apart = (corners[..., None] - origin) % np.reshape(halves, (3, 1, 1, 1, 1))
        return np.asarray(summed[:, *apart])

    @cached_property
    def _waves(self) -> NDArray[np.complex128]:
        """The kernel's waves in the order of :meth:`apply`, shape (x, y, z // 2 + 1, voigt, r)."""
        waves = fft.rfftn(self.kernel, axes=(1, 2, 3))
        return np.ascontiguousarray(np.moveaxis(waves, 0, -2))

    @cached_property
    def _uniform(self) -> NDArray[np.complex128]:
        """The waves of the stress of blocks with a misfit of one at all their places."""
        return np.asarray(self._waves.sum(axis=-1, keepdims=True))

    def apply(self, misfit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the blocks' stress.

        Parameters
        ----------
        misfit
            Linear misfit of every site, dimensionless, shape ``(site,)``.

        Returns
        -------
        NDArray[np.float64]
            GPa, tension positive, mean zero, shape ``(voigt, x, y, z)``.
        """
        return self._filtered(self._waves, misfit[self.places])

    def apply_uniform(self, misfit: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the stress where all sites of a block have one misfit.

        Parameters
        ----------
        misfit
            Linear misfit of every block, dimensionless, shape ``(x, y, z)``.

        Returns
        -------
        NDArray[np.float64]
            GPa, tension positive, mean zero, shape ``(voigt, x, y, z)``.
        """
        return self._filtered(self._uniform, misfit[..., None])

    def _filtered(
        self, response: NDArray[np.complex128], misfit: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Convolve over blocks: misfit ``(x, y, z, place)`` to stress ``(voigt, x, y, z)``."""
        waves = fft.rfftn(misfit, axes=(0, 1, 2))
        stress = np.matmul(response, waves[..., None])[..., 0]
        blocks = fft.irfftn(stress, s=self.lattice.grid, axes=(0, 1, 2))
        return np.ascontiguousarray(np.moveaxis(blocks, -1, 0))

    @cached_property
    def pair_waves(self) -> NDArray[np.complex128]:
        r"""Covariance of the stress waves where block 0 alone is shuffled with unit variance.

        .. math:: \hat M_{ij}(K, K') = \sum_{r, s} \hat H_{ir}(K)
                  \bigl(\delta_{rs} - \tfrac1n\bigr) \hat H_{js}^*(K')

        Shape ``(voigt, x, y, z, voigt, x, y, z)``, GPa^2; ``(6 blocks)^2`` numbers.
        """
        waves = fft.fftn(self.kernel, axes=(1, 2, 3))
        centered = (waves - waves.mean(axis=-1, keepdims=True)).reshape(-1, waves.shape[-1])
        pairs = centered @ centered.conj().T
        return np.asarray(pairs.reshape(waves.shape[:-1] * 2))

    def shuffled_covariance(self, variance: NDArray[np.float64]) -> NDArray[np.float64]:
        r"""Return the covariance of the blocks' stress where each block is shuffled by itself.

        The misfits of a block have covariance :math:`S_b^2 (\delta_{rs} - 1/n)` and those of
        different blocks are independent. Then

        .. math:: \mathrm{Cov}\bigl(\hat\sigma_i(K), \hat\sigma_j(K')\bigr)
                  = \widehat{S^2}(K - K')\, \hat M_{ij}(K, K'),

        one product of each pair of waves, and two Fourier transforms over blocks.

        Parameters
        ----------
        variance
            :math:`S_b^2`, dimensionless, shape ``(x, y, z)``.

        Returns
        -------
        NDArray[np.float64]
            GPa^2, shape ``(voigt, x, y, z, voigt, x, y, z)``.
        """
        grid = self.lattice.grid
        spectrum = fft.fftn(variance)
        apart = [(np.arange(n)[:, None] - np.arange(n)) % n for n in grid]
        between = spectrum[
            apart[0][:, None, None, :, None, None],
            apart[1][None, :, None, None, :, None],
            apart[2][None, None, :, None, None, :],
        ]
        waves = self.pair_waves * between[None, :, :, :, None, :, :, :]
        half = fft.ifftn(waves, axes=(1, 2, 3), overwrite_x=True)
        whole = fft.fftn(half, axes=(5, 6, 7), overwrite_x=True, norm="forward")
        return np.asarray(whole.real)
