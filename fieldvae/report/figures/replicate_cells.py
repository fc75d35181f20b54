"""Values of replicates in single cells, against the intervals of the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.pictures import capital, first_component
from fieldvae.report.figures.replicates import CHOICE
from fieldvae.report.style import (
    BLUE,
    INK,
    Plot,
    light_grid,
    new_figure,
    png,
    with_units,
)

BINS = 8


def cell_plot(field: FieldSpec, details: xr.Dataset) -> Plot:
    """Draw replicates over the model's intervals in all cells, and densities in one.

    Parameters
    ----------
    field
        The field.
    details
        The stored evaluation.
    """
    shown = [int(number) for number in details["replicated_shown"].values]
    figure = new_figure(0.45 + 1.75 * len(shown))
    grid = figure.subplots(len(shown), 2, squeeze=False, sharey="row", width_ratios=[3.4, 1])
    for row, (wide, narrow) in enumerate(grid):
        chosen = details.isel(replicated_shown=row)
        true = chosen[f"{field.name}.cell_replicates"].transpose("replicate", ...).values
        drawn = chosen[f"{field.name}.cell_realizations"].transpose("member", ...).values
        ends = chosen[f"{field.name}.cell_quantiles"].transpose("probability", ...).values
        middle = ends.shape[1] // 2
        _intervals(wide, true, ends)
        wide.axvline(middle, color=INK, linewidth=0.7, linestyle=":")
        _densities(narrow, true[:, middle], drawn[:, middle])
        wide.set_ylabel(with_units(f"input {shown[row]}", field.units))
    grid[0, 0].set_title(first_component(field), loc="left", color=INK)
    grid[0, 1].set_title("cell at the dotted line", loc="left", color=INK, fontsize=8)
    grid[-1, 0].set_xlabel("cells, ordered by the model's median")
    grid[-1, 1].set_xlabel("density")
    figure.legend(
        *grid[0, 0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=4,
        columnspacing=1.2,
        markerscale=2.5,
    )
    return Plot(
        f"replicate-cells-{field.name}",
        f"{capital(field.title)}: one input, many values",
        f"{capital(first_component(field))} in the cells of the grid. Left: every cell holds the "
        "values of all replicates (dots) over the model's median and central intervals of 50 and "
        "90 %. Right: the same in the cell at the dotted line, replicates filled and realizations "
        f"as a line. Rows are the inputs {CHOICE}. Good: half of the dots in the dark band, one in "
        "ten outside the light one, in cells of low and of high values alike.",
        png(figure),
    )


def _intervals(panel: Axes, true: Array, ends: Array) -> None:
    cells = np.arange(true.shape[1])
    look: dict[str, Any] = {"color": BLUE, "linewidth": 0, "step": "mid"}
    panel.fill_between(cells, ends[0], ends[-1], alpha=0.18, label="model, 90 %", **look)
    panel.fill_between(cells, ends[1], ends[-2], alpha=0.3, label="50 %", **look)
    panel.plot(cells, ends[2], color=BLUE, linewidth=1.2, drawstyle="steps-mid", label="median")
    panel.plot(
        np.broadcast_to(cells, true.shape).ravel(),
        true.ravel(),
        ".",
        color=INK,
        markersize=2.6,
        markeredgewidth=0,
        alpha=0.75,
        label="true replicates",
    )
    panel.set_xlim(-0.5, len(cells) - 0.5)
    light_grid(panel, "y")


def _densities(panel: Axes, true: Array, drawn: Array) -> None:
    both = np.concatenate([true, drawn])
    edges = np.histogram_bin_edges(both, BINS)
    look: dict[str, Any] = {"bins": edges, "density": True, "orientation": "horizontal"}
    panel.hist(true, color="#B8BDC4", **look)
    panel.hist(drawn, histtype="step", color=BLUE, linewidth=1.5, **look)
    panel.set_xticks([])
    light_grid(panel, "y")
