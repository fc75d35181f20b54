"""The inputs of one test sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.pictures import (
    NUMBERING,
    color_scale,
    draw_slice,
    far_apart,
    gray_cells,
    height_of,
    name_axes,
    name_row,
    place,
    round_ticks,
    wrapped,
)
from fieldvae.report.style import (
    WIDTH,
    Plot,
    component_title,
    light_grid,
    new_figure,
    png,
    pretty_units,
    with_units,
)

MOST_COMPONENTS = 9

BELOW = 0.3
"""Room for color bars under a row of pictures, inches."""


def input_plot(fields: Sequence[FieldSpec], details: xr.Dataset) -> Plot | None:
    """Draw all inputs of the sample of median score; ``None`` where none is on the grid.

    Parameters
    ----------
    fields
        The inputs.
    details
        The stored evaluation.
    """
    known = [each for each in fields if f"{each.name}.input" in details]
    middle = details.sizes["shown"] // 2
    values = {each.name: _values(each, details, middle) for each in known}
    pictured = [each for each in known if values[each.name].ndim > 1]
    if not pictured:
        return None
    plane = values[pictured[0].name].ndim == 3
    sample = int(details["shown"].values[middle])
    left_out = [
        f"{len(each.labels) - MOST_COMPONENTS} more components of {each.title} are not shown."
        for each in pictured
        if len(each.labels) > MOST_COMPONENTS
    ]
    numbers = [_numbers(each, values[each.name]) for each in known if each not in pictured]
    return Plot(
        "inputs",
        "Inputs of one sample",
        f"Sample {sample}, the one of median energy score{place(details)}: what its realizations "
        f"are drawn for. {NUMBERING}"
        + (f" Given for the whole sample: {'; '.join(numbers)}." if numbers else "")
        + "".join(f" {words}" for words in left_out)
        + gray_cells(*(values[each.name] for each in pictured)),
        (_images if plane else _lines)(pictured, values),
    )


def _values(field: FieldSpec, details: xr.Dataset, shown: int) -> Array:
    """Values ``(component[, x[, y]])`` of one sample."""
    values = details[f"{field.name}.input"].isel(shown=shown)
    axes = [axis for axis in ("x", "y") if axis in values.dims]
    return np.asarray(values.transpose(f"{field.name}_component", *axes).values)


def _numbers(field: FieldSpec, values: Array) -> str:
    shown = ", ".join(f"{value:.4g}" for value in values[:MOST_COMPONENTS])
    return f"{field.title} {shown}" + (
        "" if field.units == "1" else f" {pretty_units(field.units)}"
    )


def _images(fields: Sequence[FieldSpec], values: dict[str, Array]) -> bytes:
    columns = min(MOST_COMPONENTS, max(len(each.labels) for each in fields))
    side = min(1.0, (WIDTH - 1.9) / columns)
    height = side * height_of(values[fields[0].name])
    apart = {each.name: far_apart(list(values[each.name][:MOST_COMPONENTS])) for each in fields}
    figure = new_figure(
        0.2 + len(fields) * (height + 0.28) + sum(apart.values()) * BELOW,
        width=1.9 + side * columns,
        pads=(0.015, 0.04),
    )
    grid = figure.subplots(len(fields), columns + 1, squeeze=False)
    for line, field in zip(grid, fields, strict=True):
        pictures = values[field.name][:MOST_COMPONENTS]
        norm, colors = color_scale(pictures, logarithmic=field.logarithmic)
        for panel, picture, label in zip(line, pictures, field.labels, strict=False):
            if apart[field.name]:
                norm, colors = color_scale(picture, logarithmic=field.logarithmic)
            image = draw_slice(panel, picture, norm, colors, strong=True)
            if apart[field.name]:
                _bar_below(figure, panel, image)
            panel.set_title(component_title(field, label), fontsize=8)
        for panel in line[len(pictures) :]:
            panel.set_axis_off()
            panel.set_aspect(height_of(pictures), adjustable="box")
        units = "" if field.units == "1" else pretty_units(field.units)
        if apart[field.name]:
            line[len(pictures)].text(0.0, 0.5, units, va="center")
        else:
            bar = line[len(pictures)].inset_axes((0.12, 0.0, 0.1, 1.0))
            figure.colorbar(image, cax=bar, label=units, ticks=round_ticks(4, norm))
            bar.set_in_layout(len(pictures) == columns)  # else its labels widen a column
        name_row(line[0], wrapped(field.title), size=8)
    name_axes(grid[-1, 0])
    return png(figure)


def _bar_below(figure: Figure, panel: Axes, image: AxesImage) -> None:
    """A color bar of its own under one picture, clear of the names of the axes."""
    bar = panel.inset_axes((0.3, -0.17, 0.7, 0.07))
    ticks = round_ticks(2, image.norm)
    figure.colorbar(image, cax=bar, orientation="horizontal", ticks=ticks)
    bar.tick_params(labelsize=7)


def _lines(fields: Sequence[FieldSpec], values: dict[str, Array]) -> bytes:
    figure = new_figure(0.3 + 1.6 * len(fields))
    panels = figure.subplots(len(fields), 1, squeeze=False, sharex=True)[:, 0]
    for panel, field in zip(panels, fields, strict=True):
        for profile, label in zip(values[field.name][:MOST_COMPONENTS], field.labels, strict=False):
            panel.plot(profile, linewidth=1.2, label=component_title(field, label))
        if field.logarithmic:
            panel.set_yscale("log")
        panel.set_ylabel(with_units(field.title, field.units))
        if len(field.labels) > 1:
            panel.legend(ncols=3, loc="best")
        light_grid(panel)
    panels[-1].set_xlabel("cell along x")
    return png(figure)
