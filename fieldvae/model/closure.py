r"""Laws of output fields that are bound by a closure: projection and density.

A residual stress in a load-free periodic cell has zero mean over the cell, so its law lives on a
subspace. Realizations are projected onto it, and densities are taken on it, or else a learned
variance would come out too large by the factor :math:`V/(V-1)` for a grid of :math:`V` cells.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from fieldvae.contract import AffineScale
from fieldvae.errors import OptionError
from fieldvae.gaussian import DiagonalGaussian

GRID = (-3, -2, -1)
"""The axes x, y, z of a tensor inside the model."""


class ZeroMean(nn.Module):
    """The closure ``zero-mean``: every component's mean over the grid is zero.

    Parameters
    ----------
    scale
        Between scaled and physical values of the output; the same in every cell.
    """

    zero: Tensor

    def __init__(self, scale: AffineScale) -> None:
        super().__init__()
        self.register_buffer("zero", -scale.offset / scale.scale, persistent=False)

    def project(self, field: Tensor) -> Tensor:
        """Project scaled values, shape ``(..., component, x, y, z)``."""
        return project(field, self.zero)

    def log_density(self, law: DiagonalGaussian, value: Tensor) -> Tensor:
        """Logarithm of the projected law's density, shape ``(batch,)``: :func:`log_density`."""
        return log_density(law, value, projected=True)


def project(field: Tensor, zero: Tensor) -> Tensor:
    r"""Shift every component so that its mean over the grid is the given one.

    .. math:: f(x) - \frac1V \sum_{x'} f(x') + f_0

    Parameters
    ----------
    field
        Scaled values, shape ``(..., component, x, y, z)``.
    zero
        Scaled value of the physical zero, shape ``(component, 1, 1, 1)``.

    Returns
    -------
    Tensor
        Shape of ``field``.

    Examples
    --------
    >>> project(torch.tensor([1.0, 3.0]).reshape(1, 2, 1, 1), torch.zeros(1, 1, 1, 1)).flatten()
    tensor([-1.,  1.])
    """
    return field - (field.mean(GRID, keepdim=True) - zero)


def log_density(
    law: DiagonalGaussian, value: Tensor, *, projected: bool, known: Tensor | None = None
) -> Tensor:
    r"""Logarithm of the density of one output field, a number for each sample.

    Noise of variances :math:`d_i` that is projected onto zero mean has, on the subspace of
    :math:`V - 1` dimensions, the covariance :math:`Q^T D Q` with

    .. math::
        \ln\det(Q^T D Q) &= \sum_i \ln d_i + \ln\Big(\frac1V \sum_i \frac1{d_i}\Big), \\
        r^T Q (Q^T D Q)^{-1} Q^T r &= \sum_i \frac{r_i^2}{d_i}
            - \frac{(\sum_i r_i / d_i)^2}{\sum_i 1 / d_i}

    by Schur's complement; for equal :math:`d_i` that is the usual density with
    :math:`V - 1` in the place of :math:`V`.

    Parameters
    ----------
    law
        Mean and variance, shape ``(batch, component, x, y, z)``; the mean is projected already.
    value
        The output, same shape.
    projected
        Whether the law is that of projected noise.
    known
        1 where a value counts and 0 where it is missing, shape of ``value``: the density is that
        of the known values. Projected noise has none missing.

    Returns
    -------
    Tensor
        Shape ``(batch,)``.

    Raises
    ------
    OptionError
        If the law is a point mass.
    """
    if law.log_variance is None:
        raise OptionError(
            "the decoder gives a point, and a point has no density; "
            "use the loss squared_error in the place of reconstruction"
        )
    if not projected:
        each = law.log_prob(value)
        return (each if known is None else each * known).flatten(1).sum(1)
    log_variance = law.log_variance.expand_as(law.mean)
    precision = (-log_variance).exp()
    residual = value - law.mean
    total = precision.sum(GRID)
    cells = math.prod(residual.shape[-3:])
    squared = (residual.square() * precision).sum(GRID)
    squared = squared - (residual * precision).sum(GRID).square() / total
    log_determinant = log_variance.sum(GRID) + torch.log(total / cells)
    constant = (cells - 1) * math.log(2 * math.pi)
    return -0.5 * (squared + log_determinant + constant).sum(-1)
