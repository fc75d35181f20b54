"""Power by wavenumber."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.style import (
    INK,
    MARKERS,
    Plot,
    color,
    light_grid,
    model_name,
    new_figure,
    png,
    pretty_units,
)

FARTHEST = 1e3
"""Ratios farther from one than this factor are drawn at the edge."""

TICKS_BELOW = (0.95, 0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1, 0.03, 0.01, 0.003, 0.001)
TICKS_ABOVE = (1.05, 1.1, 1.2, 1.5, 2, 3, 5, 10, 30, 100, 300, 1000)
"""Ratios that may be written at the axis, from one outward."""


def spectrum_plot(fields: Sequence[FieldSpec], details: xr.Dataset) -> Plot:
    """Draw the power of the waves, and its ratio to the truth's, a row a field.

    Parameters
    ----------
    fields
        The output fields.
    details
        The stored evaluation.
    """
    wavenumber = details["wavenumber"].values
    units = details["wavenumber"].attrs.get("units", "")
    figure = new_figure(0.4 + 2.3 * len(fields))
    grid = figure.subplots(len(fields), 2, squeeze=False)
    sources = [str(s) for s in details["source"].values]
    cut = False
    for (left, right), field in zip(grid, fields, strict=True):
        power = details["power"].sel(field=field.name) / len(field.labels)
        ratios: list[Array] = [np.ones(1)]
        truth = power.sel(source="truth").values
        for source in sources:
            values = power.sel(source=source).values
            marker = MARKERS.get(source, "v")
            look = {
                "color": color(source),
                "markersize": 4,
                "zorder": 4 if source == "model" else 3,
            }
            if source == "truth":
                left.plot(wavenumber, values, color=INK, linewidth=2.2, label="truth", zorder=1)
                right.axhline(1, color=INK, linewidth=2.2, zorder=1)
                continue
            left.plot(
                wavenumber, values, marker=marker, linewidth=1, label=model_name(source), **look
            )
            ratio = _ratio(values, truth)
            ratios.append(ratio[np.isfinite(ratio)])
            cut |= bool(np.isin(ratio, (1 / FARTHEST, FARTHEST)).any())
            right.plot(wavenumber, ratio, marker=marker, linewidth=1, **look)
        positive = truth[truth > 0]
        if len(positive) and positive.max() / positive.min() > 30:
            left.set_yscale("log")
        else:
            left.set_ylim(bottom=0)
        logarithmic(right, np.concatenate(ratios))
        left.set_ylabel("power per wave (training variance)")
        right.set_ylabel("power over the truth's")
        if len(fields) > 1:
            left.set_title(field.title, loc="left", color=INK)
        for panel in (left, right):
            light_grid(panel)
            panel.set_xlabel(f"wavenumber $|k|$ ({pretty_units(units)})")
    figure.legend(
        *grid[0, 0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=len(sources),
        handlelength=1.5,
        columnspacing=1,
    )
    return Plot(
        "spectrum",
        "Spectrum",
        "Left: power of the field's waves, from long to short ones, the mean over the grid left "
        "out. It is in units of a component's variance over the training part, averaged over "
        "components: values of that variance without any order in space have power 1 at every "
        "wave. Right: the same over the truth's, on a logarithmic axis. Good: on the line at 1. "
        "Above it to the right, fields are too rough: they have fine detail or noise that real "
        "ones lack. Below it, they are too smooth. The truth is one draw a sample, so it scatters "
        "by a few percent itself."
        + (f" Ratios beyond a factor of {FARTHEST:.0f} are drawn at it." if cut else ""),
        png(figure),
    )


def _ratio(values: Array, truth: Array) -> Array:
    """Power over the truth's, within what is drawn; NaN where the truth has none."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(truth > 0, values / truth, np.nan)
    return np.asarray(np.clip(ratio, 1 / FARTHEST, FARTHEST))


def logarithmic(panel: Axes, ratios: Array) -> None:
    """Show all ratios, and a tenth to both sides of one at the least, with plain numbers."""
    low, high = min(float(ratios.min()), 1 / 1.1), max(float(ratios.max()), 1.1)
    room = (high / low) ** 0.08
    low, high = low / room, high * room
    panel.set_yscale("log")
    panel.set_ylim(low, high)
    apart = np.log(high / low) / 9
    kept = [1.0]
    for side in (TICKS_BELOW, TICKS_ABOVE):
        last = 1.0
        for tick in side:
            if low <= tick <= high and abs(np.log(tick / last)) >= apart:
                kept.append(tick)
                last = tick
    panel.set_yticks(kept, [f"{tick:g}" for tick in kept])
    panel.minorticks_off()
