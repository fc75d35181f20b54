"""Optimized inputs on a map of two dimensions, with clusters (Fig. 7 of the paper, right)."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from fieldvae.report.figures.design_words import left_training
from fieldvae.report.style import (
    BLUE,
    GRAY,
    GREEN,
    INK,
    ORANGE,
    RED,
    WIDTH,
    Plot,
    light_grid,
    new_figure,
    png,
)

CLUSTERS = (
    BLUE,
    ORANGE,
    GREEN,
    RED,
    "#CC79A7",
    "#56B4E9",
    "#8C6BB1",
    "#B8A000",
    "#5B4636",
    "#7F8FA9",
)
"""Colors of clusters, the largest first; the first six are of Okabe & Ito's palette."""

MARKS = {"best": ("*", 130), "median": ("D", 36)}
"""Marker and size of the designs that are told apart."""

TITLES = {
    "plain": "as they are",
    "symmetric": "but for shifts, turns, mirrors",
}


def design_map(designs: xr.Dataset, analysis: xr.Dataset) -> Plot | None:
    """Draw every map that is stored; ``None`` without any.

    Parameters
    ----------
    designs, analysis
        As stored.
    """
    if "map_position" not in analysis:
        return None
    names = [str(name) for name in analysis["map"].values]
    outside = left_training(designs)
    figure = new_figure(3.4, width=WIDTH if len(names) > 1 else 0.6 * WIDTH, pads=(0.08, 0.04))
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    for panel, name in zip(panels, names, strict=True):
        _draw(panel, analysis.sel(map=name), outside, analysis)
        panel.set_title(TITLES[name] if len(names) > 1 else "", loc="left")
    return Plot("design-map", "Map of the designs", _caption(analysis, names, outside), png(figure))


def _draw(panel: Axes, one: xr.Dataset, outside: np.ndarray, analysis: xr.Dataset) -> None:
    positions = one["map_position"].transpose("sample", "map_axis").values
    cluster = one["map_cluster"].values.astype(int)
    for number in range(cluster.max() + 1):
        color = CLUSTERS[number % len(CLUSTERS)]
        label = f"{number + 1}: {int((cluster == number).sum())}"
        for rows, face in ((~outside, color), (outside, "none")):
            some = positions[(cluster == number) & rows]
            if not len(some):
                continue
            x, y = some.T
            panel.scatter(
                x,
                y,
                s=20,
                facecolors=face,
                edgecolors=color,
                linewidths=0.8,
                alpha=0.9,
                label=label,
            )
            label = "_"
    for rule, (marker, size) in MARKS.items():
        x, y = positions[int(analysis["chosen"].sel(rule=rule))]
        panel.scatter(x, y, s=size, marker=marker, facecolors="white", edgecolors=INK, zorder=3)
    panel.set_xlabel("Isomap 1")
    panel.set_ylabel("Isomap 2")
    panel.set_aspect("equal", adjustable="datalim")
    panel.tick_params(colors=GRAY)
    panel.margins(0.08)
    light_grid(panel)
    count = cluster.max() + 1
    if count > 1:
        panel.legend(
            title="cluster: designs",
            title_fontsize=8,
            ncols=5 if count > 5 else count,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.2),
            handletextpad=0.1,
            columnspacing=0.9,
        )


def _caption(analysis: xr.Dataset, names: list[str], outside: np.ndarray) -> str:
    words = [
        "Every point is a design; near points are alike (Isomap of the inputs that vary, in "
        "standard deviations of the training data). Axes have no other meaning. "
        "The star is the best design, the diamond the median one."
    ]
    if "symmetric" in names:
        words.append(
            "Left: designs as they are. Right: the same with distances to the nearest of all "
            f"{analysis.attrs['operations'] * analysis.attrs['shifts']:,} copies of a design "
            f"({analysis.attrs['shifts']} shifts times {analysis.attrs['operations']} turns and "
            "mirrors) that the model's symmetry and the goal make as good as it is: copies of "
            "one design, which may form clusters of their own on the left, are one point. Colors "
            "of left and right have nothing to do with each other."
        )
    for name in names:
        one = analysis.sel(map=name)
        count = int(one["map_cluster"].max()) + 1
        silhouette = float(one["map_silhouette"])
        where = f"On the {'left' if name == 'plain' else 'right'}" if len(names) > 1 else "Here"
        told = "no clusters are found" if count == 1 else f"{count} clusters are found"
        if np.isfinite(silhouette):
            told += f" (silhouette of the best division {silhouette:.2f})"
        words.append(
            f"{where}, {told}; two designs differ by {float(one['map_difference']):.2f} standard "
            "deviations (root mean square, median)."
        )
    mapped = int(analysis["map_designs"].max())
    words.append(f"{mapped:,} designs are shown.")
    if outside.any():
        words.append("Hollow points have left the range of training by what varies.")
    return " ".join(words)
