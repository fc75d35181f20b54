"""Losses by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fieldvae.report.style import BLUE, GRAY, ORANGE, Plot, light_grid, new_figure, png

COLUMNS = 3

TITLES = {"total": "sum of all, weighted", "kl": "KL"}
"""What terms are called whose names do not say it."""


def training_plot(history: Sequence[dict[str, Any]]) -> Plot:
    """Draw every term of the loss over the epochs, one panel each.

    Parameters
    ----------
    history
        One dict an epoch, as ``history.jsonl`` has them.
    """
    terms = list(history[0]["train"])
    panels = len(terms) + 1
    rows = -(-panels // COLUMNS)
    figure = new_figure(0.35 + 1.7 * rows, pads=(0.04, 0.08))
    grid = figure.subplots(rows, COLUMNS, squeeze=False)
    axes = list(grid.ravel())
    epochs = [entry["epoch"] for entry in history]
    for term, panel in zip(terms, axes, strict=False):
        for part, shade in (("train", GRAY), ("validation", BLUE)):
            values = [(entry.get(part) or {}).get(term, np.nan) for entry in history]
            if np.isfinite(values).any():
                panel.plot(epochs, values, color=shade, label=part, zorder=3)
        panel.set_title(TITLES.get(term, term.replace("_", " ")))
        _logarithmic_where_wide(panel)
    rate = axes[len(terms)]
    rate.plot(epochs, [entry["learning_rate"] for entry in history], color=ORANGE)
    rate.set_title("learning rate")
    rate.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    for panel in axes[:panels]:
        light_grid(panel)
    for panel in axes[panels:]:
        panel.set_visible(False)
    for panel in axes[max(0, panels - COLUMNS) : panels]:
        panel.set_xlabel("epoch")
    axes[0].legend()
    return Plot(
        "training",
        "Losses by epoch",
        f"Terms of the loss, unweighted, over {len(history)} epochs "
        f"({_duration(sum(entry['seconds'] for entry in history))}). "
        f"{_spelled_out(terms)}"
        "Good: validation falls with training and stays level; a rise at the end is overfitting.",
        png(figure),
    )


def _duration(seconds: float) -> str:
    """Minutes, or seconds where there are fewer than two minutes.

    Examples
    --------
    >>> _duration(1.26), _duration(61.0), _duration(342.0)
    ('1.3 seconds', '61 seconds', '5.7 minutes')
    """
    if seconds >= 120:
        return f"{seconds / 60:.1f} minutes"
    return f"{seconds:.1f} seconds" if seconds < 10 else f"{seconds:.0f} seconds"


def _spelled_out(terms: Sequence[str]) -> str:
    """Say what KL is where a panel is called so."""
    if not any("kl" in term.lower().split("_") for term in terms):
        return ""
    return (
        "KL is the Kullback-Leibler divergence of the encoder's posterior from the prior of the "
        "latent variables. "
    )


def _logarithmic_where_wide(panel: Axes) -> None:
    """Use a logarithmic axis where positive values span more than two decades."""
    lines = [np.asarray(line.get_ydata(), dtype=float) for line in panel.get_lines()]
    values = np.concatenate(lines) if lines else np.zeros(1)
    values = values[np.isfinite(values)]
    if len(values) and values.min() > 0 and values.max() / values.min() > 100:
        panel.set_yscale("log")
