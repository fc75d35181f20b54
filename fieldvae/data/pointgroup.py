"""Finite groups of orthogonal 3x3 matrices, and what of them maps a grid onto itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np

from fieldvae.errors import OptionError
from fieldvae.grid import RELATIVE_TOLERANCE, Grid

LARGEST_ORDER = 120
"""Order of the largest finite point group in space that is not axial, the icosahedral one."""

TOLERANCE = 1e-3
"""Matrix elements nearer than this are the same: frames are given to about four digits."""

DISTANCE = 0.005
"""Elements of a group that differ by less are the same; those of a small group differ by more."""


def cubic() -> np.ndarray:
    """Return the 48 operations of m-3m in crystal axes, shape ``(48, 3, 3)``."""
    operations = []
    for order in permutations(range(3)):
        for signs in product((1.0, -1.0), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[range(3), order] = signs
            operations.append(matrix)
    return np.stack(operations)


def closed(operations: Sequence[np.ndarray]) -> np.ndarray:
    """Return the group that operations generate, the identity first.

    Parameters
    ----------
    operations
        Orthogonal matrices, shape ``(3, 3)`` each.

    Returns
    -------
    np.ndarray
        Shape ``(operation, 3, 3)``.

    Raises
    ------
    OptionError
        If a matrix is not orthogonal, or products lead to ever new operations.

    Examples
    --------
    >>> closed([np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])]).shape
    (4, 3, 3)
    """
    for operation in operations:
        if not np.allclose(operation @ operation.T, np.eye(3), atol=TOLERANCE):
            raise OptionError(
                f"symmetry: {np.asarray(operation).tolist()} is not orthogonal, so no rotation or "
                "reflection; its rows are unit vectors in crystal axes, at right angles"
            )
    group = np.eye(3)[None]
    new = list(group)
    while new:
        products = [operation @ element for element in new for operation in operations]
        new = []
        for candidate in products:
            if np.abs(group - candidate).max(axis=(1, 2)).min() > DISTANCE:
                group = np.concatenate([group, candidate[None]])
                new.append(candidate)
        if len(group) > LARGEST_ORDER:
            raise OptionError(
                f"symmetry: the operations do not close into a group of at most {LARGEST_ORDER}; "
                "is an angle no fraction of a full turn?"
            )
    return group


def declared(names: Sequence[str | Sequence[Sequence[float]]], grid: Grid) -> np.ndarray:
    """Return the point group that a task declares, in the axes of a grid, the identity first.

    Parameters
    ----------
    names
        ``none``, ``cubic`` (m-3m), ``translations``, which adds nothing here, or matrices in
        crystal axes, which are closed into a group.
    grid
        Its frame turns crystal axes into its own.

    Returns
    -------
    np.ndarray
        Shape ``(operation, 3, 3)``.

    Raises
    ------
    OptionError
        As of :func:`closed`.
    """
    generators = [np.asarray(name, dtype=np.float64) for name in names if not isinstance(name, str)]
    if "cubic" in names:
        generators.extend(cubic())
    return in_frame(closed(generators), grid.frame)


def in_frame(operations: np.ndarray, frame: Sequence[float]) -> np.ndarray:
    """Turn operations from crystal axes to those of a grid.

    .. math:: R_{grid} = F R_{crystal} F^T

    Parameters
    ----------
    operations
        Shape ``(operation, 3, 3)``.
    frame
        Nine numbers, rows are the grid's axes in crystal coordinates.
    """
    axes = np.asarray(frame, dtype=np.float64).reshape(3, 3)
    turned: np.ndarray = axes @ operations @ axes.T
    return turned


def on_grid(operations: np.ndarray, grid: Grid) -> np.ndarray:
    """Keep the operations, given in the grid's axes, that map the grid onto itself.

    They permute and flip axes; axes that take each other's place have equal cells, spacing and
    periodicity, and an axis that the grid lacks stays where it is.

    Returns
    -------
    np.ndarray
        Exact signed permutations, shape ``(operation, 3, 3)``.
    """
    exact: np.ndarray = np.round(operations)
    near = np.abs(operations - exact).max(axis=(1, 2)) < TOLERANCE
    return exact[[i for i in np.flatnonzero(near) if _maps_axes(exact[i], grid)]]


def _maps_axes(operation: np.ndarray, grid: Grid) -> bool:
    for target, source in enumerate(np.abs(operation).argmax(axis=1)):
        if target == source:
            continue
        if max(target, source) >= grid.dimensions:
            return False
        spacing = (grid.spacing[target], grid.spacing[source])
        if (
            grid.shape[target] != grid.shape[source]
            or grid.periodic[target] != grid.periodic[source]
            or abs(spacing[0] - spacing[1]) > RELATIVE_TOLERANCE * max(spacing)
        ):
            return False
    return True
