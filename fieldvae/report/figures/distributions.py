"""Histograms of values, truth against realizations."""

from __future__ import annotations

import xarray as xr

from fieldvae.field import FieldSpec
from fieldvae.report.style import (
    SHADE,
    Plot,
    color,
    component_title,
    light_grid,
    model_name,
    new_figure,
    png,
    with_units,
)

COLUMNS = 3
MOST_COMPONENTS = 9


def histogram_plot(field: FieldSpec, details: xr.Dataset) -> Plot:
    """Draw the density of every component's values over all test samples and cells.

    Parameters
    ----------
    field
        The field.
    details
        The stored evaluation.
    """
    labels = field.labels[:MOST_COMPONENTS]
    columns = min(COLUMNS, len(labels))
    rows = -(-len(labels) // columns)
    figure = new_figure(0.65 + 1.5 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    component = f"{field.name}_component"
    edges = details[f"{field.name}.edges"].transpose(component, ...).values
    density = details[f"{field.name}.histogram"]
    sources = [s for s in ("truth", "model", "deterministic") if s in details["source"].values]
    for index, (label, panel) in enumerate(zip(labels, axes, strict=False)):
        for source in sources:
            values = density.sel(source=source).isel({component: index}).values
            if source == "truth":
                panel.stairs(values, edges[index], fill=True, color=SHADE, label="truth")
            else:
                panel.stairs(
                    values,
                    edges[index],
                    color=color(source),
                    linewidth=1.5,
                    linestyle="-" if source == "model" else "--",
                    label="realizations" if source == "model" else model_name(source),
                )
        panel.set_xlabel(with_units(component_title(field, label), field.units))
        panel.set_yticks([])
        panel.spines["left"].set_visible(False)
        light_grid(panel, "x")
    for panel in axes[len(labels) :]:
        panel.set_visible(False)
    for row in range(rows):
        axes[row * columns].set_ylabel("density")
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=len(sources),
        handlelength=1.2,
    )
    left_out = len(field.labels) - len(labels)
    return Plot(
        f"histogram-{field.name}",
        f"Values of {field.title}",
        f"Density of the values over all test samples and cells, truth (filled) and "
        f"{model_name('model')} (line). Good: the line follows the edge of the filled area, in "
        "the tails too. This holds for climatology as well, so it is necessary, not sufficient."
        + (
            " The deterministic network (dashed) gives values near the mean alone."
            if "deterministic" in sources
            else ""
        )
        + (f" {left_out} more components are not shown." if left_out else ""),
        png(figure),
    )
