"""Scores of labeled realizations, sample by sample, labeled in turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from fieldvae.evaluation.labeled import field_array
from fieldvae.evaluation.scores import crps, energy_score
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

SCORES = {"energy_score": energy_score, "crps": crps}


def sample_scores(
    truth: xr.Dataset, predictions: xr.Dataset, *, fields: Sequence[FieldSpec], grid: Grid
) -> xr.Dataset:
    """Score every sample's realizations against its true fields.

    Parameters
    ----------
    truth, predictions
        Physical values of the same samples; predictions have the dim ``realization`` too.
    fields, grid
        The output fields, and where they are.

    Returns
    -------
    xr.Dataset
        One variable a field, dims ``(score, sample)``, in the field's units.
    """
    found = {}
    for field in fields:
        pair = (field_array(field, each, grid) for each in (truth, predictions))
        true, drawn = (values.astype(np.float64) for values in pair)
        values = np.stack([score(true, drawn) for score in SCORES.values()])
        told = {"units": field.units, "long_name": f"score of {field.title}"}
        found[field.name] = (("score", "sample"), values, told)
    coordinates = {n: c for n, c in truth.coords.items() if c.dims == ("sample",)}
    return xr.Dataset(found, coords={"score": list(SCORES), **coordinates})
