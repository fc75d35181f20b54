"""Spread over error by the length of waves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
    pretty_units,
)


def wave_plot(fields: Sequence[FieldSpec], metrics: Mapping[str, Any], units: str) -> Plot:
    """Draw how wide ensembles are for their errors, wave by wave, a row a field.

    Parameters
    ----------
    fields
        The output fields.
    metrics
        The content of ``metrics.json``.
    units
        Of wavenumbers.
    """
    figure = new_figure(0.4 + 2.1 * len(fields))
    panels = figure.subplots(len(fields), 1, squeeze=False)[:, 0]
    models = [name for name in metrics if metrics[name].get("waves")]
    for panel, field in zip(panels, fields, strict=True):
        panel.axhspan(*WAVE_BOUNDS, color="#F1F3F5", zorder=0)
        panel.axhline(1, color=GRAY, linewidth=0.8, zorder=1)
        shown = [np.array(WAVE_BOUNDS)]
        for name in models:
            waves = metrics[name]["waves"][field.name]
            kept = [i for i, share in enumerate(waves["error_share"]) if share >= LEAST_SHARE]
            ratio = np.array([waves["spread_skill"][i] for i in kept], dtype=float)  # None: NaN
            ends = np.array([waves["spread_skill_interval"][i] for i in kept], dtype=float)
            ends = ends.reshape(-1, 2)
            panel.errorbar(
                [waves["wavenumber"][i] for i in kept],
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
    panels[-1].set_xlabel(f"wavenumber $|k|$ ({pretty_units(units)})")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=4, columnspacing=1
    )
    low, high = WAVE_BOUNDS
    return Plot(
        "waves",
        "Spread over error by wavelength",
        "The ensemble's spread over the error of its mean, from long waves to short ones; at zero "
        "stands the mean over the grid. A wave is 2 pi / |k| long; along axes that do not repeat "
        "waves are cosines, up to twice the grid's length. Good: on the line; the band is from "
        f"{low} to {high}. "
        "Below it on the left, means over regions are less sure than they look, though every cell "
        "by itself may be right; above it on the right, realizations are rougher than the truth. "
        "Waves with less than a thousandth of the error are left out. Bars are 95 % bootstrap "
        "intervals over test samples.",
        png(figure),
    )
