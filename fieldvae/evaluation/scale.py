"""The training part's own size of every component, by which errors are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from fieldvae.evaluation.labeled import field_array
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid


@dataclass(frozen=True)
class ComponentScale:
    """Spread and extremes of a field's components over the training part.

    Parameters
    ----------
    spread
        Standard deviation over samples and cells, shape ``(component,)``, physical units; one
        where a component never changes.
    low, high
        Least and greatest value, shape ``(component,)``, physical units.
    """

    spread: Array
    low: Array
    high: Array

    def scaled(self, fields: Array) -> Array:
        """Divide ``(..., component, x, y, z)`` by the spread, so that components weigh alike."""
        return fields / self.spread.astype(fields.dtype).reshape(-1, 1, 1, 1)


def component_scales(
    training: xr.Dataset, fields: Sequence[FieldSpec], grid: Grid
) -> dict[str, ComponentScale]:
    """Measure the scale of every field.

    Parameters
    ----------
    training
        The training part, physical values, dims ``(sample, component, x, y, z)``.
    fields
        The fields to measure.
    grid
        Their grid.
    """
    scales = {}
    for field in fields:
        values = field_array(field, training, grid).astype(float)
        everywhere = (0, 2, 3, 4)
        spread = np.nanstd(values, axis=everywhere)
        scales[field.name] = ComponentScale(
            np.where(spread > 0, spread, 1.0),
            np.nanmin(values, axis=everywhere),
            np.nanmax(values, axis=everywhere),
        )
    return scales
