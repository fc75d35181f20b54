"""The page of a learning curve."""

from __future__ import annotations

import os
from pathlib import Path

from fieldvae.evaluation.comparison import Verdict
from fieldvae.evaluation.learning import LearningCurve, Point
from fieldvae.field import FieldSpec
from fieldvae.report.figures.learning import learning_plot
from fieldvae.report.rendering import made_by, rendered
from fieldvae.report.sections.section import Section
from fieldvae.report.style import house_style, model_name

TONES = {"helps": "open", "helps little": "good", "is level": "good", "hurts": "caution"}
"""Good is a curve that has come to its end."""


def write_learning_curve(curve: LearningCurve, page: Path, picture: Path) -> None:
    """Write a page that needs no other file, and its picture; each whole or not at all.

    Parameters
    ----------
    curve
        The scores.
    page, picture
        The files, HTML and PNG.
    """
    with house_style():
        plot = learning_plot(curve)
    facts = tuple(
        (f"{field.title}, {count:,} samples", _told(field, curve, number))
        for field in curve.fields
        for number, count in enumerate(_counts(curve, field))
    )
    tones = [TONES[curve.slopes[field.name]["model"]["verdict"]] for field in curve.fields]
    html = rendered(
        title="Learning curve",
        mapping=f"{', '.join(field.title for field in curve.fields)} by number of samples",
        headlines=[Verdict(s, t) for s, t in zip(curve.sentences, tones, strict=True)],
        sections=(Section("curve", "Have I enough samples?", facts=facts, plots=(plot,)),),
        made=f"{made_by()} from the stored scores of these runs",
    )
    _write(page, html.encode())
    _write(picture, plot.png)


def _counts(curve: LearningCurve, field: FieldSpec) -> list[int]:
    return [point.samples for point in curve.points[field.name]["model"]["energy_score"]]


def _told(field: FieldSpec, curve: LearningCurve, number: int) -> str:
    lines = [
        f"{model_name(model)}: energy score {shown(scores['energy_score'][number])}, "
        f"CRPS {shown(scores['crps'][number])} {field.units}"
        for model, scores in curve.points[field.name].items()
    ]
    return "\n".join(lines)


def shown(point: Point) -> str:
    """Write a score with its interval."""
    low, high = point.interval
    ends = "" if low is None or high is None else f" ({low:.4g} to {high:.4g})"
    return f"{point.mean:.4g}{ends}"


def _write(path: Path, content: bytes) -> None:
    staged = path.with_name(f"{path.name}.partial-{os.getpid()}")
    staged.write_bytes(content)
    os.replace(staged, path)
