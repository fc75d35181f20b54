"""What the report shows of the model's inside, gathered: conditions and principal components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.data.conform import SAMPLE
from fieldvae.data.samples import Samples
from fieldvae.evaluation import Evaluation
from fieldvae.evaluation.conditions import (
    ChannelUnit,
    RecoveredCondition,
    condition_data,
    condition_metrics,
    input_data,
    shown_errors,
)
from fieldvae.evaluation.details import SHOWN_REALIZATIONS
from fieldvae.evaluation.projections import (
    MOST_GROUPS,
    TOGETHER,
    Coloring,
    Projected,
    projection_data,
)
from fieldvae.evaluation.scores import Array
from fieldvae.prediction import Realizations, SelfCheck
from fieldvae.workflow.calibrating import recovered_conditions, smoothed_conditions
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.trained import TrainedModel

MOST_REFERENCES = 1000
"""Training samples that bases and channels' means are fitted on, at most."""

VALUES_AT_ONCE = 2**26
"""Values of the widest reference held in memory at a time; 256 MiB."""

SMALLEST_SPREAD = 1e-12
"""As in :meth:`SelfCheck.errors`."""


def pictured(
    evaluation: Evaluation,
    model: TrainedModel,
    prepared: Prepared,
    samples: Samples,
    drawn: Realizations,
) -> Evaluation:
    """Add inputs, recovered conditions and principal components to an evaluation.

    Bases are fitted on the training part; on a grid of another shape there are none.

    Parameters
    ----------
    evaluation
        Scores and figures of ``samples``.
    model, prepared
        The model and the data it was trained on.
    samples
        Held-out samples.
    drawn
        Realizations for them, before any rejection.
    """
    details, metrics = evaluation.details, dict(evaluation.metrics)
    shown = [int(sample) for sample in details["shown"].values]
    chance = np.random.default_rng(np.random.SeedSequence([model.spec.evaluation.seed, 3]))
    fields = [model.fields[name] for name in model.spec.inputs]
    details = details.assign(input_data(fields, samples.dataset, shown=shown, grid=samples.grid))
    training = _reference(model, prepared, chance)
    inputs = model.scaled(prepared.samples.take(training), model.spec.inputs)
    reference = smoothed_conditions(model.network, inputs)
    smoothed = smoothed_conditions(model.network, model.scaled(samples, model.spec.inputs))
    recovered: dict[str, Tensor] | None = None
    if model.check is not None:
        outputs = model.scaled(samples, model.spec.outputs)
        recovered = recovered_conditions(model.network, outputs)
        again = _recovered_from(model, drawn, shown)
        errors = details["self_check.real"].transpose("matched", "condition")
        found = {
            name: RecoveredCondition(
                name,
                _unit(model.check, name, reference[name]),
                smoothed[name].double().numpy(),
                recovered[name].double().numpy(),
                again[name].double().numpy(),
                errors.sel(condition=name).values,
            )
            for name in model.spec.inputs
        }
        measure = model.check.measure
        for each in found.values():
            details = details.assign(
                condition_data(
                    each, shown=shown, grid=samples.grid, measure=measure, generator=chance
                )
            )
        details = details.assign(
            shown_errors(details, shown=shown, realizations=SHOWN_REALIZATIONS)
        )
        conditions = {name: condition_metrics(each) for name, each in found.items()}
        metrics["model"] = {**metrics["model"], "conditions": conditions}
    if samples.grid.shape == prepared.grid.shape:
        sets = _sets(model, prepared, samples, training, reference, smoothed, recovered, drawn)
        coloring = _coloring(prepared, samples, training)
        details = details.assign(projection_data(sets, coloring, generator=chance))
    return Evaluation(metrics, details)


def _reference(
    model: TrainedModel, prepared: Prepared, chance: np.random.Generator
) -> NDArray[np.int64]:
    """Some training samples, few enough for memory, in the order of the store."""
    channels = [prepared.samples.fields[name].channels for name in model.fields]
    channels += [model.spec.model.condition_width(name) for name in model.spec.inputs]
    fits = max(2, VALUES_AT_ONCE // (sum(channels) * prepared.grid.cells))
    training = prepared.split.train
    size = min(len(training), fits, MOST_REFERENCES)
    return np.sort(chance.choice(training, size=size, replace=False))


def _recovered_from(
    model: TrainedModel, drawn: Realizations, shown: list[int]
) -> dict[str, Tensor]:
    """Conditions read off the first realizations, ``(shown, realization, channel, ...)``."""
    few = {name: y[shown, :SHOWN_REALIZATIONS] for name, y in drawn.outputs.items()}
    count = next(iter(few.values())).shape[:2]
    found = recovered_conditions(model.network, {n: y.flatten(0, 1) for n, y in few.items()})
    return {name: torch.unflatten(c, 0, count) for name, c in found.items()}


def _unit(check: SelfCheck, name: str, reference: Tensor) -> ChannelUnit:
    spread = check.spread[name].double().numpy()
    if check.measure == "relative":
        return ChannelUnit(np.zeros_like(spread), np.ones_like(spread), spread)
    axes = [axis for axis in range(reference.ndim) if axis != 1]
    mean = reference.double().mean(dim=axes).numpy()
    return ChannelUnit(mean, np.maximum(spread, SMALLEST_SPREAD), spread)


def _sets(
    model: TrainedModel,
    prepared: Prepared,
    samples: Samples,
    training: NDArray[np.int64],
    reference: Mapping[str, Tensor],
    smoothed: Mapping[str, Tensor],
    recovered: Mapping[str, Tensor] | None,
    drawn: Realizations,
) -> Iterator[Projected]:
    """Every raw input and its condition, all inputs together, every output."""
    names = model.spec.inputs
    ours, theirs = (_raw(model, part) for part in (prepared.samples.take(training), samples))
    for name in names:
        estimate = None if recovered is None else _values(recovered, name)
        yield Projected(name, "raw", _values(ours, name), _values(theirs, name))
        yield Projected(
            name, "smoothed", _values(reference, name), _values(smoothed, name), estimate
        )
    if len(names) > 1:
        estimate = None if recovered is None else _values(recovered, *names)
        yield Projected(TOGETHER, "raw", _values(ours, *names), _values(theirs, *names))
        yield Projected(
            TOGETHER, "smoothed", _values(reference, *names), _values(smoothed, *names), estimate
        )
    for name in model.spec.outputs:
        first = {name: drawn.outputs[name][:, 0]}
        yield Projected(
            name, "truth", _values(ours, name), _values(theirs, name), _values(first, name)
        )


def _raw(model: TrainedModel, samples: Samples) -> Batch:
    """All fields as the networks see them; one on samples in one cell."""
    names = (*model.spec.inputs, *model.spec.outputs)
    batch = model.scaling.to_model(samples.dataset, names, grid=samples.grid)
    on_samples = [name for name in names if model.fields[name].on == "sample"]
    return batch | {name: batch[name][..., :1, :1, :1] for name in on_samples}


def _values(fields: Mapping[str, Tensor], *names: str) -> Array:
    """Values of some fields side by side, ``(sample, value)``."""
    joined: Array = torch.cat([fields[name].flatten(1) for name in names], 1).cpu().numpy()
    return joined


def _coloring(prepared: Prepared, samples: Samples, training: NDArray[np.int64]) -> Coloring | None:
    """The coordinate that samples are stratified by, else the first that makes groups."""
    ours, theirs = prepared.part(training), samples.dataset
    known = [
        str(name)
        for name, c in ours.coords.items()
        if c.dims == (SAMPLE,) and name in theirs.coords
    ]
    asked = prepared.spec.data.stratify
    if asked in known:
        known = [asked]
    else:
        known = [name for name in known if 1 < len(np.unique(_plain(ours[name]))) <= MOST_GROUPS]
    if not known:
        return None
    units = str(ours[known[0]].attrs.get("units", ""))
    return Coloring(known[0], units, _plain(ours[known[0]]), _plain(theirs[known[0]]))


def _plain(coordinate: xr.DataArray) -> NDArray[np.generic]:
    """Numbers in double precision, or text."""
    values = np.asarray(coordinate.values)
    if values.dtype.kind in "fiub":
        return values.astype(float)
    return np.array([str(value) for value in values])
