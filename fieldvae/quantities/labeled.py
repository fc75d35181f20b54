"""Quantities of labeled datasets: xarray in, xarray out, a few samples at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from pydantic import ValidationError
from torch import Tensor

from fieldvae.data.conform import REALIZATION, SAMPLE, component_dimension
from fieldvae.errors import GridError, OptionError, ShapeError, StoreError
from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import AXES, Grid
from fieldvae.quantities.fields import PhysicalFields, QuantityField
from fieldvae.quantities.naming import Quantity, quantity_of
from fieldvae.spec import PluginChoice

VALUES_AT_ONCE = 2**22
"""Values worked on at a time: a few hundred megabytes with all intermediate results."""

MATRIX = 9
"""Values that a cell of a symmetric tensor takes while it is worked on."""

Choice = str | Mapping[str, Any] | PluginChoice | Quantity
Arrays = Mapping[str, xr.DataArray]

_LEADING = (SAMPLE, REALIZATION)

_NO_FIELDS = ("tried", "self_check_error")
"""Variables of predictions that have units and are no fields."""


def quantity(
    choice: Choice,
    dataset: xr.Dataset,
    *,
    inputs: xr.Dataset | None = None,
    grid: Grid | None = None,
) -> xr.DataArray:
    """Derive a quantity from the fields of a dataset.

    Parameters
    ----------
    choice
        The quantity's name, or ``{"use": name, option: value, ...}``. The name of a field stands
        for the quantity ``component`` of it.
    dataset
        Fields with dims ``sample``, ``realization``, one component dim and x, y, z in any order,
        each of the first three only where there is one; attribute ``units``. Data, realizations
        and stores as :func:`open_zarr <xarray.open_zarr>` has them will do; they are read a few
        samples at a time.
    inputs
        Further fields of the same samples, such as the inputs of realizations.
    grid
        The grid; read off the dataset's attributes where left out.

    Returns
    -------
    xarray.DataArray
        Named as the quantity, dims ``(sample, realization, <component dim>, x, y, z)`` as far as
        the fields it was made from have them, their coordinates, the attribute ``units``.

    Raises
    ------
    PluginError
        If no quantity bears the name.
    OptionError
        If options are wrong, or a field is missing or of another kind than needed.
    StoreError
        If a field lacks units, or its dims or the grid's attributes cannot be read.

    Examples
    --------
    >>> stress = np.zeros((1, 6, 2, 2, 2))
    >>> stress[:, 0] = 200.0  # tension along x
    >>> data = xr.Dataset(
    ...     {"stress": (("sample", "voigt", "x", "y", "z"), stress, {"units": "MPa"})},
    ...     coords={"voigt": list(VOIGT)},
    ... )
    >>> tension = quantity("von_mises_stress", data)
    >>> tension.units, tension.sizes["x"], round(float(tension.max()), 6)
    ('MPa', 2, 200.0)
    """
    chosen = quantity_of(choice, field_names(dataset))
    parts = list(derived(chosen, dataset, inputs=inputs, grid=grid))
    return parts[0] if len(parts) == 1 else xr.concat(parts, dim=SAMPLE, coords="minimal")


def derived(
    chosen: Quantity,
    dataset: xr.Dataset,
    *,
    inputs: xr.Dataset | None = None,
    grid: Grid | None = None,
) -> Iterator[xr.DataArray]:
    """Derive a quantity part by part along ``sample``; see :func:`quantity`."""
    if not isinstance(dataset, xr.Dataset):
        raise OptionError(f"expected an xarray.Dataset of fields, not {type(dataset).__name__}")
    arrays = {**_fields(inputs), **_fields(dataset)} if inputs is not None else _fields(dataset)
    grid = _grid(dataset, arrays, grid)
    specs = {name: _spec(name, array) for name, array in arrays.items()}
    outputs = _outputs(dataset, arrays)
    samples = max((a.sizes.get(SAMPLE, 1) for a in arrays.values()), default=1)
    realizations = max((a.sizes.get(REALIZATION, 1) for a in arrays.values()), default=1)
    step = max(1, VALUES_AT_ONCE // (realizations * grid.cells * MATRIX))
    for start in range(0, samples, step):
        rows = slice(start, start + step)
        some = {n: a.isel({SAMPLE: rows}, missing_dims="ignore") for n, a in arrays.items()}
        tensors = _Tensors(some)
        found = chosen(PhysicalFields(tensors, specs, grid, outputs))
        yield _labeled(chosen, found, {name: some[name] for name in tensors.read}, grid)


class _Tensors(Mapping[str, Tensor]):
    """Arrays as tensors ``(sample, realization, component, x, y, z)``, read when they are used."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.read: dict[str, None] = {}

    def __getitem__(self, name: str) -> Tensor:
        array = self.arrays[name]
        self.read[name] = None
        dims = (*_LEADING, component_dimension(array) or "", *AXES)
        ordered = array.transpose(*dims, missing_dims="ignore")
        values = torch.tensor(ordered.values)
        values = values if values.is_floating_point() else values.to(torch.float64)
        return values.reshape([array.sizes.get(dim, 1) for dim in dims])

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrays)

    def __len__(self) -> int:
        return len(self.arrays)


def field_names(dataset: xr.Dataset) -> list[str]:
    """Return the names that may be a field's; none of what is no dataset."""
    return [str(name) for name in getattr(dataset, "data_vars", ())]


def _outputs(dataset: xr.Dataset, arrays: Arrays) -> tuple[str, ...]:
    """The fields that are drawn, else those that no inputs were given beside."""
    drawn = tuple(name for name, array in arrays.items() if REALIZATION in array.dims)
    return drawn or tuple(name for name in arrays if name in dataset)


def _fields(dataset: xr.Dataset) -> dict[str, xr.DataArray]:
    """The variables that can be fields: numbers with units, one component dim at most."""
    found = {}
    for name, array in dataset.data_vars.items():
        others = [d for d in array.dims if d not in (*_LEADING, *AXES)]
        derived_before = "quantity" in array.attrs
        if array.dtype.kind not in "fiu" or len(others) > 1 or derived_before:
            continue
        if name in _NO_FIELDS:
            continue
        if isinstance(array.attrs.get("units"), str):
            found[str(name)] = array
        elif AXES[0] in array.dims:
            raise StoreError(
                f"{name!r} in the dataset has no attribute 'units'; give it units that pint reads "
                "('1' for none)"
            )
    return found


def _spec(name: str, array: xr.DataArray) -> FieldSpec:
    dimension = component_dimension(array)
    labels: tuple[str, ...] | None = None
    if dimension is not None:
        labels = tuple(str(label) for label in array[dimension].values)
    try:
        return FieldSpec.model_validate(
            {
                "name": name,
                "units": array.attrs["units"],
                "long_name": array.attrs.get("long_name", ""),
                "tensor_kind": array.attrs.get("tensor_kind") or _kind(labels),
                "components": labels,
            }
        )
    except ValidationError as error:
        words = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
        raise StoreError(f"{name!r} in the dataset is no field: {words}") from None


def _kind(labels: tuple[str, ...] | None) -> str:
    """The tensor kind that labels tell where no attribute does."""
    if labels is None or labels == ("value",):
        return "scalar"
    if set(labels) <= set(VOIGT):
        return "symmetric"
    return "vector" if set(labels) <= set(AXES) else "set"


def _grid(dataset: xr.Dataset, arrays: Arrays, grid: Grid | None) -> Grid:
    sizes = {axis: n for array in arrays.values() for axis, n in array.sizes.items()}
    shape = tuple(sizes[axis] for axis in AXES if axis in sizes)
    if not shape:
        known = ", ".join(str(name) for name in dataset.data_vars) or "none"
        raise GridError(f"the dataset has no field on a grid (dims x, y, z); it holds {known}")
    if grid is None:
        return Grid.from_attributes(shape, dataset.attrs)
    if grid.shape != shape:
        raise GridError(f"the dataset is on {shape} cells; the grid given has {grid.shape}")
    return grid


def _labeled(chosen: Quantity, found: QuantityField, read: Arrays, grid: Grid) -> xr.DataArray:
    """Give a quantity's values the dims and coordinates of the fields it was made from."""
    leading = [dim for dim in _LEADING if any(dim in array.dims for array in read.values())]
    sizes = {d: max(array.sizes.get(d, 1) for array in read.values()) for d in leading}
    labels = found.components
    cells = (len(labels),) if labels is not None else ()
    expected = tuple(sizes.get(dim, 1) for dim in _LEADING) + cells + grid.shape3
    try:
        values = found.values.detach().expand(expected)
    except RuntimeError:
        raise ShapeError(
            f"quantity {chosen.name!r} has values of shape {tuple(found.values.shape)}; expected "
            f"{expected}, the grid's cells last"
        ) from None
    dims = (*leading, *([found.dimension] if labels is not None else []), *grid.axes)
    array = xr.DataArray(
        values.reshape(*sizes.values(), *cells, *grid.shape).numpy(force=True),
        dims=dims,
        name=chosen.called,
        attrs={
            "units": found.units,
            "long_name": found.title or chosen.called.replace("_", " "),
            "symbol": found.symbol,
            "tensor_kind": "scalar" if labels is None else "set",
            "quantity": json.dumps({"use": chosen.name, **chosen.options}),
        },
    )
    if labels is not None:
        array = array.assign_coords({found.dimension: np.array(labels, dtype=object)})
    for source in read.values():
        kept = {
            name: coordinate.variable
            for name, coordinate in source.coords.items()
            if coordinate.dims and set(coordinate.dims) <= set(dims) and name not in array.coords
        }
        array = array.assign_coords(kept)
    return array
