"""Intervals over samples by the bootstrap.

The sample is the unit that is drawn again: cells and components of one sample hang together.

References
----------
.. [1] B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fieldvae.evaluation.scores import Array

INDICES_AT_ONCE = 2**22


def bootstrap_interval(
    statistic: Callable[..., Array],
    *values: Array,
    generator: np.random.Generator,
    resamples: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    r"""Percentile interval of a statistic of means over samples [1]_.

    Every resample draws as many samples as there are, with replacement, the same ones for all
    ``values``; so the interval of a difference between two models is paired by itself.

    Parameters
    ----------
    statistic
        Function of the means of ``values``, each of shape ``(resample,)``.
    *values
        One number a sample, shape ``(sample,)`` each.
    generator
        Source of chance.
    resamples
        How often to draw.
    level
        Share of the resamples inside the interval.

    Returns
    -------
    low, high
        NaN where there is no resample or fewer than two samples.

    Examples
    --------
    >>> ours, theirs = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
    >>> ends = bootstrap_interval(np.subtract, ours, theirs, generator=np.random.default_rng(0))
    >>> np.round(ends, 6).tolist()
    [-1.0, -1.0]
    """
    samples = len(values[0])
    if samples < 2 or resamples < 1:
        return float("nan"), float("nan")
    step = max(1, INDICES_AT_ONCE // samples)
    drawn = []
    for start in range(0, resamples, step):
        rows = generator.integers(0, samples, size=(min(step, resamples - start), samples))
        drawn.append(statistic(*(value[rows].mean(axis=1) for value in values)))
    low, high = np.quantile(np.concatenate(drawn), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
