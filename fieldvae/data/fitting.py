"""Offsets and scales of a field from its training samples."""

from __future__ import annotations

import numpy as np

from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.data.values import check_positive
from fieldvae.errors import OptionError, StoreError
from fieldvae.field import FieldSpec, Transform
from fieldvae.spec import ScalingSpec

RELATIVE_ROUNDING = 1e-7
"""A spread below this share of the largest value is float32's rounding, no spread."""


def fitted(
    values: np.ndarray, field: FieldSpec, spec: ScalingSpec, symmetry: SymmetryGroup | None
) -> tuple[bool, np.ndarray, np.ndarray]:
    """Fit one field.

    Parameters
    ----------
    values
        Physical values of the training samples, shape ``(sample, component, x, y, z)``; missing
        ones (NaN) do not count.
    field
        Its own ``scaling`` goes before the method of ``spec``.
    spec
        Method, and whether per component or voxel.
    symmetry
        The group whose components are to share scales.

    Returns
    -------
    tuple[bool, np.ndarray, np.ndarray]
        Whether the logarithm comes first; offset and scale, float64, shape
        ``(component, 1, 1, 1)`` or ``(component, x, y, z)`` over the channels that the model sees.
    """
    method, log = _method(field, spec)
    values = values[:, : field.channels].astype(np.float64)
    voxel = spec.per == "voxel" and field.on == "grid"
    axes = (0,) if voxel else (0, 2, 3, 4)
    if field.mask:
        _check_mask(values, field, method, axes)
    if log:
        check_positive(values, field, f"the training part of {field.name!r}")
        values = np.log(values)
    _check_symmetry(field, log, voxel, symmetry)
    offset, scale = _statistics(values, field, method, axes)
    if symmetry is not None and symmetry.order > 1 and field.tensor_kind not in ("scalar", "set"):
        offset, scale = _pooled(values, symmetry.matrices(field), method, offset)
    largest = np.nanmax(np.abs(values), axis=axes, keepdims=True)[0]
    scale = np.where(scale > RELATIVE_ROUNDING * largest, scale, 1.0)
    return log, offset, scale


def _method(field: FieldSpec, spec: ScalingSpec) -> tuple[Transform | None, bool]:
    """The method of scaling, and whether a logarithm goes before it."""
    transforms = field.scaling or (spec.method,)
    log = "log" in transforms
    rest = [t for t in transforms if t != "log"]
    if len(rest) + log != len(transforms) or len(rest) > 1 or (log and transforms[0] != "log"):
        raise OptionError(
            f"field {field.name!r}: scaling {list(transforms)}; expected 'log' once and first, "
            "then 'standardize' or 'minmax', or one of them alone"
        )
    if log and field.closure != "none":
        raise OptionError(
            f"field {field.name!r}: a logarithm and the closure {field.closure!r} exclude each "
            "other; remove one of them"
        )
    return (rest[0] if rest else None), log


def _check_mask(
    values: np.ndarray, field: FieldSpec, method: Transform | None, axes: tuple[int, ...]
) -> None:
    if method != "standardize":
        raise OptionError(
            f"field {field.name!r}: networks take the training mean for a missing value, which is "
            f"zero under 'standardize', and {method or 'log'!r} has its zero elsewhere; declare "
            "'scaling: standardize' or 'scaling: [log, standardize]' for this field, or no mask"
        )
    missing = np.isnan(values).all(axis=axes, keepdims=True)
    if missing.any():
        _, component, *cell = np.unravel_index(int(missing.argmax()), missing.shape)
        where = f", cell ({', '.join(map(str, cell))})" if axes == (0,) else ""
        remedy = "use data.scaling.per: component" if where else "leave it out of the field"
        told = (
            "its value" if field.tensor_kind == "scalar" else f"component {field.labels[component]}"
        )
        raise StoreError(
            f"{field.name!r} misses {told}{where} in every training sample, so that nothing can be "
            f"learned of it; {remedy}"
        )


def _check_symmetry(
    field: FieldSpec, log: bool, voxel: bool, symmetry: SymmetryGroup | None
) -> None:
    if symmetry is None or symmetry.trivial:
        return
    if voxel:
        raise OptionError(
            "data.scaling.per: 'voxel' gives every cell a scale of its own, which no symmetry "
            "survives; use 'component', or symmetry: none"
        )
    if log and field.tensor_kind not in ("scalar", "set") and symmetry.order > 1:
        raise OptionError(
            f"field {field.name!r}: the logarithm of a {field.tensor_kind}'s components does not "
            "turn with them; remove 'log' from its scaling, or use symmetry: none"
        )


def _statistics(
    values: np.ndarray, field: FieldSpec, method: Transform | None, axes: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    if method is None:
        ones = np.ones_like(values.mean(axis=axes, keepdims=True)[0])
        return np.zeros_like(ones), ones
    if method == "minmax":
        low = values.min(axis=axes, keepdims=True)[0]
        return low, values.max(axis=axes, keepdims=True)[0] - low
    mean = np.nanmean if field.mask else np.mean
    offset = mean(values, axis=axes, keepdims=True)[0]
    if field.zero_mean:
        offset = np.zeros_like(offset)
    return offset, np.sqrt(mean(np.square(values - offset), axis=axes, keepdims=True)[0])


def _pooled(
    values: np.ndarray, matrices: np.ndarray, method: Transform | None, offset: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Statistics as if every operation had been applied to every sample.

    Components that the group carries into each other make an orbit. An offset :math:`o` is
    projected onto what the group leaves alone, :math:`\frac1n\sum_g M_g o`; the square of a scale
    is the orbit's mean square about it. A least and greatest value are the orbit's; where a
    component may change sign, they lie symmetric about zero.
    """
    orbits = np.abs(matrices).max(axis=0) > 0
    if method is None:
        return offset, np.ones_like(offset)
    if method == "minmax":
        flips = (matrices < 0).any(axis=(0, 2))
        low, high = values.min(axis=(0, 2, 3, 4)), values.max(axis=(0, 2, 3, 4))
        low = np.array([low[orbit].min() for orbit in orbits])
        high = np.array([high[orbit].max() for orbit in orbits])
        bound = np.maximum(np.abs(low), np.abs(high))
        low, high = np.where(flips, -bound, low), np.where(flips, bound, high)
        return low.reshape(-1, 1, 1, 1), (high - low).reshape(-1, 1, 1, 1)
    offset = (matrices.mean(axis=0) @ offset.reshape(-1)).reshape(-1, 1, 1, 1)
    square = np.nanmean(np.square(values - offset), axis=(0, 2, 3, 4))
    scale = np.sqrt([square[orbit].mean() for orbit in orbits])
    return offset, scale.reshape(-1, 1, 1, 1)
