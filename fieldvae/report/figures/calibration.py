"""Coverage and rank histograms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.evaluation.calibration import reachable_level
from fieldvae.evaluation.measures import LEVELS, coverage_name
from fieldvae.evaluation.verdicts import COVERAGE_BOUND
from fieldvae.field import FieldSpec
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
)


def coverage_plot(fields: Sequence[FieldSpec], metrics: Mapping[str, Any]) -> Plot:
    """Draw how far observed coverage is from nominal, a row a field.

    Parameters
    ----------
    fields
        The output fields.
    metrics
        The content of ``metrics.json``.
    """
    figure = new_figure(0.4 + 2.1 * len(fields))
    panels = figure.subplots(len(fields), 1, squeeze=False)[:, 0]
    models = [name for name in metrics if _spreads(metrics[name], fields)]
    for panel, field in zip(panels, fields, strict=True):
        panel.axhline(0, color=GRAY, linewidth=0.8, zorder=1)
        for place, model in enumerate(models):
            scores = metrics[model]["prediction"][field.name]
            nominal = [100 * reachable_level(q, scores["realizations"]) for q in LEVELS]
            observed = [100 * _number(scores[coverage_name(q)]) for q in LEVELS]
            ends = [scores.get(f"{coverage_name(q)}_interval") or (None, None) for q in LEVELS]
            error = np.array(
                [
                    [o - 100 * _number(low), 100 * _number(high) - o]
                    for o, (low, high) in zip(observed, ends, strict=True)
                ]
            ).T
            panel.errorbar(
                np.arange(len(LEVELS)) + 0.14 * (place - (len(models) - 1) / 2),
                np.array(observed) - nominal,
                yerr=np.nan_to_num(np.maximum(error, 0)),
                label=model_name(model),
                markersize=6 if model == "model" else 4.5,
                elinewidth=1.2,
                color=color(model),
                marker=MARKERS.get(model, "v"),
                linestyle="none",
            )
        panel.set_xticks(range(len(LEVELS)), [f"{100 * level:.0f} %" for level in LEVELS])
        panel.set_xlim(-0.5, len(LEVELS) - 0.5)
        low, high = panel.get_ylim()
        bound = max(5.0, -low, high)
        panel.set_ylim(-bound, bound)
        panel.axhspan(-100 * COVERAGE_BOUND, 100 * COVERAGE_BOUND, color="#F1F3F5", zorder=0)
        panel.set_ylabel("observed \N{MINUS SIGN} nominal\n(percentage points)")
        if len(fields) > 1:
            panel.set_title(field.title, loc="left", color=INK)
        light_grid(panel, "y")
    panels[-1].set_xlabel("nominal coverage")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=4, columnspacing=1
    )
    return Plot(
        "coverage",
        "Coverage",
        "Share of the true values inside the central intervals of the ensemble, less the share "
        "that the intervals promise. Good: points on the line; the band is the "
        f"{100 * COVERAGE_BOUND:.0f} points that are allowed at 90 %. Below the line the "
        "ensemble is too narrow, above it too wide. Bars are 95 % bootstrap intervals over "
        "test samples.",
        png(figure),
    )


def rank_plot(fields: Sequence[FieldSpec], details: xr.Dataset) -> Plot:
    """Draw where the truth stands among the realizations, a row a field, a column a model.

    Parameters
    ----------
    fields
        The output fields.
    details
        The stored evaluation.
    """
    models = [str(name) for name in details["model"].values]
    if "realizations" in details:  # a single realization has no spread to judge
        models = [n for n in models if int(details["realizations"].sel(model=n)) > 1]
    figure = new_figure(0.35 + 1.75 * len(fields))
    grid = figure.subplots(len(fields), len(models), squeeze=False, sharey="row", sharex=True)
    for row, field in zip(grid, fields, strict=True):
        highest = float(details["rank_density"].sel(model=models, field=field.name).max())
        for panel, model in zip(row, models, strict=True):
            density = details["rank_density"].sel(model=model, field=field.name).values
            edges = np.linspace(0, 1, len(density) + 1)
            panel.stairs(density, edges, fill=True, color=color(model), alpha=0.75)
            panel.axhline(1, color=INK, linewidth=0.9)
            panel.set_ylim(0, max(1.5, 1.1 * highest))
            panel.set_xlim(0, 1)
            panel.set_title(
                model_name(model) if len(fields) == 1 else f"{field.title}: {model_name(model)}"
            )
        row[0].set_ylabel("frequency over flat")
    for panel in grid[-1]:
        panel.set_xlabel("rank of the truth")
        panel.set_xticks([0, 0.5, 1], ["lowest", "middle", "highest"])
        panel.get_xticklabels()[0].set_ha("left")
        panel.get_xticklabels()[-1].set_ha("right")
    return Plot(
        "ranks",
        "Rank histogram",
        "Rank of every true value among the realizations of its own component and cell, over all "
        "test samples. Good: flat at the line. A valley says that the ensemble is too narrow, a "
        "hill that it is too wide, a slope that it is biased.",
        png(figure),
    )


def _spreads(scores: Mapping[str, Any], fields: Sequence[FieldSpec]) -> bool:
    """Whether a model was scored with more than a single realization."""
    found = scores.get("prediction", {}).get(fields[0].name, {})
    return int(found.get("realizations", 0)) > 1


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
