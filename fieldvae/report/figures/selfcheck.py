"""Errors of recovered conditions."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from fieldvae.report.style import BLUE, GRAY, RED, SHADE, Plot, light_grid, new_figure, png

COLUMNS = 3
BINS = 36


def self_check_plot(details: xr.Dataset, scores: dict[str, Any]) -> Plot:
    """Draw the errors of real fields with right and wrong conditions, one panel a condition.

    Parameters
    ----------
    details
        The stored evaluation.
    scores
        ``self_check`` of the metrics.
    """
    names = [str(name) for name in details["condition"].values if name != "all"]
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(0.5 + 1.9 * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for name, panel in zip(names, axes, strict=False):
        chosen = details.sel(condition=name)
        groups = {
            "real, own conditions": (chosen["self_check.real"].values, SHADE),
            "real, another's conditions": (chosen["self_check.shuffled"].values, RED),
        }
        if "self_check.realizations" in chosen:
            groups["realizations"] = (chosen["self_check.realizations"].values, BLUE)
        everything = np.concatenate([values for values, _ in groups.values()])
        top = 1.05 * float(np.quantile(everything, 0.995))
        edges = np.linspace(0, top, BINS + 1)
        for label, (values, shade) in groups.items():
            density, _ = np.histogram(values, bins=edges, density=True)
            panel.stairs(
                density, edges, fill=shade == SHADE, color=shade, linewidth=1.5, label=label
            )
        tolerance = float(chosen["self_check.tolerance"])
        if tolerance < top:
            panel.axvline(tolerance, color=GRAY, linestyle="--", linewidth=1.1)
            panel.annotate(
                "tolerance",
                (tolerance, 0.97),
                xycoords=("data", "axes fraction"),
                rotation=90,
                ha="right",
                va="top",
                fontsize=7.5,
                color="#5F6368",
            )
        area = scores.get(name, {}).get("auc")
        panel.set_title(f"{name}: AUC {area:.2f}" if area is not None else name, loc="left")
        panel.set_xlabel("condition error")
        panel.set_yticks([])
        panel.set_xlim(0, top)
        panel.spines["left"].set_visible(False)
        light_grid(panel, "x")
    for panel in axes[len(names) :]:
        panel.set_visible(False)
    axes[0].set_ylabel("density")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return Plot(
        "self-check-errors",
        "Errors of recovered conditions",
        "Errors of the conditions that the encoder recovers from held-out real fields, with their "
        "own conditions and with another sample's, and from realizations. Good: the two real "
        "groups lie apart (AUC near 1; 0.5 sees nothing), and realizations err as real fields do.",
        png(figure),
    )
