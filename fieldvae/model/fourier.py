r"""Circular convolution on a small grid, as a product for each wave vector.

A kernel of three cells along each axis needs 27 products a cell and channel pair; after a discrete
Fourier transform it is one. On grids of up to some hundred cells the transform is fastest as a
product with a matrix: on 4x4x4 cells and 40 channels, batch 32, one core, forward and backward
take 2.9 ms against 9.8 ms for padding and ``conv3d``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import torch
from torch import Tensor

Shape = tuple[int, ...]


@dataclass(frozen=True)
class _Transforms:
    """Matrices between cells and wave vectors, of which one stands for itself and its opposite.

    Parameters
    ----------
    analysis
        Field to spectrum, shape ``(2 waves, cells)``: real and imaginary part wave by wave.
    real, imaginary
        Kernel to each part of its spectrum, shape ``(waves, taps)``.
    synthesis, turned
        Spectrum to field, shape ``(2 waves, cells)``; the second one of a spectrum times i.
    """

    analysis: Tensor
    real: Tensor
    imaginary: Tensor
    synthesis: Tensor
    turned: Tensor


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # what is kept serves passes with gradients too
def _transforms(
    shape: Shape, kernel: Shape, dtype: torch.dtype, device: torch.device
) -> _Transforms:
    cells = [*product(*map(range, shape))]
    pairs = [(k, tuple(-c % n for c, n in zip(k, shape, strict=True))) for k in cells]
    half = [(k, 1.0 if k == opposite else 2.0) for k, opposite in pairs if k <= opposite]
    waves = torch.tensor([k for k, _ in half], dtype=torch.float64) / torch.tensor(shape)
    share = torch.tensor([number for _, number in half], dtype=torch.float64) / len(cells)
    taps = [*product(*(range(-(n // 2), n // 2 + 1) for n in kernel))]

    def phase(positions: list[tuple[int, ...]]) -> Tensor:
        return 2 * math.pi * waves @ torch.tensor(positions, dtype=torch.float64).T

    def both(real: Tensor, imaginary: Tensor) -> Tensor:
        return torch.stack([real, imaginary], 1).flatten(0, 1).to(device, dtype)

    x, offset = phase(cells), phase(taps)
    cos, sin = share[:, None] * x.cos(), share[:, None] * x.sin()
    return _Transforms(
        analysis=both(x.cos(), -x.sin()),
        real=offset.cos().to(device, dtype),
        imaginary=offset.sin().to(device, dtype),
        synthesis=both(cos, -sin),
        turned=both(-sin, -cos),
    )


def circular_convolution(field: Tensor, weight: Tensor) -> Tensor:
    r"""Correlate a periodic field with a kernel, as ``conv3d`` on a circularly padded field does.

    .. math:: g_o(x) = \sum_{c,\delta} W_{oc}(\delta)\, f_c(x + \delta), \qquad
              \hat g_o(k) = \sum_c \overline{\hat W_{oc}(k)}\, \hat f_c(k)

    Parameters
    ----------
    field
        Shape ``(batch, channel, x, y, z)``; an axis shorter than the kernel wraps around.
    weight
        Shape ``(out, channel, i, j, k)`` with odd i, j, k.

    Returns
    -------
    Tensor
        Shape ``(batch, out, x, y, z)``.
    """
    batch, channels, *shape = field.shape
    out, _, *kernel = weight.shape
    to = _transforms(tuple(shape), tuple(kernel), field.dtype, field.device)
    # Laid out so that every step is one product of matrices, without a copy in between.
    spectrum = (to.analysis @ field.reshape(batch * channels, -1).T).view(-1, 2 * batch, channels)
    taps = weight.permute(2, 3, 4, 1, 0).reshape(-1, channels * out)
    real = torch.bmm(spectrum, (to.real @ taps).view(-1, channels, out))
    imaginary = torch.bmm(spectrum, (to.imaginary @ taps).view(-1, channels, out))
    result = real.view(-1, batch * out).T @ to.synthesis
    result = torch.addmm(result, imaginary.view(-1, batch * out).T, to.turned)
    return result.view(batch, out, *shape)
