"""One variable of a store, brought to what its field declares or refused."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr
from pydantic import ValidationError

from fieldvae.data.findings import Findings
from fieldvae.data.units import Conversion, conversion
from fieldvae.errors import StoreError
from fieldvae.field import FieldSpec
from fieldvae.grid import AXES

SAMPLE = "sample"
REALIZATION = "realization"

SIMPLEX_TOLERANCE = 1e-4
"""The components of a simplex field may miss a sum of one by this much."""

MEAN_TOLERANCE = 1e-3
"""A mean over the grid of a zero-mean field may be this share of the field's standard deviation.

Rounding to single precision leaves 1e-8 in a field whose values surround zero.
"""

BOUND_TOLERANCE = 1e-6
"""A value may pass a bound by this share of the field's largest value, which is rounding."""


def component_dimension(array: xr.DataArray) -> str | None:
    """Name the dim that is neither sample, realization nor grid; ``None`` where there is none."""
    others = [str(d) for d in array.dims if d not in (SAMPLE, REALIZATION, *AXES)]
    return others[0] if others else None


def conform(
    array: xr.DataArray,
    field: FieldSpec,
    *,
    axes: Sequence[str] | None,
    where: str,
    findings: Findings,
) -> tuple[xr.DataArray, FieldSpec] | None:
    """Bring one variable to the dims, units and order of components of its field.

    Parameters
    ----------
    array
        The variable as a store has it, dims in any order.
    field
        What the task declares.
    axes
        Axes of the store's grid, a prefix of x, y, z; ``None`` where they are wrong, so that
        nothing can be said of a field's dims.
    where
        Opens every message: ``"'residual_stress' in cocrni.zarr"``.
    findings
        Takes every mistake.

    Returns
    -------
    tuple[xr.DataArray, FieldSpec] or None
        The variable with dims ``(sample, <component dim>, x, y, z)``, without the axes for a field
        on samples, in the field's units, and the field with its components; ``None`` where a
        mistake was found. A scalar without component dim gets one, ``<name>_component``.
    """
    before = len(findings.problems)
    factor = Conversion()
    with findings.collect():
        _check_attributes(array, field, where)
    with findings.collect():
        factor = _conversion(array, field, where)
    if axes is None:
        return None
    with findings.collect():
        _check_dims(array, field, axes, where)
        array, field = _with_labels(array, field, where)
    if len(findings.problems) > before:
        return None
    array = array.transpose(SAMPLE, component_dimension(array), *_axes(field, axes))
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    if factor.changes:
        array = array * factor.factor + factor.offset
    _check_values(array, field, where, findings)
    array.attrs = {
        "units": field.units,
        "long_name": field.title,
        "tensor_kind": field.tensor_kind,
    }
    return None if len(findings.problems) > before else (array, field)


def _axes(field: FieldSpec, axes: Sequence[str]) -> tuple[str, ...]:
    return tuple(axes) if field.on == "grid" else ()


def _check_attributes(array: xr.DataArray, field: FieldSpec, where: str) -> None:
    if array.dtype.kind not in "fiu":
        raise StoreError(f"{where} has dtype {array.dtype}; expected real numbers")
    kind = array.attrs.get("tensor_kind", field.tensor_kind)
    if kind != field.tensor_kind:
        raise StoreError(
            f"{where} says tensor_kind {kind!r}; the task declares {field.tensor_kind!r}: "
            "correct whichever is wrong"
        )
    title = array.attrs.get("long_name", "")
    if not isinstance(title, str):
        raise StoreError(f"{where} has the long_name {title!r}; expected words")


def _conversion(array: xr.DataArray, field: FieldSpec, where: str) -> Conversion:
    units = array.attrs.get("units")
    if not isinstance(units, str) or not units.strip():
        found = "no attribute 'units'" if units is None else f"the units {units!r}"
        raise StoreError(
            f"{where} has {found}; expected units that convert to {field.units} ('1' for none)"
        )
    return conversion(units, field.units, where=where)


def _check_dims(array: xr.DataArray, field: FieldSpec, axes: Sequence[str], where: str) -> None:
    expected = ", ".join((SAMPLE, "<components>", *_axes(field, axes)))
    found = f"{where} has dims ({', '.join(map(str, array.dims))})"
    if REALIZATION in array.dims:
        raise StoreError(
            f"{found}, several realizations of each sample ({array.sizes[REALIZATION]}); expected "
            f"({expected}): select one realization, dataset.isel(realization=0), and write it as a "
            "store of its own; or give the store as data.replicates, to score against all of them"
        )
    wanted = {SAMPLE, *_axes(field, axes)}
    missing = [d for d in (SAMPLE, *_axes(field, axes)) if d not in array.dims]
    others = [str(d) for d in array.dims if d not in wanted]
    if missing:
        alone = missing == [SAMPLE] and len(others) <= (field.tensor_kind != "scalar")
        remedy = ": give a single sample the dim, dataset.expand_dims('sample')" if alone else ""
        raise StoreError(f"{found}, without {', '.join(missing)}; expected ({expected}){remedy}")
    stray = [d for d in others if d in AXES]
    if stray:
        raise StoreError(
            f"{found}, but the task declares a field on samples, which has no {', '.join(stray)}; "
            f"expected ({expected})"
        )
    if len(others) > 1:
        raise StoreError(
            f"{found}, and one component dim is allowed, not {' and '.join(others)}; "
            f"expected ({expected})"
        )
    if not others and field.tensor_kind != "scalar":
        names = "" if field.components is None else f" labeled {', '.join(field.components)}"
        raise StoreError(
            f"{found}, without the component dim of a {field.tensor_kind} field{names}; "
            f"expected ({expected})"
        )


def _with_labels(
    array: xr.DataArray, field: FieldSpec, where: str
) -> tuple[xr.DataArray, FieldSpec]:
    """Order the components as the field does, or take them from the store."""
    dim = component_dimension(array)
    if field.tensor_kind == "scalar":
        return _with_scalar_label(array, field, dim, where)
    if dim is None:
        raise AssertionError("a field of several components without a component dim passed")
    if dim not in array.coords:
        expected = field.components or ("one for each component",)
        raise StoreError(
            f"{where} has no labels along its dim {dim!r}; give it a coordinate {dim!r} "
            f"({', '.join(expected)})"
        )
    labels = [str(label) for label in array[dim].values]
    if len(set(labels)) != len(labels):
        raise StoreError(f"{where} has the components {', '.join(labels)}; expected distinct ones")
    if field.components is None:
        try:
            field = field.with_components(labels)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise StoreError(f"{where}: {reason}") from None
    wanted = list(field.labels)
    missing = [label for label in wanted if label not in labels]
    # The labels of a tensor mean the same in any selection; those of a set are the whole system.
    extra = [x for x in labels if x not in wanted] if field.tensor_kind == "set" else []
    if missing or extra:
        raise StoreError(
            f"{where} has the components {', '.join(labels)}; expected {', '.join(wanted)}"
            + (f", of which {', '.join(missing)} {_is(missing)} missing" if missing else "")
            + (f"; the task knows no {', '.join(extra)}" if extra else "")
            + f": mend the coordinate {dim!r}, or the components that the task declares"
        )
    order = [labels.index(label) for label in wanted]
    array = array.isel({dim: order}).drop_vars(dim)
    return array.assign_coords({dim: np.array(wanted, dtype=object)}), field


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _with_scalar_label(
    array: xr.DataArray, field: FieldSpec, dim: str | None, where: str
) -> tuple[xr.DataArray, FieldSpec]:
    if dim is None:
        dim = f"{field.name}_component"
        array = array.expand_dims(dim)
    if array.sizes[dim] != 1:
        raise StoreError(
            f"{where} has {array.sizes[dim]} components along {dim!r}; the task declares a scalar "
            "(several unrelated scalars are a 'set')"
        )
    return array.assign_coords({dim: np.array(field.labels, dtype=object)}), field


def _check_values(array: xr.DataArray, field: FieldSpec, where: str, findings: Findings) -> None:
    values = array.values
    if not values.size:
        return
    with findings.collect():
        _check_finite(values, field, where)
        _check_bounds(values, field, where)
        if "log" in (field.scaling or ()):
            check_positive(values, field, where)
    if field.closure == "simplex" and (field.mask or np.isfinite(values).all()):
        with findings.collect():
            _check_simplex(values, field, where)
    if field.zero_mean and field.on == "grid" and np.isfinite(values).all():
        with findings.collect():
            _check_zero_mean(values, field, where)


def _check_finite(values: np.ndarray, field: FieldSpec, where: str) -> None:
    wrong = np.isinf(values) if field.mask else ~np.isfinite(values)
    count = int(wrong.sum())
    if count:
        first = _first(wrong)
        plural = "values that are" if count > 1 else "value that is"
        mask = ", or declare 'mask: true' where NaN stands for a missing value"
        raise StoreError(
            f"{where} has {count} {plural} not finite, first {values[first]} at "
            f"{_place(first, field)}; mend or remove such samples"
            + (mask if np.isnan(values[first]) else "")
        )


def check_positive(values: np.ndarray, field: FieldSpec, where: str) -> None:
    """Refuse values that have no logarithm.

    Parameters
    ----------
    values
        Shape ``(sample, component, ...)``, over the grid's axes for a field on it.
    field
        Scaled by its logarithm.
    where
        Opens the message.

    Raises
    ------
    StoreError
        If a value is zero or below; missing ones pass.
    """
    wrong = values <= 0
    count = int(wrong.sum())
    if count:
        first = _first(wrong)
        plural = "values that are" if count > 1 else "value that is"
        raise StoreError(
            f"{where} has {count} {plural} not above zero, first {values[first]:g} at "
            f"{_place(first, field)}, and is scaled by its logarithm; mend or remove such samples, "
            "or declare 'scaling: standardize' for this field"
        )


def _check_bounds(values: np.ndarray, field: FieldSpec, where: str) -> None:
    low, high = field.bounds
    if low is None and high is None:
        return
    slack = BOUND_TOLERANCE * float(np.nanmax(np.abs(values), initial=0.0))
    below = values < low - slack if low is not None else np.zeros(values.shape, dtype=bool)
    above = values > high + slack if high is not None else np.zeros(values.shape, dtype=bool)
    wrong = below | above
    count = int(wrong.sum())
    if count:
        first = _first(wrong)
        plural = "values" if count > 1 else "value"
        raise StoreError(
            f"{where} has {count} {plural} outside its bounds [{_bound(low)}, {_bound(high)}] "
            f"{field.units}, first {values[first]:g} at {_place(first, field)}; "
            "mend or remove such samples, or declare other bounds"
        )


def _check_simplex(values: np.ndarray, field: FieldSpec, where: str) -> None:
    missing = np.isnan(values)
    part = missing & ~missing.all(axis=1, keepdims=True)
    if part.any():
        first = _first(part)
        raise StoreError(
            f"{where} misses some components of a cell and has others, first at "
            f"{_place(first, field)}; components that sum to one are all known or all missing"
        )
    sums = np.where(missing[:, 0], 1.0, values.sum(axis=1, dtype=np.float64))
    error = np.abs(sums - 1).reshape(len(sums), -1).max(axis=1)
    count = int((error > SIMPLEX_TOLERANCE).sum())
    if count:
        worst = int(error.argmax())
        there = sums[worst].ravel()
        found = there[np.abs(there - 1).argmax()]
        plural = "samples" if count > 1 else "sample"
        raise StoreError(
            f"{where}: the components do not sum to one in {count} {plural}, worst sample {worst}, "
            f"where they sum to {found:.6g}; expected 1 within {SIMPLEX_TOLERANCE:g}: "
            "mend or remove such samples, or declare 'closure: none'"
        )


def _check_zero_mean(values: np.ndarray, field: FieldSpec, where: str) -> None:
    found = mean_left(values, field)
    if found is not None:
        raise StoreError(
            f"{where} has {found}; the closure {field.closure} expects none: subtract the mean of "
            "each sample, or declare 'closure: none'"
        )


def mean_left(values: np.ndarray, field: FieldSpec) -> str | None:
    """Say in which samples a field has a mean over the grid; ``None`` where in none.

    Parameters
    ----------
    values
        Shape ``(sample, component, x, y, z)``, finite.
    field
        Names the components.
    """
    flat = values.reshape(*values.shape[:2], -1)
    means = flat.mean(axis=2, dtype=np.float64)
    # Over samples and grid within each component, then over components: one that is zero but for
    # rounding has no scale of its own.
    variance = flat.var(axis=(0, 2), dtype=np.float64).mean()
    allowed = MEAN_TOLERANCE * math.sqrt(variance)
    count = int((np.abs(means) > allowed).any(axis=1).sum())
    if not count:
        return None
    place = np.unravel_index(int(np.abs(means).argmax()), means.shape)
    worst, component = int(place[0]), int(place[1])
    plural = "samples" if count > 1 else "sample"
    return (
        f"a mean over the grid in {count} {plural}, worst sample {worst}"
        f"{_component(field, component)}, where it is {means[worst, component]:.4g} "
        f"{field.units} "
        f"({allowed:.2g} would be rounding)"
    )


def _first(wrong: np.ndarray) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(wrong.argmax()), wrong.shape))


def _place(index: tuple[int, ...], field: FieldSpec) -> str:
    sample, component, *cell = index
    place = f"sample {sample}{_component(field, component)}"
    return place + (f", cell ({', '.join(map(str, cell))})" if cell else "")


def _component(field: FieldSpec, component: int) -> str:
    """Name a component after a comma; nothing for a scalar, which has one alone."""
    return "" if field.tensor_kind == "scalar" else f", component {field.labels[component]}"


def _bound(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
