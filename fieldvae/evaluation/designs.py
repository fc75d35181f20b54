"""What the report shows of an inverse design, computed once and stored.

The dataset that :func:`analyze` makes lies beside the designs as ``design_analysis.zarr``;
``<input>`` stands for an input that varies. Stages are ``start`` and ``optimized``.

===============================  ==================================  ==============================
variable                         dims                                content
===============================  ==================================  ==============================
``<input>.variance``             (sample, stage)                     over the grid, mean of the
                                                                     components; input units squared
``<input>.variance_training``    (training)                          the same of training samples
``<input>.value_training``       (training, component)               of an input on no grid
``<input>.deviation_course``     (record, quantile, component)       standard deviation over the
                                                                     grid, quantiles over starts
``single``                       (sample, stage)                     the goal's statistic of one
                                                                     fresh realization
``single_training``              (training)                          of each training sample
``single_trajectory``            (sample, record)                    of the realization recorded
``statistic_quantiles``          (quantile, iteration)               over starts, as the next two
``objective_quantiles``          (quantile, iteration)
``self_check_quantiles``         (quantile, iteration, condition)
``self_check_tolerance``         (condition)
``passed_course``                (iteration)                         share of starts whose errors
                                                                     are all within the tolerance
``accepted_share``               (stage)                             share of fresh realizations
                                                                     that pass the self-check
``outside_share``                (field, stage)                      share of designs outside the
                                                                     range of training; ``any`` too
``chosen``                       (rule)                              best, median, worst sample
===============================  ==================================  ==============================

and those of :mod:`fieldvae.evaluation.designmap`. Starts that failed (NaN) count nowhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr

from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.design.statistics import Statistic
from fieldvae.evaluation.designmap import DesignFields, mapped
from fieldvae.evaluation.equivalence import common_symmetry
from fieldvae.evaluation.labeled import field_array
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import AXES, Grid
from fieldvae.quantities.labeled import derived
from fieldvae.quantities.levels import level_in
from fieldvae.quantities.naming import named_quantity
from fieldvae.spec import DesignSpec, GoalSpec

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of courses, over starts."""

CELLS = (-3, -2, -1)

TRIED = 2
"""Training samples on whose outputs it is tried which operations leave the goal as it is."""


def analyze(
    designs: xr.Dataset,
    training: xr.Dataset,
    *,
    fields: Mapping[str, FieldSpec],
    symmetry: SymmetryGroup,
    tolerance: Mapping[str, float] | None,
) -> xr.Dataset:
    """Compute what the report shows of designs.

    Parameters
    ----------
    designs
        As :func:`fieldvae.optimize_inputs` returns it.
    training
        The training samples that the design is about, inputs and outputs, in physical units.
    fields
        All of the task's, components known.
    symmetry
        Under which the law is invariant, acting on physical values.
    tolerance
        The self-check's, by condition; ``None`` without encoder.
    """
    spec = DesignSpec.model_validate(json.loads(designs.attrs["design"]))
    statistic = goal_statistic(spec.goal, str(designs["quantity"].attrs["units"]))
    usable = usable_designs(designs)
    counts = {"failed": int((~usable).sum()), "better": _better(designs, spec, usable)}
    found = xr.Dataset(attrs=counts)
    found = found.assign(_singles(designs, training, spec, statistic, symmetry.grid))
    found = found.assign(_courses(designs, usable, tolerance))
    found = found.assign(_outside(designs, usable))
    found = found.assign(_chosen(designs, spec, usable))
    varied = [
        DesignFields.of(fields[name], designs, training, symmetry.grid, usable)
        for name in spec.vary
    ]
    for each in varied:
        found = found.assign(_spreads(each, designs, usable))
    group, why_not = _copies(spec, training, fields, symmetry, statistic)
    known = mapped(varied, designs["statistic"], usable, group)
    if group is None:
        known.attrs["symmetric_note"] = why_not
    return xr.merge([found, known], combine_attrs="no_conflicts")


def goal_statistic(goal: GoalSpec, units: str) -> Statistic:
    """Return the statistic of a goal, its level in the units of the quantity."""
    level = 0.0 if goal.level is None else level_in(goal.level, units, of=goal.of.use)
    probability = 0.95 if goal.probability is None else goal.probability
    return Statistic(goal.statistic, probability=probability, tail=goal.tail, level=level)


def usable_designs(designs: xr.Dataset) -> np.ndarray:
    """Tell which starts came to a finite end, as booleans ``(sample,)``."""
    return np.asarray(np.isfinite(designs["statistic"].to_numpy()).all(axis=1))


def _better(designs: xr.Dataset, spec: DesignSpec, usable: np.ndarray) -> int:
    """How many designs are better than their starts by fresh realizations."""
    before, after = (designs["statistic"].sel(stage=s).to_numpy() for s in ("start", "optimized"))
    gain = after - before if spec.goal.maximize is not None else before - after
    return int((gain[usable] > 0).sum())


def _singles(
    designs: xr.Dataset, training: xr.Dataset, spec: DesignSpec, statistic: Statistic, grid: Grid
) -> dict[str, Any]:
    """The goal's statistic of single fields: real ones beside realizations."""
    told = {"units": designs["statistic"].attrs["units"]}
    quantity = named_quantity(spec.goal.of)
    outputs = training.drop_vars([*spec.vary, *spec.hold])  # a goal is of outputs alone
    known = [_of_each(part, statistic) for part in derived(quantity, outputs, grid=grid)]
    stages, records = (
        [_of_each(designs[name].isel({dim: i}), statistic) for i in range(designs.sizes[dim])]
        for name, dim in (("quantity", "stage"), ("quantity_trajectory", "record"))
    )
    return {
        "single": (("sample", "stage"), np.stack(stages, 1), told),
        "single_training": ("training", np.concatenate(known), told),
        "single_trajectory": (("sample", "record"), np.stack(records, 1), told),
    }


def _of_each(quantity: xr.DataArray, statistic: Statistic) -> Array:
    """The statistic of every sample's values, ``(sample,)``."""
    values = quantity.transpose("sample", ...).to_numpy().astype(float)
    return np.asarray(statistic(torch.from_numpy(values)[None]).numpy())


def _courses(
    designs: xr.Dataset, usable: np.ndarray, tolerance: Mapping[str, float] | None
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("statistic", "objective", "self_check"):
        course = designs.get("objective" if name == "objective" else f"{name}_course")
        if course is None or not usable.any():
            continue
        values = course.transpose("sample", "iteration", ...).to_numpy()[usable]
        dims = ("quantile", *course.transpose("sample", "iteration", ...).dims[1:])
        quantiles = np.nanquantile(values.astype(float), QUANTILES, axis=0)
        found[f"{name}_quantiles"] = (dims, quantiles, dict(course.attrs))
        if name == "self_check" and tolerance is not None:
            limits = np.array([tolerance[str(c)] for c in designs["condition"].values])
            passed = (values <= limits).all(axis=-1).mean(axis=0)
            found["passed_course"] = ("iteration", passed, {"units": "1"})
    if tolerance is not None and "condition" in designs.coords:
        limits = np.array([tolerance[str(c)] for c in designs["condition"].values])
        found["self_check_tolerance"] = ("condition", limits, {"units": "1"})
    if "accepted" in designs and usable.any():
        shares = designs["accepted"].to_numpy()[usable].mean(axis=0)
        found["accepted_share"] = ("stage", shares, {"units": "1"})
    kept = {n: designs[n].values for n in ("iteration", "condition", "record", "stage")
            if n in designs.coords}  # fmt: skip
    return {**found, "quantile": list(QUANTILES), **kept}


def _outside(designs: xr.Dataset, usable: np.ndarray) -> dict[str, Any]:
    if not usable.any():
        return {}
    names = [str(n) for n in designs.data_vars if str(n).endswith("_outside")]
    shares = [designs[name].to_numpy()[usable].mean(axis=0) for name in (*names, "outside")]
    fields = np.array([*(name.removesuffix("_outside") for name in names), "any"], object)
    return {"outside_share": (("field", "stage"), np.stack(shares), {"units": "1"}),
            "field": fields}  # fmt: skip


def _chosen(designs: xr.Dataset, spec: DesignSpec, usable: np.ndarray) -> dict[str, Any]:
    """Samples that are shown, by rule: none is picked by hand."""
    if not usable.any():
        return {}
    after = designs["statistic"].sel(stage="optimized").to_numpy()
    rows = np.flatnonzero(usable)
    order = rows[np.argsort(after[rows], kind="stable")]
    if spec.goal.maximize is not None:
        order = order[::-1]
    places = {"best": 0, "median": (len(order) - 1) // 2, "worst": len(order) - 1}
    return {"chosen": ("rule", order[list(places.values())]),
            "rule": np.array(list(places), object)}  # fmt: skip


def _spreads(each: DesignFields, designs: xr.Dataset, usable: np.ndarray) -> dict[str, Any]:
    """How uneven an input is over the grid; of one on no grid, its values."""
    field, name = each.field, each.field.name
    dimension = f"{name}_component"
    labels = {dimension: np.array(field.labels, object)}
    if field.on == "sample":
        values = each.training[..., 0, 0, 0]
        told = {"units": field.units}
        return {f"{name}.value_training": (("training", dimension), values, told), **labels}
    squared = {"units": "1" if field.units == "1" else f"({field.units})^2"}

    def variance(values: Array) -> Array:
        return np.asarray(values.var(axis=CELLS).mean(axis=1))

    both = np.stack([variance(each.start), variance(each.optimized)], axis=1)
    found: dict[str, Any] = {
        f"{name}.variance": (("sample", "stage"), both, squared),
        f"{name}.variance_training": ("training", variance(each.training), squared),
    }
    if usable.any():
        moved = designs[f"{name}_trajectory"].isel(sample=usable)
        axes = [axis for axis in AXES if axis in moved.dims]
        deviation = moved.astype(float).std(axes).transpose("sample", "record", ...).to_numpy()
        course = np.moveaxis(np.nanquantile(deviation, QUANTILES, axis=0), 0, 1)
        dims = ("record", "quantile", dimension)
        found[f"{name}.deviation_course"] = (dims, course, {"units": field.units})
    return {**found, **labels}


def _copies(
    spec: DesignSpec,
    training: xr.Dataset,
    fields: Mapping[str, FieldSpec],
    symmetry: SymmetryGroup,
    statistic: Statistic,
) -> tuple[SymmetryGroup | None, str]:
    """The group whose copies of a design are as good as it is, or why there is none."""
    own = [name for name, given in spec.hold.items() if given == "training"]
    if own:
        return None, f"{own[0]} is each start's own, so that no two designs are copies"
    if symmetry.trivial:
        return None, "the task declares no symmetry that this grid has"
    few = training.isel(sample=slice(0, TRIED))
    outputs = {
        name: torch.from_numpy(field_array(field, few, symmetry.grid).astype(float))
        for name, field in fields.items()
        if name not in spec.vary and name not in spec.hold
    }
    group = common_symmetry(symmetry, spec, named_quantity(spec.goal.of), statistic, outputs)
    if group.trivial:
        return None, "the goal and what is held have no symmetry in common with the task"
    return group, ""
