"""A learning curve: scores against the number of training samples."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from fieldvae.evaluation.learning import LearningCurve, Point
from fieldvae.report.style import (
    COLORS,
    MARKERS,
    Plot,
    light_grid,
    model_name,
    new_figure,
    png,
    with_units,
)

PANELS = (("energy_score", "energy score"), ("crps", "CRPS"))


def learning_plot(curve: LearningCurve) -> Plot:
    """Draw energy score and CRPS of the model beside the linear-Gaussian one.

    Parameters
    ----------
    curve
        The scores.
    """
    figure = new_figure(2.6 * len(curve.fields))
    panels = figure.subplots(len(curve.fields), len(PANELS), squeeze=False)
    for field, line in zip(curve.fields, panels, strict=True):
        for panel, (score, title) in zip(line, PANELS, strict=True):
            for model, by_score in curve.points[field.name].items():
                _draw(panel, by_score[score], model)
            panel.set_xscale("log")
            counts = [point.samples for point in curve.points[field.name]["model"][score]]
            panel.set_xticks(counts, [f"{count:,}" for count in counts])
            panel.xaxis.set_minor_locator(NullLocator())
            panel.margins(x=0.08)
            panel.set_xlabel("training samples")
            panel.set_ylabel(with_units(title, field.units))
            light_grid(panel, "y")
        if len(curve.fields) > 1:
            line[0].set_title(field.title, loc="left")
    panels[0][-1].legend()
    caption = (
        "Scores on the same held-out samples of models that were trained on nested parts of the "
        "training samples, with 95 % bootstrap intervals over the held-out samples; they are wide "
        "because samples differ from each other, and neighbors are paired. Lower is better. A "
        "curve that is flat at its end has enough samples."
    )
    return Plot("learning_curve", "Have I enough samples?", caption, png(figure))


def _draw(panel: Axes, points: Sequence[Point], model: str) -> None:
    counts = [point.samples for point in points]
    means = [point.mean for point in points]
    ends = [
        [0.0 if p.interval[0] is None else max(0.0, p.mean - p.interval[0]) for p in points],
        [0.0 if p.interval[1] is None else max(0.0, p.interval[1] - p.mean) for p in points],
    ]
    panel.errorbar(
        counts,
        means,
        yerr=ends,
        color=COLORS[model],
        marker=MARKERS[model],
        markersize=4.5,
        elinewidth=1.2,
        capsize=2,
        label=model_name(model),
    )
    for point in points:
        if len(point.each) > 1:
            panel.plot(
                [point.samples] * len(point.each),
                point.each,
                linestyle="none",
                marker="_",
                markersize=9,
                color=COLORS[model],
            )
