"""Designs beside their starts and the training data, as histograms (Fig. 7 of the paper)."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.design_words import statistic_words
from fieldvae.report.figures.pictures import capital
from fieldvae.report.style import (
    BLUE,
    GRAY,
    ORANGE,
    SHADE,
    Plot,
    light_grid,
    new_figure,
    png,
    with_units,
)

COLUMNS = 3

MOST_BINS = 30
LEAST_BINS = 10
"""Bins of a histogram, as many as twice the root of the number of designs between these."""

TITLE = 32
"""Characters of a line of a panel's title."""

TRAINING, STARTS, DESIGNS, CHOSEN = (
    "training data",
    "starts",
    "designs",
    "designs, as optimized",
)
LOOK: Mapping[str, dict[str, Any]] = {
    TRAINING: {"color": SHADE, "fill": True},
    STARTS: {"color": GRAY, "linewidth": 1.4},
    DESIGNS: {"color": BLUE, "linewidth": 1.6},
    CHOSEN: {"color": ORANGE, "linewidth": 1.6},
}
"""Of every group, in the order of the legend."""

MOST_VALUES = 3
"""Components shown of an input on no grid."""

OUTLIERS = (0.005, 0.995)
"""Quantiles beyond which values are gathered in the first and last bin, with some room."""


@dataclass(frozen=True)
class _Panel:
    """One histogram: groups of values, and a line to compare them with."""

    title: str
    label: str
    groups: Mapping[str, Array]
    limit: float | None = None


def design_histograms(
    designs: xr.Dataset, analysis: xr.Dataset, fields: Mapping[str, FieldSpec]
) -> Plot:
    """Draw self-check errors, variances of the inputs and the goal's statistic.

    Parameters
    ----------
    designs, analysis
        As stored.
    fields
        The task's, by name.
    """
    design = json.loads(designs.attrs["design"])
    panels = [
        *_checks(designs, analysis, fields),
        *(panel for name in design["vary"] for panel in _inputs(designs, analysis, fields[name])),
        *_statistics(designs, analysis, design),
    ]
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    figure = new_figure(0.5 + 1.95 * rows, pads=(0.06, 0.06))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    known: dict[str, Any] = {}
    for panel, each in zip(axes, panels, strict=False):
        _draw(panel, each)
        handles, labels = panel.get_legend_handles_labels()
        known |= dict(zip(labels, handles, strict=True))
    for panel in axes[len(panels) :]:
        panel.set_visible(False)
    for row in range(rows):
        axes[row * columns].set_ylabel("density")
    shown = [name for name in LOOK if name in known]
    figure.legend(
        [known[name] for name in shown], shown, loc="outside upper center", ncols=len(shown)
    )
    return Plot(
        "design-histograms",
        "Designs beside starts and training data",
        _caption(design, panels),
        png(figure),
    )


def _checks(
    designs: xr.Dataset, analysis: xr.Dataset, fields: Mapping[str, FieldSpec]
) -> list[_Panel]:
    if "self_check_error" not in designs:
        return []
    panels = []
    for name in map(str, designs["condition"].values):
        errors = designs["self_check_error"].sel(condition=name)
        groups = {
            STARTS: errors.sel(stage="start").values,
            DESIGNS: errors.sel(stage="optimized").values,
        }
        if "self_check_course" in designs:
            last = designs["self_check_course"].sel(condition=name).isel(iteration=-1)
            groups[CHOSEN] = last.values
        limit = float(analysis["self_check_tolerance"].sel(condition=name))
        title = fields[name].title if name in fields else name
        panels.append(_Panel(f"Self-check: {title}", "self-check error", groups, limit))
    return panels


def _inputs(designs: xr.Dataset, analysis: xr.Dataset, field: FieldSpec) -> list[_Panel]:
    name = field.name
    if f"{name}.variance" in analysis:
        found = analysis[f"{name}.variance"]
        groups = {
            TRAINING: analysis[f"{name}.variance_training"].values,
            STARTS: found.sel(stage="start").values,
            DESIGNS: found.sel(stage="optimized").values,
        }
        label = with_units("variance over the grid", found.attrs["units"])
        return [_Panel(capital(field.title), label, groups)]
    means, known = designs[f"{name}_mean"], analysis[f"{name}.value_training"]
    dimension = next(str(d) for d in means.dims if d not in ("sample", "stage"))
    panels = []
    for index, component in enumerate(field.labels[:MOST_VALUES]):
        after = means.isel({dimension: index})
        groups = {
            TRAINING: known.isel({f"{name}_component": index}).values,
            STARTS: after.sel(stage="start").values,
            DESIGNS: after.sel(stage="optimized").values,
        }
        words = field.title if len(field.labels) == 1 else f"{field.title} {component}"
        panels.append(_Panel(capital(words), with_units("value", field.units), groups))
    return panels


def _statistics(
    designs: xr.Dataset, analysis: xr.Dataset, design: Mapping[str, Any]
) -> list[_Panel]:
    units = designs["statistic"].attrs["units"]
    words = statistic_words(designs)
    title = capital(str(designs["quantity"].attrs["long_name"]))
    single, ensemble = analysis["single"], designs["statistic"]
    last = designs["statistic_course"].isel(iteration=-1).values
    one = {
        TRAINING: analysis["single_training"].values,
        STARTS: single.sel(stage="start").values,
        DESIGNS: single.sel(stage="optimized").values,
    }
    several = {
        STARTS: ensemble.sel(stage="start").values,
        DESIGNS: ensemble.sel(stage="optimized").values,
    }
    if design["latent"]["realizations"] == 1:
        one[CHOSEN] = last
    elif not design["latent"]["renew"]:
        several[CHOSEN] = last
    return [
        _Panel(f"{title}, of one field", with_units(words, units), one),
        _Panel(f"{title}, over {design['evaluation']} fields", with_units(words, units), several),
    ]


def _draw(panel: Axes, each: _Panel) -> None:
    groups = {name: values[np.isfinite(values)] for name, values in each.groups.items()}
    groups = {name: values for name, values in groups.items() if values.size}
    panel.set_title("\n".join(textwrap.wrap(each.title, TITLE)), loc="left", pad=10)
    panel.xaxis.set_major_locator(MaxNLocator(4))
    panel.set_xlabel(each.label)
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    light_grid(panel, "x")
    if not groups:
        return
    ends = np.array([np.quantile(values, OUTLIERS) for values in groups.values()])
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    limit = each.limit
    if limit is not None and low - (high - low) < limit < high + (high - low):
        low, high = min(low, limit), max(high, limit)
    room = 0.04 * (high - low) or 0.5 * abs(high) or 0.5
    bins = 2 * round(np.sqrt(groups[DESIGNS].size)) if DESIGNS in groups else LEAST_BINS
    bins = min(max(bins, LEAST_BINS), MOST_BINS)
    edges = np.linspace(low - room, high + room, bins + 1)
    for name, values in groups.items():
        density, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges, density=True)
        panel.stairs(density, edges, label=name, **LOOK[name])
    panel.set_ylim(bottom=0)
    if limit is not None:
        _mark(panel, limit, edges[0], edges[-1])


def _mark(panel: Axes, limit: float, low: float, high: float) -> None:
    """Draw the tolerance, or say on which side of what is shown it lies."""
    look: dict[str, Any] = {"va": "bottom", "fontsize": 7.5, "color": "#5F6368"}
    if low < limit < high:
        panel.axvline(limit, color="#5F6368", linestyle="--", linewidth=1.1)
        place = ("data", "axes fraction")
        panel.annotate("tolerance", (limit, 1), xycoords=place, ha="center", **look)
        return
    right = limit >= high
    words = f"tolerance {limit:.2g}"
    words = f"{words} \N{RIGHTWARDS ARROW}" if right else f"\N{LEFTWARDS ARROW} {words}"
    panel.annotate(
        words, (float(right), 1), xycoords="axes fraction", ha="right" if right else "left", **look
    )


def _caption(design: Mapping[str, Any], panels: list[_Panel]) -> str:
    words = [
        "Starts and designs are judged by fresh realizations, the same for both, that nothing was "
        f"optimized for: one of each start, and {design['evaluation']} of each together. The "
        "statistic of one field is what training data have too."
    ]
    if any(CHOSEN in panel.groups for panel in panels):
        words.append(
            "As optimized: of the realizations that were optimized with, at the last iteration. "
            "Where designs do worse by fresh ones, the latents were chosen and not the inputs."
        )
    if any(panel.limit is not None for panel in panels):
        words.append("Self-check errors left of the tolerance pass.")
    return " ".join(words)
