"""True replicates of one input beside the model's realizations."""

from __future__ import annotations

import numpy as np
import xarray as xr

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.pictures import (
    bar_below,
    capital,
    color_scale,
    draw_slice,
    first_component,
    height_of,
    name_axes,
    name_row,
    place,
)
from fieldvae.report.style import (
    BLUE,
    INK,
    WIDTH,
    Plot,
    light_grid,
    new_figure,
    png,
    with_units,
)

CHOICE = (
    "at the lower quartile, the median and the upper quartile of the model's energy score over its "
    "limit: chosen by rule, not by eye; inputs are numbered by their position in the store of "
    "replicates, counted from 0"
)

GAP = 0.25
"""Room between replicates and realizations, in widths of a picture."""


def replicate_slices(field: FieldSpec, details: xr.Dataset) -> Plot:
    """Draw the first component of some replicates and realizations, a row an input.

    Parameters
    ----------
    field
        The field.
    details
        The stored evaluation.
    """
    shown = [int(number) for number in details["replicated_shown"].values]
    true = _pictures(field, details, "replicates")
    drawn = _pictures(field, details, "replicates_realization")
    titles = [f"input {number}" for number in shown]
    flat = true.ndim == 3
    picture = _lines(field, titles, true, drawn) if flat else _images(field, titles, true, drawn)
    return Plot(
        f"replicates-{field.name}",
        f"{capital(field.title)}: true outputs of one input, and the model's",
        f"{capital(first_component(field))}{place(details)}. Every row is one input: on the left "
        f"true outputs, on the right realizations, each the first of their kind. Rows are the "
        f"inputs {CHOICE}. Good: nobody could tell which side is which; what true outputs share, "
        "realizations share too, and they differ as much from each other.",
        picture,
    )


def _pictures(field: FieldSpec, details: xr.Dataset, name: str) -> Array:
    """First component, shape ``(input, replicate, x[, y])``."""
    chosen = details[f"{field.name}.{name}"].isel({f"{field.name}_component": 0})
    axes = [axis for axis in ("x", "y") if axis in chosen.dims]
    return np.asarray(chosen.transpose("replicated_shown", "shown_replicate", *axes).values)


def _images(field: FieldSpec, titles: list[str], true: Array, drawn: Array) -> bytes:
    norm, colors = color_scale(np.concatenate([true.ravel(), drawn.ravel()]))
    count = true.shape[1]
    side = (WIDTH - 1.1) / (2 * count + GAP)
    figure = new_figure(1.0 + len(titles) * (side * height_of(true) + 0.02), pads=(0.02, 0.045))
    ratios = [1.0] * count + [GAP] + [1.0] * count
    grid = figure.subplots(len(titles), 2 * count + 1, squeeze=False, width_ratios=ratios)
    image = None
    for line, title, ours, theirs in zip(grid, titles, drawn, true, strict=True):
        for panel, picture in zip(line[:count], theirs, strict=True):
            image = draw_slice(panel, picture, norm, colors, strong=True)
        for panel, picture in zip(line[count + 1 :], ours, strict=True):
            image = draw_slice(panel, picture, norm, colors)
        line[count].set_axis_off()
        name_row(line[0], title)
    for index in range(count):
        grid[0, index].set_title(f"true {index + 1}", fontsize=8, fontweight="bold")
        grid[0, count + 1 + index].set_title(f"realization {index + 1}", fontsize=8)
    name_axes(grid[-1, 0])
    if image is not None:
        words = with_units(first_component(field), field.units)
        bar_below(figure, image, grid.ravel(), words, aspect=45)
    return png(figure)


def _lines(field: FieldSpec, titles: list[str], true: Array, drawn: Array) -> bytes:
    figure = new_figure(0.5 + 1.5 * len(titles))
    grid = figure.subplots(len(titles), 2, squeeze=False, sharex=True, sharey="row")
    for line, title, ours, theirs in zip(grid, titles, drawn, true, strict=True):
        for panel, members, shade in ((line[0], theirs, INK), (line[1], ours, BLUE)):
            panel.plot(members.T, color=shade, linewidth=1)
            light_grid(panel)
        line[0].set_ylabel(with_units(title, field.units))
    for panel, head in zip(grid[0], ("true outputs", "realizations"), strict=True):
        panel.set_title(head)
    for panel in grid[-1]:
        panel.set_xlabel("cell along x")
    return png(figure)
