"""Strains of an affine map: the map itself, its stretch, its volume ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""Axes of each component of :data:`fieldvae.VOIGT`."""

ENGINEERING = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0])
"""Engineering shear per tensor shear, by component."""


def tensor(components: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the symmetric matrix ``(3, 3)`` of components ``(voigt,)``, tensor shear."""
    matrix = np.empty((3, 3))
    for value, (i, j) in zip(components, PAIRS, strict=True):
        matrix[i, j] = matrix[j, i] = value
    return matrix


def voigt(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the components ``(..., voigt)`` of symmetric matrices ``(..., 3, 3)``."""
    return np.stack([matrix[..., i, j] for i, j in PAIRS], axis=-1)


def stretch(gradient: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return the right stretch of a deformation: what is left of it without its rotation.

    .. math:: F = R U, \qquad U = (F^T F)^{1/2}

    Parameters
    ----------
    gradient
        Deformation gradient F, shape ``(..., 3, 3)``.

    Returns
    -------
    NDArray[np.float64]
        U, symmetric and positive, shape ``(..., 3, 3)``; ``U - 1`` is the Biot strain.
    """
    squares, axes = np.linalg.eigh(np.swapaxes(gradient, -1, -2) @ gradient)
    return np.asarray((axes * np.sqrt(squares)[..., None, :]) @ np.swapaxes(axes, -1, -2))


def affine_map(before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the deformation gradient that takes points nearest to where they came.

    Least squares over all points, both sets about their own centers.

    Parameters
    ----------
    before, after
        Positions, shape ``(..., atom, 3)``.

    Returns
    -------
    NDArray[np.float64]
        F with ``after ~ F before``, shape ``(..., 3, 3)``.
    """
    x = before - before.mean(axis=-2, keepdims=True)
    y = after - after.mean(axis=-2, keepdims=True)
    x_transposed = np.swapaxes(x, -1, -2)
    return np.asarray(np.swapaxes(np.linalg.solve(x_transposed @ x, x_transposed @ y), -1, -2))


def volumetric(gradient: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return the scalar eigenstrain of section 4.1.2 of arXiv:2604.02281.

    .. math:: \epsilon^* = (V_\mathrm{relaxed} / V_\mathrm{embedded})^{1/3} - 1

    with the volume ratio :math:`\det F`.

    Parameters
    ----------
    gradient
        Deformation gradient, shape ``(..., 3, 3)``.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(...)``.
    """
    return np.asarray(np.cbrt(np.linalg.det(gradient)) - 1.0)
