"""The range of inputs that a model was trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

MARGIN = 0.5
"""Share of the trained range by which a sample may leave it on either side.

The range of n normal numbers spans about four standard deviations for n = 40 and seven for
n = 1,000; half as much again on either side leaves out what lies beyond four to seven."""

STATISTICS = ("least", "greatest", "mean", "spread")


@dataclass(frozen=True)
class Envelope:
    """Least and greatest of four statistics of every input component over the training samples.

    The statistics are taken over the grid of one sample: least and greatest value, mean,
    standard deviation. The last one tells a constant field from a fluctuating one whose values
    are all ordinary (a Warren-Cowley field of zeros never occurs in data). Missing values (NaN)
    do not count, and where all of a component are missing nothing of it is outside.

    Parameters
    ----------
    ranges
        By field: shape ``(2, statistic, component)``, least and greatest.
    """

    ranges: Mapping[str, np.ndarray]

    @classmethod
    def fit(cls, dataset: xr.Dataset, names: Sequence[str], indices: np.ndarray) -> Envelope:
        """Read the range off the training samples.

        Parameters
        ----------
        dataset
            As :class:`~fieldvae.data.samples.Samples` has it, in physical units.
        names
            The inputs.
        indices
            Training samples.
        """
        ranges = {}
        for name in names:
            found = _statistics(dataset[name].isel(sample=indices))
            ranges[name] = np.stack([np.nanmin(found, axis=0), np.nanmax(found, axis=0)])
        return cls(ranges)

    def outside(self, dataset: xr.Dataset) -> np.ndarray:
        """Tell which samples of such a dataset lie outside, as booleans ``(sample,)``."""
        beyond = np.zeros(dataset.sizes["sample"], dtype=bool)
        for name, (least, greatest) in self.ranges.items():
            found = _statistics(dataset[name])
            margin = MARGIN * (greatest - least) + 1e-9 * np.maximum(abs(least), abs(greatest))
            beyond |= ((found < least - margin) | (found > greatest + margin)).any(axis=(1, 2))
        return beyond

    def state(self) -> dict[str, Any]:
        """Return plain data that :meth:`from_state` reads back."""
        return {name: values.tolist() for name, values in self.ranges.items()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Envelope:
        """Restore from :meth:`state`."""
        return cls({name: np.asarray(values) for name, values in state.items()})


def _statistics(field: xr.DataArray) -> np.ndarray:
    """Shape ``(sample, statistic, component)``, in the order of :data:`STATISTICS`."""
    values = field.to_numpy().reshape(field.shape[0], field.shape[1], -1).astype(float)
    known = ~np.isnan(values).all(axis=2)
    measures: tuple[Callable[..., Any], ...] = (np.nanmin, np.nanmax, np.nanmean, np.nanstd)
    found = np.full((len(values), len(measures), values.shape[1]), np.nan)
    for statistic, measure in zip(found.swapaxes(0, 1), measures, strict=True):
        statistic[known] = measure(values[known], axis=1)
    return found
