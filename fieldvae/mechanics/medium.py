r"""Stress of eigenstrains in an elastic medium, averaged over the blocks of a grid.

A medium of uniform stiffness :math:`C` without load answers a wave of eigenstrain
:math:`\hat\varepsilon^*` with the stress

.. math:: \hat\sigma(k) = \Gamma(k) : \hat\varepsilon^*(k), \qquad
          \Gamma(k) = C : \bigl(n \otimes K^{-1} n \cdot C - 1\bigr), \qquad
          K = n \cdot C \cdot n, \quad n = k / |k|

(T. Mura, Micromechanics of Defects in Solids, 1987, section 3). It depends on the direction of
the wave alone and has no limit at :math:`k = 0`: no kernel of a few cells can follow it there.

Blocks of one eigenstrain each have waves shorter than two blocks too, and their mean stress takes
all of them in. With the edges :math:`h` of a block the mean stress is

.. math:: \hat\sigma(k) = \sum_G w(k + G)\, \Gamma(k + G) : \hat\varepsilon^*(k), \qquad
          w(k) = \prod_i \mathrm{sinc}^2 \frac{k_i h_i}{2}, \quad \sum_G w(k + G) = 1,

over all :math:`G_i = 2\pi m_i / h_i` (S. Brisard and L. Dormieux, Computational Materials Science
49 (2010) 663, doi:10.1016/j.commatsci.2010.06.009). Here :math:`|m_i|` ends at :data:`FOLDS`, and
the weights are divided by their sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from fieldvae.mechanics.mandel import PAIRS

FOLDS = 1
"""How many waves shorter than two blocks are taken in, each way along every axis. With one the
response of a cubic crystal (250, 155, 140 GPa) on 8x8x8 blocks of 4x4x4 fcc cells is 0.4 % off
(squares over squares), with three 0.05 %."""

AT_ONCE = 65_536
"""Folded waves that are computed at once: on large grids they would fill the memory."""

NOTHING = 1e-12
"""Weights below this are zeros of the sinc, but for rounding."""

_NUMBER = torch.tensor([[PAIRS.index((min(i, j), max(i, j))) for j in range(3)] for i in range(3)])
_ROWS = torch.tensor([p for p, _ in PAIRS])
_COLUMNS = torch.tensor([q for _, q in PAIRS])
_TWICE = torch.tensor([1.0 if p == q else 2.0 for p, q in PAIRS])

Shape = tuple[int, int, int]
Edges = tuple[float, float, float]


@dataclass(frozen=True)
class _Waves:
    """Waves that a grid of blocks cannot tell apart, of half of its waves.

    Parameters
    ----------
    direction
        Unit vectors, shape ``(folded wave, 3)``.
    weight
        Shape ``(folded wave,)``; adds up to one over those of one wave of the grid.
    wave
        Number of the grid's wave in the order of ``rfftn``, shape ``(folded wave,)``.
    """

    direction: Tensor
    weight: Tensor
    wave: Tensor


def block_response(
    stiffness: Tensor, shape: Shape, spacing: Edges, *, fixed: bool = False
) -> Tensor:
    r"""Return the mean stress of blocks per wave of their eigenstrain.

    Parameters
    ----------
    stiffness
        :math:`C_{ijkl}` as a symmetric matrix over :data:`~fieldvae.VOIGT`, positive definite,
        shape ``(6, 6)``; gradients pass.
    shape
        Cells along x, y, z, of a grid that repeats.
    spacing
        Edges of a block.
    fixed
        Whether the box is held fixed, so that its mean stress is that of the mean eigenstrain,
        :math:`-C : \overline{\varepsilon^*}`; otherwise it is zero, as without load.

    Returns
    -------
    Tensor
        Shape ``(x, y, z // 2 + 1, 6, 6)``, in the order of ``rfftn``: row, stress; column,
        tensor component of the eigenstrain.
    """
    waves = _waves(shape, spacing, stiffness.dtype, stiffness.device)
    half = (*shape[:2], shape[2] // 2 + 1)
    summed = stiffness.new_zeros(math.prod(half), 6, 6)
    for start in range(0, len(waves.weight), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        folded = _response(stiffness, waves.direction[some]) * waves.weight[some, None, None]
        summed = summed.index_add(0, waves.wave[some], folded)
    if fixed:
        summed = torch.cat([-(stiffness * _TWICE.to(stiffness))[None], summed[1:]])
    waved: Tensor = summed.view(*half, 6, 6)
    return waved


def _response(stiffness: Tensor, direction: Tensor) -> Tensor:
    """Response to plane waves in an unbounded medium, shape ``(wave, 6, 6)``."""
    number, rows, columns = (t.to(stiffness.device) for t in (_NUMBER, _ROWS, _COLUMNS))
    tensor = stiffness[number][:, :, number]
    traction = torch.einsum("wi,ijkl->wjkl", direction, tensor)
    acoustic = torch.einsum("wjkl,wl->wjk", traction, direction)
    displacement = torch.einsum("wij,wjkl->wikl", _inverse(acoustic), traction)
    full = torch.einsum("wkij,wkpq->wijpq", traction, displacement) - tensor
    found: Tensor = full[:, rows, columns][:, :, rows, columns] * _TWICE.to(full)
    return found


def _inverse(matrix: Tensor) -> Tensor:
    """Invert symmetric 3x3 matrices by their adjugates, faster than by elimination."""
    first, second, third = matrix.unbind(-1)
    rows = (
        torch.linalg.cross(second, third),
        torch.linalg.cross(third, first),
        torch.linalg.cross(first, second),
    )
    determinant = (first * rows[0]).sum(-1)
    inverse: Tensor = torch.stack(rows, -2) / determinant[..., None, None]
    return inverse


@lru_cache(maxsize=4)
@torch.inference_mode(False)  # what is kept serves passes with gradients too
def _waves(shape: Shape, spacing: Edges, dtype: torch.dtype, device: torch.device) -> _Waves:
    half = (*shape[:2], shape[2] // 2 + 1)
    vectors, weights, numbers = [], [], []
    for cells, kept, edge in zip(shape, half, spacing, strict=True):
        turns = torch.fft.fftfreq(cells, dtype=torch.float64)[:kept]
        # a wave of period two blocks is its own opposite: as many folds on either side
        own = (2 * torch.arange(kept) == cells)[:, None]
        folds = torch.arange(-FOLDS, FOLDS + 2)
        angle = 2 * math.pi * (turns[:, None].where(~own, -0.5) + folds)
        weight = torch.sinc(angle / (2 * math.pi)).square()
        weight = weight.where(own | (folds <= FOLDS), 0.0)
        weight = weight / weight.sum(1, keepdim=True)
        cell, fold = torch.nonzero(weight > NOTHING, as_tuple=True)
        vectors.append(angle[cell, fold] / edge)
        weights.append(weight[cell, fold])
        numbers.append(cell)
    vector = torch.cartesian_prod(*vectors)
    x, y, z = torch.cartesian_prod(*numbers).unbind(1)
    length = vector.norm(dim=1)
    uneven = length > 0  # the mean is no wave
    return _Waves(
        direction=(vector / length[:, None])[uneven].to(device, dtype),
        weight=torch.cartesian_prod(*weights).prod(1)[uneven].to(device, dtype),
        wave=((x * half[1] + y) * half[2] + z)[uneven].to(device),
    )
