r"""Proper scores of an ensemble: least in expectation for the law that the truth is drawn from.

Axes are those of a dataset of realizations: ``truth`` is ``(sample, component, x, y, z)``,
``ensemble`` is ``(sample, realization, component, x, y, z)``. Every score is one number a sample,
so that intervals can be had over samples. Cells where the truth is missing (NaN) do not count.
The estimators are the fair ones: their expectation does not depend on the number of realizations
:math:`M`. With :math:`M = 1` the realization is taken for the whole law, a point mass.

References
----------
.. [1] T. Gneiting and A. E. Raftery, J. Am. Stat. Assoc. 102, 359 (2007).
.. [2] C. A. T. Ferro, Q. J. R. Meteorol. Soc. 140, 1917 (2014), for the fair estimators.
.. [3] M. Scheuerer and T. M. Hamill, Mon. Weather Rev. 143, 1321 (2015), for the variogram score.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from fieldvae.errors import ShapeError

Array: TypeAlias = NDArray[np.floating]

VALUES_AT_ONCE = 2**23
"""Ensemble values held in double precision at a time; 64 MiB."""


def crps(truth: Array, ensemble: Array) -> Array:
    r"""Continuous ranked probability score, averaged over components and cells.

    .. math:: \frac1M \sum_i |x_i - y| - \frac{1}{2M(M-1)} \sum_{i,j} |x_i - x_j|

    Eq. (21) of [1]_, fair as in [2]_. At least zero in expectation, lower is better, and zero for
    a point mass at the truth; a single estimate may be below zero. Says nothing of how cells
    hang together: see :func:`energy_score`.

    Parameters
    ----------
    truth
        Shape ``(sample, component, x, y, z)``, any unit.
    ensemble
        Shape ``(sample, realization, component, x, y, z)``, the same unit.

    Returns
    -------
    Array
        Shape ``(sample,)``, in the unit of the fields.

    Raises
    ------
    ShapeError
        If the two do not fit.

    Examples
    --------
    >>> truth = np.zeros((1, 1, 1, 1, 1))
    >>> ensemble = np.array([-1.0, 1.0]).reshape(1, 2, 1, 1, 1, 1)
    >>> crps(truth, ensemble)
    array([0.])
    """
    scores = []
    for y, x in blocks(truth, ensemble):
        members = x.shape[1]
        error = np.abs(x - y[:, None]).mean(axis=1)
        if members > 1:
            order = 2.0 * np.arange(members) - members + 1
            error -= np.einsum("m,nmc->nc", order, np.sort(x, axis=1)) / (members * (members - 1))
        scores.append(np.nanmean(error, axis=1))
    return np.concatenate(scores)


def energy_score(truth: Array, ensemble: Array) -> Array:
    r"""Energy score, the CRPS of whole fields.

    .. math:: \frac1M \sum_i \lVert x_i - y\rVert
              - \frac{1}{2M(M-1)} \sum_{i,j} \lVert x_i - x_j\rVert

    with the Euclidean norm over components and cells. Eq. (22) of [1]_, fair as in [2]_. At least
    zero in expectation, lower is better; grows as the square root of the number of values.

    Parameters
    ----------
    truth, ensemble
        As in :func:`crps`.

    Returns
    -------
    Array
        Shape ``(sample,)``, in the unit of the fields.
    """
    scores = []
    for y, x in blocks(truth, ensemble):
        members = x.shape[1]
        # Distances do not change when the truth is taken off, and lose fewer digits.
        offset = np.nan_to_num(x - y[:, None])
        gram = offset @ offset.swapaxes(1, 2)
        square = np.diagonal(gram, axis1=1, axis2=2)
        score = np.sqrt(square).mean(axis=1)
        if members > 1:
            apart = square[:, :, None] + square[:, None, :] - 2 * gram
            apart[:, np.arange(members), np.arange(members)] = 0
            distance = np.sqrt(np.maximum(apart, 0)).sum(axis=(1, 2))
            score = score - distance / (2 * members * (members - 1))
        scores.append(score)
    return np.concatenate(scores)


def variogram_score(
    truth: Array, ensemble: Array, *, periodic: Sequence[bool], order: float = 0.5
) -> Array:
    r"""Variogram score over neighboring cells, for the texture that the energy score misses.

    .. math:: \frac{1}{P} \sum_{(a,b)}
              \Bigl(|y_a - y_b|^p - \frac1M \sum_i |x_{ia} - x_{ib}|^p\Bigr)^2

    over the :math:`P` pairs of cells next to each other along an axis, within one component.
    Eq. (4) of [3]_ with weight one for neighbors and zero for others. At least zero, lower is
    better; blind to a constant added to a field. Biased upward by the variance of the ensemble's
    mean, of the order 1/M.

    Parameters
    ----------
    truth, ensemble
        As in :func:`crps`.
    periodic
        Whether the last cell along x, y, z neighbors the first.
    order
        The power :math:`p`.

    Returns
    -------
    Array
        Shape ``(sample,)``, in the unit of the fields to the power of twice the order; NaN where
        no two neighbors are known.
    """
    scores = []
    for y, x in blocks(truth, ensemble):
        y = y.reshape(len(y), *truth.shape[1:])
        x = x.reshape(*x.shape[:2], *truth.shape[1:])
        terms = []
        for axis, repeats in zip((-3, -2, -1), periodic, strict=True):
            expected = _steps(x, axis, repeats, order).mean(axis=1)
            terms.append((_steps(y, axis, repeats, order) - expected).reshape(len(y), -1) ** 2)
        joined = np.concatenate(terms, axis=1)
        pairs = np.isfinite(joined).sum(axis=1)
        scores.append(np.where(pairs > 0, np.nansum(joined, axis=1), np.nan) / np.maximum(pairs, 1))
    return np.concatenate(scores)


def _steps(values: Array, axis: int, periodic: bool, order: float) -> Array:
    """Absolute steps between neighbors along an axis, to a power."""
    cells = values.shape[axis]
    if periodic and cells > 2:
        return np.abs(np.roll(values, -1, axis) - values) ** order
    return np.abs(np.diff(values, axis=axis)) ** order


def blocks(truth: Array, ensemble: Array) -> Iterator[tuple[Array, Array]]:
    """Pass over samples in blocks that fit memory, in double precision, components and cells flat.

    Yields
    ------
    truth, ensemble
        Shapes ``(block, value)`` and ``(block, realization, value)``.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    """
    if ensemble.ndim < 3 or ensemble.shape[:1] + ensemble.shape[2:] != truth.shape:
        raise ShapeError(
            f"the ensemble has shape {ensemble.shape} and the truth {truth.shape}; "
            "expected (sample, realization, component, x, y, z) and (sample, component, x, y, z)"
        )
    samples, members = ensemble.shape[:2]
    values = int(np.prod(truth.shape[1:]))
    step = max(1, VALUES_AT_ONCE // max(1, members * max(values, members)))
    for start in range(0, samples, step):
        y = truth[start : start + step].reshape(-1, values).astype(float)
        x = ensemble[start : start + step].reshape(-1, members, values).astype(float)
        yield y, x
