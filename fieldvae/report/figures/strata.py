"""Scores of the model beside a baseline, one row a stratum of the samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from fieldvae.evaluation.strata import NO_VALUE
from fieldvae.evaluation.verdicts import COVERAGE_BOUND, RATIO_BOUNDS
from fieldvae.field import FieldSpec
from fieldvae.report.figures.pictures import capital
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

BASELINES = ("linear_gaussian", "climatology")
"""What the model is drawn beside: the first of these that was scored."""

WHOLE = "all"
"""The row of all samples."""


@dataclass(frozen=True)
class _Panel:
    """One score: its key, name and factor, its best value, and what counts as near."""

    key: str
    title: str
    factor: float = 1.0
    aim: float | None = None
    band: tuple[float, float] | None = None
    paired: bool = False


_NEAR_90 = (90 - 100 * COVERAGE_BOUND, 90 + 100 * COVERAGE_BOUND)

_PREDICTION = (
    _Panel("energy_score", "energy score"),
    _Panel("relative", "difference (%)", 100, 0.0, paired=True),
    _Panel("coverage_90", "90 % coverage (%)", 100, 90.0, _NEAR_90),
    _Panel("spread_skill", "spread / error", 1, 1.0, RATIO_BOUNDS),
)

_REPLICATES = (
    _Panel("energy_score_excess", "above the limit (%)", 100, 0.0),
    _Panel("coverage_90", "90 % coverage (%)", 100, 90.0, _NEAR_90),
    _Panel("spread_ratio", "spread / replicates'", 1, 1.0, RATIO_BOUNDS),
)


def strata_plot(field: FieldSpec, metrics: Mapping[str, Any]) -> Plot:
    """Draw scores on test samples by stratum.

    Parameters
    ----------
    field
        The field.
    metrics
        The content of ``metrics.json``.
    """
    kind = metrics["model"]["prediction_strata"]
    other = baseline(metrics, "prediction_strata")
    models = ["model", *([other] if other else [])]
    panels = [panel for panel in _PREDICTION if other or not panel.paired]
    scores = {
        name: _by_row(metrics[name], "prediction", lambda by_field: by_field[field.name])
        for name in models
    }
    if other:
        pairs = _by_row(
            metrics["model"], "comparison", lambda each: each[other][field.name]["energy_score"]
        )
        for row, found in pairs.items():
            scores["model"][row] = {**scores["model"][row], **found}
    return Plot(
        f"strata-{field.name}",
        f"{capital(field.title)}: scores by {spoken(kind['coordinate'])}",
        _CAPTION.format(of="test samples")
        + (
            f"The difference is that of the model's energy score from {model_name(other)}'s on the "
            "same samples, in percent of it, with the interval of the paired difference: left of "
            "the line the model is better. "
            if other
            else ""
        )
        + "Good: coverage and spread on the line in every row, not in the mean of all alone; in "
        "the bands an ensemble counts as calibrated.",
        _drawn(panels, kind, scores, "test samples"),
    )


def replicate_strata_plot(field: FieldSpec, metrics: Mapping[str, Any]) -> Plot:
    """Draw scores against replicates by stratum; see :func:`strata_plot`."""
    kind = metrics["model"]["replicates_strata"]
    other = baseline(metrics, "replicates_strata")
    scores = {
        name: _by_row(metrics[name], "replicates", lambda by_field: by_field[field.name])
        for name in ("model", *([other] if other else []))
    }
    return Plot(
        f"replicate-strata-{field.name}",
        f"{capital(field.title)}: scores against replicates by {spoken(kind['coordinate'])}",
        _CAPTION.format(of="inputs") + "The first panel has what an energy score lies above the "
        "replicates' own, which is the limit, in percent of it. Good: rows on the line.",
        _drawn(_REPLICATES, kind, scores, "inputs"),
    )


_CAPTION = (
    "Every row holds the {of} with one value, n of them, and the first row all. Bars are 95 % "
    "bootstrap intervals over the {of} of the row, and too short where there are fewer than ten. "
)


def baseline(metrics: Mapping[str, Any], key: str) -> str | None:
    """Name the model that strata are drawn beside, where one was scored."""
    return next((name for name in BASELINES if key in metrics.get(name, {})), None)


def spoken(coordinate: str) -> str:
    """Name a coordinate in a sentence."""
    return coordinate.replace("_", " ")


def stratum_title(stratum: str, kind: Mapping[str, Any]) -> str:
    """Name a stratum as a row.

    Parameters
    ----------
    stratum
        Its key in ``metrics.json``.
    kind
        ``coordinate`` and ``units`` of the strata.

    Examples
    --------
    >>> kind = {"coordinate": "temperature", "units": "K"}
    >>> [stratum_title(each, kind) for each in ("600", "none")]
    ['600 K', 'no temperature']
    >>> stratum_title("fcc", {"coordinate": "phase", "units": ""})
    'phase fcc'
    """
    if stratum == NO_VALUE:
        return f"no {spoken(kind['coordinate'])}"
    if not kind["units"]:
        return f"{spoken(kind['coordinate'])} {stratum}"
    printed = with_units("", kind["units"])[2:-1]
    return f"{stratum} {printed}" if printed else stratum


def _by_row(model: Mapping[str, Any], key: str, chosen: Any) -> dict[str, Mapping[str, Any]]:
    """Scores of one field: of all samples, and of each stratum."""
    rows = {WHOLE: chosen(model[key])}
    strata = model[f"{key}_strata"]["strata"]
    return rows | {name: chosen(found) for name, found in strata.items()}


def _drawn(
    panels: Sequence[_Panel],
    kind: Mapping[str, Any],
    scores: Mapping[str, Mapping[str, Mapping[str, Any]]],
    of: str,
) -> bytes:
    counts = {WHOLE: sum(kind["samples"].values()), **kind["samples"]}
    titles = {name: stratum_title(name, kind) for name in kind["samples"]}
    titles = {WHOLE: f"all {of}", **titles}
    figure = new_figure(0.85 + 0.3 * len(counts), pads=(0.06, 0.04))
    axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for place, panel in zip(axes, panels, strict=True):
        _draw(place, panel, list(counts), scores)
    axes[0].set_yticks(
        range(len(counts)), [f"{titles[name]}  (n = {n})" for name, n in counts.items()]
    )
    axes[0].get_yticklabels()[0].set_fontweight("bold")
    axes[0].set_ylim(len(counts) - 0.5, -0.5)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels))
    return png(figure)


def _draw(
    place: Axes,
    panel: _Panel,
    rows: Sequence[str],
    scores: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> None:
    if panel.band is not None:
        place.axvspan(*panel.band, color="#F1F3F5", zorder=0)
    if panel.aim is not None:
        place.axvline(panel.aim, color=INK, linewidth=0.9, zorder=1)
    place.axhline(0.5, color=GRAY, linewidth=0.6)
    shown = ["model"] if panel.paired else list(scores)
    for number, name in enumerate(shown):
        values = [_number(scores[name][row].get(panel.key)) for row in rows]
        ends = [scores[name][row].get(f"{panel.key}_interval") or (None, None) for row in rows]
        beneath = [v - _number(low) for v, (low, _) in zip(values, ends, strict=True)]
        above = [_number(high) - v for v, (_, high) in zip(values, ends, strict=True)]
        place.errorbar(
            panel.factor * np.array(values),
            np.arange(len(rows)) + 0.28 * (number - (len(shown) - 1) / 2),
            xerr=panel.factor * np.nan_to_num(np.maximum([beneath, above], 0)),
            label=model_name(name),
            color=color(name),
            marker=MARKERS.get(name, "v"),
            markersize=5 if name == "model" else 4,
            elinewidth=1.4,
            linestyle="none",
        )
    place.set_xlabel(panel.title)
    place.tick_params(axis="y", length=0)
    light_grid(place, "x")


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
