"""True fields, reconstructed ones and their difference, as pictures or lines; and all errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.pictures import (
    NUMBERING,
    QUARTILES,
    bar_below,
    color_scale,
    draw_slice,
    gray_cells,
    height_of,
    name_axes,
    name_row,
    place,
)
from fieldvae.report.style import (
    BLUE,
    INK,
    RED,
    SHADE,
    WIDTH,
    Plot,
    component_title,
    light_grid,
    new_figure,
    png,
    with_units,
)

MOST_ROWS = 6
"""Components shown of a field that has more."""

GAP = 0.3
"""Room between samples, in widths of a picture."""


def reconstruction_maps(
    field: FieldSpec, details: xr.Dataset, scores: dict[str, Any]
) -> Plot | None:
    """Draw truth, reconstruction and difference of the shown samples; ``None`` in older runs.

    Parameters
    ----------
    field
        The field.
    details
        The stored evaluation.
    scores
        ``reconstruction.<field>`` of the metrics.
    """
    if f"{field.name}.reconstruction" not in details:
        return None
    truth, found = (_slices(field, details, name) for name in ("truth", "reconstruction"))
    samples = [int(sample) for sample in details["shown"].values]
    titles = [component_title(field, label) for label in field.labels[:MOST_ROWS]]
    drawn = _lines if truth.ndim == 3 else _images
    left_out = len(field.labels) - len(titles)
    return Plot(
        f"reconstruction-{field.name}",
        f"Reconstruction of {field.title}, cell by cell",
        f"The {QUARTILES}{place(details)}, encoded and decoded again; the difference is "
        "reconstruction minus truth, on a scale of the same width. Over all test samples the "
        f"mean relative error (MRE) is {shown_number(scores.get('mre'), 100, 1)} % on the min-max "
        f"scale and R² {shown_number(scores.get('r2'), 1, 3)}. Good: pale differences without a "
        f"pattern of the field's own. {NUMBERING}"
        + (f" {left_out} more components are not shown." if left_out else "")
        + gray_cells(truth),
        drawn(field, truth, found, samples, titles),
    )


def reconstruction_errors(
    field: FieldSpec, details: xr.Dataset, scores: dict[str, Any]
) -> Plot | None:
    """Draw relative errors by sample, and the values of all fields; ``None`` in older runs.

    Parameters
    ----------
    field, details, scores
        As of :func:`reconstruction_maps`.
    """
    if f"{field.name}.reconstruction_mre" not in details:
        return None
    errors = 100 * details[f"{field.name}.reconstruction_mre"].values
    figure = new_figure(2.3)
    left, right = figure.subplots(1, 2)
    left.hist(errors[np.isfinite(errors)], bins="auto", color=SHADE, edgecolor="#B9BEC5")
    if scores.get("mre") is not None:
        left.axvline(100 * scores["mre"], color=RED, linewidth=1.4)
        mean = f"mean {shown_number(scores['mre'], 100, 1)} %"
        left.set_title(mean, loc="left", color=RED, fontsize=8)
    left.set_xlabel("mean relative error of a sample (%)")
    left.set_ylabel("test samples")
    edges = details[f"{field.name}.pooled_edges"].values
    right.stairs(
        details[f"{field.name}.pooled_truth"].values, edges, fill=True, color=SHADE, label="truth"
    )
    right.stairs(
        details[f"{field.name}.pooled"].values,
        edges,
        color=BLUE,
        linewidth=1.5,
        label="reconstructed",
    )
    right.set_xlabel(f"{field.title}, standard deviations from the mean")
    right.set_ylabel("density")
    right.set_ylim(0, 1.22 * right.get_ylim()[1])
    right.legend(loc="upper right", handlelength=1.2, borderaxespad=0)
    for panel in (left, right):
        light_grid(panel)
    return Plot(
        f"reconstruction-errors-{field.name}",
        f"Errors of reconstructed {field.title}",
        "Left, the mean relative error of each test sample, on the min-max scale of the training "
        "part; right, values of all components and cells, each over the standard deviation of its "
        "component in the training part. Good: small errors, and a line along the edge of the "
        "filled area; a narrower one means that reconstructions are smoothed.",
        png(figure),
    )


def shown_number(value: float | None, factor: float, digits: int) -> str:
    """A score in words; ``unknown`` where it does not exist."""
    return "unknown" if value is None else f"{factor * value:.{digits}f}"


def _slices(field: FieldSpec, details: xr.Dataset, name: str) -> Array:
    """Values ``(shown, component, x[, y])``."""
    values = details[f"{field.name}.{name}"]
    axes = [axis for axis in ("x", "y") if axis in values.dims]
    return np.asarray(values.transpose("shown", f"{field.name}_component", *axes).values)


def _images(
    field: FieldSpec, truth: Array, found: Array, samples: list[int], titles: list[str]
) -> bytes:
    norm, colors = color_scale(np.concatenate([truth.ravel(), found.ravel()]))
    half = 0.5 * (float(norm.vmax or 1) - float(norm.vmin or 0))
    differences = Normalize(-half, half)
    groups = len(samples)
    ratios = [1.0, 1.0, 1.0, GAP] * groups
    side = (WIDTH - 0.6) / max(len(ratios) - (1 - GAP) * groups, 6)
    height = 1.35 + len(titles) * (side * height_of(truth) + 0.03)
    figure = new_figure(height, width=0.7 + side * sum(ratios), pads=(0.01, 0.025))
    grid = figure.subplots(len(titles), 4 * groups, squeeze=False, width_ratios=ratios)
    images = []
    for row, (line, title) in enumerate(zip(grid, titles, strict=True)):
        for group in range(groups):
            left, middle, right, gap = line[4 * group : 4 * group + 4]
            one, two = truth[group, row], found[group, row]
            draw_slice(left, one, norm, colors, strong=True)
            images = [
                draw_slice(middle, two, norm, colors),
                draw_slice(right, two - one, differences, "RdBu_r"),
            ]
            gap.set_axis_off()
        name_row(line[0], title)
    for group, sample in enumerate(samples):
        for panel, words in zip(
            grid[0, 4 * group :], ("truth", "reconstr.", "difference"), strict=False
        ):
            head = f"sample {sample}\n" if words == "reconstr." else ""
            panel.set_title(f"{head}{words}", fontsize=8)
    name_axes(grid[-1, 0])
    _bars(figure, grid, images, field)
    return png(figure)


def _bars(figure: Figure, grid: Any, images: list[AxesImage], field: FieldSpec) -> None:
    """Explain the colors of fields and of differences, below all pictures."""
    name = f"{field.title} ${field.symbol}$" if field.symbol else field.title
    half = max(1, grid.shape[1] // 2)
    bars = [(images[0], grid[:, :half], name), (images[1], grid[:, half:], "difference")]
    if images[0].get_clim() == images[1].get_clim():
        bars = [(images[0], grid, f"{name}, and differences")]
    for image, axes, words in bars:
        bar_below(
            figure,
            image,
            axes.ravel(),
            with_units(words, field.units),
            aspect=26 * (3 - len(bars)),
            shrink=0.9,
        )


def _lines(
    field: FieldSpec, truth: Array, found: Array, samples: list[int], titles: list[str]
) -> bytes:
    figure = new_figure(0.6 + 1.4 * len(titles))
    grid = figure.subplots(len(titles), len(samples), squeeze=False, sharex=True, sharey="row")
    for row, (line, title) in enumerate(zip(grid, titles, strict=True)):
        for column, panel in enumerate(line):
            one, two = truth[column, row], found[column, row]
            panel.axhline(0, color=SHADE, linewidth=0.8, zorder=0)
            panel.plot(one, color=INK, label="truth")
            panel.plot(two, color=BLUE, linewidth=1.2, label="reconstructed")
            panel.plot(two - one, color=RED, linewidth=1, linestyle=":", label="difference")
            light_grid(panel)
        line[0].set_ylabel(with_units(title, field.units))
    for panel, sample in zip(grid[0], samples, strict=True):
        panel.set_title(f"sample {sample}", fontsize=9)
    for panel in grid[-1]:
        panel.set_xlabel("cell along x")
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return png(figure)
