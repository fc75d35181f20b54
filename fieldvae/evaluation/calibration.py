r"""Whether an ensemble is as wide as its errors: coverage, spread against skill, ranks.

Axes as in :mod:`fieldvae.evaluation.scores`. These are no scores: a calibrated ensemble can be
useless (climatology is calibrated), so read them beside one.

References
----------
.. [1] V. Fortin et al., J. Hydrometeorol. 15, 1708 (2014), for spread and skill.
.. [2] T. M. Hamill, Mon. Weather Rev. 129, 550 (2001), for rank histograms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fieldvae.evaluation.scores import Array, blocks


def coverage(truth: Array, ensemble: Array, levels: Sequence[float]) -> Array:
    """Share of the truth's values inside the ensemble's central intervals.

    The ends of an interval are the order statistics numbered (M + 1) (1 - level) / 2 and
    (M + 1) (1 + level) / 2, linear between neighbors, so that a calibrated ensemble of M covers
    ``level`` in expectation; plain linear quantiles of 100 realizations cover 0.882 for 0.90.
    From 0 to 1; best is ``level``. An ensemble too small for the level gives its whole range,
    which covers :func:`reachable_level` only.

    Parameters
    ----------
    truth, ensemble
        As in :func:`~fieldvae.evaluation.scores.crps`.
    levels
        The nominal shares, between 0 and 1.

    Returns
    -------
    Array
        Shape ``(level, sample)``.
    """
    shares = []
    for y, x in blocks(truth, ensemble):
        ordered, missing = np.sort(x, axis=1), np.isnan(y)
        for level in levels:
            low = order_statistic(ordered, (1 - level) / 2)
            high = order_statistic(ordered, (1 + level) / 2)
            inside = np.where(missing, np.nan, (low <= y) & (y <= high))
            shares.append(np.nanmean(inside, axis=1))
    return np.stack([np.concatenate(shares[i :: len(levels)]) for i in range(len(levels))])


def order_statistic(ordered: Array, probability: float) -> Array:
    """Order statistic number (M + 1) p of sorted realizations (axis 1), linear between."""
    members = ordered.shape[1]
    position = min(max((members + 1) * probability - 1, 0), members - 1)
    below = int(position)
    above = min(below + 1, members - 1)
    weight = position - below
    return np.asarray((1 - weight) * ordered[:, below] + weight * ordered[:, above])


def reachable_level(level: float, members: int) -> float:
    """Share that an interval can cover: ``level``, or that of the whole range of few realizations.

    Examples
    --------
    >>> reachable_level(0.9, members=100), reachable_level(0.9, members=3)
    (0.9, 0.5)
    """
    return min(level, max(members - 1, 0) / (members + 1))


def spread_and_error(truth: Array, ensemble: Array) -> tuple[Array, Array]:
    r"""Variance of the ensemble and squared error of its mean, averaged over components and cells.

    The variance has divisor M - 1 and is multiplied by (M + 1) / M: then both have the same
    expectation for a calibrated ensemble of any size [1]_. The two parts of :func:`spread_skill`,
    apart so that their means can be taken over any set of samples.

    Parameters
    ----------
    truth, ensemble
        As in :func:`~fieldvae.evaluation.scores.crps`.

    Returns
    -------
    spread, error
        Each of shape ``(sample,)``, in the unit of the fields squared; the spread of a single
        realization is zero.
    """
    spread, error = [], []
    for y, x in blocks(truth, ensemble):
        members = x.shape[1]
        missing = np.isnan(y)
        if members > 1:
            variance = x.var(axis=1, ddof=1) * (members + 1) / members
        else:
            variance = np.zeros_like(y)
        spread.append(np.nanmean(np.where(missing, np.nan, variance), axis=1))
        error.append(np.nanmean((x.mean(axis=1) - y) ** 2, axis=1))
    return np.concatenate(spread), np.concatenate(error)


def spread_skill(truth: Array, ensemble: Array) -> float:
    r"""Ratio of the ensemble's spread to the error of its mean.

    .. math:: \sqrt{\frac{M+1}{M}\,\overline{s^2}} \Big/ \sqrt{\overline{(\bar x - y)^2}}

    with :math:`s^2` the variance over realizations, divisor M - 1 [1]_. Best is 1; below it the
    ensemble is too narrow (overconfident), above it too wide.

    Parameters
    ----------
    truth, ensemble
        As in :func:`~fieldvae.evaluation.scores.crps`.
    """
    spread, error = spread_and_error(truth, ensemble)
    return float(np.sqrt(spread.mean() / error.mean()))


def rank_histogram(
    truth: Array, ensemble: Array, *, generator: np.random.Generator, bins: int | None = None
) -> NDArray[np.int64]:
    """Count where the truth's values stand among the realizations' [2]_.

    Flat for a calibrated ensemble; a valley is too narrow, a hill too wide, a slope biased. Ties
    are broken at random.

    Parameters
    ----------
    truth, ensemble
        As in :func:`~fieldvae.evaluation.scores.crps`.
    generator
        Source of chance for ties, and for bins that cut through a rank.
    bins
        Number of bins between 0 and 1, the rank spread evenly over its own share, so that
        ensembles of different size can be compared; ``None`` for one bin a rank.

    Returns
    -------
    NDArray
        Counts, shape ``(realization + 1,)`` or ``(bins,)``.
    """
    members = ensemble.shape[1]
    counts = np.zeros(members + 1 if bins is None else bins, dtype=np.int64)
    for y, x in blocks(truth, ensemble):
        below = (x < y[:, None]).sum(axis=1)
        tied = (x == y[:, None]).sum(axis=1)
        rank = (below + generator.integers(0, tied + 1))[~np.isnan(y)]
        if bins is not None:
            share = (rank + generator.random(rank.shape)) / (members + 1)
            rank = np.minimum((share * bins).astype(int), bins - 1)
        counts += np.bincount(rank, minlength=len(counts))
    return counts
