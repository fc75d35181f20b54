r"""Whether ranks of the truth are uniform, as they are under the law that it was drawn from.

Axes as in :mod:`fieldvae.evaluation.scores`. One rank a sample: values of one field hang together,
so that the many ranks of a rank histogram are no independent draws, and no test holds for them.

References
----------
.. [1] T. M. Hamill, Mon. Weather Rev. 129, 550 (2001), for ranks of single values.
.. [2] P. Lemos et al., Proc. Mach. Learn. Res. 202, 19256 (2023), arXiv:2302.03026, Algorithm 2:
   TARP, tests of accuracy with random points.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from fieldvae.evaluation.scores import Array, blocks

BINS = 20
"""Bins of the test at most."""

LEAST_EXPECTED = 5
"""Samples that a bin holds at least in expectation, as the chi-square law of the counts asks."""


def value_rank(truth: Array, ensemble: Array, *, generator: np.random.Generator) -> Array:
    """Rank of one value of every sample, in a random component and cell, as a share [1]_.

    Parameters
    ----------
    truth, ensemble
        As in :func:`~fieldvae.evaluation.scores.crps`.
    generator
        Chooses the value, and the place within a rank's own share.

    Returns
    -------
    Array
        From 0 to 1, shape ``(sample,)``; uniform for a calibrated ensemble of any size, NaN
        where the whole truth is missing.
    """
    found = []
    for y, x in blocks(truth, ensemble):
        order = np.where(np.isnan(y), np.inf, generator.random(y.shape))
        chosen = order.argmin(axis=1)
        rows = np.arange(len(y))
        value = y[rows, chosen]
        found.append(_share(x[rows, :, chosen], value, generator))
    return np.concatenate(found)


def distance_rank(
    truth: Array, ensemble: Array, reference: Array, *, generator: np.random.Generator
) -> Array:
    """Rank of the truth's distance from a point among the realizations' distances, as a share [2]_.

    Distances are Euclidean, over components and cells, so that the rank depends on how values
    hang together.

    Parameters
    ----------
    truth, ensemble
        As in :func:`~fieldvae.evaluation.scores.crps`.
    reference
        A point for every sample that was chosen without knowledge of its truth, shape of the truth.
    generator
        Chooses the place within a rank's own share.

    Returns
    -------
    Array
        From 0 to 1, shape ``(sample,)``; uniform for a calibrated ensemble of any size, NaN
        where the whole truth is missing.
    """
    found = []
    points = reference.reshape(len(reference), -1)
    start = 0
    for y, x in blocks(truth, ensemble):
        point = points[start : start + len(y)]
        start += len(y)
        known = ~np.isnan(y) & ~np.isnan(point)
        point = np.where(known, point, 0.0)
        value = np.square(np.where(known, y, 0.0) - point).sum(axis=1)
        realizations = np.square(np.where(known[:, None], x, 0.0) - point[:, None]).sum(axis=2)
        found.append(_share(realizations, np.where(known.any(axis=1), value, np.nan), generator))
    return np.concatenate(found)


def uniformity(shares: Array) -> dict[str, float | int]:
    """Test whether shares are uniform from 0 to 1, by the chi-square of their counts in bins.

    Parameters
    ----------
    shares
        Independent, shape ``(sample,)``; NaN do not count.

    Returns
    -------
    dict
        ``p_value``: probability of counts as uneven, or more, from uniform shares (NaN with fewer
        than ten samples); ``chi_square``, ``bins``, ``samples``.
    """
    known = shares[~np.isnan(shares)]
    bins = min(BINS, len(known) // LEAST_EXPECTED)
    if bins < 2:
        return {"p_value": np.nan, "chi_square": np.nan, "bins": bins, "samples": len(known)}
    counts, _ = np.histogram(known, bins=bins, range=(0.0, 1.0))
    statistic, probability = stats.chisquare(counts)
    return {
        "p_value": float(probability),
        "chi_square": float(statistic),
        "bins": bins,
        "samples": len(known),
    }


def _share(ensemble: Array, value: Array, generator: np.random.Generator) -> NDArray[np.float64]:
    """Where ``(sample,)`` stands in ``(sample, realization)``: a point of the rank's own share."""
    below = (ensemble < value[:, None]).sum(axis=1)
    tied = (ensemble == value[:, None]).sum(axis=1)
    rank = below + generator.integers(0, tied + 1)
    share = (rank + generator.random(len(value))) / (ensemble.shape[1] + 1)
    return np.where(np.isnan(value), np.nan, share)
