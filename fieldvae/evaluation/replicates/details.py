"""What the report plots of replicates; part of ``evaluation.zarr``.

===================================  ==============================================  ============
variable                             dims                                            units
===================================  ==============================================  ============
``replicates.energy_score``, ...     (model, field, replicated)                      spread
``<field>.replicates``               (replicated_shown, shown_replicate, ..., x, y)  field units
``<field>.replicates_realization``   (replicated_shown, shown_replicate, ..., x, y)  field units
``<field>.cell_replicates``          (replicated_shown, replicate, <field>_cell)     field units
``<field>.cell_realizations``        (replicated_shown, member, <field>_cell)        field units
``<field>.cell_quantiles``           (replicated_shown, probability, <field>_cell)   field units
===================================  ==============================================  ============

``replicated`` counts the conditions that have replicates. The ``replicated_shown`` ones are those
at the quartiles of the model's expected energy score over its limit. Of these the ``cell_*``
variables hold the first component in :data:`MOST_CELLS` cells at most, in ascending order of the
model's median, so that none is picked by eye and none by its replicates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from fieldvae.evaluation.calibration import order_statistic
from fieldvae.evaluation.details import quartiles
from fieldvae.evaluation.labeled import field_array, middle_slice
from fieldvae.evaluation.replicates.measures import ReplicateMeasures
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

SHOWN_REPLICATES = 3
"""Replicates, and realizations, whose fields are shown of a condition."""

MOST_CELLS = 64

PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Ends of the central intervals of 90 % and 50 %, and the median."""


def replicate_data(
    fields: Sequence[FieldSpec],
    truths: xr.Dataset,
    measures: Mapping[str, Mapping[str, ReplicateMeasures]],
    *,
    model: xr.Dataset,
    grid: Grid,
) -> xr.Dataset:
    """Gather what the report plots.

    Parameters
    ----------
    fields
        The output fields.
    truths, model
        Replicates and the model's realizations, physical values, dims
        ``(sample, realization, component, x, y, z)``.
    measures
        By model and field, the trained model first.
    grid
        The grid of all fields.
    """
    names = [field.name for field in fields]
    first = next(iter(measures.values()))[names[0]].samples
    shown = quartiles(first["energy_score"] / first["energy_score_limit"])
    dims = ("model", "field", "replicated")
    variables = {
        f"replicates.{score}": (
            dims,
            np.array([[m[name].samples[score] for name in names] for m in measures.values()]),
        )
        for score in first
    }
    found = xr.Dataset(variables, coords={"model": list(measures), "field": names})
    for field in fields:
        found = found.assign(_shown(field, truths, model, shown, grid))
    return found.assign_coords(replicated_shown=shown, probability=list(PROBABILITIES))


def _shown(
    field: FieldSpec, truths: xr.Dataset, model: xr.Dataset, shown: list[int], grid: Grid
) -> xr.Dataset:
    attributes = {"units": field.units, "long_name": field.title, "symbol": field.symbol}
    component, cell = f"{field.name}_component", f"{field.name}_cell"
    y = field_array(field, truths.isel(sample=shown), grid).astype(np.float32)
    x = field_array(field, model.isel(sample=shown), grid).astype(np.float32)
    several = ("replicated_shown", "shown_replicate", component, *grid.axes[:2])
    count = min(SHOWN_REPLICATES, y.shape[1], x.shape[1])
    ours, theirs = (values[:, :, 0].reshape(*values.shape[:2], -1) for values in (x, y))
    ordered = np.sort(ours, axis=1)
    quantiles = np.stack([order_statistic(ordered, q) for q in PROBABILITIES], axis=1)
    order = np.argsort(quantiles[:, PROBABILITIES.index(0.5)], axis=1, kind="stable")
    some = np.unique(np.linspace(0, order.shape[1] - 1, MOST_CELLS).round().astype(int))
    chosen = order[:, None, some]
    return xr.Dataset(
        {
            f"{field.name}.replicates": (several, middle_slice(y[:, :count], grid), attributes),
            f"{field.name}.replicates_realization": (
                several,
                middle_slice(x[:, :count], grid),
                attributes,
            ),
            f"{field.name}.cell_replicates": (
                ("replicated_shown", "replicate", cell),
                np.take_along_axis(theirs, chosen, axis=2),
                attributes,
            ),
            f"{field.name}.cell_realizations": (
                ("replicated_shown", "member", cell),
                np.take_along_axis(ours, chosen, axis=2),
                attributes,
            ),
            f"{field.name}.cell_quantiles": (
                ("replicated_shown", "probability", cell),
                np.take_along_axis(quantiles, chosen, axis=2),
                attributes,
            ),
        },
        coords={component: list(field.labels)},
    )
