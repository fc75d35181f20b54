"""The held-out samples, and scores of one model after another on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae.evaluation.accuracy import variability
from fieldvae.evaluation.comparison import compared
from fieldvae.evaluation.details import histogram_edges
from fieldvae.evaluation.labeled import field_array
from fieldvae.evaluation.measures import EnsembleMeasures, measure_ensemble
from fieldvae.evaluation.metrics import Resampling, prediction_metrics, reconstruction_metrics
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

MODEL = "model"
"""Name of the trained model among the models scored."""

REFERENCE = "climatology"
"""The model that skill is measured from."""

DETERMINISTIC = "deterministic"
"""The model that gives one field for each input, and no law."""

Measures = Mapping[str, EnsembleMeasures]
"""What was measured of one model, by field."""

ALL = slice(None)
"""Rows of all samples."""


@dataclass(frozen=True)
class HeldOut:
    """True outputs that models are scored on.

    Parameters
    ----------
    truth
        Physical values, dims ``(sample, component, x, y, z)``.
    fields, grid, scales
        The output fields, their grid, and the training part's spread by field.
    values
        The truth by field, shape ``(sample, component, x, y, z)``.
    edges
        Bins of the values' histograms, by field.
    variability
        Mean squared distance of the scaled truth from its mean, by field, shape ``(sample,)``.
    """

    truth: xr.Dataset
    fields: Sequence[FieldSpec]
    grid: Grid
    scales: Mapping[str, ComponentScale]
    values: Mapping[str, Array]
    edges: Mapping[str, Array]
    variability: Mapping[str, Array]

    @classmethod
    def of(
        cls,
        truth: xr.Dataset,
        *,
        fields: Sequence[FieldSpec],
        grid: Grid,
        scales: Mapping[str, ComponentScale],
    ) -> HeldOut:
        """Read the output fields of a dataset."""
        values = {field.name: field_array(field, truth, grid).astype(float) for field in fields}
        edges = {name: histogram_edges(value) for name, value in values.items()}
        apart = {name: variability(scales[name].scaled(value)) for name, value in values.items()}
        return cls(truth, fields, grid, scales, values, edges, apart)

    def measured(self, ensemble: xr.Dataset, generator: np.random.Generator) -> Measures:
        """Measure one model's realizations; ties are broken by ``generator``."""
        return {
            field.name: measure_ensemble(
                field,
                self.truth,
                ensemble,
                grid=self.grid,
                scale=self.scales[field.name],
                edges=self.edges[field.name],
                generator=generator,
            )
            for field in self.fields
        }

    def scored(
        self,
        ours: Measures,
        reference: Measures | None,
        *,
        resampling: Resampling,
        rows: NDArray[np.int64] | slice = ALL,
    ) -> dict[str, Any]:
        """Score one model by field, on some of the samples; skill is over ``reference``."""
        return {
            name: prediction_metrics(
                _taken(ours[name], rows),
                realizations=ours[name].realizations,
                truth_variability=self.variability[name][rows],
                reference=None if reference is None else _taken(reference[name], rows),
                resampling=resampling,
            )
            for name in self.values
        }

    def compared(
        self,
        ours: Measures,
        theirs: Measures,
        *,
        name: str,
        resampling: Resampling,
        rows: NDArray[np.int64] | slice = ALL,
    ) -> dict[str, Any]:
        """Compare the model with the baseline ``name`` by field, on some of the samples."""
        return {
            field.name: compared(
                field,
                _taken(ours[field.name], rows),
                _taken(theirs[field.name], rows),
                name=name,
                resampling=resampling,
            )
            for field in self.fields
        }

    def reconstructed(self, estimate: xr.Dataset, *, resampling: Resampling) -> dict[str, Any]:
        """Score a reconstruction of the truth by field."""
        return {
            field.name: reconstruction_metrics(
                self.values[field.name],
                field_array(field, estimate, self.grid).astype(float),
                scale=self.scales[field.name],
                resampling=resampling,
            )
            for field in self.fields
        }


def _taken(measures: EnsembleMeasures, rows: NDArray[np.int64] | slice) -> dict[str, Array]:
    return {name: each[rows] for name, each in measures.samples.items()}
