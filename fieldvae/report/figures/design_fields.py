"""One design on its way: inputs and quantity at the recorded iterations (Fig. 8, 17, 18)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.report.figures.design_words import statistic_words
from fieldvae.report.figures.pictures import (
    capital,
    color_scale,
    draw_slice,
    height_of,
    name_axes,
    name_row,
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

MOST_COLUMNS = 6
"""Recorded iterations shown of one that has more, evenly chosen, first and last among them."""

MOST_ROWS = 6
"""Components shown of a field that has more."""

RULES = {
    "best": "the best design of all starts",
    "median": "the median design of all starts",
}


@dataclass(frozen=True)
class _Block:
    """One field at the recorded iterations.

    Parameters
    ----------
    title, units
        Of the field.
    rows
        Title and values ``(record, x[, y])`` of every component.
    """

    title: str
    units: str
    rows: tuple[tuple[str, Array], ...]


def design_fields(
    designs: xr.Dataset, analysis: xr.Dataset, fields: Mapping[str, FieldSpec], grid: Grid
) -> Iterator[Plot]:
    """Draw the best and the median design.

    Parameters
    ----------
    designs, analysis
        As stored.
    fields
        The task's, by name.
    grid
        Where they live.
    """
    if "chosen" not in analysis:
        return
    design = json.loads(designs.attrs["design"])
    records = designs["record"].values
    places = np.unique(np.rint(np.linspace(0, len(records) - 1, MOST_COLUMNS)).astype(int))
    for rule, words in RULES.items():
        sample = int(analysis["chosen"].sel(rule=rule))
        one = designs.isel(sample=sample, record=places)
        blocks = [
            _input(one[f"{name}_trajectory"], fields[name], grid)
            for name in design["vary"]
            if fields[name].on == "grid"
        ]
        blocks.append(_quantity(one["quantity_trajectory"], grid))
        units = pretty_units(str(designs["statistic"].attrs["units"]))
        found = analysis["single_trajectory"].isel(sample=sample, record=places).values
        heads = [
            f"iteration {step}\n{value:#.3g}" + ("" if units == "1" else f" {units}")
            for step, value in zip(records[places], found, strict=True)
        ]
        draw = _images if grid.dimensions > 1 else _lines
        yield Plot(
            f"design-fields-{rule}",
            capital(words),
            _caption(design, designs, sample, words, grid),
            draw(blocks, heads),
        )


def _input(moved: xr.DataArray, field: FieldSpec, grid: Grid) -> _Block:
    dimension = next(str(d) for d in moved.dims if d not in ("record", *grid.axes))
    rows = [
        (component_title(field, label), _slice(moved.isel({dimension: index}), grid))
        for index, label in enumerate(field.labels[:MOST_ROWS])
    ]
    name = f"{field.title} ${field.symbol}$" if field.symbol else field.title
    return _Block(name, field.units, tuple(rows))


def _quantity(moved: xr.DataArray, grid: Grid) -> _Block:
    inner = [str(d) for d in moved.dims if d not in ("record", *grid.axes)]
    title, symbol = str(moved.attrs["long_name"]), str(moved.attrs["symbol"])
    short = f"${symbol}$" if symbol else capital(title)
    if not inner:
        rows = [(short, _slice(moved, grid))]
    else:
        labels = map(str, moved[inner[0]].values[:MOST_ROWS])
        rows = [
            (wrapped(f"{title} {label}"), _slice(moved.isel({inner[0]: index}), grid))
            for index, label in enumerate(labels)
        ]
    return _Block(short, str(moved.attrs["units"]), tuple(rows))


def _slice(values: xr.DataArray, grid: Grid) -> Array:
    """Values ``(record, x[, y])``, in the middle of z."""
    if grid.dimensions == 3:
        values = values.isel(z=grid.shape[2] // 2)
    return np.asarray(values.transpose("record", *grid.axes[:2]).values)


def _images(blocks: list[_Block], heads: list[str]) -> bytes:
    columns = len(heads)
    rows = sum(len(block.rows) for block in blocks)
    side = min((WIDTH - 1.9) / columns, 1.15)
    tall = side * height_of(blocks[0].rows[0][1])
    figure = new_figure(0.7 + rows * (tall + 0.05), width=side * columns + 1.9, pads=(0.02, 0.03))
    grid = figure.subplots(rows, columns, squeeze=False)
    at = 0
    for block in blocks:
        norm, colors = color_scale(np.concatenate([values.ravel() for _, values in block.rows]))
        lines = grid[at : at + len(block.rows)]
        for line, (title, values) in zip(lines, block.rows, strict=True):
            for panel, picture in zip(line, values, strict=True):
                image = draw_slice(panel, picture, norm, colors)
            name_row(line[0], title)
        figure.colorbar(
            image,
            ax=list(lines.ravel()),
            label=with_units(block.title, block.units),
            ticks=round_ticks(4),
            aspect=9 * len(block.rows),
            pad=0.02,
        )
        at += len(block.rows)
    for panel, head in zip(grid[0], heads, strict=True):
        panel.set_title(head, fontsize=8)
    name_axes(grid[-1, 0])
    return png(figure)


def _lines(blocks: list[_Block], heads: list[str]) -> bytes:
    rows = [(block, title, values) for block in blocks for title, values in block.rows]
    figure = new_figure(0.8 + 1.3 * len(rows))
    grid = figure.subplots(len(rows), 1, squeeze=False, sharex=True)[:, 0]
    shades: Any = colormaps["viridis"](np.linspace(0, 0.9, len(heads)))
    for panel, (block, title, values) in zip(grid, rows, strict=True):
        for head, line, shade in zip(heads, values, shades, strict=True):
            panel.plot(line, color=shade, linewidth=1.3, label=head.replace("\n", ": "))
        panel.set_ylabel(with_units(title, block.units))
        light_grid(panel)
    grid[-1].set_xlabel("cell along x")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return png(figure)


def _caption(
    design: Mapping[str, Any], designs: xr.Dataset, sample: int, rule: str, grid: Grid
) -> str:
    layer = (
        f", in the layer z = {grid.shape[2] // 2} (counted from 0)" if grid.dimensions == 3 else ""
    )
    quantity = designs["quantity"].attrs["long_name"]
    words = [
        f"Start {sample}, {rule} by the statistic over fresh realizations{layer}. At the bottom, "
        f"the {quantity}; above the pictures, its {statistic_words(designs)} over the whole field."
    ]
    if design["latent"]["renew"]:
        words.append(
            "That field is one realization, drawn anew at every iteration: from one picture to the "
            "next chance differs too."
        )
    elif design["latent"]["vary"]:
        words.append("That field belongs to the latents that are optimized with the inputs.")
    else:
        words.append("That field is one realization, of the same latents at every iteration.")
    return " ".join(words)
