"""How far the model lies from each baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fieldvae.field import FieldSpec
from fieldvae.report.style import INK, Plot, color, light_grid, model_name, new_figure, png

SCORES = {"energy_score": ("energy score", "o"), "crps": ("CRPS", "s")}


def comparison_plot(fields: Sequence[FieldSpec], comparison: Mapping[str, Any]) -> Plot:
    """Draw the paired difference of the scores with its interval, a row a baseline and field.

    Parameters
    ----------
    fields
        The output fields.
    comparison
        ``model.comparison`` of the metrics.
    """
    return Plot(
        "comparison",
        "The model against its baselines",
        "Difference of the model's score from the baseline's on the same test samples, in percent "
        "of the baseline's, with 95 % bootstrap intervals of the paired difference. Good: the "
        "interval lies left of the line. Each panel has its own scale.",
        png(comparison_figure(fields, comparison)),
    )


def comparison_figure(fields: Sequence[FieldSpec], comparison: Mapping[str, Any]) -> Figure:
    """Draw what :func:`comparison_plot` shows."""
    baselines = list(comparison)
    figure = new_figure(0.9 + 0.36 * len(SCORES) * len(fields))
    grid = figure.subplots(1, len(baselines), squeeze=False, sharey=True)[0]
    rows = [(field, score) for field in fields for score in SCORES]
    for panel, baseline in zip(grid, baselines, strict=True):
        panel.axvline(0, color=INK, linewidth=1)
        for place, (field, score) in enumerate(rows):
            found = comparison[baseline][field.name][score]
            value = found["relative"]
            low, high = found["relative_interval"]
            if value is None:
                continue
            ends = [[0.0], [0.0]]
            if low is not None and high is not None:
                ends = [[max(0, 100 * (value - low))], [max(0, 100 * (high - value))]]
            panel.errorbar(
                [100 * value],
                [place],
                xerr=ends,
                marker=SCORES[score][1],
                color=color("model"),
                markersize=6,
                elinewidth=2,
                capsize=3,
            )
        panel.set_title(f"against {model_name(baseline)}", loc="left")
        _show_both_sides(panel)
        panel.set_xlabel("difference (%)\n\N{LEFTWARDS ARROW} model better")
        light_grid(panel, "x")
    several = len(fields) > 1
    labels = [f"{f.title}: {SCORES[s][0]}" if several else SCORES[s][0] for f, s in rows]
    grid[0].set_yticks(np.arange(len(rows)), labels)
    grid[0].set_ylim(len(rows) - 0.4, -0.6)
    return figure


def _show_both_sides(panel: Axes) -> None:
    """Keep the line at zero in sight, with some room to either side."""
    low, high = panel.get_xlim()
    reach = max(abs(low), abs(high))
    panel.set_xlim(min(low, -0.15 * reach), max(high, 0.15 * reach))
