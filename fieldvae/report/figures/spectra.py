"""Power by wavenumber."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from fieldvae.field import FieldSpec
from fieldvae.report.style import (
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


def spectrum_plot(fields: Sequence[FieldSpec], details: xr.Dataset) -> Plot:
    """Draw the power of the waves, and its ratio to the truth's, a row a field.

    Parameters
    ----------
    fields
        The output fields.
    details
        The stored evaluation.
    """
    wavenumber = details["wavenumber"].values
    units = details["wavenumber"].attrs.get("units", "")
    figure = new_figure(0.4 + 2.3 * len(fields))
    grid = figure.subplots(len(fields), 2, squeeze=False)
    sources = [str(s) for s in details["source"].values]
    for (left, right), field in zip(grid, fields, strict=True):
        power = details["power"].sel(field=field.name)
        truth = power.sel(source="truth").values
        for source in sources:
            values = power.sel(source=source).values
            marker = MARKERS.get(source, "v")
            look = {
                "color": color(source),
                "markersize": 4,
                "zorder": 4 if source == "model" else 3,
            }
            if source == "truth":
                left.plot(wavenumber, values, color=INK, linewidth=2.2, label="truth", zorder=1)
                right.axhline(1, color=INK, linewidth=2.2, zorder=1)
                continue
            left.plot(
                wavenumber, values, marker=marker, linewidth=1, label=model_name(source), **look
            )
            with np.errstate(divide="ignore", invalid="ignore"):
                right.plot(wavenumber, values / truth, marker=marker, linewidth=1, **look)
        positive = truth[truth > 0]
        if len(positive) and positive.max() / positive.min() > 30:
            left.set_yscale("log")
        else:
            left.set_ylim(bottom=0)
        low, high = right.get_ylim()
        reach = max(0.1, 1 - low, high - 1)
        right.set_ylim(1 - reach, 1 + reach)
        left.set_ylabel("power per wave" if len(fields) == 1 else f"{field.title}: power per wave")
        right.set_ylabel("power over the truth's")
        for panel in (left, right):
            light_grid(panel)
            panel.set_xlabel(f"wavenumber $|k|$ ({pretty_units(units)})")
    grid[0, 0].legend(handlelength=1.5)
    return Plot(
        "spectrum",
        "Spectrum",
        "Left: mean square of the field's waves, from long to short ones (components divided by "
        "their training spread and summed; the mean over the grid left out). Right: the same over "
        "the truth's. Good: on the line; a fall to the right means fields that are too smooth. The "
        "truth is one draw a sample, so it scatters by a few percent itself.",
        png(figure),
    )
