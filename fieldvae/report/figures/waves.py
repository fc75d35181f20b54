"""Spread over error by the length of waves."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fieldvae.evaluation.verdicts import LEAST_SHARE, WAVE_BOUNDS
from fieldvae.field import FieldSpec
from fieldvae.report.figures.spectra import logarithmic
from fieldvae.report.style import (
    GRAY,
    INK,
    MARKERS,
    Plot,
    color,
    light_grid,
    model_name,
    new_figure,
    png,
    with_units,
)

LENGTHS = (1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 8)
"""First digits of wavelengths that may be written at the axis."""


def wave_plot(fields: Sequence[FieldSpec], metrics: Mapping[str, Any], units: str) -> Plot:
    """Draw how wide ensembles are for their errors, wave by wave, a row a field.

    Parameters
    ----------
    fields
        The output fields.
    metrics
        The content of ``metrics.json``.
    units
        Of lengths.
    """
    figure = new_figure(0.4 + 2.1 * len(fields))
    panels = figure.subplots(len(fields), 1, squeeze=False, sharex=True)[:, 0]
    models = [name for name in metrics if metrics[name].get("waves")]
    drawn: set[float] = set()
    for panel, field in zip(panels, fields, strict=True):
        panel.axhspan(*WAVE_BOUNDS, color="#F1F3F5", zorder=0)
        panel.axhline(1, color=GRAY, linewidth=0.8, zorder=1)
        shown = [np.array(WAVE_BOUNDS)]
        for name in models:
            waves = metrics[name]["waves"][field.name]
            kept = [i for i, share in enumerate(waves["error_share"]) if share >= LEAST_SHARE]
            wavenumbers = [waves["wavenumber"][i] for i in kept]
            drawn.update(wavenumbers)
            ratio = np.array([waves["spread_skill"][i] for i in kept], dtype=float)  # None: NaN
            ends = np.array([waves["spread_skill_interval"][i] for i in kept], dtype=float)
            ends = ends.reshape(-1, 2)
            panel.errorbar(
                wavenumbers,
                ratio,
                yerr=np.nan_to_num(np.maximum([ratio - ends[:, 0], ends[:, 1] - ratio], 0)),
                label=model_name(name),
                markersize=5 if name == "model" else 4,
                linewidth=1,
                elinewidth=1,
                color=color(name),
                marker=MARKERS.get(name, "v"),
                zorder=4 if name == "model" else 3,
            )
            shown += [ratio, ends.ravel()]
        values = np.concatenate(shown)
        logarithmic(panel, values[np.isfinite(values) & (values > 0)])
        panel.set_ylabel("spread over error")
        if len(fields) > 1:
            panel.set_title(field.title, loc="left", color=INK)
        light_grid(panel, "y")
    _mark_lengths(panels[-1], drawn)
    panels[-1].set_xlabel(with_units("wavelength", "cells" if units == "1" else units))
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=4, columnspacing=1
    )
    low, high = WAVE_BOUNDS
    return Plot(
        "waves",
        "Spread over error by wavelength",
        "The ensemble's spread over the error of its mean, from long waves to short ones, spaced "
        "by their wavenumber"
        + ("; at the left end stands the mean over the grid. " if 0 in drawn else ". ")
        + "Along axes that do not repeat waves are cosines, up to twice the grid's length. Good: "
        f"on the line; the band is from {low} to {high}. "
        "Below it on the left, means over regions are less sure than they look, though every cell "
        "by itself may be right; above it on the right, realizations are rougher than the truth. "
        "Waves with less than a thousandth of the error are left out. Bars are 95 % bootstrap "
        "intervals over test samples.",
        png(figure),
    )


def _mark_lengths(panel: Axes, wavenumbers: Collection[float]) -> None:
    """Write round wavelengths at an axis of wavenumbers, and the mean at zero where it is drawn."""
    marks = {0.0: "mean"} if 0 in wavenumbers else {}
    waves = [k for k in wavenumbers if k > 0]
    low, high = panel.get_xlim()
    if waves:
        longest, shortest = (math.floor(math.log10(2 * math.pi / k)) for k in (min(waves), high))
        lengths = [d * 10.0**power for power in range(shortest, longest + 1) for d in LENGTHS]
        for length in reversed(lengths):
            k = 2 * math.pi / length
            if low <= k <= high and all(abs(k - other) >= (high - low) / 16 for other in marks):
                marks[k] = f"{length:g}"
    panel.set_xticks(list(marks), list(marks.values()))
