"""A model and its baselines scored against the same replicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae.evaluation.assessment import Evaluation
from fieldvae.evaluation.heldout import MODEL
from fieldvae.evaluation.labeled import field_array
from fieldvae.evaluation.metrics import Resampling
from fieldvae.evaluation.replicates.details import replicate_data
from fieldvae.evaluation.replicates.measures import measure_replicates
from fieldvae.evaluation.replicates.metrics import replicate_metrics
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.strata import Strata
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid


def score_replicates(
    truths: xr.Dataset,
    predictions: Mapping[str, xr.Dataset],
    *,
    fields: Sequence[FieldSpec],
    grid: Grid,
    scales: Mapping[str, ComponentScale],
    strata: Strata | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Score every model against the same replicates.

    Parameters
    ----------
    truths
        Replicates of every condition, physical values, dims
        ``(sample, realization, component, x, y, z)``.
    predictions
        By model, its realizations for the same conditions, same dims; ``model`` is one of them.
    fields, grid, scales
        The output fields, their grid, and the training part's spread by field.
    strata
        Groups of conditions that are scored by themselves too.
    resamples, seed
        Bootstrap resamples over conditions; seed of those, of directions and of splits.

    Returns
    -------
    Evaluation
        ``metrics``: ``{<model>: {"replicates": {<field>: ...}}}`` with the keys of
        :func:`~fieldvae.evaluation.replicates.metrics.replicate_metrics`, and with ``strata`` also
        ``replicates_strata``, whose ``strata`` has the same by stratum and field; ``details``: see
        :mod:`fieldvae.evaluation.replicates.details`.

    Raises
    ------
    ShapeError
        If realizations and replicates do not fit each other.
    """
    values = {field.name: field_array(field, truths, grid) for field in fields}
    measures = {
        model: {
            field.name: measure_replicates(
                values[field.name],
                field_array(field, ensemble, grid),
                scale=scales[field.name],
                generator=np.random.default_rng(seed),
            )
            for field in fields
        }
        for model, ensemble in predictions.items()
    }

    def scored(model: str, rows: NDArray[np.int64] | slice) -> dict[str, Any]:
        return {
            field.name: replicate_metrics(
                field,
                measures[model][field.name].take(rows),
                model=model,
                resampling=Resampling(resamples, np.random.default_rng(seed)),
            )
            for field in fields
        }

    metrics = {model: {"replicates": scored(model, slice(None))} for model in measures}
    for model, found in metrics.items():
        if strata is not None:
            by_stratum = {name: scored(model, rows) for name, rows in strata}
            found["replicates_strata"] = strata.described(by_stratum)
    details = replicate_data(fields, truths, measures, model=predictions[MODEL], grid=grid)
    return Evaluation(metrics, details)
