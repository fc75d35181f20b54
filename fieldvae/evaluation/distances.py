r"""How far the law of an ensemble is from a law known by several realizations of its own.

``truths`` is ``(sample, replicate, component, x, y, z)``: several true outputs of one input.
``ensemble`` is ``(sample, realization, component, x, y, z)``. Every distance is one number a
sample. Cells that are missing (NaN) in any replicate do not count.

References
----------
.. [1] T. Gneiting and A. E. Raftery, J. Am. Stat. Assoc. 102, 359 (2007).
.. [2] G. J. Székely and M. L. Rizzo, J. Stat. Plan. Inference 143, 1249 (2013).
.. [3] N. Bonneel et al., J. Math. Imaging Vis. 51, 22 (2015).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist, pdist

from fieldvae.errors import ShapeError
from fieldvae.evaluation.scores import Array


def expected_energy_score(truths: Array, ensemble: Array) -> Array:
    r"""Energy score of an ensemble, in expectation over the law of the truth.

    .. math:: \frac1{MR} \sum_{i,r} \lVert x_i - y_r\rVert
              - \frac{1}{2M(M-1)} \sum_{i,j} \lVert x_i - x_j\rVert

    with :math:`M` realizations and :math:`R` replicates: the mean over replicates of the fair
    :func:`~fieldvae.evaluation.scores.energy_score` [1]_. Lower is better; its least value over all
    laws is :func:`half_mutual_distance` of the replicates.

    Parameters
    ----------
    truths
        Shape ``(sample, replicate, component, x, y, z)``, any unit.
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
    """
    scores = []
    for y, x in _pairs(truths, ensemble):
        own = pdist(x).mean() / 2 if len(x) > 1 else 0.0
        scores.append(cdist(y, x).mean() - own)
    return np.array(scores)


def half_mutual_distance(fields: Array) -> Array:
    r"""Energy score that the law of some realizations has against itself.

    .. math:: \frac{1}{2R(R-1)} \sum_{r,s} \lVert y_r - y_s\rVert

    Of true replicates it is the least expected energy score that any model can have: the energy
    score is proper, so no law does better against the truth than the truth [1]_. Unbiased; at
    least zero.

    Parameters
    ----------
    fields
        Shape ``(sample, realization, component, x, y, z)``, two realizations at least.

    Returns
    -------
    Array
        Shape ``(sample,)``, in the unit of the fields.
    """
    return np.array([pdist(y).mean() / 2 for y, _ in _pairs(fields, fields)])


def energy_distance(truths: Array, ensemble: Array) -> Array:
    r"""Energy distance between the law of an ensemble and that of the replicates.

    .. math:: 2\,\mathrm E\lVert X-Y\rVert - \mathrm E\lVert X-X'\rVert - \mathrm E\lVert Y-Y'\rVert

    Not its root. Zero for equal laws only, else above it [2]_; twice what the expected energy
    score lies above its limit. The estimate is unbiased, so that it may fall below zero.

    Parameters
    ----------
    truths, ensemble
        As in :func:`expected_energy_score`, two replicates at least.

    Returns
    -------
    Array
        Shape ``(sample,)``, in the unit of the fields.
    """
    return 2 * (expected_energy_score(truths, ensemble) - half_mutual_distance(truths))


def directions(values: int, count: int, generator: np.random.Generator) -> Array:
    """Draw directions evenly from the unit sphere.

    Parameters
    ----------
    values
        Number of values of a field, all components and cells.
    count
        Number of directions.
    generator
        Source of chance.

    Returns
    -------
    Array
        Shape ``(value, direction)``, columns of length one.
    """
    drawn = generator.standard_normal((values, count))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=0))


def sliced_wasserstein(first: Array, second: Array) -> float:
    r"""Sliced Wasserstein distance of order two between two sets of projected points [3]_.

    .. math:: \Big(\frac1P \sum_p \int_0^1 \big(F_p^{-1}(q) - G_p^{-1}(q)\big)^2 dq\Big)^{1/2}

    with the empirical quantile functions :math:`F_p^{-1}`, :math:`G_p^{-1}` of the points along
    direction :math:`p`. At least zero, and zero for equal sets only. Of finite sets of one law it
    is above zero, the more so the smaller they are: compare it at equal sizes.

    Parameters
    ----------
    first, second
        Points along every direction, shapes ``(point, direction)``; their numbers may differ.

    Returns
    -------
    float
        In the unit of the points.

    Examples
    --------
    >>> sliced_wasserstein(np.array([[0.0], [1.0]]), np.array([[3.0], [2.0]]))
    2.0
    >>> sliced_wasserstein(np.array([[0.0]]), np.array([[3.0], [4.0]]))
    3.5355339059327378
    """
    first, second = np.sort(first, axis=0), np.sort(second, axis=0)
    if len(first) == len(second):
        return float(np.sqrt(((first - second) ** 2).mean()))
    ends = np.union1d(_ends(len(first)), _ends(len(second)))
    middle, width = ends - np.diff(ends, prepend=0) / 2, np.diff(ends, prepend=0)
    squared = (first[_place(middle, first)] - second[_place(middle, second)]) ** 2
    return float(np.sqrt((width @ squared).mean()))


def _ends(points: int) -> Array:
    """Probabilities at which the quantile function of so many points jumps."""
    return np.asarray(np.arange(1, points + 1) / points)


def _place(probability: Array, points: Array) -> Array:
    return np.asarray(np.minimum((probability * len(points)).astype(int), len(points) - 1))


def _pairs(truths: Array, ensemble: Array) -> Iterator[tuple[Array, Array]]:
    """Pass over samples in double precision, values flat, missing ones zero in both."""
    if truths.ndim < 3 or truths.shape[:1] + truths.shape[2:] != (
        ensemble.shape[:1] + ensemble.shape[2:]
    ):
        raise ShapeError(
            f"the ensemble has shape {ensemble.shape} and the replicates {truths.shape}; expected "
            "(sample, realization, component, x, y, z) and (sample, replicate, component, x, y, z)"
        )
    for y, x in zip(truths, ensemble, strict=True):
        one, other = y.reshape(len(y), -1).astype(float), x.reshape(len(x), -1).astype(float)
        missing = np.isnan(one).any(axis=0)
        yield np.where(missing, 0.0, one), np.where(missing, 0.0, other)
