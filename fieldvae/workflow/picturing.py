"""What the report shows of the model's inside, gathered: conditions and principal components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
from fieldvae.model.missing import filled
from fieldvae.prediction import Realizations, SelfCheck
from fieldvae.workflow.calibrating import recovered_conditions, smoothed_conditions
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.trained import TrainedModel

MOST_SAMPLES = 1000
"""Samples of each part that are looked at, at most."""

VALUES_AT_ONCE = 2**26
"""Values of fields and conditions of a part held in memory at a time; 256 MiB."""

SMALLEST_SPREAD = 1e-12
"""As in :meth:`SelfCheck.errors`."""


@dataclass(frozen=True)
class _Seen:
    """Samples that are looked at, and their conditions by input.

    Parameters
    ----------
    training, held_out
        Some of both.
    positions
        Of the held-out ones among all that were scored.
    reference, smoothed
        Smoothed conditions of the training and the held-out samples.
    recovered
        From the true outputs of the held-out samples; ``None`` without encoder.
    """

    training: Samples
    held_out: Samples
    positions: NDArray[np.int64]
    reference: Mapping[str, Tensor]
    smoothed: Mapping[str, Tensor]
    recovered: Mapping[str, Tensor] | None


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
    details, metrics = evaluation.details, evaluation.metrics
    shown = [int(sample) for sample in details["shown"].values]
    chance = np.random.default_rng(np.random.SeedSequence([model.spec.evaluation.seed, 3]))
    fields = [model.fields[name] for name in model.spec.inputs]
    details = details.assign(input_data(fields, samples.dataset, shown=shown, grid=samples.grid))
    seen = _seen(model, prepared, samples, shown, chance)
    if model.check is not None and seen.recovered is not None:
        conditions = _conditions(model, model.check, seen, drawn, details)
        places = [int(np.flatnonzero(seen.positions == sample)[0]) for sample in shown]
        for each in conditions:
            details = details.assign(
                condition_data(
                    each,
                    shown=places,
                    grid=samples.grid,
                    measure=model.check.measure,
                    generator=chance,
                )
            )
        details = details.assign(
            shown_errors(details, shown=shown, realizations=SHOWN_REALIZATIONS)
        )
        found = {each.name: condition_metrics(each) for each in conditions}
        metrics = {**metrics, "model": {**metrics["model"], "conditions": found}}
    if samples.grid.shape == prepared.grid.shape:
        coloring = _coloring(seen, prepared.spec.data.stratify)
        projected = projection_data(_sets(model, seen, drawn), coloring, generator=chance)
        details = details.assign(projected)
    return Evaluation(metrics, details)


def _seen(
    model: TrainedModel,
    prepared: Prepared,
    samples: Samples,
    shown: list[int],
    chance: np.random.Generator,
) -> _Seen:
    """Choose samples, few enough for memory, the shown ones among them."""
    network, inputs = model.network, model.spec.inputs
    channels = [field.channels for field in model.fields.values()]
    channels += [model.spec.model.condition_width(name) for name in inputs]

    def some(positions: NDArray[np.int64], cells: int) -> NDArray[np.int64]:
        fits = max(2, VALUES_AT_ONCE // (sum(channels) * cells))
        size = min(len(positions), fits, MOST_SAMPLES)
        return chance.choice(positions, size=size, replace=False)

    training = np.sort(some(prepared.split.train, prepared.grid.cells))
    chosen = some(np.arange(len(samples)), samples.grid.cells)
    positions = np.union1d(chosen, np.asarray(shown, dtype=np.int64))
    ours, theirs = prepared.samples.take(training), samples.take(positions)
    recovered = None
    if network.encoder is not None:
        recovered = recovered_conditions(network, model.scaled(theirs, model.spec.outputs))
    return _Seen(
        ours,
        theirs,
        positions,
        smoothed_conditions(network, model.scaled(ours, inputs)),
        smoothed_conditions(network, model.scaled(theirs, inputs)),
        recovered,
    )


def _conditions(
    model: TrainedModel,
    check: SelfCheck,
    seen: _Seen,
    drawn: Realizations,
    details: xr.Dataset,
) -> list[RecoveredCondition]:
    """Conditions of held-out samples, and of the first realizations of the shown ones."""
    assert seen.recovered is not None  # there is a self-check only with an encoder
    shown = [int(sample) for sample in details["shown"].values]
    few = {name: y[shown, :SHOWN_REALIZATIONS] for name, y in drawn.outputs.items()}
    count = next(iter(few.values())).shape[:2]
    again = recovered_conditions(model.network, {n: y.flatten(0, 1) for n, y in few.items()})
    errors = details["self_check.real"].transpose("matched", "condition")
    return [
        RecoveredCondition(
            name,
            _unit(check, name, seen.reference[name]),
            seen.smoothed[name].numpy(),
            seen.recovered[name].numpy(),
            torch.unflatten(again[name], 0, count).numpy(),
            errors.sel(condition=name).values,
        )
        for name in model.spec.inputs
    ]


def _unit(check: SelfCheck, name: str, reference: Tensor) -> ChannelUnit:
    spread = check.spread[name].double().numpy()
    if check.measure == "relative":
        return ChannelUnit(np.zeros_like(spread), np.ones_like(spread), spread)
    axes = [axis for axis in range(reference.ndim) if axis != 1]
    mean = reference.double().mean(dim=axes).numpy()
    return ChannelUnit(mean, np.maximum(spread, SMALLEST_SPREAD), spread)


def _sets(model: TrainedModel, seen: _Seen, drawn: Realizations) -> Iterator[Projected]:
    """Every raw input and its condition, all inputs together, every output."""
    names = model.spec.inputs
    ours, theirs = (_raw(model, part) for part in (seen.training, seen.held_out))
    groups: list[tuple[str, tuple[str, ...]]] = [(name, (name,)) for name in names]
    if len(names) > 1:
        groups.append((TOGETHER, names))
    for title, group in groups:
        yield Projected(title, "raw", _values(ours, *group), _values(theirs, *group))
        yield Projected(
            title,
            "smoothed",
            _values(seen.reference, *group),
            _values(seen.smoothed, *group),
            None if seen.recovered is None else _values(seen.recovered, *group),
        )
    for name in model.spec.outputs:
        first = {name: drawn.outputs[name][torch.from_numpy(seen.positions), 0]}
        yield Projected(
            name, "truth", _values(ours, name), _values(theirs, name), _values(first, name)
        )


def _raw(model: TrainedModel, samples: Samples) -> Batch:
    """All fields as the networks see them, whole; one on samples in one cell."""
    names = (*model.spec.inputs, *model.spec.outputs)
    batch = model.scaling.to_model(samples.dataset, names, grid=samples.grid)
    batch = {name: filled(values) for name, values in batch.items()}
    on_samples = [name for name in model.spec.inputs if model.fields[name].on == "sample"]
    return batch | {name: batch[name][..., :1, :1, :1] for name in on_samples}


def _values(fields: Mapping[str, Tensor], *names: str) -> Array:
    """Values of some fields side by side, ``(sample, value)``."""
    joined: Array = torch.cat([fields[name].flatten(1) for name in names], 1).cpu().numpy()
    return joined


def _coloring(seen: _Seen, stratify: str | None) -> Coloring | None:
    """The coordinate that samples are stratified by, else the first that makes groups."""
    ours, theirs = seen.training.dataset, seen.held_out.dataset
    known = [
        str(name)
        for name, c in ours.coords.items()
        if c.dims == (SAMPLE,) and name in theirs.coords
    ]
    if stratify in known:
        known = [stratify]
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
