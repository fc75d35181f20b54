"""The truth beside realizations, as pictures, or as lines on a grid of one dimension."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.pictures import (
    NUMBERING,
    QUARTILES,
    bar_below,
    capital,
    color_scale,
    draw_slice,
    far_apart,
    first_component,
    gray_cells,
    height_of,
    name_axes,
    name_row,
    place,
    round_ticks,
)
from fieldvae.report.style import (
    BLUE,
    GREEN,
    INK,
    WIDTH,
    Plot,
    component_title,
    light_grid,
    new_figure,
    png,
    with_units,
)

SPREAD_COLORS = ListedColormap(colormaps["Purples"](np.linspace(0, 0.75, 256)))
"""From white; without the darkest shades, which would draw the eye from the fields."""

NARROW = 12
"""Characters that fit below one picture."""

MOST_ROWS = 6
"""Components shown of a field that has more."""

READING = (
    "Every realization is a field that the model holds possible for this input, drawn without "
    "rejection by the self-check; mean and spread (standard deviation) are over the whole "
    "ensemble. Good: the truth looks like one more "
    "realization, with the same contrast and texture; the mean is smoother than any of them; "
    "realizations differ where the spread is large."
)

POINT = (
    " The deterministic network, trained on the squared error alone, gives one field for each "
    "input: near the mean, with less contrast than any true field."
)


@dataclass(frozen=True)
class _Row:
    """One row of pictures: a component of a sample, each array ``(x[, y])``."""

    title: str
    truth: Array
    realizations: Array
    mean: Array
    spread: Array
    point: Array | None = None


def component_slices(field: FieldSpec, details: xr.Dataset) -> Plot:
    """Draw all components of the sample of median score."""
    middle = details.sizes["shown"] // 2
    labels = field.labels[:MOST_ROWS]
    rows = [
        _row(field, details, middle, index, component_title(field, label))
        for index, label in enumerate(labels)
    ]
    sample = int(details["shown"].values[middle])
    left_out = len(field.labels) - len(labels)
    return Plot(
        f"components-{field.name}",
        f"{capital(field.title)}: one truth, many realizations",
        f"Sample {sample}, the one of median energy score{place(details)}. {NUMBERING} {READING}"
        + (POINT if f"{field.name}.point" in details else "")
        + (f" {left_out} more components are not shown." if left_out else "")
        + gray_cells(*(row.truth for row in rows)),
        _drawn(field, rows, f"{field.title} ${field.symbol}$" if field.symbol else field.title),
    )


def sample_slices(field: FieldSpec, details: xr.Dataset) -> Plot | None:
    """Draw one component of the samples at the quartiles of the score; ``None`` if just one."""
    shown = [int(sample) for sample in details["shown"].values]
    if len(shown) < 2:
        return None
    rows = [_row(field, details, i, 0, f"sample {sample}") for i, sample in enumerate(shown)]
    return Plot(
        f"samples-{field.name}",
        f"{capital(field.title)}: an easy, a median and a hard sample",
        f"{capital(first_component(field))} of the {QUARTILES}{place(details)}: chosen by "
        f"rule, not by eye. {NUMBERING} {READING}"
        + (POINT if f"{field.name}.point" in details else "")
        + gray_cells(*(row.truth for row in rows)),
        _drawn(field, rows, first_component(field)),
    )


def _row(field: FieldSpec, details: xr.Dataset, shown: int, component: int, title: str) -> _Row:
    def picked(name: str) -> Array:
        chosen = details[f"{field.name}.{name}"].isel(
            {"shown": shown, f"{field.name}_component": component}
        )
        axes = [axis for axis in ("x", "y") if axis in chosen.dims]
        leading = [d for d in ("shown_realization",) if d in chosen.dims]
        return np.asarray(chosen.transpose(*leading, *axes).values)

    point = picked("point") if f"{field.name}.point" in details else None
    return _Row(
        title, picked("truth"), picked("realization"), picked("mean"), picked("spread"), point
    )


def _drawn(field: FieldSpec, rows: list[_Row], label: str) -> bytes:
    return _lines(field, rows) if rows[0].truth.ndim == 1 else _images(field, rows, label)


def _images(field: FieldSpec, rows: list[_Row], label: str) -> bytes:
    values = [np.concatenate([r.truth[None], r.realizations, r.mean[None]]) for r in rows]
    apart = far_apart(values)
    norm, colors = color_scale(
        np.concatenate([v.ravel() for v in values]), logarithmic=field.logarithmic
    )
    spreads = Normalize(0, float(np.nanmax([row.spread for row in rows])) or 1.0)
    heads = ["truth", *[f"realization {i + 1}" for i in range(len(rows[0].realizations))], "mean"]
    heads += ["spread"] if rows[0].point is None else ["deterministic", "spread"]
    columns = len(heads)
    side = (WIDTH - 1.2) / columns
    height = 1.0 + len(rows) * (side * height_of(rows[0].truth) + 0.02)
    figure = new_figure(height, pads=(0.02, 0.045))
    grid = figure.subplots(len(rows), columns, squeeze=False)
    field_image: AxesImage | None = None
    spread_image: AxesImage | None = None
    for line, row, own in zip(grid, rows, values, strict=True):
        if apart:
            norm, colors = color_scale(own, logarithmic=field.logarithmic)
        pictures = [row.truth, *row.realizations, row.mean]
        pictures += [] if row.point is None else [row.point]
        for panel, picture in zip(line, pictures, strict=False):
            field_image = draw_slice(panel, picture, norm, colors, strong=panel is line[0])
        spread_image = draw_slice(line[-1], row.spread, spreads, SPREAD_COLORS)
        name_row(line[0], row.title)
        if apart:
            _bar_beside(figure, field_image, list(line[:-1]))
    for panel, head in zip(grid[0], heads, strict=True):
        panel.set_title(head, fontsize=8, fontweight="bold" if head == "truth" else "normal")
    name_axes(grid[-1, 0])
    words = with_units(label, field.units)
    if apart:
        grid[-1, (columns - 1) // 2].set_xlabel(words)
    elif field_image is not None:
        ticks = round_ticks(6, norm) if field.logarithmic else MaxNLocator(6, prune="upper")
        bar_below(figure, field_image, grid[:, :-1].ravel(), words, aspect=40, ticks=ticks)
    if spread_image is not None:
        words = _spread_words(field)
        bar_below(figure, spread_image, grid[:, -1], words, aspect=8, ticks=MaxNLocator(2))
    return png(figure)


def _bar_beside(figure: Figure, image: AxesImage | None, panels: list[Axes]) -> None:
    """A color bar of its own for one row."""
    if image is not None:
        ticks = round_ticks(3, image.norm)
        figure.colorbar(image, ax=panels, ticks=ticks, aspect=10, pad=0.01)


def _spread_words(field: FieldSpec) -> str:
    """Words for a bar as narrow as one picture: in two lines where the units are long."""
    words = with_units("spread", field.units)
    return words if len(words) <= NARROW else words.replace(" (", "\n(", 1)


def _lines(field: FieldSpec, rows: list[_Row]) -> bytes:
    figure = new_figure(0.5 + 1.5 * len(rows))
    grid = figure.subplots(len(rows), 1, squeeze=False, sharex=True)[:, 0]
    for panel, row in zip(grid, rows, strict=True):
        cells = np.arange(len(row.truth))
        panel.fill_between(
            cells,
            row.mean - row.spread,
            row.mean + row.spread,
            color=BLUE,
            alpha=0.15,
            linewidth=0,
            label="mean ± spread",
        )
        for index, member in enumerate(row.realizations):
            label = "realizations" if index == 0 else None
            panel.plot(cells, member, color=BLUE, linewidth=0.8, alpha=0.8, label=label)
        panel.plot(cells, row.truth, color=INK, label="truth")
        if row.point is not None:
            panel.plot(cells, row.point, "--", color=GREEN, label="deterministic")
        panel.set_ylabel(with_units(row.title, field.units))
        light_grid(panel)
    grid[-1].set_xlabel("cell along x")
    grid[0].legend(ncols=4, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.1)
    return png(figure)
