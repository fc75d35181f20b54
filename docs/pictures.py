"""Make the pictures of ``docs/calibration.md`` from a finished quickstart run.

``python docs/pictures.py examples/quickstart/runs/quickstart`` writes them into ``docs/images/``
and prints the numbers that the page gives. The ensembles are the model's own realizations for the
test samples, and the same realizations spoiled on purpose, so that each fault has a known cause.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import fieldvae
from fieldvae.evaluation.calibration import coverage, order_statistic, rank_histogram, spread_skill
from fieldvae.evaluation.scores import Array, crps, energy_score
from fieldvae.report.style import (
    BLUE,
    INK,
    RED,
    color,
    house_style,
    light_grid,
    model_name,
    new_figure,
    png,
)

FIELD = "residual_stress"
SHOWN = "xx"
MEMBERS = 99
"""Realizations a sample: their ranks fall into 20 bins evenly."""

IMAGES = Path(__file__).parent / "images"
LEVELS = (0.5, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Case:
    """An ensemble, and what was done to it.

    Parameters
    ----------
    title
        What it is called.
    ensemble
        Realizations over the standard deviations of the training samples,
        ``(sample, realization, ...)``.
    """

    title: str
    ensemble: Array


def spoil(ensemble: Array) -> list[Case]:
    """Return the ensemble as it is, too narrow, too wide and shifted.

    Parameters
    ----------
    ensemble
        Realizations over the standard deviations of the training samples,
        ``(sample, realization, ...)``.

    Returns
    -------
    list of Case
        Deviations from the mean of each ensemble times 1, 0.6 and 1.6; and as they are, with 0.4 of
        the ensemble's mean standard deviation added.
    """
    mean = ensemble.mean(axis=1, keepdims=True)
    shift = 0.4 * np.sqrt(ensemble.var(axis=1, ddof=1).mean())
    return [
        Case("as drawn", ensemble),
        Case("too narrow ($\\times$ 0.6)", mean + 0.6 * (ensemble - mean)),
        Case("too wide ($\\times$ 1.6)", mean + 1.6 * (ensemble - mean)),
        Case("shifted (+0.4 spread)", ensemble + shift),
    ]


def draw_intervals(truth: Array, ensemble: Array) -> Figure:
    """Draw the intervals of one sample's blocks, and the true values, in GPa."""
    order = np.argsort(ensemble.mean(axis=0))
    truth, ordered = truth[order], np.sort(ensemble[:, order], axis=0)[None]
    place = np.arange(truth.size)
    low, high = (order_statistic(ordered, q)[0] for q in (0.05, 0.95))
    lower, upper = (order_statistic(ordered, q)[0] for q in (0.25, 0.75))
    inside = (low <= truth) & (truth <= high)
    figure = new_figure(2.6)
    panel = figure.subplots()
    panel.fill_between(place, low, high, step="mid", color="#CFE3F1", label="90 % interval")
    panel.fill_between(place, lower, upper, step="mid", color="#8FC0E0", label="50 % interval")
    panel.plot(place[inside], truth[inside], "o", color=INK, markersize=3.5, label="truth, inside")
    missed = ~inside
    panel.plot(place[missed], truth[missed], "X", color=RED, markersize=6, label="truth, outside")
    panel.set_xlabel("blocks of one sample, ordered by the ensemble's mean")
    panel.set_ylabel(f"residual stress {SHOWN} (GPa)")
    panel.set_xlim(-0.5, truth.size - 0.5)
    light_grid(panel, "y")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside upper right", ncols=4)
    print(f"one sample: {inside.sum()} of {inside.size} blocks inside")
    return figure


def draw_shapes(truth: Array, cases: list[Case]) -> Figure:
    """Draw rank histogram and coverage of every case."""
    figure = new_figure(3.7)
    panels = figure.subplots(2, len(cases), sharey="row", height_ratios=(1.1, 1))
    for (upper, lower), case in zip(panels.T, cases, strict=True):
        chance = np.random.default_rng(0)
        counts = rank_histogram(truth, case.ensemble, generator=chance, bins=20)
        density = counts / counts.sum() * counts.size
        upper.bar((np.arange(counts.size) + 0.5) / counts.size, density, width=0.05, color=BLUE)
        upper.axhline(1, color=INK, linewidth=0.8, linestyle="--")
        upper.set_title(case.title, fontsize=8.5)
        upper.set_ylim(0, 4)
        upper.set_xlabel("rank")
        nominal = np.linspace(0.05, 0.95, 19)
        observed = coverage(truth, case.ensemble, list(nominal)).mean(axis=1)
        lower.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--")
        lower.plot(nominal, observed, color=BLUE, linewidth=1.8)
        lower.set_xlabel("nominal share")
        lower.set_aspect("equal")
        lower.set_xlim(0, 1)
        lower.set_ylim(0, 1)
    panels[0, 0].set_ylabel("density of ranks")
    panels[1, 0].set_ylabel("share covered")
    return figure


def draw_strata(metrics: Mapping[str, Any]) -> Figure:
    """Draw the coverage of two models for each temperature of annealing."""
    figure = new_figure(2.5)
    panel = figure.subplots()
    panel.axhline(90, color=INK, linewidth=0.8, linestyle="--")
    for shift, model in ((-0.08, "model"), (0.08, "linear_gaussian")):
        strata = metrics[model]["prediction_strata"]["strata"]
        names = list(strata)
        found = [strata[name][FIELD] for name in names]
        value = np.array([100 * each["coverage_90"] for each in found])
        ends = np.array([each["coverage_90_interval"] for each in found]).T * 100
        panel.errorbar(
            np.arange(len(names)) + shift,
            value,
            yerr=np.abs(ends - value),
            fmt="o" if model == "model" else "s",
            color=color(model),
            label=model_name(model),
        )
        whole = metrics[model]["prediction"][FIELD]["coverage_90"]
        told = ", ".join(f"{name} {each:.1f}" for name, each in zip(names, value, strict=True))
        print(f"{model}: {whole:.3f} on the whole; in %: {told}")
    words = ["not annealed" if name == "none" else f"{name} K" for name in names]
    panel.set_xticks(range(len(names)), words)
    panel.set_ylabel("coverage of 90 % intervals (%)")
    panel.set_xlabel("temperature of annealing")
    panel.axhspan(87, 93, color="#F1F3F5", zorder=0)
    light_grid(panel, "y")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def tell(truth: Array, case: Case) -> None:
    """Print a row of the page's table."""
    held = coverage(truth, case.ensemble, LEVELS).mean(axis=1)
    print(
        f"| {case.title} | {held[2]:.3f} | {held[0]:.3f} | "
        f"{spread_skill(truth, case.ensemble):.2f} | "
        f"{crps(truth, case.ensemble).mean():.4f} | "
        f"{energy_score(truth, case.ensemble).mean():.3f} |"
    )


def main(run: Path) -> None:
    """Draw realizations for the run's test samples, make the pictures and print the numbers.

    Parameters
    ----------
    run
        Directory of a finished quickstart run, its store where it was.
    """
    summary = json.loads((run / "run.json").read_text(encoding="utf-8"))
    model = fieldvae.load(run)
    store = fieldvae.open_store(Path(summary["stores"][0]), model.fields)  # in the model's units
    split = json.loads((run / "split.json").read_text(encoding="utf-8"))
    samples = store.dataset.isel(sample=split["test"])
    drawn = model.predict(samples, realizations=MEMBERS, self_check=False, seed=1)[FIELD]
    true = samples[FIELD].transpose("sample", "voigt", "x", "y", "z").sel(voigt=drawn["voigt"])
    training = store.dataset[FIELD].isel(sample=split["train"]).sel(voigt=drawn["voigt"])
    scale = training.std(("sample", "x", "y", "z")).values.reshape(-1, 1, 1, 1)
    truth, ensemble = true.values / scale, drawn.values / scale
    cases = spoil(ensemble)
    for case in cases:
        tell(truth, case)
    mean = ensemble.mean(axis=1, keepdims=True)
    tell(truth, Case("the mean alone", np.broadcast_to(mean, ensemble.shape)))
    one = {"sample": 0}
    shown = drawn.isel(one).sel(voigt=SHOWN).values.reshape(MEMBERS, -1)
    figures = {
        "calibration-intervals": lambda: draw_intervals(
            true.isel(one).sel(voigt=SHOWN).values.ravel(), shown
        ),
        "calibration-shapes": lambda: draw_shapes(truth, cases),
        "calibration-strata": lambda: draw_strata(
            json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        ),
    }
    with house_style():
        for name, make in figures.items():
            (IMAGES / f"{name}.png").write_bytes(png(make()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
