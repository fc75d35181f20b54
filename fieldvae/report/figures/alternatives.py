"""Scores of several runs with their intervals, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fieldvae.evaluation.alternatives import Comparison
from fieldvae.report.style import BLUE, GRAY, INK, SHADE, Plot, light_grid, new_figure, png

PANELS = (
    ("energy_score", "energy score", 1.0, None),
    ("crps", "CRPS", 1.0, None),
    ("coverage_90", "90 % coverage", 100.0, 90.0),
    ("spread_skill", "spread / error", 1.0, 1.0),
)
"""Key, title, factor and what is right, of the scores that are drawn."""

DIFFERENCES = {"energy_score": ("energy score", "o", -0.13), "crps": ("CRPS", "s", 0.13)}
"""Name, marker, and how far from the middle of a run's row."""


def alternatives_plot(found: Comparison) -> Plot:
    """Draw the scores of every run, and the paired differences where there are any.

    Parameters
    ----------
    found
        The runs.
    """
    rows, runs = len(found.fields), len(found.runs)
    several = bool(found.differences)
    figure = new_figure(rows * (0.75 + 0.3 * runs), pads=(0.08, 0.04))
    panels = figure.subplots(rows, len(PANELS) + several, squeeze=False, sharey=True)
    for field, line in zip(found.fields, panels, strict=True):
        for panel, (key, title, factor, right) in zip(line[several:], PANELS, strict=True):
            if right is not None:
                panel.axvline(right, color=INK, linewidth=1.2, linestyle=(0, (4, 2)), zorder=1)
            _draw_scores(panel, found, field.name, key, factor)
            panel.set_xlabel(title)
        if several:
            _draw_differences(line[0], found, field.name)
        line[0].set_yticks(np.arange(runs), [_short(run.name) for run in found.runs])
        line[0].set_ylim(runs - 0.5, -0.5)
        for panel in line:
            panel.tick_params(axis="y", length=0)
            panel.locator_params(axis="x", nbins=3)
            light_grid(panel, "x")
        if rows > 1:
            line[0].set_title(field.title, loc="left", color=INK)
    if several:
        figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return Plot("alternatives", "Scores side by side", _caption(found, several), png(figure))


def _short(name: str, longest: int = 20) -> str:
    return name if len(name) <= longest else f"\N{HORIZONTAL ELLIPSIS}{name[1 - longest :]}"


def _caption(found: Comparison, several: bool) -> str:
    told = "Dots with 95 % bootstrap intervals over the held-out samples"
    if several:
        told = (
            f"First panel: difference of a run's score from that of {found.reference.name} on the "
            "same samples, in percent, with the 95 % bootstrap interval of the paired difference; "
            "left of the line is better. Other panels: the scores themselves with their own "
            "intervals, which are wide because samples differ from each other: whether two runs "
            "differ is read off the first panel"
        )
    return f"{told}. Lower energy scores and CRPS are better; dashed lines are what is right."


def _draw_scores(panel: Axes, found: Comparison, field: str, key: str, factor: float) -> None:
    for place, run in enumerate(found.runs):
        scores = run.scores[field]
        _draw_point(panel, place, scores.get(key), scores.get(f"{key}_interval"), factor=factor)
    low, high = panel.get_xlim()
    panel.set_xlim(low - 0.06 * (high - low), high + 0.06 * (high - low))


def _draw_differences(panel: Axes, found: Comparison, field: str) -> None:
    panel.axvline(0, color=INK, linewidth=1, zorder=1)
    for key, (title, marker, shift) in DIFFERENCES.items():
        for number, (name, by_field) in enumerate(found.differences.items()):
            place = [run.name for run in found.runs].index(name)
            pair = by_field[field][key]
            _draw_point(
                panel,
                place + shift,
                pair["relative"],
                pair["relative_interval"],
                factor=100.0,
                marker=marker,
                filled=key == "energy_score",
                label=title if number == 0 else None,
            )
    panel.axhspan(-0.5, 0.5, color=SHADE, alpha=0.35, linewidth=0, zorder=0)
    panel.set_xlabel("difference (%)")
    for place, run in enumerate(found.runs):
        if run.name not in found.differences:
            _tell(panel, place, "other samples" if place else "reference")


def _tell(panel: Axes, place: int, words: str) -> None:
    """Write words into a row, on the side of zero that has more room."""
    low, high = panel.get_xlim()
    left = -low > high
    panel.text(
        0.04 if left else 0.96,
        place,
        words,
        transform=panel.get_yaxis_transform(),
        ha="left" if left else "right",
        va="center",
        fontsize=7,
        color=GRAY,
    )


def _draw_point(
    panel: Axes,
    place: float,
    value: float | None,
    interval: Sequence[float | None] | None,
    *,
    factor: float,
    marker: str = "o",
    label: str | None = None,
    filled: bool = True,
) -> None:
    if value is None:
        return
    low, high = interval or (None, None)
    ends: Any = None
    if low is not None and high is not None:
        ends = [[factor * max(0.0, value - low)], [factor * max(0.0, high - value)]]
    panel.errorbar(
        [factor * value],
        [place],
        xerr=ends,
        marker=marker,
        markersize=4.5,
        elinewidth=1.4,
        capsize=2,
        color=BLUE,
        markerfacecolor=BLUE if filled else "white",
        label=label,
        linestyle="none",
    )
