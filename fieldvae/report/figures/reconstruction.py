"""Reconstructed against true values."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from fieldvae.field import FieldSpec
from fieldvae.report.figures.reconstruction_maps import shown_number
from fieldvae.report.style import (
    BLUE,
    INK,
    WIDTH,
    Plot,
    component_title,
    light_grid,
    new_figure,
    png,
    with_units,
)

COLUMNS = 3
MOST_COMPONENTS = 9


def parity_plot(field: FieldSpec, details: xr.Dataset, scores: dict[str, Any]) -> Plot:
    """Draw reconstructed values over true ones, one panel a component.

    Parameters
    ----------
    field
        The field.
    details
        The stored evaluation.
    scores
        ``reconstruction.<field>`` of the metrics.
    """
    labels = field.labels[:MOST_COMPONENTS]
    columns = min(COLUMNS, len(labels))
    rows = -(-len(labels) // columns)
    side = WIDTH / COLUMNS
    figure = new_figure(0.2 + side * rows, width=0.2 + side * columns)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    component = f"{field.name}_component"
    truth = details[f"{field.name}.parity_truth"].transpose(component, ...).values
    found = details[f"{field.name}.parity"].transpose(component, ...).values
    for x, y, label, panel in zip(truth, found, labels, axes, strict=False):
        both = np.concatenate([x, y])
        low, high = np.nanmin(both), np.nanmax(both)
        room = 0.04 * (high - low) or 0.5
        limits = (low - room, high + room)
        panel.plot(limits, limits, color=INK, linewidth=0.8, zorder=1)
        panel.plot(x, y, ".", color=BLUE, markersize=2.2, alpha=0.35, markeredgewidth=0, zorder=2)
        panel.set(xlim=limits, ylim=limits, aspect="equal")
        panel.locator_params(nbins=5)
        name = with_units(component_title(field, label), field.units)
        panel.set_xlabel(f"true {name}")
        panel.set_ylabel(f"reconstructed {name}")
        light_grid(panel)
    for panel in axes[len(labels) :]:
        panel.set_visible(False)
    return Plot(
        f"parity-{field.name}",
        f"Reconstruction of {field.title}",
        f"Test fields encoded and decoded again, {truth.shape[1]} values a component drawn at "
        f"random: R² {shown_number(scores.get('r2'), 1, 3)}, mean relative error "
        f"{shown_number(scores.get('mre'), 100, 1)} % on the min-max scale. Good: points on the "
        "line. Reconstruction feeds the answer to the encoder and says nothing of prediction.",
        png(figure),
    )
