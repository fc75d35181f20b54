"""Values that the truth misses (NaN): what is measured of a model leaves them out too."""

from __future__ import annotations

import numpy as np

from fieldvae.evaluation.scores import Array

GRID = (-3, -2, -1)


def hidden(estimate: Array, truth: Array) -> Array:
    """Return an estimate that misses what the truth does.

    Parameters
    ----------
    estimate
        Shape of ``truth``, or with an axis of realizations after the first.
    truth
        Shape ``(sample, component, x, y, z)``, missing values NaN.
    """
    missing = np.isnan(truth)
    if not missing.any():
        return estimate
    missing = missing[:, None] if estimate.ndim > truth.ndim else missing
    return np.where(missing, np.nan, estimate)


def known_mean(values: Array, axis: int | tuple[int, ...], *, keepdims: bool = False) -> Array:
    """Return the mean over values that are known, NaN where none is.

    Examples
    --------
    >>> known_mean(np.array([[1.0, np.nan], [np.nan, np.nan]]), axis=1)
    array([ 1., nan])
    """
    count = np.isfinite(values).sum(axis=axis, keepdims=keepdims)
    total = np.nansum(values, axis=axis, keepdims=keepdims)
    return np.asarray(np.where(count > 0, total, np.nan) / np.maximum(count, 1))


def completed(fields: Array) -> Array:
    """Put the mean of the known cells of a field's component in the place of missing ones.

    Parameters
    ----------
    fields
        Shape ``(..., component, x, y, z)``; of a component without known values all are zero.
    """
    missing = np.isnan(fields)
    if not missing.any():
        return fields
    mean = np.nan_to_num(known_mean(fields, GRID, keepdims=True))
    return np.where(missing, mean, fields)
