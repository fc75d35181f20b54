"""Whether the values of a field are what it declares: finite, in bounds, closed."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from fieldvae.data.declarer import TASK, Declarer
from fieldvae.data.findings import Findings
from fieldvae.errors import StoreError
from fieldvae.field import FieldSpec

SIMPLEX_TOLERANCE = 1e-4
"""The components of a simplex field may miss a sum of one by this much."""

MEAN_TOLERANCE = 1e-3
"""A mean over the grid of a zero-mean field may be this share of the field's standard deviation.

Rounding to single precision leaves 1e-8 in a field whose values surround zero.
"""

PERCENT = 100
"""A whole in percent."""

BOUND_TOLERANCE = 1e-6
"""A value may pass a bound by this share of the field's largest value, which is rounding."""


NO_CLOSURE = "'closure: none'"

AS_PERCENT = "the values look like percent: set the variable's attribute units: percent"


def check_values(
    array: xr.DataArray,
    field: FieldSpec,
    *,
    where: str,
    findings: Findings,
    declarer: Declarer,
    converted: bool,
) -> None:
    """Refuse values that are not finite, out of bounds, or not closed as the field declares.

    Parameters
    ----------
    array
        Values in the field's units, dims ``(sample, component, ...)``.
    field
        What is declared.
    where
        Opens every message.
    findings
        Takes every mistake.
    declarer
        Who declares the field; says what can be changed.
    converted
        Whether the values came in other units.
    """
    values = array.values
    if not values.size:
        return
    with findings.collect():
        _check_finite(values, field, where, declarer)
        _check_bounds(values, field, where, declarer, converted=converted)
        if "log" in (field.scaling or ()):
            check_positive(values, field, where, declarer=declarer)
    if field.closure == "simplex" and (field.mask or np.isfinite(values).all()):
        with findings.collect():
            _check_simplex(values, field, where, declarer, converted=converted)
    if field.zero_mean and field.on == "grid" and np.isfinite(values).all():
        with findings.collect():
            _check_zero_mean(values, field, where, declarer)


def _check_finite(values: np.ndarray, field: FieldSpec, where: str, declarer: Declarer) -> None:
    wrong = np.isinf(values) if field.mask else ~np.isfinite(values)
    count = int(wrong.sum())
    if count:
        first = _first(wrong)
        plural = "values that are" if count > 1 else "value that is"
        mask = declarer.otherwise("'mask: true' where NaN stands for a missing value")
        raise StoreError(
            f"{where} has {count} {plural} not finite, first {values[first]} at "
            f"{_place(first, field)}; mend or remove such samples"
            + (mask if np.isnan(values[first]) else "")
        )


def check_positive(
    values: np.ndarray, field: FieldSpec, where: str, *, declarer: Declarer = TASK
) -> None:
    """Refuse values that have no logarithm.

    Parameters
    ----------
    values
        Shape ``(sample, component, ...)``, over the grid's axes for a field on it.
    field
        Scaled by its logarithm.
    where
        Opens the message.
    declarer
        Who declares the field.

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
            f"{_place(first, field)}, and is scaled by its logarithm; mend or remove such samples"
            + declarer.otherwise("'scaling: standardize' for this field")
        )


def _check_bounds(
    values: np.ndarray, field: FieldSpec, where: str, declarer: Declarer, *, converted: bool
) -> None:
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
        remedy = f"mend or remove such samples{declarer.otherwise('other bounds')}"
        if not converted and _like_percent(values, field):
            remedy = AS_PERCENT
        bounds = _with_units(f"[{_bound(low)}, {_bound(high)}]", field)
        raise StoreError(
            f"{where} has {count} {plural} outside its bounds {bounds}, first "
            f"{values[first]:g} at {_place(first, field)}; {remedy}"
        )


def _like_percent(values: np.ndarray, field: FieldSpec) -> bool:
    """Whether shares of one, as their bounds say, are between 0 and 100 and above 1 on average."""
    shares = (field.units, *field.bounds) == ("1", 0, 1)
    return shares and bool(
        np.nanmin(values) >= 0
        and np.nanmax(values) <= PERCENT * (1 + BOUND_TOLERANCE)
        and np.nanmean(values) > 1
    )


def _check_simplex(
    values: np.ndarray, field: FieldSpec, where: str, declarer: Declarer, *, converted: bool
) -> None:
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
        remedy = f"mend or remove such samples{declarer.otherwise(NO_CLOSURE)}"
        if not converted and float(np.abs(sums - PERCENT).max()) <= PERCENT * SIMPLEX_TOLERANCE:
            remedy = AS_PERCENT
        plural = "samples" if count > 1 else "sample"
        raise StoreError(
            f"{where}: the components do not sum to one in {count} {plural}, worst sample {worst}, "
            f"where they sum to {found:.6g}; expected 1 within {SIMPLEX_TOLERANCE:g}: "
            f"{remedy}"
        )


def _check_zero_mean(values: np.ndarray, field: FieldSpec, where: str, declarer: Declarer) -> None:
    found = mean_left(values, field)
    if found is not None:
        raise StoreError(
            f"{where} has {found}; the closure {field.closure} expects none: subtract the mean of "
            f"each sample{declarer.otherwise(NO_CLOSURE)}"
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
        f"{_component(field, component)}, where it is "
        f"{_with_units(f'{means[worst, component]:.4g}', field)} ({allowed:.2g} would be rounding)"
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


def _with_units(text: str, field: FieldSpec) -> str:
    return text if field.units == "1" else f"{text} {field.units}"


def _bound(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
