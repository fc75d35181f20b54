"""Errors of recovered conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.evaluation.scores import Array
from fieldvae.report.style import BLUE, GRAY, RED, SHADE, Plot, light_grid, new_figure, png

COLUMNS = 3
BINS = 36

MEASURES = {
    "spread": "error in units of the channel's spread",
    "relative": "error relative to the condition",
}
"""Words for what errors are divided by, ``prediction.error`` of the task."""

FARTHEST = 3.0
"""Errors beyond this many times the 98 % quantile are gathered in the last bin."""


def self_check_plot(
    details: xr.Dataset, scores: dict[str, Any], *, titles: Mapping[str, str], measure: str
) -> Plot:
    """Draw the errors of real fields with right and wrong conditions, one panel a condition.

    Parameters
    ----------
    details
        The stored evaluation.
    scores
        ``self_check`` of the metrics.
    titles
        What conditions are called.
    measure
        ``spread``, ``relative``, or empty where it is not known: what errors are divided by.
    """
    names = [str(name) for name in details["condition"].values if name != "all"]
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    gathered = False
    figure = new_figure(0.6 + 2.0 * rows)
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
        top, cut = _right_end(everything)
        edges = np.linspace(0, top, BINS + 1)
        gathered |= cut
        for label, (values, shade) in groups.items():
            density, _ = np.histogram(np.minimum(values, top), bins=edges, density=True)
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
                xytext=(2, 0),
                textcoords="offset points",
                rotation=90,
                ha="left",
                va="top",
                fontsize=7.5,
                color="#5F6368",
            )
        area = scores.get(name, {}).get("auc")
        title = titles.get(name, name.replace("_", " "))
        panel.set_title(f"{title}\nAUC {area:.2f}" if area is not None else title, loc="left")
        panel.set_yticks([])
        panel.set_xlim(0, top * 1.01)
        panel.spines["left"].set_visible(False)
        light_grid(panel, "x")
    for panel in axes[len(names) :]:
        panel.set_visible(False)
    axes[0].set_ylabel("density")
    figure.supxlabel(MEASURES.get(measure, "error"), fontsize="medium")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return Plot(
        "self-check-errors",
        "Errors of recovered conditions",
        "Errors of the conditions that the encoder recovers from held-out real fields, with their "
        "own conditions and with another sample's, and from realizations. Good: the two real "
        "groups lie apart, and realizations err as real fields do. AUC, the area under the ROC "
        "curve, is the probability that a real field errs less with its own conditions than "
        "another with wrong ones: 1 tells all apart, 0.5 sees nothing."
        + (" The last bin holds all larger errors too." if gathered else ""),
        png(figure),
    )


def _right_end(errors: Array) -> tuple[float, bool]:
    """Where the axis ends, and whether some errors lie beyond: all are shown, but outliers."""
    greatest = float(errors.max())
    bound = FARTHEST * float(np.quantile(errors, 0.98))
    if 0 < bound < greatest:
        return bound, True
    return (greatest or 1.0) * 1.001, False
