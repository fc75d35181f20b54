"""All scores of a model and its baselines on held-out samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.errors import ShapeError
from fieldvae.evaluation.accuracy import variability
from fieldvae.evaluation.comparison import compared
from fieldvae.evaluation.details import figure_data, histogram_edges
from fieldvae.evaluation.labeled import field_array
from fieldvae.evaluation.measures import EnsembleMeasures, measure_ensemble
from fieldvae.evaluation.metrics import Resampling, prediction_metrics, reconstruction_metrics
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.selfcheck import ConditionErrors, self_check_metrics
from fieldvae.evaluation.verdicts import calibration_verdict
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

MODEL = "model"
"""Name of the trained model among the models scored."""

REFERENCE = "climatology"
"""The model that skill is measured from."""

DETERMINISTIC = "deterministic"
"""The model that gives one field for each input, and no law."""


@dataclass(frozen=True)
class Evaluation:
    """Scores, and what the report plots.

    Parameters
    ----------
    metrics
        The content of ``metrics.json``: plain numbers, ``None`` where there is none.
    details
        The content of ``evaluation.zarr``; see :mod:`fieldvae.evaluation.details`.
    """

    metrics: dict[str, Any]
    details: xr.Dataset

    def joined(self, other: Evaluation) -> Evaluation:
        """Add the scores and details of another evaluation of the same models."""
        names = [*self.metrics, *(name for name in other.metrics if name not in self.metrics)]
        metrics = {
            name: {**self.metrics.get(name, {}), **other.metrics.get(name, {})} for name in names
        }
        return Evaluation(metrics, self.details.assign(other.details.variables))


def evaluate(
    truth: xr.Dataset,
    predictions: Mapping[str, xr.Dataset],
    *,
    fields: Sequence[FieldSpec],
    grid: Grid,
    scales: Mapping[str, ComponentScale],
    reconstruction: xr.Dataset | None = None,
    self_checked: xr.Dataset | None = None,
    condition_errors: ConditionErrors | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Score every model on the same held-out samples.

    Parameters
    ----------
    truth
        Held-out outputs, physical values, dims ``(sample, component, x, y, z)``.
    predictions
        By model, unrejected realizations with dims ``(sample, realization, component, x, y, z)``.
        ``model`` is compared with all others; skill is measured from ``climatology``. A single
        realization is a point mass, such as that of ``deterministic``.
    fields
        The output fields, components known.
    grid
        The grid of all fields.
    scales
        The training part's spread and extremes by field, from
        :func:`~fieldvae.evaluation.scale.component_scales`.
    reconstruction
        The model's reconstruction of ``truth``; none for a model without encoder.
    self_checked
        The model's realizations after the self-check, scored apart.
    condition_errors
        For the report on the self-check.
    resamples
        Bootstrap resamples over samples for the 95 % intervals; zero for none.
    seed
        Of ties, bootstrap and plotted points.

    Returns
    -------
    Evaluation
        ``metrics``: ``{<model>: {"prediction": {<field>: ...}}}`` with the keys of
        :func:`~fieldvae.evaluation.metrics.prediction_metrics`; under ``model`` also
        ``calibration.<field>`` of :func:`~fieldvae.evaluation.verdicts.calibration_verdict`, and
        ``reconstruction``, ``prediction_self_checked``, ``self_check`` and
        ``comparison.<baseline>.<field>`` where they apply.

    Raises
    ------
    ShapeError
        If a model's samples are not the truth's.
    """
    _check_samples(truth, predictions)
    generator = np.random.default_rng(seed)
    resampling = Resampling(resamples, generator)
    values = {field.name: field_array(field, truth, grid).astype(float) for field in fields}
    edges = {name: histogram_edges(value) for name, value in values.items()}

    def measured(ensemble: xr.Dataset) -> dict[str, EnsembleMeasures]:
        return {
            field.name: measure_ensemble(
                field,
                truth,
                ensemble,
                grid=grid,
                scale=scales[field.name],
                edges=edges[field.name],
                generator=generator,
            )
            for field in fields
        }

    measures = {name: measured(ensemble) for name, ensemble in predictions.items()}
    reference = measures.get(REFERENCE)

    def scored(ours: Mapping[str, EnsembleMeasures]) -> dict[str, Any]:
        return {
            name: prediction_metrics(
                ours[name],
                truth_variability=variability(scales[name].scaled(value)),
                reference=None if reference is None else reference[name],
                resampling=resampling,
            )
            for name, value in values.items()
        }

    metrics: dict[str, Any] = {
        name: {"prediction": scored(measure)} for name, measure in measures.items()
    }
    if reconstruction is not None:
        metrics[MODEL]["reconstruction"] = {
            field.name: reconstruction_metrics(
                values[field.name],
                field_array(field, reconstruction, grid).astype(float),
                scale=scales[field.name],
                resampling=resampling,
            )
            for field in fields
        }
    if self_checked is not None:
        metrics[MODEL]["prediction_self_checked"] = scored(measured(self_checked))
    metrics[MODEL]["calibration"] = {
        field.name: calibration_verdict(field.title, metrics[MODEL]["prediction"][field.name])
        for field in fields
    }
    metrics[MODEL]["comparison"] = {
        name: {
            field.name: compared(
                field,
                measures[MODEL][field.name],
                theirs[field.name],
                name=name,
                resampling=resampling,
            )
            for field in fields
        }
        for name, theirs in measures.items()
        if name != MODEL
    }
    details = figure_data(
        fields,
        truth,
        measures,
        model=predictions[MODEL],
        point=predictions.get(DETERMINISTIC),
        reconstruction=reconstruction,
        grid=grid,
        scales=scales,
        edges=edges,
        generator=generator,
    )
    if condition_errors is not None:
        metrics[MODEL]["self_check"] = self_check_metrics(condition_errors)
        details = details.assign(condition_errors.dataset())
    return Evaluation(metrics, details)


def _check_samples(truth: xr.Dataset, predictions: Mapping[str, xr.Dataset]) -> None:
    if MODEL not in predictions:
        raise ShapeError(f"predictions hold {', '.join(predictions)}; expected {MODEL!r} too")
    for name, ensemble in predictions.items():
        if ensemble.sizes["sample"] != truth.sizes["sample"]:
            raise ShapeError(
                f"{name!r} has {ensemble.sizes['sample']} samples; the truth has "
                f"{truth.sizes['sample']}"
            )
