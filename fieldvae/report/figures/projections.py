"""Fields and conditions as points of a plane, the first two principal components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from fieldvae.evaluation.projections import TOGETHER
from fieldvae.evaluation.scores import Array
from fieldvae.report.figures.coloring import PointColors, point_colors
from fieldvae.report.figures.pictures import capital
from fieldvae.report.style import BLUE, INK, Plot, light_grid, new_figure, png

MOST_ROWS = 5
"""Rows shown of a task with more inputs, that of all inputs together among them."""

SOFT = "#5F6368"


def input_projections(details: xr.Dataset, titles: Mapping[str, str]) -> Plot | None:
    """Draw raw inputs, their conditions, and recovered conditions, a row an input.

    Parameters
    ----------
    details
        The stored evaluation.
    titles
        What fields are called.
    """
    names = _names(details, "raw")
    if not names:
        return None
    shown = names if len(names) <= MOST_ROWS else [*names[: MOST_ROWS - 1], names[-1]]
    estimates = [_stored(details, "estimate", name, "smoothed") for name in shown]
    recovered = bool(np.isfinite(np.concatenate(estimates)).any())
    figure = new_figure(0.6 + 2.1 * len(shown))
    grid = figure.subplots(len(shown), 3, squeeze=False)
    colors = _colors(details)
    for row, name in zip(grid, shown, strict=True):
        title = "all inputs together" if name == TOGETHER else titles.get(name, name)
        _scatter(row[0], details, name, "raw", colors)
        _scatter(row[1], details, name, "smoothed", colors)
        _compare(row[2], details, name, "smoothed")
        _share_limits(row[1], row[2])
        row[0].set_title(f"{capital(title)}: raw", loc="left", color=INK)
        row[1].set_title("smoothed", loc="left", color=INK)
        row[2].set_title("smoothed, test samples", loc="left", color=INK)
    second = ("smoothed", "recovered by the encoder" if recovered else "")
    _explain(figure, list(grid[:, :2].ravel()), colors, second)
    left_out = len(names) - len(shown)
    words = ", and in blue those that the encoder recovers from their true outputs"
    return Plot(
        "components-of-inputs",
        "Principal components of inputs and conditions",
        "Every point is a sample: all values of a field, as the networks see it, projected on the "
        "two directions in which it varies most. Left, raw inputs of the training part; middle, "
        "the conditions that the smoothers make of them; right, conditions of test samples"
        + (words if recovered else "")
        + ". Raw inputs and conditions each have a basis of their own, fitted on the training "
        "part; the axes say which share of its variance each direction (PC, principal component) "
        "holds. Good: conditions spread more evenly than raw inputs, with no stripes or gaps"
        + (", and recovered ones lie as smoothed ones do" if recovered else "")
        + ". Where the shares are small, two directions show little of a field."
        + (f" {left_out} more inputs are not shown." if left_out else ""),
        png(figure),
    )


def output_projections(details: xr.Dataset, titles: Mapping[str, str]) -> Plot | None:
    """Draw true outputs and realizations, a row an output.

    Parameters
    ----------
    details
        The stored evaluation.
    titles
        What fields are called.
    """
    names = _names(details, "truth")
    if not names:
        return None
    figure = new_figure(0.6 + 2.6 * len(names))
    grid = figure.subplots(len(names), 2, squeeze=False)
    colors = _colors(details)
    for row, name in zip(grid, names, strict=True):
        _scatter(row[0], details, name, "truth", colors)
        _compare(row[1], details, name, "truth")
        title = capital(titles.get(name, name))
        row[0].set_title(f"{title}: truth, training samples", loc="left", color=INK)
        row[1].set_title("test samples", loc="left", color=INK)
        _share_limits(row[0], row[1])
    _explain(figure, list(grid[:, 0]), colors, ("truth", "realization, one a sample"))
    return Plot(
        "components-of-outputs",
        "Principal components of outputs",
        "Every point is a field. Left, true outputs of the training part, whose two directions of "
        "greatest variance are the axes; right, on the same axes, true outputs of test samples "
        "and one realization of each, drawn without rejection. Good: realizations lie as the "
        "truth does, as wide and as round.",
        png(figure),
    )


def _names(details: xr.Dataset, kind: str) -> list[str]:
    if "pca.share" not in details:
        return []
    return [name for name, found in _rows(details) if found == kind]


def _rows(details: xr.Dataset) -> list[tuple[str, str]]:
    """Field and kind of every set that was projected."""
    names, kinds = details["projection_field"].values, details["projection_kind"].values
    return [(str(name), str(kind)) for name, kind in zip(names, kinds, strict=True)]


def _stored(details: xr.Dataset, variable: str, name: str, kind: str) -> Array:
    values = details[f"pca.{variable}"].isel(projection=_rows(details).index((name, kind)))
    return np.asarray(values.transpose(..., "principal").values)


def _points(details: xr.Dataset, variable: str, name: str, kind: str) -> Array:
    """Points of the plane; by rank along the second axis where there is no second direction."""
    points = _stored(details, variable, name, kind)
    if _stored(details, "share", name, kind)[1] > 0:
        return points
    ranks = points[:, 0].argsort(kind="stable").argsort(kind="stable")
    return np.column_stack([points[:, 0], ranks / max(1, len(points) - 1)])


def _colors(details: xr.Dataset) -> PointColors:
    coordinate = details.get("pca.reference_color")
    return point_colors(coordinate, details.sizes["reference_point"])


def _scatter(panel: Axes, details: xr.Dataset, name: str, kind: str, colors: PointColors) -> None:
    points = _points(details, "reference", name, kind)
    panel.scatter(points[:, 0], points[:, 1], c=colors.points, s=5, linewidths=0)
    _label(panel, details, name, kind)


def _compare(panel: Axes, details: xr.Dataset, name: str, kind: str) -> None:
    truth = _points(details, "held_out", name, kind)
    estimate = _points(details, "estimate", name, kind)
    panel.scatter(truth[:, 0], truth[:, 1], s=8, facecolors="none", edgecolors=INK, linewidths=0.6)
    if np.isfinite(estimate[:, 0]).any():
        panel.scatter(estimate[:, 0], estimate[:, 1], s=6, color=BLUE, linewidths=0)
    _label(panel, details, name, kind)


def _label(panel: Axes, details: xr.Dataset, name: str, kind: str) -> None:
    first, second = _stored(details, "share", name, kind)
    if first == 0:
        panel.annotate(
            "the same for all samples",
            (0.5, 0.5),
            xycoords="axes fraction",
            ha="center",
            va="center",
            color=SOFT,
        )
        panel.set_xticks([])
        panel.set_yticks([])
        return
    panel.set_xlabel(f"PC 1 ({_percent(first)})")
    panel.set_ylabel(f"PC 2 ({_percent(second)})" if second > 0 else "rank among samples")
    panel.locator_params(nbins=5)
    light_grid(panel)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"


def _share_limits(*panels: Axes) -> None:
    """Show the same part of the plane in panels of the same basis."""
    xs = [limit for panel in panels for limit in panel.get_xlim()]
    ys = [limit for panel in panels for limit in panel.get_ylim()]
    for panel in panels:
        panel.set(xlim=(min(xs), max(xs)), ylim=(min(ys), max(ys)))


def _explain(
    figure: Figure, panels: list[Axes], colors: PointColors, test: tuple[str, str]
) -> None:
    """Write a legend above all panels: groups of training samples, then test samples."""
    colors.explain(figure, panels)
    handles = colors.handles()
    if handles:
        handles.insert(0, Line2D([], [], linestyle="", label=f"{colors.title}:"))
    look: dict[str, Any] = {"marker": "o", "linestyle": "", "markersize": 4}
    truth, estimate = test
    handles.append(Line2D([], [], markerfacecolor="none", color=INK, label=truth, **look))
    if estimate:
        handles.append(Line2D([], [], color=BLUE, label=estimate, **look))
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=len(handles),
        handlelength=0.6,
        handletextpad=0.35,
        columnspacing=0.9,
    )
