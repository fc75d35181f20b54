"""What the report shows of encoded and decoded fields (arXiv:2604.02281, Figs. 4 and 14)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from fieldvae.evaluation.accuracy import relative_error
from fieldvae.evaluation.labeled import middle_slice
from fieldvae.evaluation.missing import hidden
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

PARITY_POINTS = 1500

FEWEST_BINS, MOST_BINS = 12, 60
"""Bins of the values of all components together; half the root of their number between these."""


def reconstruction_data(
    field: FieldSpec,
    truth: Array,
    estimate: Array,
    *,
    shown: Sequence[int],
    grid: Grid,
    scale: ComponentScale,
    generator: np.random.Generator,
) -> xr.Dataset:
    """Gather what the report shows of one reconstructed field.

    Parameters
    ----------
    field
        The field.
    truth, estimate
        Physical values, shape ``(sample, component, x, y, z)``.
    shown
        Positions of the samples that are shown.
    grid
        Their grid.
    scale
        The training part's spread and extremes.
    generator
        Source of chance for the points of the parity plot.

    Returns
    -------
    xr.Dataset
        ``<field>.parity_truth``, ``.parity`` (component, point) and ``.reconstruction`` (shown,
        component, x, y) in field units; ``.reconstruction_mre`` (sample), the mean relative error
        of :func:`~fieldvae.evaluation.accuracy.relative_error`; ``.pooled_truth``, ``.pooled``
        (bin), the density of all values over the spread of their component, and
        ``.pooled_edges`` (edge).
    """
    component = f"{field.name}_component"
    pairs = [np.moveaxis(v, 1, 0).reshape(truth.shape[1], -1) for v in (truth, estimate)]
    points = np.flatnonzero(np.isfinite(pairs[0]).all(axis=0))
    chosen = generator.choice(points, size=min(len(points), PARITY_POINTS), replace=False)
    parity = (component, f"{field.name}_point")
    units = {"units": field.units}
    error, _ = relative_error(truth, estimate, low=scale.low, high=scale.high)
    edges, densities = _pooled(scale.scaled(truth), scale.scaled(hidden(estimate, truth)))
    picture = middle_slice(estimate[list(shown)], grid)
    return xr.Dataset(
        {
            f"{field.name}.parity_truth": (parity, pairs[0][:, chosen], units),
            f"{field.name}.parity": (parity, pairs[1][:, chosen], units),
            f"{field.name}.reconstruction": (
                ("shown", component, *grid.axes[:2]),
                picture.astype(np.float32),
                {**units, "long_name": field.title, "symbol": field.symbol},
            ),
            f"{field.name}.reconstruction_mre": ("sample", error, {"units": "1"}),
            f"{field.name}.pooled_truth": (f"{field.name}_pooled_bin", densities[0]),
            f"{field.name}.pooled": (f"{field.name}_pooled_bin", densities[1]),
            f"{field.name}.pooled_edges": (f"{field.name}_pooled_edge", edges),
        },
        coords={component: list(field.labels)},
    )


def _pooled(truth: Array, estimate: Array) -> tuple[Array, list[Array]]:
    """Density of all values about the mean of their component in the truth."""
    mean = np.nanmean(truth, axis=(0, 2, 3, 4), keepdims=True)
    values = [(v - mean)[np.isfinite(v)] for v in (truth, estimate)]
    low, high = np.quantile(values[0], [0.0005, 0.9995])
    room = 0.2 * (high - low) or 0.5
    bins = int(np.clip(0.5 * np.sqrt(values[0].size), FEWEST_BINS, MOST_BINS))
    edges = np.linspace(low - room, high + room, bins + 1)
    width = edges[1] - edges[0]
    return edges, [np.histogram(v, bins=edges)[0] / max(1, v.size) / width for v in values]
