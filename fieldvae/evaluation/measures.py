"""All that is measured of one field of one model's ensemble, block by block of samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae.evaluation.bands import BandErrors, band_errors, joined
from fieldvae.evaluation.calibration import coverage, rank_histogram, spread_and_error
from fieldvae.evaluation.fourier import FourierBasis, power_spectrum
from fieldvae.evaluation.labeled import field_array
from fieldvae.evaluation.missing import completed, hidden, known_mean
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.scores import VALUES_AT_ONCE, Array, crps, energy_score, variogram_score
from fieldvae.evaluation.uniformity import distance_rank, value_rank
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

LEVELS = (0.50, 0.80, 0.90, 0.95)
"""Nominal shares of the central intervals whose coverage is measured."""

RANK_BINS = 20


@dataclass(frozen=True)
class EnsembleMeasures:
    """Scores and distributions of one field of one model.

    Parameters
    ----------
    realizations
        Ensemble size.
    samples
        By score, one number a sample, shape ``(sample,)``. Fields are divided by their
        components' spread, but for ``*_physical``. Ranks ``value_rank`` and ``distance_rank`` too,
        the latter as seen from the next sample's truth.
    ranks
        Counts of the truth's rank in bins from 0 to 1, shape ``(bin,)``.
    power
        Mean power of the realizations' waves, summed over components divided by their spread,
        shape ``(x, y, z)``.
    histogram
        Counts of the realizations' values, shape ``(component, bin)``.
    bands
        Spread and error by bands of waves, components divided by their spread.
    """

    realizations: int
    samples: Mapping[str, Array]
    ranks: NDArray[np.int64]
    power: Array
    histogram: NDArray[np.int64]
    bands: BandErrors


def measure_ensemble(
    field: FieldSpec,
    truth: xr.Dataset,
    ensemble: xr.Dataset,
    *,
    grid: Grid,
    scale: ComponentScale,
    edges: Array,
    generator: np.random.Generator,
) -> EnsembleMeasures:
    """Measure one field.

    Parameters
    ----------
    field
        The field.
    truth
        Physical values, dims ``(sample, component, x, y, z)``.
    ensemble
        Physical values, dims ``(sample, realization, component, x, y, z)``; may be read lazily.
    grid
        Their grid.
    scale
        The training part's spread of the components.
    edges
        Edges of the histogram's bins, shape ``(component, bin + 1)``, physical units.
    generator
        Source of chance for ranks: ties, and the values that are looked at.
    """
    basis = FourierBasis(grid)
    points = np.roll(field_array(field, truth, grid), -1, axis=0)
    parts: list[dict[str, Array]] = []
    bands: list[BandErrors] = []
    done = 0
    ranks = np.zeros(RANK_BINS, dtype=np.int64)
    power = np.zeros(basis.shape)
    counts = np.zeros((len(edges), edges.shape[1] - 1), dtype=np.int64)
    for y, x in sample_blocks(field, truth, ensemble, grid):
        point = points[done : done + len(y)]
        done += len(y)
        parts.append(
            {
                **_sample_scores(y, x, scale, basis),
                **_sample_ranks(y, x, point, scale, generator),
            }
        )
        bands.append(band_errors(scale.scaled(y), scale.scaled(x), basis))
        ranks += rank_histogram(y, x, generator=generator, bins=RANK_BINS)
        power += len(x) * power_spectrum(completed(scale.scaled(x)), basis)
        counts += value_counts(x, edges)
    samples = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return EnsembleMeasures(
        ensemble.sizes["realization"],
        samples,
        ranks,
        power / truth.sizes["sample"],
        counts,
        joined(bands),
    )


def sample_blocks(
    field: FieldSpec, truth: xr.Dataset, ensemble: xr.Dataset, grid: Grid
) -> Iterator[tuple[Array, Array]]:
    """Pass over truth and ensemble in blocks that fit memory; what the truth misses, both do."""
    values = ensemble[field.name].size // max(1, ensemble.sizes["sample"])
    step = max(1, VALUES_AT_ONCE // max(1, values))
    for start in range(0, truth.sizes["sample"], step):
        rows = slice(start, start + step)
        y = field_array(field, truth.isel(sample=rows), grid)
        yield y, hidden(field_array(field, ensemble.isel(sample=rows), grid), y)


def value_counts(fields: Array, edges: Array) -> NDArray[np.int64]:
    """Histogram of every component of ``(..., component, x, y, z)``, ``(component, bin)``."""
    components = np.moveaxis(fields, -4, 0).reshape(len(edges), -1)
    rows = [np.histogram(v, bins=e)[0] for v, e in zip(components, edges, strict=True)]
    return np.stack(rows).astype(np.int64)


def _sample_scores(
    y: Array, x: Array, scale: ComponentScale, basis: FourierBasis
) -> dict[str, Array]:
    truth, ensemble = scale.scaled(y), scale.scaled(x)
    spread, error = spread_and_error(truth, ensemble)
    found = {
        "crps": crps(truth, ensemble),
        "energy_score": energy_score(truth, ensemble),
        "variogram_score": variogram_score(truth, ensemble, periodic=basis.periodic),
        "crps_physical": crps(y, x),
        "energy_score_physical": energy_score(y, x),
        "spread": spread,
        "squared_error": error,
        "grid_variance": _grid_variance(ensemble.swapaxes(0, 1)).mean(axis=0),
        "grid_variance_true": _grid_variance(truth),
    }
    shares = coverage(y, x, LEVELS)
    return {**found, **{coverage_name(q): share for q, share in zip(LEVELS, shares, strict=True)}}


def _sample_ranks(
    y: Array, x: Array, point: Array, scale: ComponentScale, generator: np.random.Generator
) -> dict[str, Array]:
    truth, ensemble, reference = scale.scaled(y), scale.scaled(x), scale.scaled(point)
    return {
        "value_rank": value_rank(truth, ensemble, generator=generator),
        "distance_rank": distance_rank(truth, ensemble, reference, generator=generator),
    }


def _grid_variance(fields: Array) -> Array:
    """Variance over cells of ``(..., component, x, y, z)``, averaged over components."""
    flat = fields.reshape(*fields.shape[:-3], -1)
    variance = known_mean((flat - known_mean(flat, -1, keepdims=True)) ** 2, -1)
    return known_mean(variance, -1)


def coverage_name(level: float) -> str:
    """Key of a coverage in metrics.

    Examples
    --------
    >>> coverage_name(0.9)
    'coverage_90'
    """
    return f"coverage_{round(100 * level)}"
