"""Whether one model's scores lie below another's, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldvae.evaluation.metrics import Resampling, plain
from fieldvae.evaluation.scores import Array
from fieldvae.evaluation.verdicts import CALIBRATED, UNKNOWN, calibration_verdicts
from fieldvae.field import FieldSpec

TITLES = {
    "model": "the model",
    "climatology": "climatology",
    "linear_gaussian": "the symmetric linear-Gaussian",
    "deterministic": "the deterministic network",
}
"""What a model is called in a sentence."""

_TONES = {"beats": "good", "falls behind": "caution"}


def compared(
    field: FieldSpec,
    ours: Mapping[str, Array],
    theirs: Mapping[str, Array],
    *,
    name: str,
    resampling: Resampling,
) -> dict[str, Any]:
    """Compare the model with a baseline on one field, paired by sample.

    Parameters
    ----------
    field
        The field.
    ours, theirs
        What was measured of the model and of the baseline, on the same samples, as
        :attr:`~fieldvae.evaluation.measures.EnsembleMeasures.samples`.
    name
        The baseline.
    resampling
        For the intervals.

    Returns
    -------
    dict
        For ``energy_score`` and ``crps``: ``difference`` (ours minus theirs; below zero is better),
        ``relative`` (the same over theirs), their intervals, and ``verdict``, which is ``beats``,
        ``is level with`` or ``falls behind`` as the interval lies below, around or above zero;
        and ``sentence``, on the energy score.
    """
    found: dict[str, Any] = paired(ours, theirs, resampling=resampling)
    title = TITLES.get(name, name)
    found["sentence"] = pair_sentence(field.title, found["energy_score"], theirs=title)
    return found


def paired(
    ours: Mapping[str, Array],
    theirs: Mapping[str, Array],
    *,
    resampling: Resampling,
    suffix: str = "",
) -> dict[str, dict[str, Any]]:
    """Compare energy score and CRPS of two models, paired by sample.

    Parameters
    ----------
    ours, theirs
        By score, one number a sample, shape ``(sample,)``, of the same samples in the same order.
    resampling
        For the intervals.
    suffix
        ``_physical`` for the scores of fields as they are, in their own units.

    Returns
    -------
    dict
        For ``energy_score`` and ``crps`` what :func:`compared` says of them.
    """
    found: dict[str, dict[str, Any]] = {}
    for score in ("energy_score", "crps"):
        ours_each, theirs_each = ours[score + suffix], theirs[score + suffix]
        interval = resampling.interval(np.subtract, ours_each, theirs_each)
        found[score] = {
            "difference": plain(ours_each.mean() - theirs_each.mean()),
            "difference_interval": interval,
            "relative": plain(_relative(ours_each.mean(), theirs_each.mean())),
            "relative_interval": resampling.interval(_relative, ours_each, theirs_each),
            "verdict": _verdict(*interval),
        }
    return found


def _relative(ours: Array | np.floating, theirs: Array | np.floating) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(ours / theirs - 1)


def _verdict(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return "cannot be told from"
    if high < 0:
        return "beats"
    return "falls behind" if low > 0 else "is level with"


def pair_sentence(
    title: str, score: Mapping[str, Any], *, theirs: str, ours: str = "the model"
) -> str:
    """Say whether one model's energy score lies below another's.

    Parameters
    ----------
    title
        What the field is called.
    score
        What :func:`paired` finds under ``energy_score``.
    theirs, ours
        What the models are called.

    Examples
    --------
    >>> score = {"verdict": "beats", "relative": -0.031, "relative_interval": [-0.035, -0.027]}
    >>> pair_sentence("heat", score, theirs="climatology").replace("\N{MINUS SIGN}", "-")
    'On heat the model beats climatology: energy score 3.1 % lower (95 % interval of the paired difference -3.5 to -2.7 %).'
    """  # noqa: E501
    start = f"On {title} {ours} {score['verdict']} {theirs}"
    relative, (low, high) = score["relative"], score["relative_interval"]
    if relative is None:
        return f"{start}."
    digits = 1 if abs(relative) >= 0.02 else 2
    size = f"energy score {abs(100 * relative):.{digits}f} % "
    size += "lower" if relative < 0 else "higher"
    if low is None or high is None:
        return f"{start}: {size} (too few samples for an interval)."
    ends = f"{100 * low:+.{digits}f} to {100 * high:+.{digits}f} %".replace("-", "\N{MINUS SIGN}")
    return f"{start}: {size} (95 % interval of the paired difference {ends})."


@dataclass(frozen=True)
class Verdict:
    """One sentence on the model.

    Parameters
    ----------
    sentence
        The words.
    tone
        ``good``; ``caution`` where the model falls behind or its ensemble is miscalibrated, also
        in what it beats; ``open`` where nothing can be told.
    """

    sentence: str
    tone: str


def verdicts(metrics: Mapping[str, Any], titles: Mapping[str, str] | None = None) -> list[Verdict]:
    """Say whether the model beats each baseline on each field, and whether it is calibrated.

    In between, how far it is from the limit that replicates set, where there are any: good where
    it cannot be told from the limit.

    Parameters
    ----------
    metrics
        The content of ``metrics.json``.
    titles
        What fields are called, where the metrics do not say.
    """
    calibration = calibration_verdicts(metrics, titles)
    found = []
    for by_field in metrics.get("model", {}).get("comparison", {}).values():
        for name, pair in by_field.items():
            tone = _TONES.get(pair["energy_score"]["verdict"], "open")
            known = calibration.get(name, {}).get("verdict", UNKNOWN)
            if tone == "good" and known != CALIBRATED:
                tone = "open" if known == UNKNOWN else "caution"
            found.append(Verdict(pair["sentence"], tone))
    for scores in metrics.get("model", {}).get("replicates", {}).values():
        low, _ = scores["energy_score_excess_interval"]
        tone = "good" if low is not None and low <= 0 else "open"
        found.append(Verdict(scores["sentence"], tone))
    for judged in calibration.values():
        tone = {CALIBRATED: "good", UNKNOWN: "open"}.get(judged["verdict"], "caution")
        found.append(Verdict(judged["sentence"], tone))
        waves = judged.get("waves", {})
        if waves.get("verdict", CALIBRATED) not in (CALIBRATED, UNKNOWN):
            found.append(Verdict(waves["sentence"], "caution"))
    return found


def sentences(metrics: Mapping[str, Any]) -> list[str]:
    """Say what :func:`verdicts` finds, without the tones.

    Parameters
    ----------
    metrics
        The content of ``metrics.json``.
    """
    return [verdict.sentence for verdict in verdicts(metrics)]
