r"""Convolutions that reach far with few weights: kernels of three cells, at scales that double.

A field is smoothed step by step, from cell to neighbors one, two, four, ... cells away, and a
kernel of three cells reads it at every step, as in the "a trous" wavelet transform (M. Holschneider
et al., in: Wavelets, Springer 1990, p. 286, doi:10.1007/978-3-642-75988-8_28). So the noise of a
cell can move a whole field: the temperature all along a rod, of which one segment is bad.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from fieldvae.grid import Grid
from fieldvae.model.layers import GridConv, wrapped

SCALES = (1, 2, 4, 8, 16, 32)
"""Distances between the taps of kernels, in cells, as far as the grid goes."""

Apart = tuple[int, int, int]
"""Distance between the taps of a kernel along x, y, z; zero for a single tap."""


def scales(grid: Grid, *, before: int = 0) -> list[Apart]:
    """Distances between the taps of the kernels, the nearest first.

    With one of d cells, what is read lies up to 2 d - 1 cells away: no further than half of an
    axis that repeats (:mod:`fieldvae.model.reach`), nor than the grid is long. The first is one
    cell along every axis.

    Parameters
    ----------
    grid
        The grid of training.
    before
        How far the layers before see already, in cells, which counts along axes that repeat.

    Examples
    --------
    >>> scales(Grid((4, 4), periodic=(True, True)))
    [(1, 1, 0)]
    >>> scales(Grid((16, 4), periodic=(True, False)))
    [(1, 1, 0), (2, 2, 0), (4, 0, 0)]
    """
    furthest = [
        cells // 2 - before if repeats else cells - 1
        for cells, repeats in zip(grid.shape, grid.periodic, strict=True)
    ]
    found = []
    for far in SCALES:
        x, y, z = (*(far if far == 1 or 2 * far - 1 <= n else 0 for n in furthest), 0, 0)[:3]
        found.append((x, y, z))
    return [apart for apart in found if any(apart)]


class FarConv(nn.Module):
    r"""Sum of convolutions of a field that is smoothed further and further.

    .. math:: \sum_j K_j * v_j, \qquad v_0 = v, \quad v_{j+1} = B_j * v_j

    :math:`K_j` has three taps along an axis, :math:`2^j` cells apart, and :math:`B_j` the weights
    :math:`(1, 2, 1)/\sqrt 6` there, which keep the variance of a white noise. A grid of a few
    repeating cells has one scale only, and this is :class:`~fieldvae.model.layers.GridConv`.

    Parameters
    ----------
    channels, out
        Number of channels read and written.
    grid
        Gives the axes, their periodicity and how far kernels reach; any number of cells will do.
    before
        As of :func:`scales`.
    """

    def __init__(self, channels: int, out: int, grid: Grid, *, before: int = 0) -> None:
        super().__init__()
        self.scales = scales(grid, before=before)
        self.periodic = (*grid.periodic, True, True)[:3]
        self.kernels = nn.ModuleList(GridConv(channels, out, grid, apart=a) for a in self.scales)
        for kernel in self.kernels:
            kernel.weight.data /= len(self.scales) ** 0.5

    def forward(self, field: Tensor) -> Tensor:
        """Convolve a field, shape ``(batch, channel, x, y, z)`` -> ``(batch, out, x, y, z)``."""
        found: Tensor = self.kernels[0](field)
        for kernel, apart in zip(self.kernels[1:], self.scales[1:], strict=True):
            for axis, far in enumerate(apart):
                if far:
                    field = _smoothed(field, axis, far // 2, repeats=self.periodic[axis])
            found = found + kernel(field)
        return found


def _smoothed(field: Tensor, axis: int, far: int, *, repeats: bool) -> Tensor:
    """Mix every cell with those so far away; beyond an end there is nothing."""
    dim = axis - 3
    ends = [0] * (-2 * dim - 2) + [far, far]  # of the last axis first
    longer = wrapped(field, axis, far) if repeats else functional.pad(field, ends)
    cells = field.shape[dim]
    near = longer.narrow(dim, 0, cells) + longer.narrow(dim, 2 * far, cells)
    return (2 * field + near) / 6**0.5
