"""How starts went: objective, statistic, self-check and spread by iteration (Fig. 8, 18)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.report.figures.design_words import statistic_words
from fieldvae.report.figures.pictures import capital
from fieldvae.report.style import (
    BLUE,
    GREEN,
    ORANGE,
    RED,
    Plot,
    component_title,
    light_grid,
    new_figure,
    png,
    with_units,
)

COLUMNS = 2

SINGLES: Mapping[str, dict[str, Any]] = {
    "best": {"color": GREEN},
    "median": {"color": ORANGE},
    "worst": {"color": RED},
}

COMPONENTS = (BLUE, ORANGE, GREEN, RED, "#CC79A7", "#56B4E9")
"""Colors of components and conditions; more of them are not shown."""

LEGEND: dict[str, Any] = {
    "loc": "best",
    "frameon": True,
    "framealpha": 0.8,
    "facecolor": "white",
    "edgecolor": "none",
}

DECADES = 30.0
"""Ratio of greatest to least value from which an axis is logarithmic."""


def design_courses(
    designs: xr.Dataset, analysis: xr.Dataset, fields: Mapping[str, FieldSpec]
) -> Plot | None:
    """Draw medians and bands over starts, and single starts; ``None`` where all failed.

    Parameters
    ----------
    designs, analysis
        As stored.
    fields
        The task's, by name.
    """
    if "statistic_quantiles" not in analysis:
        return None
    spread = [n for n in fields if f"{n}.deviation_course" in analysis]
    draws = [_statistic, _objective]
    if "self_check_quantiles" in analysis:
        draws.append(_self_check)
    rows = -(-(len(draws) + len(spread)) // COLUMNS)
    figure = new_figure(0.35 + 2.1 * rows, pads=(0.08, 0.06))
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for panel, draw in zip(axes, draws, strict=False):
        draw(panel, designs, analysis, fields)
    for panel, name in zip(axes[len(draws) :], spread, strict=False):
        _deviation(panel, analysis, fields[name])
    for panel in axes[len(draws) + len(spread) :]:
        panel.set_visible(False)
    for panel in axes[: len(draws) + len(spread)]:
        panel.set_xlabel("iteration")
        panel.margins(x=0.01)
        light_grid(panel)
    return Plot("design-courses", "From start to design", _caption(designs, analysis), png(figure))


def _statistic(
    panel: Axes, designs: xr.Dataset, analysis: xr.Dataset, fields: Mapping[str, FieldSpec]
) -> None:
    course = designs["statistic_course"]
    _band(panel, analysis["statistic_quantiles"], BLUE)
    _singles(panel, course, analysis)
    panel.set_ylabel(with_units(statistic_words(designs), course.attrs["units"]))
    panel.set_title(capital(str(designs["quantity"].attrs["long_name"])), loc="left")
    panel.legend(**LEGEND)


def _objective(
    panel: Axes, designs: xr.Dataset, analysis: xr.Dataset, fields: Mapping[str, FieldSpec]
) -> None:
    found = analysis["objective_quantiles"]
    _band(panel, found, BLUE)
    _singles(panel, designs["objective"], analysis)
    panel.set_ylabel("objective")
    panel.set_title("What is minimized", loc="left")
    _maybe_logarithmic(panel, found.values)


def _self_check(
    panel: Axes, designs: xr.Dataset, analysis: xr.Dataset, fields: Mapping[str, FieldSpec]
) -> None:
    found = analysis["self_check_quantiles"]
    names = [str(name) for name in found["condition"].values]
    for name, color in zip(names, COMPONENTS, strict=False):
        title = fields[name].title if name in fields else name
        _band(panel, found.sel(condition=name), color, label=title)
        if "self_check_tolerance" in analysis:
            limit = float(analysis["self_check_tolerance"].sel(condition=name))
            panel.axhline(limit, color=color, linestyle="--", linewidth=1)
    panel.set_ylabel("self-check error")
    panel.set_title("Recovered conditions; dashed: tolerance", loc="left")
    panel.legend(**LEGEND)
    _maybe_logarithmic(panel, found.values)


def _deviation(panel: Axes, analysis: xr.Dataset, field: FieldSpec) -> None:
    found = analysis[f"{field.name}.deviation_course"]
    dimension = f"{field.name}_component"
    for index, color in zip(range(len(field.labels)), COMPONENTS, strict=False):
        label = component_title(field, field.labels[index])
        one = found.isel({dimension: index})
        _band(panel, one, color, label=label, along="record", marker="o", markersize=3)
    panel.set_ylabel(with_units("standard deviation", field.units))
    panel.set_title(f"{capital(field.title)}, over the grid", loc="left")
    if len(field.labels) > 1:
        panel.legend(**LEGEND, ncols=2 if len(field.labels) > 3 else 1)


def _band(
    panel: Axes,
    quantiles: xr.DataArray,
    color: str,
    *,
    label: str = "median of all starts",
    along: str = "iteration",
    **look: Any,
) -> None:
    """Draw the median, and what lies around it: half and nine tenths of the starts."""
    steps = quantiles[along].values
    values = quantiles.transpose("quantile", along).values
    for outer, opacity in ((0, 0.13), (1, 0.22)):
        low, high = values[outer], values[-1 - outer]
        panel.fill_between(steps, low, high, color=color, alpha=opacity, linewidth=0)
    panel.plot(steps, values[len(values) // 2], color=color, label=label, **look)


def _singles(panel: Axes, course: xr.DataArray, analysis: xr.Dataset) -> None:
    for rule, look in SINGLES.items():
        sample = int(analysis["chosen"].sel(rule=rule))
        values = course.isel(sample=sample)
        panel.plot(
            course["iteration"].values,
            values,
            linewidth=0.8,
            alpha=0.9,
            label=f"{rule} design",
            **look,
        )


def _maybe_logarithmic(panel: Axes, values: Array) -> None:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0 and high > DECADES * low:
        panel.set_yscale("log")


def _caption(designs: xr.Dataset, analysis: xr.Dataset) -> str:
    chosen = {rule: int(analysis["chosen"].sel(rule=rule)) for rule in SINGLES}
    words = [
        "Median over all starts, with bands that hold the middle 50 % and 90 % of them, and three "
        "single ones: by the statistic over fresh realizations at the end, the best (start "
        f"{chosen['best']}), the median ({chosen['median']}) and the worst ({chosen['worst']}) "
        "design. All is of the realizations that were optimized with; the histograms above have "
        "the fresh ones."
    ]
    if any(str(name).endswith(".deviation_course") for name in analysis.data_vars):
        words.append("The spread over the grid is known at the recorded iterations.")
    return " ".join(words)
