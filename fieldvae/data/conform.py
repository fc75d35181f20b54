"""One variable of a store, brought to what its field declares or refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from pydantic import ValidationError

from fieldvae.data.declarer import TASK, Declarer
from fieldvae.data.findings import Findings
from fieldvae.data.units import Conversion, conversion
from fieldvae.data.values import check_values
from fieldvae.errors import StoreError
from fieldvae.field import FieldSpec
from fieldvae.grid import AXES

SAMPLE = "sample"
REALIZATION = "realization"


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
    declarer: Declarer = TASK,
) -> tuple[xr.DataArray, FieldSpec] | None:
    """Bring one variable to the dims, units and order of components of its field.

    Parameters
    ----------
    array
        The variable as a store has it, dims in any order.
    field
        What is declared.
    axes
        Axes of the store's grid, a prefix of x, y, z; ``None`` where they are wrong, so that
        nothing can be said of a field's dims.
    where
        Opens every message: ``"'residual_stress' in cocrni.zarr"``.
    findings
        Takes every mistake.
    declarer
        Who declares the field; says what can be changed.

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
        _check_attributes(array, field, where, declarer)
    with findings.collect():
        factor = _conversion(array, field, where, declarer)
    if axes is None:
        return None
    with findings.collect():
        _check_dims(array, field, axes, where, declarer)
        array, field = _with_labels(array, field, where, declarer)
    if len(findings.problems) > before:
        return None
    array = array.transpose(SAMPLE, component_dimension(array), *_axes(field, axes))
    if array.dtype.kind in "iu":
        array = array.astype(np.float64)
    if factor.changes:
        array = array * factor.factor + factor.offset
    check_values(
        array,
        field,
        where=where,
        findings=findings,
        declarer=declarer,
        converted=factor.changes,
    )
    array.attrs = {
        "units": field.units,
        "long_name": field.title,
        "tensor_kind": field.tensor_kind,
    }
    return None if len(findings.problems) > before else (array, field)


def _axes(field: FieldSpec, axes: Sequence[str]) -> tuple[str, ...]:
    return tuple(axes) if field.on == "grid" else ()


def _check_attributes(
    array: xr.DataArray, field: FieldSpec, where: str, declarer: Declarer
) -> None:
    if array.dtype.kind not in "fiu":
        raise StoreError(f"{where} has dtype {array.dtype}; expected real numbers")
    kind = array.attrs.get("tensor_kind", field.tensor_kind)
    if kind != field.tensor_kind:
        wrong = "the attribute 'tensor_kind'" if declarer.fixed else "whichever is wrong"
        raise StoreError(
            f"{where} says tensor_kind {kind!r}; {declarer.says} {field.tensor_kind!r}: "
            f"correct {wrong}"
        )
    title = array.attrs.get("long_name", "")
    if not isinstance(title, str):
        raise StoreError(f"{where} has the long_name {title!r}; expected words")


def _conversion(
    array: xr.DataArray, field: FieldSpec, where: str, declarer: Declarer
) -> Conversion:
    units = array.attrs.get("units")
    if not isinstance(units, str) or not units.strip():
        found = "no attribute 'units'" if units is None else f"the units {units!r}"
        raise StoreError(
            f"{where} has {found}; expected units that convert to {field.units} ('1' for none)"
        )
    return conversion(units, field.units, where=where, declarer=declarer)


def _check_dims(
    array: xr.DataArray,
    field: FieldSpec,
    axes: Sequence[str],
    where: str,
    declarer: Declarer,
) -> None:
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
            f"{found}, but {declarer.says} a field on samples, which has no {', '.join(stray)}; "
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
    array: xr.DataArray, field: FieldSpec, where: str, declarer: Declarer
) -> tuple[xr.DataArray, FieldSpec]:
    """Order the components as the field does, or take them from the store."""
    dim = component_dimension(array)
    if field.tensor_kind == "scalar":
        return _with_scalar_label(array, field, dim, where, declarer)
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
            f"{declarer.opening(field.name)}{where} has the components {', '.join(labels)}; "
            f"expected {', '.join(wanted)}"
            + (f", of which {', '.join(missing)} {_is(missing)} missing" if missing else "")
            + (f"; {declarer.name} knows no {', '.join(extra)}" if extra else "")
            + f": {_components_remedy(array, labels, field, dim, declarer)}"
        )
    order = [labels.index(label) for label in wanted]
    array = array.isel({dim: order}).drop_vars(dim)
    return array.assign_coords({dim: np.array(wanted, dtype=object)}), field


def _components_remedy(
    array: xr.DataArray, labels: Sequence[str], field: FieldSpec, dim: str, declarer: Declarer
) -> str:
    """What mends components that disagree, with the line to write in the task where there is one.

    A vector in a plane has two components, and nothing but the task can say whether a third was
    forgotten in the store or never was.
    """
    mend = f"mend the coordinate {dim!r}"
    if declarer.fixed:
        return mend
    written = f"`components: [{', '.join(labels)}]`"
    if field.tensor_kind == "vector" and list(labels) == [a for a in AXES if a in array.dims]:
        return f"for a grid in {', '.join(labels)} write {written}, or {mend}"
    if field.tensor_kind == "set" or set(labels) <= set(field.labels):
        return f"{mend}, or declare {written} if these are all"
    return f"{mend}, or the components that the task declares"


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _with_scalar_label(
    array: xr.DataArray, field: FieldSpec, dim: str | None, where: str, declarer: Declarer
) -> tuple[xr.DataArray, FieldSpec]:
    if dim is None:
        dim = f"{field.name}_component"
        array = array.expand_dims(dim)
    if array.sizes[dim] != 1:
        hint = "" if declarer.fixed else " (several unrelated scalars are a 'set')"
        raise StoreError(
            f"{where} has {array.sizes[dim]} components along {dim!r}; {declarer.says} a scalar"
            f"{hint}"
        )
    return array.assign_coords({dim: np.array(field.labels, dtype=object)}), field
