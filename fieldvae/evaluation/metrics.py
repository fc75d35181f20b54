"""From measures to the numbers of ``metrics.json``: means over samples and their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldvae.evaluation.accuracy import mae, r2, relative_error, squared_error, variability
from fieldvae.evaluation.bands import BandErrors
from fieldvae.evaluation.bootstrap import bootstrap_interval
from fieldvae.evaluation.measures import LEVELS, coverage_name
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.scores import Array

MEANS = (
    "crps",
    "energy_score",
    "variogram_score",
    "crps_physical",
    "energy_score_physical",
    *(coverage_name(level) for level in LEVELS),
)
"""Scores that are plain means over samples."""


NOTHING = 1e-9
"""Share of the whole error below which a band holds rounding only, as a mean that is held zero."""


class Resampling:
    """Intervals with one number of resamples and one source of chance.

    Parameters
    ----------
    resamples
        Bootstrap resamples; none for no intervals.
    generator
        Source of chance.
    """

    def __init__(self, resamples: int, generator: np.random.Generator) -> None:
        self.resamples = resamples
        self.generator = generator

    def interval(self, statistic: Callable[..., Array], *values: Array) -> list[float | None]:
        """Return the 95 % interval of a statistic of means over samples, as JSON."""
        ends = bootstrap_interval(
            statistic, *values, generator=self.generator, resamples=self.resamples
        )
        return [plain(end) for end in ends]


def plain(value: float | np.floating | Array) -> float | None:
    """Return a number that JSON has: ``None`` for NaN and infinities."""
    return float(value) if math.isfinite(value) else None


def prediction_metrics(
    samples: Mapping[str, Array],
    *,
    realizations: int,
    truth_variability: Array,
    reference: Mapping[str, Array] | None,
    resampling: Resampling,
) -> dict[str, Any]:
    """Scores of one field of one model.

    Parameters
    ----------
    samples
        What was measured of each sample, as
        :attr:`~fieldvae.evaluation.measures.EnsembleMeasures.samples`.
    realizations
        Ensemble size.
    truth_variability
        Mean squared distance of the scaled truth from its mean, shape ``(sample,)``.
    reference
        The same of climatology, for ``crps_skill``.
    resampling
        For the intervals.

    Returns
    -------
    dict
        ``crps``, ``energy_score``, ``variogram_score``, ``crps_physical``,
        ``energy_score_physical``, ``coverage_50`` ... ``coverage_95``, ``spread_skill``,
        ``r2_mean``, ``variance_ratio`` (variance over cells, of realizations over that of the
        truth), ``crps_skill``, each beside its ``<name>_interval``; and ``realizations``.
    """
    statistics: dict[str, tuple[Callable[..., Array], tuple[Array, ...]]] = {
        name: (_mean, (_known(samples[name]),)) for name in MEANS
    }
    statistics["spread_skill"] = (root_ratio, (samples["spread"], samples["squared_error"]))
    statistics["variance_ratio"] = (
        _ratio,
        (samples["grid_variance"], samples["grid_variance_true"]),
    )
    statistics["r2_mean"] = (_explained, (samples["squared_error"], truth_variability))
    if reference is not None:
        statistics["crps_skill"] = (_explained, (samples["crps"], reference["crps"]))
    found: dict[str, Any] = {}
    for name, (statistic, values) in statistics.items():
        found[name] = plain(statistic(*(np.mean(value) for value in values)))
        found[f"{name}_interval"] = resampling.interval(statistic, *values)
    found["realizations"] = realizations
    return found


def band_metrics(found: BandErrors, resampling: Resampling) -> dict[str, list[Any]]:
    """Give spread over error of every band that has an error.

    Parameters
    ----------
    found
        Spread and error by sample and band.
    resampling
        For the intervals.

    Returns
    -------
    dict
        Lists of one length: ``wavenumber``; ``spread_skill``, the root of the ratio of the means
        over samples; ``spread_skill_interval``; and ``error_share``, of all bands' error.
    """
    mean = found.error.mean(axis=0)
    kept: NDArray[np.intp] = np.flatnonzero(mean > NOTHING * mean.sum())
    columns = [(found.spread[:, i], found.error[:, i]) for i in kept]
    return {
        "wavenumber": found.wavenumber[kept].tolist(),
        "spread_skill": [plain(root_ratio(s.mean(), e.mean())) for s, e in columns],
        "spread_skill_interval": [resampling.interval(root_ratio, s, e) for s, e in columns],
        "error_share": (mean[kept] / mean.sum()).tolist(),
    }


def reconstruction_metrics(
    truth: Array, estimate: Array, *, scale: ComponentScale, resampling: Resampling
) -> dict[str, Any]:
    """Accuracy of one reconstructed field.

    Parameters
    ----------
    truth, estimate
        Physical values, shape ``(sample, component, x, y, z)``.
    scale
        The training part's spread and extremes.
    resampling
        For the intervals.

    Returns
    -------
    dict
        ``mre`` with ``mre_masked`` (share of the references too near zero to count), ``r2``,
        their intervals, and ``mae``, ``rmse`` over the spread and ``*_physical``.
    """
    y, x = scale.scaled(truth), scale.scaled(estimate)
    error, masked = relative_error(truth, estimate, low=scale.low, high=scale.high)
    known = error[np.isfinite(error)]
    return {
        "mre": plain(known.mean() if len(known) else np.nan),
        "mre_interval": resampling.interval(_mean, known),
        "mre_masked": plain(masked),
        "r2": plain(r2(y, x)),
        "r2_interval": resampling.interval(_explained, squared_error(y, x), variability(y)),
        "mae": plain(mae(y, x).mean()),
        "mae_physical": plain(mae(truth, estimate).mean()),
        "rmse": plain(np.sqrt(squared_error(y, x).mean())),
        "rmse_physical": plain(np.sqrt(squared_error(truth, estimate).mean())),
    }


def _known(values: Array) -> Array:
    """Leave out samples that miss too much for a score, where others have it."""
    known = values[~np.isnan(values)]
    return known if len(known) else values


def _mean(value: Array) -> Array:
    return value


def _ratio(numerator: Array, denominator: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(numerator / denominator)


def root_ratio(numerator: Array, denominator: Array) -> Array:
    """Root of a ratio, NaN or infinite where there is none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(numerator / denominator))


def _explained(rest: Array, whole: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - rest / whole)
