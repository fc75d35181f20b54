"""All scores of a model and its baselines on held-out samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.errors import ShapeError
from fieldvae.evaluation.details import figure_data
from fieldvae.evaluation.heldout import DETERMINISTIC, MODEL, REFERENCE, HeldOut, Measures
from fieldvae.evaluation.mechanics import mechanics_metrics
from fieldvae.evaluation.metrics import Resampling, band_metrics
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.selfcheck import ConditionErrors, self_check_metrics
from fieldvae.evaluation.strata import Strata
from fieldvae.evaluation.stratified import stratified
from fieldvae.evaluation.verdicts import calibration_verdict, rank_tests, wave_verdict
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid


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
    strata: Strata | None = None,
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
    strata
        Groups of the samples that are scored by themselves too.
    resamples
        Bootstrap resamples over samples for the 95 % intervals; zero for none.
    seed
        Of ties, bootstrap and plotted points.

    Returns
    -------
    Evaluation
        ``metrics``: ``{<model>: {"prediction": {<field>: ...}}}`` with the keys of
        :func:`~fieldvae.evaluation.metrics.prediction_metrics`; under ``model`` also
        ``calibration.<field>`` of :func:`~fieldvae.evaluation.verdicts.calibration_verdict` with
        ``ranks`` of :func:`~fieldvae.evaluation.verdicts.rank_tests`, and
        ``reconstruction``, ``prediction_self_checked``, ``self_check`` and
        ``comparison.<baseline>.<field>`` where they apply; under every model ``mechanics.<field>``
        of :func:`~fieldvae.evaluation.mechanics.mechanics_metrics`. Strata add
        ``prediction_strata`` and ``comparison_strata``, see
        :func:`~fieldvae.evaluation.stratified.stratified`. Models that draw several realizations
        have ``waves.<field>`` of :func:`~fieldvae.evaluation.metrics.band_metrics`.

    Raises
    ------
    ShapeError
        If a model's samples are not the truth's.
    """
    _check_samples(truth, predictions)
    generator = np.random.default_rng(seed)
    resampling = Resampling(resamples, generator)
    held_out = HeldOut.of(truth, fields=fields, grid=grid, scales=scales)
    measures = {name: held_out.measured(each, generator) for name, each in predictions.items()}
    reference = measures.get(REFERENCE)
    metrics: dict[str, Any] = {
        name: {"prediction": held_out.scored(ours, reference, resampling=resampling)}
        for name, ours in measures.items()
    }
    model = metrics[MODEL]
    if reconstruction is not None:
        model["reconstruction"] = held_out.reconstructed(reconstruction, resampling=resampling)
    if self_checked is not None:
        checked = held_out.measured(self_checked, generator)
        model["prediction_self_checked"] = held_out.scored(
            checked, reference, resampling=resampling
        )
    _add_waves(metrics, measures, Resampling(resamples, np.random.default_rng(seed)))
    model["calibration"] = {
        field.name: _calibration(field, model, measures[MODEL], grid) for field in fields
    }
    model["comparison"] = {
        name: held_out.compared(measures[MODEL], theirs, name=name, resampling=resampling)
        for name, theirs in measures.items()
        if name != MODEL
    }
    anew = Resampling(resamples, np.random.default_rng(seed))
    residuals = mechanics_metrics(fields, truth, predictions, grid=grid, resampling=anew)
    for name, by_field in residuals.items():
        metrics[name]["mechanics"] = by_field
    details = figure_data(
        fields,
        truth,
        measures,
        model=predictions[MODEL],
        point=predictions.get(DETERMINISTIC),
        reconstruction=reconstruction,
        grid=grid,
        scales=scales,
        edges=held_out.edges,
        generator=generator,
    )
    if condition_errors is not None:
        model["self_check"] = self_check_metrics(condition_errors)
        details = details.assign(condition_errors.dataset())
    found = Evaluation(metrics, details)
    if strata is None:
        return found
    anew = Resampling(resamples, np.random.default_rng(seed))
    return found.joined(Evaluation(stratified(held_out, measures, strata, anew), xr.Dataset()))


def _add_waves(
    metrics: Mapping[str, dict[str, Any]], measures: Mapping[str, Measures], resampling: Resampling
) -> None:
    for name, ours in measures.items():
        if all(measured.realizations > 1 for measured in ours.values()):
            metrics[name]["waves"] = {
                field: band_metrics(measured.bands, resampling) for field, measured in ours.items()
            }


def _calibration(
    field: FieldSpec, model: Mapping[str, Any], ours: Measures, grid: Grid
) -> dict[str, Any]:
    """Say whether the model's realizations of a field may be read as probabilities."""
    measured = ours[field.name]
    ranks = rank_tests(field.title, measured.samples, realizations=measured.realizations)
    waves = model.get("waves", {}).get(field.name)
    return {
        **calibration_verdict(field.title, model["prediction"][field.name]),
        "ranks": ranks,
        "waves": wave_verdict(field.title, waves, units=grid.spacing_units),
    }


def _check_samples(truth: xr.Dataset, predictions: Mapping[str, xr.Dataset]) -> None:
    if MODEL not in predictions:
        raise ShapeError(f"predictions hold {', '.join(predictions)}; expected {MODEL!r} too")
    for name, ensemble in predictions.items():
        if ensemble.sizes["sample"] != truth.sizes["sample"]:
            raise ShapeError(
                f"{name!r} has {ensemble.sizes['sample']} samples; the truth has "
                f"{truth.sizes['sample']}"
            )
