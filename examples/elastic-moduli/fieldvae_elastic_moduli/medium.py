"""A composite of cubic phases, drawn cell by cell, and averages over blocks.

Nothing here knows of fieldvae.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import gaussian_filter

from fieldvae_elastic_moduli.balance import Array

PHASES: Mapping[str, tuple[float, float, float]] = {
    "Nb": (246.0, 134.0, 28.7),
    "Ta": (267.0, 161.0, 82.5),
    "W": (523.0, 205.0, 161.0),
}
"""C11, C12, C44 of bcc crystals at room temperature, GPa, rounded.

From Simmons & Wang, Single Crystal Elastic Constants (MIT Press, 1971). Niobium and tungsten differ
sixfold in C44 and twofold in C11, so that the mean moduli of a block are no single number.
"""


def draw_phases(
    chance: np.random.Generator, shape: tuple[int, int, int], *, phases: int, size: float
) -> np.ndarray:
    """Arrange phases in clusters: the phase whose smoothed noise is the largest takes the cell.

    Parameters
    ----------
    chance
        Source of chance.
    shape
        Cells along x, y, z.
    phases
        Number of phases, equal shares in the mean.
    size
        Width of the Gaussian filter, cells, about the radius of a cluster; 0 for none.

    Returns
    -------
    np.ndarray
        Numbers of phases, shape ``shape``.
    """
    noise = chance.standard_normal((phases, *shape))
    smooth = [gaussian_filter(each, size, mode="wrap") if size else each for each in noise]
    return np.asarray(np.argmax(smooth, axis=0))


def block_means(cells: Array, blocks: tuple[int, int, int]) -> Array:
    """Average over blocks: ``(component, x, y, z)`` of cells to the same of blocks."""
    split = [part for n, b in zip(cells.shape[1:], blocks, strict=True) for part in (b, n // b)]
    return np.asarray(cells.reshape(len(cells), *split).mean(axis=(2, 4, 6)))
