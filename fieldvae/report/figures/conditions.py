"""Conditions recovered from true outputs against smoothed ones, on held-out samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from fieldvae.evaluation.scores import Array
from fieldvae.report.figures.pictures import (
    NUMBERING,
    QUARTILES,
    bar_below,
    color_scale,
    draw_slice,
    height_of,
    name_axes,
    name_row,
    place,
    wrapped,
)
from fieldvae.report.style import BLUE, INK, WIDTH, Plot, light_grid, new_figure, png

COLUMNS = 3

LINE = "\n"

GAP = 0.3
"""Room between groups of pictures, in widths of a picture."""

MOST_ROWS = 9
"""Rows of channels in a figure; with many inputs each shows fewer of its channels."""

UNITS = {"spread": "standard deviations of the channel", "relative": "as the networks have it"}
"""What conditions are counted in, by what the self-check divides errors by."""

READINGS = {
    "spread": "Conditions are counted from their channel's mean in its standard deviations, both "
    "over the training part: the mean distance of two of them is the self-check's error.",
    "relative": "The self-check's error is the mean distance over the smoothed condition.",
}

_MARK, _SUFFIX = "condition.", ".parity_smoothed"


def recovered_inputs(details: xr.Dataset) -> list[str]:
    """Input fields whose recovered conditions are stored."""
    names = [str(name) for name in details.data_vars]
    found = [n.removeprefix(_MARK).removesuffix(_SUFFIX) for n in names if n.endswith(_SUFFIX)]
    order = [str(name) for name in details["condition"].values] if found else []
    return sorted(found, key=order.index)


def measure_of(details: xr.Dataset, name: str) -> str:
    """What the self-check divides the errors of a condition by."""
    return str(details[f"condition.{name}.smoothed"].attrs["measure"])


def shown_error(error: float | None, measure: str) -> str:
    """An error of the self-check in words."""
    if error is None or not np.isfinite(error):
        return "unknown"
    return f"{100 * error:.1f} %" if measure == "relative" else f"{error:.2f}"


def condition_parity(
    details: xr.Dataset, scores: Mapping[str, Any], titles: Mapping[str, str]
) -> Plot:
    """Draw recovered over smoothed values, one panel an input.

    Parameters
    ----------
    details
        The stored evaluation, conditions among it.
    scores
        ``conditions`` of the metrics.
    titles
        What fields are called.
    """
    names = recovered_inputs(details)
    rows = -(-len(names) // COLUMNS)
    columns = min(COLUMNS, len(names))
    side = WIDTH / COLUMNS
    figure = new_figure(0.2 + (side + 0.15) * rows, width=0.2 + side * columns)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for name, panel in zip(names, axes, strict=False):
        x = details[f"condition.{name}.parity_smoothed"].values
        y = details[f"condition.{name}.parity"].values
        low, high = np.nanquantile(np.concatenate([x, y]), [0.0005, 0.9995])
        room = 0.06 * (high - low) or 0.5
        limits = (low - room, high + room)
        panel.plot(limits, limits, color=INK, linewidth=0.8, zorder=1)
        panel.plot(x, y, ".", color=BLUE, markersize=2.4, alpha=0.4, markeredgewidth=0, zorder=2)
        panel.set(xlim=limits, ylim=limits, aspect="equal")
        panel.locator_params(nbins=5)
        panel.set_xlabel("smoothed")
        panel.set_ylabel("recovered")
        found = scores.get(name, {})
        error = shown_error(found.get("error"), measure_of(details, name))
        r2 = found.get("r2")
        told = f"error {error}"
        if r2 is not None:
            told += f", R² {r2:.2f}".replace("-", "\N{MINUS SIGN}")
        panel.set_title(f"{titles.get(name, name)}\n{told}", loc="left")
        light_grid(panel)
    for panel in axes[len(names) :]:
        panel.set_visible(False)
    measure = measure_of(details, names[0])
    return Plot(
        "conditions",
        "Conditions recovered from held-out fields",
        "What the encoder recovers from true outputs of test samples over what the smoothers make "
        f"of their inputs, values drawn at random from all channels. {READINGS[measure]} Its mean "
        "over test samples is the error in the title; R² is over all channels, each about its "
        "own mean. Good: points on the line. A flat cloud means that outputs say little about "
        "this input, or that its condition holds little.",
        png(figure),
    )


def condition_examples(details: xr.Dataset, titles: Mapping[str, str]) -> Plot:
    """Draw smoothed and recovered conditions of the shown samples side by side.

    Parameters
    ----------
    details
        The stored evaluation, conditions among it.
    titles
        What fields are called.
    """
    names = recovered_inputs(details)
    on_plane = slices(details, names[0], "smoothed").ndim == 4
    measure = measure_of(details, names[0])
    samples = [int(sample) for sample in details["shown"].values]
    drawn = _pictures if on_plane else _profiles
    fields = slices(details, names[0], "smoothed").ndim > 2
    return Plot(
        "condition-examples",
        "Smoothed and recovered conditions of three samples"
        if len(samples) == 3
        else "Smoothed and recovered conditions",
        f"The {QUARTILES}{place(details) if fields else ''}. {READINGS[measure]} "
        + (
            "Of every condition the channels of greatest spread over the training part are shown. "
            if fields
            else ""
        )
        + f"Good: recovered conditions follow every turn of smoothed ones. {NUMBERING}",
        drawn(details, names, titles, samples),
    )


def slices(details: xr.Dataset, name: str, way: str) -> Array:
    """Stored conditions ``(shown, [realization,] channel[, x[, y]])``."""
    values = details[f"condition.{name}.{way}"]
    leading = [d for d in ("shown", "shown_realization") if d in values.dims]
    axes = [axis for axis in ("x", "y") if axis in values.dims]
    return np.asarray(values.transpose(*leading, f"{name}_channel", *axes).values)


def channel_titles(details: xr.Dataset, name: str, titles: Mapping[str, str]) -> list[str]:
    """Name of every channel that is shown of one condition; fewer where there are many inputs."""
    most = max(1, MOST_ROWS // len(recovered_inputs(details)))
    title = wrapped(titles.get(name, name))
    return [f"{title}\nchannel {int(c)}" for c in details[f"{name}_channel"].values[:most]]


def draw_profile(panel: Axes, smoothed: Array, recovered: Array | None, *, vector: bool) -> None:
    """Draw a condition as a line, the recovered one as dots (vector) or another line."""
    panel.plot(smoothed, color=INK, linewidth=1, label="smoothed")
    if recovered is not None:
        look: dict[str, Any] = {"linewidth": 1.2}
        if vector:
            look = {"linestyle": "", "marker": ".", "markersize": 3}
        panel.plot(recovered, color=BLUE, label="recovered", **look)
    panel.locator_params(axis="x", nbins=5, integer=True)
    light_grid(panel)


def condition_scale(details: xr.Dataset, names: list[str]) -> tuple[Normalize, str]:
    """One scale of colors for all conditions, smoothed and recovered."""
    ways = ("smoothed", "recovered", "from_realization")
    parts = [slices(details, name, way).ravel() for name in names for way in ways]
    return color_scale(np.concatenate(parts))


def _pictures(
    details: xr.Dataset, names: list[str], titles: Mapping[str, str], samples: list[int]
) -> bytes:
    norm, colors = condition_scale(details, names)
    rows = [
        (title, slices(details, name, "smoothed")[:, i], slices(details, name, "recovered")[:, i])
        for name in names
        for i, title in enumerate(channel_titles(details, name, titles))
    ]
    ratios = [1.0, 1.0, GAP] * len(samples)
    tall = height_of(rows[0][1])
    side = min(0.85 / max(1.0, tall), (WIDTH - 1.35) / sum(ratios))
    height = 1.25 + len(rows) * (side * tall + 0.05)
    figure = new_figure(height, width=1.35 + side * sum(ratios), pads=(0.01, 0.025))
    grid = figure.subplots(len(rows), 3 * len(samples), squeeze=False, width_ratios=ratios)
    image = None
    for line, (title, smoothed, recovered) in zip(grid, rows, strict=True):
        for group in range(len(samples)):
            left, right, gap = line[3 * group : 3 * group + 3]
            draw_slice(left, smoothed[group], norm, colors, strong=True)
            image = draw_slice(right, recovered[group], norm, colors)
            gap.set_axis_off()
        name_row(line[0], title, size=8)
    for group, sample in enumerate(samples):
        grid[0, 3 * group].set_title(f"sample {sample}\nsmoothed", fontsize=8)
        grid[0, 3 * group + 1].set_title("recovered", fontsize=8)
    name_axes(grid[-1, 0])
    if image is not None:
        units = UNITS[measure_of(details, names[0])]
        words = f"condition{' ' if len(samples) > 1 else LINE}({units})"
        bar_below(figure, image, grid.ravel(), words, aspect=45, shrink=0.9)
    return png(figure)


def _profiles(
    details: xr.Dataset, names: list[str], titles: Mapping[str, str], samples: list[int]
) -> bytes:
    """Lines over channels, or over the cells of a grid of one dimension."""
    rows: list[tuple[str, Array, Array, bool]] = []
    for name in names:
        smoothed, recovered = (slices(details, name, way) for way in ("smoothed", "recovered"))
        if smoothed.ndim == 2:
            rows.append((wrapped(titles.get(name, name)), smoothed, recovered, True))
            continue
        for i, title in enumerate(channel_titles(details, name, titles)):
            rows.append((title, smoothed[:, i], recovered[:, i], False))
    figure = new_figure(0.75 + 1.45 * len(rows))
    grid = figure.subplots(len(rows), len(samples), squeeze=False, sharey="row")
    for line, (title, smoothed, recovered, vector) in zip(grid, rows, strict=True):
        for column, panel in enumerate(line):
            draw_profile(panel, smoothed[column], recovered[column], vector=vector)
        line[0].set_ylabel(title)
    for panel, sample in zip(grid[0], samples, strict=True):
        panel.set_title(f"sample {sample}", loc="left")
    for panel in grid[-1]:
        panel.set_xlabel("channel" if rows[-1][3] else "cell along x")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return png(figure)
