"""How near one field is to another: for reconstructions and for the mean of an ensemble.

``truth`` and ``estimate`` are ``(sample, component, x, y, z)``; missing values (NaN) do not count.
"""

from __future__ import annotations

import numpy as np

from fieldvae.evaluation.scores import Array

SMALLEST_REFERENCE = 0.01
"""References below this on the scale [0, 1] are left out of relative errors (authors' code)."""


def mae(truth: Array, estimate: Array) -> Array:
    """Mean absolute error, shape ``(sample,)``, in the unit of the fields; zero is best."""
    return np.asarray(np.nanmean(_flat(np.abs(estimate - truth)), axis=1))


def squared_error(truth: Array, estimate: Array) -> Array:
    """Mean squared error, shape ``(sample,)``, in the unit of the fields squared; zero is best."""
    return np.asarray(np.nanmean(_flat((estimate - truth) ** 2), axis=1))


def variability(truth: Array) -> Array:
    """Mean squared distance of the truth from its own mean, one mean a component.

    Parameters
    ----------
    truth
        Shape ``(sample, component, x, y, z)``.

    Returns
    -------
    Array
        Shape ``(sample,)``, in the unit of the fields squared.
    """
    mean = np.nanmean(truth, axis=(0, 2, 3, 4), keepdims=True)
    return squared_error(truth, np.broadcast_to(mean, truth.shape))


def r2(truth: Array, estimate: Array) -> float:
    r"""Coefficient of determination, over all components and cells at once.

    .. math:: 1 - \sum (\hat y - y)^2 \Big/ \sum (y - \bar y_c)^2

    with one mean :math:`\bar y_c` a component. One is best, zero as good as that mean, below zero
    worse. Fields should come divided by their components' standard deviations, so that
    components weigh alike.
    """
    return float(1 - squared_error(truth, estimate).mean() / variability(truth).mean())


def relative_error(
    truth: Array, estimate: Array, *, low: Array, high: Array
) -> tuple[Array, float]:
    r"""Mean relative error on the min-max scale, as arXiv:2604.02281 reports it.

    .. math:: |\hat u - u| / u, \quad u = (y - y_{min}) / (y_{max} - y_{min})

    References with :math:`u` below 0.01 are left out, as in the authors' code. Zero is best. The
    number depends on the extremes of the training part and is small for any field whose values
    crowd in mid-range (a constant reaches some 28 % on Gaussian data): read it beside R2.

    Parameters
    ----------
    truth, estimate
        Shape ``(sample, component, x, y, z)``.
    low, high
        Least and greatest value of every component in the training part, shape ``(component,)``.

    Returns
    -------
    error
        Shape ``(sample,)``; 0.05 is 5 %. NaN where a sample has no reference left.
    masked
        Share of the references left out.
    """
    low = low.reshape(-1, 1, 1, 1)
    extent = high.reshape(-1, 1, 1, 1) - low
    extent = np.where(extent > 0, extent, 1.0)
    reference = (truth - low) / extent
    counts = reference >= SMALLEST_REFERENCE
    error = np.abs(estimate - truth) / extent / np.where(counts, reference, 1.0)
    total = _flat(np.where(counts, error, 0.0)).sum(axis=1)
    number = _flat(counts.astype(float)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    return mean, float(1 - number.sum() / max(1, np.isfinite(truth).sum()))


def _flat(values: Array) -> Array:
    return values.reshape(len(values), -1)
