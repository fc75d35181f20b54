"""Learning curves: scores against the number of training samples, and what more would bring."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldvae.evaluation.comparison import TITLES
from fieldvae.evaluation.metrics import Resampling, plain
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.notebook import table_html

SCORES = ("energy_score", "crps")
MODELS = ("model", "linear_gaussian")

WORTH = 0.005
"""Gain of a doubling, as a share of the energy score, from which more samples are said to help.

A convention: below half a percent, twice the samples are seldom worth their calculation."""


@dataclass(frozen=True)
class TrainedOn:
    """What one run of a curve was trained on and how it scored.

    Parameters
    ----------
    samples
        Number of training samples.
    scores
        By field, model and score: one number a held-out sample, in the field's units,
        shape ``(sample,)``.
    """

    samples: int
    scores: Mapping[str, Mapping[str, Mapping[str, Array]]]


@dataclass(frozen=True)
class Point:
    """A score at one number of training samples.

    Parameters
    ----------
    samples
        The number.
    mean, interval
        Over held-out samples and runs; 95 % interval over held-out samples.
    each
        The mean of every run by itself.
    """

    samples: int
    mean: float
    interval: tuple[float | None, float | None]
    each: tuple[float, ...]


@dataclass(frozen=True)
class LearningCurve:
    """Scores of a model and of the linear-Gaussian one against the number of training samples.

    Parameters
    ----------
    fields
        The output fields.
    points
        By field, model and score, ascending; scores of physical values, in the field's units.
    slopes
        By field and model: ``from``, ``to`` (numbers of samples), ``score`` (energy score at the
        end), ``relative``, ``interval`` (its change for twice the samples, over the last step)
        and ``verdict``.
    """

    fields: tuple[FieldSpec, ...]
    points: Mapping[str, Mapping[str, Mapping[str, Sequence[Point]]]]
    slopes: Mapping[str, Mapping[str, Mapping[str, Any]]]

    def __repr__(self) -> str:
        """Say whether more samples would help."""
        return "\n  ".join(["<LearningCurve>", *self.sentences])

    def _repr_html_(self) -> str:
        head = ("samples", "field", "model", "energy score", "CRPS")
        rows = [
            (f"{point.samples:,}", field.title, model, f"{point.mean:.4g}", f"{other.mean:.4g}")
            for field in self.fields
            for model, found in self.points[field.name].items()
            for point, other in zip(found["energy_score"], found["crps"], strict=True)
        ]
        return table_html("Learning curve", head, rows, notes=self.sentences)

    @property
    def smallest(self) -> int:
        """The least number of training samples."""
        scores = self.points[self.fields[0].name]["model"]["energy_score"]
        return min(point.samples for point in scores)

    @property
    def sentences(self) -> list[str]:
        """One sentence a field, on whether more samples would help."""
        return [slope_sentence(field.title, self.slopes[field.name]) for field in self.fields]

    def metrics(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        points = {
            field: {
                model: {
                    score: [
                        {
                            "samples": point.samples,
                            "mean": point.mean,
                            "interval": list(point.interval),
                            "runs": list(point.each),
                        }
                        for point in found
                    ]
                    for score, found in by_score.items()
                }
                for model, by_score in by_model.items()
            }
            for field, by_model in self.points.items()
        }
        return {
            "points": points,
            "slopes": {
                field: {model: dict(slope) for model, slope in by.items()}
                for field, by in self.slopes.items()
            },
            "units": {field.name: field.units for field in self.fields},
            "sentences": self.sentences,
        }


def learning_curve_of(
    runs: Sequence[TrainedOn],
    fields: Sequence[FieldSpec],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> LearningCurve:
    """Put runs of one task on different numbers of samples into a curve.

    Parameters
    ----------
    runs
        Scored on the same held-out samples; several of one number of samples are averaged.
    fields
        The output fields.
    resamples, seed
        Bootstrap resamples for the 95 % intervals, and their seed.
    """
    points: dict[str, Any] = {}
    slopes: dict[str, Any] = {}
    for field in fields:
        models = [m for m in MODELS if all(m in run.scores[field.name] for run in runs)]
        points[field.name] = {
            model: {
                score: _points(_by_samples(runs, field.name, model, score), resamples, seed)
                for score in SCORES
            }
            for model in models
        }
        slopes[field.name] = {
            model: _slope(_by_samples(runs, field.name, model, "energy_score"), resamples, seed)
            for model in models
        }
    return LearningCurve(tuple(fields), points, slopes)


def slope_sentence(title: str, slopes: Mapping[str, Mapping[str, Any]]) -> str:
    """Say whether more training samples would lower the energy score.

    Parameters
    ----------
    title
        What the field is called.
    slopes
        By model, as of :class:`LearningCurve`.

    Examples
    --------
    >>> slope = {"from": 300, "to": 600, "relative": -0.021, "interval": [-0.025, -0.017]}
    >>> said = slope_sentence("stress", {"model": {**slope, "verdict": "helps"}})
    >>> said.replace("\N{MINUS SIGN}", "-")
    'On stress more samples would help: from 300 to 600 the energy score changed by -2.1 % for each doubling (95 % interval -2.5 to -1.7 %).'
    """  # noqa: E501
    ours = slopes["model"]
    opening = {
        "helps": "more samples would help",
        "helps little": "more samples would help little",
        "is level": "more samples cannot be told to help",
        "hurts": "more samples did not help, so that training may be too short for them",
    }[ours["verdict"]]
    told = (
        f"On {title} {opening}: from {ours['from']:,} to {ours['to']:,} the energy score changed "
        f"by {_percent(ours['relative'])} % for each doubling{_ends(ours['interval'])}"
    )
    other = slopes.get("linear_gaussian")
    if other is not None:
        told += f"; that of {TITLES['linear_gaussian']} by {_percent(other['relative'])} %"
        if ours["score"] > other["score"]:
            told += ", which is still the better one: train longer before you read this curve"
    return told + "."


def _by_samples(
    runs: Sequence[TrainedOn], field: str, model: str, score: str
) -> dict[int, list[Array]]:
    found: dict[int, list[Array]] = {}
    for run in sorted(runs, key=lambda run: run.samples):
        found.setdefault(run.samples, []).append(run.scores[field][model][score])
    return found


def _points(by_samples: Mapping[int, Sequence[Array]], resamples: int, seed: int) -> list[Point]:
    found = []
    for samples, each in by_samples.items():
        resampling = Resampling(resamples, np.random.default_rng(seed))
        mean = np.mean(each, axis=0)
        low, high = resampling.interval(np.asarray, mean)
        runs = tuple(float(scores.mean()) for scores in each)
        found.append(Point(samples, float(mean.mean()), (low, high), runs))
    return found


def _slope(by_samples: Mapping[int, Sequence[Array]], resamples: int, seed: int) -> dict[str, Any]:
    """Change of the score for twice the samples, over the last step, paired by held-out sample."""
    fewer, more = sorted(by_samples)[-2:]
    doublings = math.log2(more / fewer)

    def relative(ours: Array, theirs: Array) -> Array:
        return np.asarray((ours / theirs) ** (1 / doublings) - 1)

    ours, theirs = (np.mean(by_samples[count], axis=0) for count in (more, fewer))
    low, high = Resampling(resamples, np.random.default_rng(seed)).interval(relative, ours, theirs)
    change = float(relative(ours.mean(), theirs.mean()))
    verdict = "is level"
    if high is not None and high < 0:
        verdict = "helps" if change <= -WORTH else "helps little"
    elif low is not None and low > 0:
        verdict = "hurts"
    return {
        "from": fewer,
        "to": more,
        "score": float(ours.mean()),
        "relative": plain(np.float64(change)),
        "interval": [low, high],
        "verdict": verdict,
    }


def _percent(share: float) -> str:
    digits = 1 if abs(share) >= 0.01 else 2
    return f"{100 * share:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def _ends(interval: Sequence[float | None]) -> str:
    low, high = interval
    if low is None or high is None:
        return ""
    return f" (95 % interval {_percent(low)} to {_percent(high)} %)"
