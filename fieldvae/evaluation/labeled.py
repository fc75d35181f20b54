"""From labeled datasets to plain arrays and back, in the order that the scores expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.errors import ShapeError
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import AXES, Grid


def component_dim(field: FieldSpec, dataset: xr.Dataset) -> str | None:
    """Name of a field's component dim in a dataset, ``None`` for a scalar without one."""
    others = [d for d in dataset[field.name].dims if d not in ("sample", "realization", *AXES)]
    return str(others[0]) if others else None


def field_array(field: FieldSpec, dataset: xr.Dataset, grid: Grid) -> Array:
    """Read one field as an array, components in the order of the field's labels.

    Parameters
    ----------
    field
        The field, its components known.
    dataset
        Physical values, dims ``(sample, [realization,] [component,] x, y, z)`` in any order; a
        field on no grid lacks x, y, z.
    grid
        The grid; axes that it lacks get one cell.

    Returns
    -------
    Array
        Shape ``(sample, [realization,] component, x, y, z)``, in the dataset's precision; one
        cell where the field is on no grid.

    Raises
    ------
    ShapeError
        If the field's dims or components are not those expected.
    """
    values = dataset[field.name]
    component = component_dim(field, dataset)
    leading = [d for d in ("sample", "realization") if d in values.dims]
    if component is None:
        component = "component"
        values = values.expand_dims(component)
    elif component in values.coords:
        have = [str(label) for label in values[component].values]
        if sorted(have) != sorted(field.labels):
            raise ShapeError(f"{field.name!r} has components {have}; expected {field.labels}")
        values = values.isel({component: [have.index(label) for label in field.labels]})
    axes = grid.axes if field.on == "grid" else ()
    try:
        ordered = values.transpose(*leading, component, *axes)
    except ValueError:
        raise ShapeError(
            f"{field.name!r} has dims {values.dims}; expected ({', '.join([*leading, component])}"
            f"{''.join(', ' + axis for axis in axes)})"
        ) from None
    array = np.asarray(ordered.values)
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(float)
    if array.shape[len(leading)] != len(field.labels):
        raise ShapeError(
            f"{field.name!r} has {array.shape[len(leading)]} components; expected {field.labels}"
        )
    return array.reshape(*array.shape, *[1] * (len(AXES) - len(axes)))


def middle_slice(values: Array, grid: Grid) -> Array:
    """Cut fields to what a picture shows: x and y in the middle of z, or x alone.

    Parameters
    ----------
    values
        Shape ``(..., x, y, z)``, absent axes of one cell.
    grid
        Their grid.

    Returns
    -------
    Array
        Shape ``(..., x, y)``; ``(..., x)`` on a grid of one dimension.
    """
    plane = values[..., grid.shape3[2] // 2]
    return plane if grid.dimensions > 1 else plane[..., 0]


def realizations_dataset(
    fields: Sequence[FieldSpec],
    arrays: Mapping[str, Array],
    grid: Grid,
    *,
    coords: Mapping[Any, Any] | None = None,
) -> xr.Dataset:
    """Label realizations as a prediction's dataset.

    Parameters
    ----------
    fields
        The fields, in order.
    arrays
        By field, physical values ``(sample, realization, component, x, y, z)``.
    grid
        The grid; axes that it lacks are dropped.
    coords
        Coordinates of ``sample`` to keep.

    Returns
    -------
    xr.Dataset
        One variable a field, dims ``(sample, realization, <field>_component, x, y, z)``.
    """
    variables = {}
    for field in fields:
        array = arrays[field.name]
        component = f"{field.name}_component"
        shaped = array.reshape(*array.shape[:3], *grid.shape)
        variables[field.name] = xr.DataArray(
            shaped,
            dims=("sample", "realization", component, *grid.axes),
            coords={component: list(field.labels)},
            attrs={"units": field.units, "long_name": field.title},
        )
    return xr.Dataset(variables, coords=coords)
