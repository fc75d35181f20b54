r"""Symmetric tensors as vectors that keep lengths, so that turning them is orthogonal.

The Mandel components of a symmetric tensor are those over :data:`~fieldvae.VOIGT`, those off the
diagonal times :math:`\sqrt 2`; see Mehrabadi and Cowin (1990), doi:10.1093/qjmam/43.1.15.
"""

from __future__ import annotations

import math

import numpy as np

from fieldvae.field import VOIGT

PAIRS = [("xyz".index(label[0]), "xyz".index(label[1])) for label in VOIGT]
"""Numbers of the two axes of every component."""

WEIGHTS = np.array([1.0 if i == j else math.sqrt(2.0) for i, j in PAIRS])
"""Mandel components over tensor components."""


def _basis() -> np.ndarray:
    basis = np.zeros((6, 3, 3))
    for tensor, (i, j), weight in zip(basis, PAIRS, WEIGHTS, strict=True):
        tensor[i, j] = tensor[j, i] = 1.0 / weight
    return basis


_BASIS = _basis()


def turning(operations: np.ndarray) -> np.ndarray:
    r"""Return what rotations and reflections do to Mandel components.

    .. math:: Q_{ab} = E^a_{ij} R_{ik} E^b_{kl} R_{jl}

    Parameters
    ----------
    operations
        Orthogonal matrices :math:`R`, shape ``(operation, 3, 3)``.

    Returns
    -------
    np.ndarray
        Orthogonal matrices, shape ``(operation, 6, 6)``.

    Examples
    --------
    >>> quarter_turn = np.array([[[0, -1, 0], [1, 0, 0], [0, 0, 1]]])
    >>> turning(quarter_turn)[0] @ [1, 0, 0, 0, 0, 0]
    array([0., 1., 0., 0., 0., 0.])
    """
    turned: np.ndarray = np.einsum(
        "aij,nik,bkl,njl->nab", _BASIS, operations, _BASIS, operations, optimize=True
    )
    return turned
