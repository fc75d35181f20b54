r"""The closure ``solenoidal``: projection of a stress onto balance of forces, and density there.

With :math:`M` the projection of physical values (:mod:`fieldvae.mechanics.solenoidal`) and the
scales :math:`s` of the components, scaled values are projected by :math:`T = s^{-1} M s`.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor, nn

from fieldvae.contract import AffineScale
from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.mechanics import solenoidal_projector

GRID = (-3, -2, -1)


class Solenoidal(nn.Module):
    """Keeps the mean and the discrete divergence of a symmetric tensor at zero.

    Parameters
    ----------
    field
        The output; its ``derivative`` is the scheme.
    grid
        A periodic grid, for its spacing; fields may have other numbers of cells.
    scale
        Between scaled and physical values of the output.
    """

    zero: Tensor
    scale: Tensor

    def __init__(self, field: FieldSpec, grid: Grid, scale: AffineScale) -> None:
        super().__init__()
        self.field = field
        self.grid = grid
        self.register_buffer("zero", -scale.offset / scale.scale, persistent=False)
        self.register_buffer("scale", scale.scale, persistent=False)
        solenoidal_projector(field, grid)  # refuses a grid or components that it cannot serve
        self._bases: dict[tuple[int, ...], list[tuple[Tensor, Tensor, Tensor]]] = {}

    def project(self, field: Tensor) -> Tensor:
        """Project scaled values, shape ``(..., component, x, y, z)``."""
        shape = field.shape[-3:]
        projector = _half_projector(self.field, self._grid(tuple(shape)), field.dtype, field.device)
        waves = torch.fft.rfftn((field - self.zero) * self.scale, dim=GRID)
        kept = torch.einsum("xyzab,...bxyz->...axyz", projector, waves)
        projected: Tensor = torch.fft.irfftn(kept, s=shape, dim=GRID)
        return projected / self.scale + self.zero

    def log_density(self, law: DiagonalGaussian, value: Tensor) -> Tensor:
        r"""Logarithm of the density of projected noise on its subspace, shape ``(batch,)``.

        Noise whose variances :math:`D` are the same in every cell is independent between waves,
        and with an orthonormal basis :math:`U(k)` of the range of :math:`T(k)`, of :math:`r_k`
        dimensions, and the unitary transform :math:`\hat r` of value less mean

        .. math:: -\frac12 \sum_k \Big( \hat r^\dagger U C^{-1} U^T \hat r + \ln\det C
                  + r_k \ln 2\pi \Big), \qquad C = U^T T D T^T U

        Parameters
        ----------
        law
            Mean, shape ``(batch, component, x, y, z)``, projected already; one variance a
            component, shape ``(component, 1, 1, 1)`` with or without a batch before.
        value
            The output, shape of the mean.

        Raises
        ------
        OptionError
            If the law is a point mass, or variances or scales differ between cells.
        """
        if law.log_variance is None:
            raise OptionError(
                "the decoder gives a point, and a point has no density; "
                "use the loss squared_error in the place of reconstruction"
            )
        if law.log_variance.shape[-3:] != (1, 1, 1) or self.scale.shape[-3:] != (1, 1, 1):
            raise OptionError(
                f"the closure solenoidal of {self.field.name!r}: noise that differs between cells "
                "has no density in closed form once it is projected; use the losses squared_error "
                "or energy_score in the place of reconstruction, or 'closure: zero-mean'"
            )
        spread = (0.5 * law.log_variance.flatten(-4)).exp()
        waves = torch.fft.fftn(value - law.mean, dim=GRID, norm="ortho").flatten(-3).mT
        total = value.new_zeros(())
        for rows, basis, turned in self._basis(tuple(value.shape[-3:]), value):
            factor = turned * spread.reshape(-1, 1, 1, spread.shape[-1])
            lower = torch.linalg.cholesky(factor @ factor.mT)
            rest = torch.einsum("kar,bka->bkr", basis.to(waves.dtype), waves[:, rows])
            parts = torch.stack([rest.real, rest.imag], -1)
            square = torch.linalg.solve_triangular(lower, parts, upper=False).square()
            determinant = 2 * lower.diagonal(dim1=-2, dim2=-1).log().sum((-2, -1))
            constant = math.log(2 * math.pi) * basis.shape[-1] * len(basis)
            total = total - 0.5 * (square.sum((-3, -2, -1)) + determinant + constant)
        return total

    def _grid(self, shape: tuple[int, ...]) -> Grid:
        if shape == self.grid.shape3:
            return self.grid
        return self.grid.with_shape(shape[: self.grid.dimensions])

    def _basis(self, shape: tuple[int, ...], like: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        r"""Positions of the waves of one rank, :math:`U` and :math:`U^T T` of each."""
        if shape not in self._bases:
            projector = solenoidal_projector(self.field, self._grid(shape)).flatten(0, 2)
            scale = self.scale.detach().to("cpu", torch.float64).reshape(-1)
            scaled = projector * scale / scale[:, None]
            ranks = scaled.diagonal(dim1=-2, dim2=-1).sum(-1).round().long()
            left = torch.linalg.svd(scaled).U
            self._bases[shape] = [
                (rows, left[rows, :, :rank], left[rows, :, :rank].mT @ scaled[rows])
                for rank in sorted({*ranks.tolist()} - {0})
                for rows in [torch.nonzero(ranks == rank)[:, 0]]
            ]
        return [
            (rows.to(like.device), basis.to(like), turned.to(like))
            for rows, basis, turned in self._bases[shape]
        ]


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # what is kept serves passes with gradients too
def _half_projector(
    field: FieldSpec, grid: Grid, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """The projector at the waves of ``rfftn``, in the complex type that goes with a real one."""
    half = solenoidal_projector(field, grid)[:, :, : grid.shape3[2] // 2 + 1]
    return half.to(device, torch.complex128 if dtype == torch.float64 else torch.complex64)
