r"""The nearest stress whose discrete divergence is zero, in closed form.

At a wave with the discrete wave vector :math:`\kappa` and direction :math:`n = \kappa/|\kappa|`

.. math:: \hat\sigma' = P \hat\sigma P, \qquad P = 1 - n n^T,

is the orthogonal projection in the norm :math:`\sum_{ij} \sigma_{ij}^2`, which every rotation
keeps: of all fields with :math:`\hat\sigma' \kappa = 0` it is the nearest. Where :math:`\kappa`
is zero nothing is projected, but that the mean over the grid is taken off. All :math:`\kappa`
are real, so the same matrix serves :math:`k` and :math:`-k`, and real fields stay real.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics.derivative import wave_vectors
from fieldvae.mechanics.residual import balance_rows


@lru_cache(maxsize=16)
@torch.inference_mode(False)  # what is kept serves passes with gradients too
def solenoidal_projector(field: FieldSpec, grid: Grid) -> Tensor:
    r"""Return the projection onto zero mean and zero discrete divergence, one matrix a wave.

    With the divergence :math:`C(\kappa)` and the weights :math:`W` of the components in the norm
    (two for those off the diagonal)

    .. math:: M = 1 - W^{-1} C^T (C W^{-1} C^T)^{+} C

    Parameters
    ----------
    field
        A symmetric tensor field; its ``derivative`` is the scheme.
    grid
        A periodic grid.

    Returns
    -------
    Tensor
        float64, shape ``(x, y, z, component, component)``, waves in the order of ``fftn``.

    Raises
    ------
    OptionError
        If the field lacks components.
    GridError
        If the grid does not repeat along every axis.
    """
    waves = wave_vectors(grid, field.derivative)
    length = waves.square().sum(0).sqrt()
    direction = torch.where(length > 0, waves / length.clamp(min=1e-300), 0.0)
    rows = balance_rows(field, grid)
    labels = field.labels
    divergence = torch.zeros(*length.shape, len(rows), len(labels), dtype=torch.float64)
    for number, (_, terms) in enumerate(rows):
        for factor, (axis,), label in terms:
            divergence[..., number, labels.index(label)] += factor * direction[axis]
    weight = torch.tensor([1.0 if c[0] == c[1] else 2.0 for c in labels], dtype=torch.float64)
    turned = divergence.mT / weight[:, None]
    inverse = torch.linalg.pinv(divergence @ turned, hermitian=True)
    identity = torch.eye(len(labels), dtype=torch.float64)
    projector: Tensor = identity - turned @ inverse @ divergence
    projector[0, 0, 0] = 0.0
    return projector
