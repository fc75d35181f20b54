"""How far convolutions may see on a periodic grid, so that they serve larger ones.

Along a periodic axis of n cells, the cells m and m - n away are the same. A kernel that reaches
further than n / 2 sees cells twice; its weights there are not determined by the data, only their
sums are, and on a longer grid, where the two part, what it adds is left to chance.
"""

from __future__ import annotations

from fieldvae.grid import Grid

FURTHEST = 16
"""Reach, in cells, where no periodic axis sets a limit."""

LEAST = 2
"""Reach of a decoder, in cells: a convolution before its nonlinear layers and one behind them."""


def grid_reach(grid: Grid) -> int:
    """Half the shortest periodic axis: how far an output may depend on its inputs, in cells.

    Parameters
    ----------
    grid
        The grid of training.

    Returns
    -------
    int
        At least :data:`LEAST`, at most :data:`FURTHEST`.

    Examples
    --------
    >>> grid_reach(Grid((8, 4, 4), periodic=(True, True, True)))
    2
    >>> grid_reach(Grid((16, 16)))
    16
    """
    pairs = zip(grid.shape, grid.periodic, strict=True)
    shortest = min((cells for cells, wraps in pairs if wraps), default=2 * FURTHEST)
    return min(max(shortest // 2, LEAST), FURTHEST)


def smoother_reach(grid: Grid) -> int:
    """Part of :func:`grid_reach` that smoothers take: half of what decoders can do without.

    Examples
    --------
    >>> [smoother_reach(Grid((n,), periodic=(True,))) for n in (4, 8, 16)]
    [0, 1, 3]
    """
    return (grid_reach(grid) - LEAST) // 2
