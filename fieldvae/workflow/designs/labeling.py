"""A finished inverse design: judged by fresh realizations, labeled, ready for a store."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.data.envelope import Envelope
from fieldvae.data.samples import STORE_VERSION
from fieldvae.design.descent import Course
from fieldvae.design.draws import Draws
from fieldvae.design.variables import GRID
from fieldvae.workflow.designs.composing import FRESH, Composition

STAGES = ("start", "optimized")

AT_ONCE = 2**20
"""Output values of the fresh realizations that are made in one pass."""

CHECKED = 8
"""Fresh realizations of every start that the self-check looks at, at most."""


@dataclass(frozen=True)
class Judged:
    """What fresh realizations say of inputs before and after, in the order of :data:`STAGES`.

    Parameters
    ----------
    statistic
        Exact, over fresh realizations that are the same for both stages, ``(start, stage)``.
    values
        The quantity of one of them, ``(start, stage, [component,] x, y, z)``.
    errors
        Mean self-check error of every condition, ``(start, stage, condition)``; ``None`` without
        encoder.
    accepted
        Share of realizations that pass the self-check, ``(start, stage)``.
    """

    statistic: Tensor
    values: Tensor
    errors: Tensor | None
    accepted: Tensor | None


def judged(composition: Composition, optimized: Mapping[str, Tensor]) -> Judged:
    """Judge starts and optimized inputs by realizations that nothing was optimized for."""
    model, count = composition.model, composition.spec.evaluation
    each = count * sum(int(np.prod(shape)) for shape in composition.shapes.outputs.values())
    step = max(1, AT_ONCE // each)
    parts: list[list[list[Tensor]]] = []
    with torch.no_grad():
        for first in range(0, composition.spec.starts, step):
            starts = range(first, min(first + step, composition.spec.starts))
            draws = composition.draws(starts, count=count, stream=FRESH)
            held = composition.scaled_held(starts)
            stages = [
                _judged_stage(composition, physical, held, draws, torch.as_tensor(starts))
                for physical in (composition.start, optimized)
            ]
            parts.append(stages)

    def collected(item: int) -> Tensor:
        stages = [torch.cat([part[stage][item] for part in parts]) for stage in range(2)]
        return torch.stack(stages, 1)

    encoded = model.check is not None
    return Judged(
        collected(0),
        collected(1),
        collected(2) if encoded else None,
        collected(3) if encoded else None,
    )


def _judged_stage(
    composition: Composition,
    physical: Mapping[str, Tensor],
    held: Batch,
    draws: Draws,
    index: Tensor,
) -> list[Tensor]:
    """Statistic, values, and with an encoder errors and share accepted, of some starts."""
    model, objective = composition.model, composition.objective
    coordinates = {
        name: variable.coordinates(physical[name][index].to(model.device))
        for name, variable in objective.variables.items()
    }
    conditions = model.network.smooth(objective.inputs(coordinates, held))
    outputs = model.network.realize_from(conditions, draws.latent, draws.noise)
    values = objective.quantity(outputs)
    found = [objective.goal.statistic(values).cpu(), values[0].cpu()]
    if model.check is None:
        return found
    few = min(CHECKED, len(values))
    some = {name: y[:few].flatten(0, 1) for name, y in outputs.items()}
    again = {name: c.repeat(few, *[1] * (c.ndim - 1)) for name, c in conditions.items()}
    errors = model.check.errors(model.network.encode(some).recovered, again).cpu()
    passed = (errors <= model.check.limits()).all(-1)
    return [
        *found,
        torch.unflatten(errors, 0, (few, -1)).mean(0),
        passed.view(few, -1).double().mean(0),
    ]


@dataclass(frozen=True)
class Joined:
    """The courses of all batches, joined along starts, on the CPU; see :class:`Course`.

    Parameters
    ----------
    physical
        Optimized inputs, ``(start, component, x, y, z)``.
    total, statistic
        Shape ``(iteration, start)``.
    errors
        Shape ``(iteration, start, condition)``; ``None`` where nothing was encoded.
    trajectory
        Inputs at the recorded iterations, ``(record, start, component, x, y, z)``.
    values
        The quantity at the recorded iterations, ``(record, start, [component,] x, y, z)``.
    latent_square
        Mean square of every start's latents at the end, ``(start,)``.
    """

    physical: dict[str, Tensor]
    total: Tensor
    statistic: Tensor
    errors: Tensor | None
    trajectory: dict[str, Tensor]
    values: Tensor
    latent_square: Tensor
    recorded: list[int]


def joined(courses: Sequence[Course]) -> Joined:
    """Join the courses of all batches."""

    def along(parts: list[Tensor], dim: int) -> Tensor:
        return torch.cat([part.cpu() for part in parts], dim)

    first = courses[0]
    kept = sorted(first.snapshots)
    return Joined(
        {n: along([c.physical[n] for c in courses], 0) for n in first.physical},
        along([torch.stack(c.total) for c in courses], 1),
        along([torch.stack(c.statistic) for c in courses], 1),
        along([torch.stack(c.errors) for c in courses], 1) if first.errors else None,
        {
            n: along([torch.stack([c.snapshots[k].physical[n] for k in kept]) for c in courses], 1)
            for n in first.physical
        },
        along([torch.stack([c.snapshots[k].values for k in kept]) for c in courses], 1),
        along([c.draws.latent.square().transpose(0, 1).flatten(1).mean(1) for c in courses], 0),
        kept,
    )


def labeled(composition: Composition, course: Joined, found: Judged) -> xr.Dataset:
    """Return everything as a dataset whose samples are the starts, in physical units."""
    model, spec = composition.model, composition.spec
    goal = composition.objective.goal
    label = _Labels(composition)
    data = xr.Dataset(attrs=_attributes(composition))
    for name in model.spec.inputs:
        varied, follower = name in course.physical, composition.objective.followers.get(name)
        if follower is not None:
            data[name] = label.field(name, follower(course.physical))
            data[f"{name}_start"] = label.field(name, follower(composition.start))
            data[name].attrs["regression_r2"] = follower.r2
            continue
        physical = course.physical[name] if varied else composition.held[name]
        data[name] = label.field(name, physical)
        if varied:
            data[f"{name}_start"] = label.field(name, composition.start[name])
            moved = course.trajectory[name].transpose(0, 1)
            data[f"{name}_trajectory"] = label.field(name, moved, "record")
            both = torch.stack([composition.start[name], physical], 1)
            dims = ("sample", "stage", model.scaling.fields[name].dimension)
            units = {"units": model.fields[name].units}
            data[f"{name}_mean"] = (dims, both.mean(GRID).numpy(), units)
    data["quantity"] = label.quantity(found.values, "stage")
    data["quantity_trajectory"] = label.quantity(course.values.transpose(0, 1), "record")
    words = f"{goal.statistic.name} of {spec.goal.of.use}"
    own = {"units": _power(composition.quantity.units, goal.statistic.units_power)}
    data["statistic"] = (
        ("sample", "stage"), found.statistic.numpy(), {**own, "long_name": f"{words}, fresh"}
    )  # fmt: skip
    data["statistic_course"] = (
        ("sample", "iteration"), course.statistic.T.numpy(), {**own, "long_name": words}
    )  # fmt: skip
    data["objective"] = (("sample", "iteration"), course.total.T.numpy(), {"units": "1"})
    if model.check is not None and found.errors is not None and found.accepted is not None:
        about = {"units": "1", "measure": model.check.measure}
        dims = ("sample", "stage", "condition")
        data["self_check_error"] = (dims, found.errors.numpy(), about)
        data["accepted"] = (("sample", "stage"), found.accepted.numpy(), {"units": "1"})
        if course.errors is not None:
            dims = ("sample", "iteration", "condition")
            data["self_check_course"] = (dims, course.errors.transpose(0, 1).numpy(), about)
        data = data.assign_coords(condition=np.array(list(model.check.tolerance), object))
    if spec.latent.vary:
        data["latent_square"] = ("sample", course.latent_square.numpy(), {"units": "1"})
    data = data.assign_coords(
        stage=np.array(STAGES, object),
        record=np.array(course.recorded),
        iteration=np.arange(len(course.total)),
    )
    return _flagged(composition, data)


class _Labels:
    """Dims and attributes of fields and of the quantity."""

    def __init__(self, composition: Composition) -> None:
        self.model = composition.model
        self.about = composition.quantity

    def field(self, name: str, physical: Tensor, *leading: str) -> xr.DataArray:
        """Label physical values ``(start, *leading, component, x, y, z)``."""
        scaling, grid = self.model.scaling.fields[name], self.model.grid
        values = physical.cpu().numpy()
        axes = grid.axes if scaling.field.on == "grid" else ()
        values = values.reshape(*values.shape[:-3], *(grid.shape if axes else ()))
        return xr.DataArray(
            values.astype(np.float32),
            dims=("sample", *leading, scaling.dimension, *axes),
            coords={scaling.dimension: np.array(scaling.field.labels, dtype=object)},
            attrs={
                "units": scaling.field.units,
                "long_name": scaling.field.title,
                "tensor_kind": scaling.field.tensor_kind,
            },
        )

    def quantity(self, values: Tensor, leading: str) -> xr.DataArray:
        """Label values of the quantity, ``(start, leading, [component,] x, y, z)``."""
        grid, about = self.model.grid, self.about
        array = values.cpu().numpy().astype(np.float32)
        array = array.reshape(*array.shape[:-3], *grid.shape)
        inner = () if about.components is None else (about.dimension,)
        return xr.DataArray(
            array,
            dims=("sample", leading, *inner, *grid.axes),
            coords={d: np.array(about.components, dtype=object) for d in inner},
            attrs={"units": about.units, "long_name": about.title, "symbol": about.symbol},
        )


def _flagged(composition: Composition, data: xr.Dataset) -> xr.Dataset:
    """Add whether inputs lie outside the range of training, by input and in all."""
    beyond = {}
    for name, ranges in composition.model.envelope.ranges.items():
        envelope = Envelope({name: ranges})
        start = data[f"{name}_start"] if f"{name}_start" in data else data[name]
        stages = [start, data[name]]
        beyond[name] = np.stack(
            [envelope.outside(xr.Dataset({name: values})) for values in stages], axis=1
        )
        data[f"{name}_outside"] = (("sample", "stage"), beyond[name])
    data["outside"] = (("sample", "stage"), np.any(list(beyond.values()), axis=0))
    return data


def _power(units: str, power: int) -> str:
    if power == 0 or units == "1":
        return "1"
    return units if power == 1 else f"({units})^{power}"


def _attributes(composition: Composition) -> dict[str, Any]:
    goal = composition.objective.goal
    return {
        "fieldvae_store": STORE_VERSION,
        **composition.model.grid.attributes(),
        "design": json.dumps(composition.spec.model_dump(mode="json")),
        "quantity": composition.spec.goal.of.use,
        "statistic": goal.statistic.name,
        "reference": goal.reference,
        "provenance": f"fieldvae design {composition.model.spec.name}",
    }


def sentences(designs: xr.Dataset) -> list[str]:
    """Say in words what came of a design."""
    before, after = (designs["statistic"].sel(stage=stage).to_numpy() for stage in STAGES)
    spec = json.loads(designs.attrs["design"])
    better = after > before if spec["goal"]["maximize"] else after < before
    about = designs["statistic"].attrs
    units = "" if about["units"] == "1" else f" {about['units'].replace('(', '').replace(')', '')}"
    words = about["long_name"].removesuffix(", fresh").replace("_", " ")
    told = [
        f"{words}: {np.mean(before):.4g}{units} at the starts, {np.mean(after):.4g}{units} "
        f"optimized; better for {better.sum()} of {better.size} starts, by fresh realizations"
    ]
    for name in spec["vary"]:
        count = int(designs[f"{name}_outside"].sel(stage="optimized").sum())
        told.append(f"{name} leaves the range of training in {count} of {better.size} designs")
    for name in spec["hold"]:
        count = int(designs[f"{name}_outside"].sel(stage="optimized").sum())
        if count:
            told.append(
                f"{name}, held, is outside the range of training in {count} of {better.size}"
            )
    if "accepted" in designs:
        first, last = (100 * float(designs["accepted"].sel(stage=s).mean()) for s in STAGES)
        told.append(
            f"{first:.0f} % of fresh realizations pass the self-check at the starts, {last:.0f} % "
            "optimized"
        )
    return told
