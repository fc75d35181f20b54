"""Probabilities and quantiles from a sample of realizations, with their Monte Carlo error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import beta

ROUNDING = 1e-9
"""Slack in a number of values, so that 1 - 0.95, a little more than 0.05, needs no 20."""


@dataclass(frozen=True)
class Proportion:
    """A probability estimated by a share of hits.

    Parameters
    ----------
    value
        Share of hits; missing (NaN) where nothing was counted.
    error
        Standard error.
    lower, upper
        Ends of the confidence interval.
    """

    value: np.ndarray
    error: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def proportion(hits: np.ndarray, count: int, *, confidence: float) -> Proportion:
    r"""Estimate the probability of a hit from independent trials.

    The share :math:`k/n`; the standard error is the standard deviation of
    :math:`\mathrm{Beta}(k + \tfrac12, n - k + \tfrac12)`, the posterior under Jeffreys' prior,
    which is nearly :math:`\sqrt{\hat p (1 - \hat p) / n}` and, unlike it, right at no hit and all;
    the interval is the one of Clopper and Pearson (Biometrika 26, 404, 1934), which covers the
    probability at least as often as ``confidence`` says, at no hit and all hits too.

    Parameters
    ----------
    hits
        Number of hits k, whole numbers of any shape.
    count
        Number of trials n.
    confidence
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Proportion
        float64 of the shape of ``hits``.
    """
    error, lower, upper = _table(count, confidence)
    share = np.full(hits.shape, np.nan) if count == 0 else hits / count
    return Proportion(share, error[hits], lower[hits], upper[hits])


@lru_cache(maxsize=64)
def _table(count: int, confidence: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Error and interval for every possible number of hits, 0 to ``count``."""
    hits, tail = np.arange(count + 1), (1 - confidence) / 2
    lower, upper = np.zeros(count + 1), np.ones(count + 1)
    lower[1:] = beta.ppf(tail, hits[1:], count - hits[1:] + 1)
    upper[:-1] = beta.ppf(1 - tail, hits[:-1] + 1, count - hits[:-1])
    if count == 0:
        return np.full(1, np.nan), lower, upper
    return beta.std(hits + 0.5, count - hits + 0.5), lower, upper


def sample_quantiles(
    values: np.ndarray, probabilities: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    r"""Estimate quantiles and their standard errors from independent values.

    The quantile at :math:`q` is the order statistic of rank :math:`(n+1)q`, between two ranks
    their weighted mean: below it a new value falls with probability q. Its standard error is the
    one of Maritz and Jarrett (J. Am. Stat. Assoc. 73, 194, 1978),

    .. math:: \sum_i w_i x_{(i)}^2 - \Big(\sum_i w_i x_{(i)}\Big)^2, \qquad
        w_i = I_{i/n}(a, b) - I_{(i-1)/n}(a, b)

    with :math:`a = (n+1)q`, :math:`b = (n+1)(1-q)` and the incomplete beta function I: the
    variance of that order statistic in samples drawn anew from the values.

    Parameters
    ----------
    values
        Along the first axis n values, shape ``(n, ...)``.
    probabilities
        Between 0 and 1.

    Returns
    -------
    tuple[np.ndarray, np.ndarray]
        Quantiles and standard errors, float64, shape ``(probability, ...)``; missing (NaN) where
        the rank is less than 1 or more than n, which n values cannot tell, and where values are
        missing.
    """
    count = len(values)
    found = np.full((len(probabilities), *values.shape[1:]), np.nan)
    errors = found.copy()
    ordered = np.sort(values.astype(np.float64), axis=0)
    for row, probability in enumerate(probabilities):
        if count < needed(probability):
            continue
        found[row] = np.quantile(ordered, probability, axis=0, method="weibull")
        edges = beta.cdf(
            np.arange(count + 1) / count, (count + 1) * probability, (count + 1) * (1 - probability)
        )
        weights = np.diff(edges)
        center = np.tensordot(weights, ordered, axes=1)
        errors[row] = np.sqrt(np.tensordot(weights, (ordered - center) ** 2, axes=1))
    return found, errors


def needed(probability: float) -> int:
    """How many values a quantile needs at least, 19 for 0.05 or 0.95.

    Examples
    --------
    >>> needed(0.5), needed(0.05), needed(0.95), needed(0.999)
    (1, 19, 19, 999)
    """
    return int(np.ceil(1 / min(probability, 1 - probability) - 1 - ROUNDING))
