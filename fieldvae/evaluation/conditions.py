r"""Conditions that the encoder recovers beside smoothed ones (arXiv:2604.02281, Figs. 5, 6, 9).

Conditions have no unit of their own. They are shown in the unit of the run's self-check, so that
the mean distance of two of them is its error: as they are where errors are relative, else

.. math:: (c - \bar c_k) / s_k

with mean and standard deviation of channel :math:`k` over the training part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.evaluation.accuracy import squared_error, variability
from fieldvae.evaluation.labeled import field_array, middle_slice
from fieldvae.evaluation.metrics import plain
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

PARITY_POINTS = 1500

CHANNELS = 3
"""Channels shown of a condition that is a field; of a vector all are."""


@dataclass(frozen=True)
class ChannelUnit:
    """What the channels of one condition are counted in.

    Parameters
    ----------
    offset, scale
        Shape ``(channel,)``; zeros and ones for conditions as they are.
    spread
        Standard deviation over the training part, in the network's numbers, shape ``(channel,)``.
    """

    offset: Array
    scale: Array
    spread: Array

    def counted(self, conditions: Array) -> Array:
        """Bring ``(sample, channel, ...)`` to this unit."""
        shape = (-1, *[1] * (conditions.ndim - 2))
        return (conditions - self.offset.reshape(shape)) / self.scale.reshape(shape)

    def widest(self, count: int) -> list[int]:
        """Channels of greatest spread over the training part, ascending."""
        order = np.argsort(-self.spread, kind="stable")[:count]
        return sorted(int(channel) for channel in order)


@dataclass(frozen=True)
class RecoveredCondition:
    """One condition of held-out samples, by three ways; in the network's numbers.

    Parameters
    ----------
    name
        The input field.
    unit
        What channels are counted in.
    smoothed
        From the input, shape ``(sample, channel)``, or ``(sample, channel, x, y, z)``.
    recovered
        From the true outputs, same shape.
    from_realizations
        From drawn outputs of the shown samples, shape ``(shown, realization, channel, ...)``.
    errors
        Of ``recovered`` as the self-check measures them, shape ``(sample,)``.
    """

    name: str
    unit: ChannelUnit
    smoothed: Array
    recovered: Array
    from_realizations: Array
    errors: Array


def condition_metrics(condition: RecoveredCondition) -> dict[str, Any]:
    """Tell how near recovered conditions of real fields are to smoothed ones.

    Returns
    -------
    dict
        ``error``, mean over samples in the sense of the self-check; ``r2`` over all channels, one
        mean a channel, in the self-check's unit: one is best, zero is as good as those means.
    """
    truth, estimate = (
        _five_axes(condition.unit.counted(values))
        for values in (condition.smoothed, condition.recovered)
    )
    varied = float(variability(truth).mean())
    rest = float(squared_error(truth, estimate).mean())
    return {
        "error": plain(condition.errors.mean()),
        "r2": plain(1 - rest / varied if varied > 0 else np.nan),
    }


def condition_data(
    condition: RecoveredCondition,
    *,
    shown: Sequence[int],
    grid: Grid,
    measure: str,
    generator: np.random.Generator,
) -> xr.Dataset:
    """Gather what the report shows of one condition.

    Parameters
    ----------
    condition
        Of all held-out samples.
    shown
        Positions of the samples that are shown.
    grid
        The grid of all fields.
    measure
        What the self-check divides errors by, ``spread`` or ``relative``.
    generator
        Source of chance for the points of the parity plot.

    Returns
    -------
    xr.Dataset
        ``condition.<name>.parity_smoothed``, ``.parity`` (point), ``.smoothed``, ``.recovered``
        (shown, <name>_channel, x, y), ``.from_realization`` with ``shown_realization``, without
        x, y where the condition is a vector; all in the self-check's unit.
    """
    name, unit = condition.name, condition.unit
    smoothed, recovered = (unit.counted(c) for c in (condition.smoothed, condition.recovered))
    points = generator.choice(smoothed.size, size=min(smoothed.size, PARITY_POINTS), replace=False)
    on_grid = smoothed.ndim > 2
    width = smoothed.shape[1]
    channels = unit.widest(CHANNELS) if on_grid else list(range(width))
    axes = grid.axes[:2] if on_grid else ()

    def pictured(values: Array) -> Array:
        return (middle_slice(values, grid) if on_grid else values).astype(np.float32)

    drawn = condition.from_realizations
    count, realizations = drawn.shape[:2]
    drawn = unit.counted(drawn.reshape(-1, *drawn.shape[2:]))[:, channels]
    drawn = drawn.reshape(count, realizations, *drawn.shape[1:])
    one = ("shown", f"{name}_channel", *axes)
    attributes = {"units": "1", "measure": measure, "channels": width}
    point = f"{name}_condition_point"
    variables = {
        "parity_smoothed": ((point,), smoothed.ravel()[points].astype(np.float32)),
        "parity": ((point,), recovered.ravel()[points].astype(np.float32)),
        "smoothed": (one, pictured(smoothed[list(shown)][:, channels])),
        "recovered": (one, pictured(recovered[list(shown)][:, channels])),
        "from_realization": (("shown", "shown_realization", *one[1:]), pictured(drawn)),
    }
    return xr.Dataset(
        {f"condition.{name}.{k}": (*value, attributes) for k, value in variables.items()},
        coords={f"{name}_channel": channels},
    )


def shown_errors(details: xr.Dataset, *, shown: Sequence[int], realizations: int) -> xr.Dataset:
    """Pick the self-check's errors of what is shown from those of all held-out samples.

    Parameters
    ----------
    details
        As :meth:`~fieldvae.evaluation.selfcheck.ConditionErrors.dataset` makes it, realizations
        included.
    shown
        Positions of the samples that are shown.
    realizations
        How many of each are shown, the first ones.

    Returns
    -------
    xr.Dataset
        ``shown.real_error`` (shown, condition), ``shown.error`` (shown, shown_realization,
        condition) and ``shown.accepted`` (shown, shown_realization), whether all conditions pass.
    """
    real = details["self_check.real"].transpose("matched", "condition").values
    drawn = details["self_check.realizations"].transpose("draw", "condition").values
    errors = drawn.reshape(len(real), -1, drawn.shape[-1])[list(shown), :realizations]
    worst = [str(name) for name in details["condition"].values].index("all")
    return xr.Dataset(
        {
            "shown.real_error": (("shown", "condition"), real[list(shown)]),
            "shown.error": (("shown", "shown_realization", "condition"), errors),
            "shown.accepted": (("shown", "shown_realization"), errors[..., worst] <= 1),
        },
        coords={"condition": details["condition"]},
    )


def input_data(
    fields: Sequence[FieldSpec], samples: xr.Dataset, *, shown: Sequence[int], grid: Grid
) -> xr.Dataset:
    """Slices of the inputs of the shown samples.

    Parameters
    ----------
    fields
        The inputs.
    samples
        Held-out samples, physical values, dims ``(sample, component, x, y, z)``.
    shown
        Positions of the samples that are shown.
    grid
        The grid of all fields.

    Returns
    -------
    xr.Dataset
        ``<field>.input`` (shown, <field>_component, x, y), in the field's units; without x, y
        for a field on samples.
    """
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    for field in fields:
        values = field_array(field, samples.isel(sample=list(shown)), grid)
        on_grid = field.on == "grid"
        picture = middle_slice(values, grid) if on_grid else values[..., 0, 0, 0]
        component = f"{field.name}_component"
        dims = ("shown", component, *(grid.axes[:2] if on_grid else ()))
        attributes = {"units": field.units, "long_name": field.title, "symbol": field.symbol}
        variables[f"{field.name}.input"] = (dims, picture.astype(np.float32), attributes)
        coordinates[component] = list(field.labels)
    return xr.Dataset(variables, coords=coordinates)


def _five_axes(conditions: Array) -> Array:
    return conditions.reshape(*conditions.shape, *[1] * (5 - conditions.ndim))
