"""Whether a model's ensemble may be read as probabilities, in words, from its stored scores."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldvae.evaluation.calibration import reachable_level
from fieldvae.evaluation.measures import coverage_name
from fieldvae.evaluation.scores import Array
from fieldvae.evaluation.uniformity import uniformity

LEVEL = 0.90
"""The central interval that is judged."""

COVERAGE_BOUND = 0.03
"""How far the coverage of a calibrated ensemble may be from what its intervals promise."""

RATIO_BOUNDS = (0.9, 1.1)
"""Between which spread over error of a calibrated ensemble lies."""

WAVE_BOUNDS = (0.8, 1.25)
"""Between which spread over error lies at every wavelength of an ensemble that holds there."""

LEAST_SHARE = 1e-3
"""Share of the error that a band of waves has at least to be judged."""

SURE = "sums and means over such lengths are less sure than they look"
ROUGH = "realizations vary more at these lengths than the truth does"
"""What a spread that is too narrow, or too wide, at some wavelengths means."""

SIGNIFICANCE = 0.01
"""Probability below which ranks are called not uniform."""

CALIBRATED, UNKNOWN = "calibrated", "cannot be judged"


def calibration_verdict(title: str, scores: Mapping[str, Any]) -> dict[str, str]:
    """Say whether an ensemble is as wide as its errors.

    Calibrated means that the coverage of 90 % intervals is within 3 points of what they promise
    (of the whole range's share, where the ensemble is too small for 90 %) and that spread over
    error is from 0.9 to 1.1. Where a score is outside and its 95 % interval is not, the samples
    are too few to tell.

    Parameters
    ----------
    title
        What the field is called.
    scores
        Its scores, as :func:`~fieldvae.evaluation.metrics.prediction_metrics` gives them.

    Returns
    -------
    dict
        ``verdict``: ``calibrated``, ``too wide``, ``too narrow``, ``uneven`` (too wide by one
        measure and too narrow by the other) or ``cannot be judged``; and ``sentence``.

    Examples
    --------
    >>> scores = {"coverage_90": 0.903, "spread_skill": 0.99, "realizations": 100}
    >>> calibration_verdict("stress", scores)["sentence"]
    "On stress the model's ensemble is calibrated: 90 % intervals hold 90.3 % of true values, spread over error 0.99."
    """  # noqa: E501
    covered, ratio = scores.get(coverage_name(LEVEL)), scores.get("spread_skill")
    members = scores.get("realizations", 0)
    start = f"On {title} the model's ensemble"
    if covered is None or ratio is None or members < 2:
        return {
            "verdict": UNKNOWN,
            "sentence": f"{start} {UNKNOWN}: this takes two realizations or more, and errors.",
        }
    promised = reachable_level(LEVEL, members)
    low, high = RATIO_BOUNDS
    wide = covered > promised + COVERAGE_BOUND or ratio > high
    narrow = covered < promised - COVERAGE_BOUND or ratio < low
    sure = _outside(
        scores, coverage_name(LEVEL), promised - COVERAGE_BOUND, promised + COVERAGE_BOUND
    )
    sure |= _outside(scores, "spread_skill", low, high)
    if (wide or narrow) and not sure:
        verdict = UNKNOWN  # of single values; whether waves tell more, wave_verdict says
        words = "not to be told from a calibrated one by the single values of so few samples"
    elif wide and narrow:
        verdict, words = "uneven", "unevenly wide, too wide in places and too narrow in others"
    elif wide:
        verdict = words = "too wide"
    elif narrow:
        verdict = words = "too narrow"
    else:
        verdict = words = CALIBRATED
    digits = 0 if promised == LEVEL else 1
    sentence = (
        f"{start} is {words}: {100 * promised:.{digits}f} % intervals hold "
        f"{100 * covered:.1f} % of true values, spread over error {ratio:.2f}"
    )
    advice = "; read no probability off it" if sure and verdict != CALIBRATED else ""
    return {"verdict": verdict, "sentence": f"{sentence}{advice}."}


def _outside(scores: Mapping[str, Any], name: str, low: float, high: float) -> bool:
    """Whether a score is outside of bounds, and its interval, where there is one, too."""
    start, end = scores.get(f"{name}_interval") or (None, None)
    value = scores[name]
    above = value if start is None else start
    below = value if end is None else end
    return bool(above > high or below < low)


def rank_tests(
    title: str, samples: Mapping[str, Array], *, realizations: int
) -> dict[str, dict[str, float | int | None] | str]:
    """Test whether the truth's ranks are uniform, one rank a sample.

    A test says what the bounds of :func:`calibration_verdict` do not: whether the difference to a
    calibrated ensemble can be seen at all with these samples. With many samples a useful model
    fails it, with few a poor one passes.

    Parameters
    ----------
    title
        What the field is called.
    samples
        Ranks, as :class:`~fieldvae.evaluation.measures.EnsembleMeasures` has them.
    realizations
        Ensemble size; a single realization has no rank.

    Returns
    -------
    dict
        ``value_ranks``, ``distance_ranks``: what
        :func:`~fieldvae.evaluation.uniformity.uniformity` gives, ``None`` for NaN; and
        ``sentence``.
    """
    found: dict[str, dict[str, float | int | None] | str] = {}
    words = []
    for name, what in (("value_ranks", "single values"), ("distance_ranks", "whole fields")):
        shares = samples[name.removesuffix("s")]
        test = uniformity(shares if realizations > 1 else shares[:0])
        found[name] = {key: None if np.isnan(value) else value for key, value in test.items()}
        if test["samples"] and not np.isnan(test["p_value"]):
            passed, beside = ("are", "not ") if test["p_value"] >= SIGNIFICANCE else ("are not", "")
            words.append(
                f"ranks of {what} {passed} uniform as far as {test['samples']} samples tell "
                f"(p = {test['p_value']:.2g}, {beside}below {SIGNIFICANCE:g})"
            )
    said = "; ".join(words) or "too few samples or realizations to test ranks"
    found["sentence"] = f"On {title}: {said}."
    return found


def wave_verdict(title: str, waves: Mapping[str, Any] | None, *, units: str) -> dict[str, str]:
    """Say whether an ensemble is as wide as its errors at every wavelength.

    A band of waves is judged if it holds a thousandth of the error at least; it is too narrow
    below a spread over error of 0.8 and too wide above 1.25, if the 95 % interval agrees that it
    is below or above one.

    Parameters
    ----------
    title
        What the field is called.
    waves
        As :func:`~fieldvae.evaluation.metrics.band_metrics` gives them; ``None`` where there are
        none.
    units
        Of the grid's spacing.

    Returns
    -------
    dict
        ``verdict``: ``calibrated``, ``too narrow``, ``too wide``, ``uneven`` (both, at different
        wavelengths) or ``cannot be judged``; and ``sentence``.
    """
    if waves is None or not waves["wavenumber"]:
        return {
            "verdict": UNKNOWN,
            "sentence": f"On {title}: too few realizations to judge waves by their length.",
        }
    low, high = WAVE_BOUNDS
    narrow, wide, judged = [], [], []
    for i, ratio in enumerate(waves["spread_skill"]):
        if ratio is None or waves["error_share"][i] < LEAST_SHARE:
            continue
        start, end = waves["spread_skill_interval"][i]
        judged.append(ratio)
        if ratio < low and (end is None or end < 1):
            narrow.append(i)
        elif ratio > high and (start is None or start > 1):
            wide.append(i)
    if not narrow and not wide:
        span = f"{min(judged):.2f} to {max(judged):.2f}" if judged else "not known"
        return {
            "verdict": CALIBRATED,
            "sentence": f"On {title}: spread over error is {span} at every wavelength.",
        }
    told = [
        f"{words} at {_bands(waves, chosen, units)}: {meaning}"
        for words, meaning, chosen in (("too narrow", SURE, narrow), ("too wide", ROUGH, wide))
        if chosen
    ]
    return {
        "verdict": "uneven" if narrow and wide else "too narrow" if narrow else "too wide",
        "sentence": f"On {title} the ensemble is {'; it is '.join(told)}.",
    }


def _bands(waves: Mapping[str, Any], chosen: list[int], units: str) -> str:
    """Name bands of waves by their lengths, with their spread over error and share of it."""
    share = np.array([waves["error_share"][i] for i in chosen])
    ratio = np.sqrt(
        (share * np.square([waves["spread_skill"][i] for i in chosen])).sum() / share.sum()
    )
    lengths = [2 * np.pi / k for k in (waves["wavenumber"][i] for i in chosen) if k > 0]
    names = [] if len(lengths) == len(chosen) else ["the mean over the grid"]
    if lengths:
        long, short = f"{max(lengths):.3g}", f"{min(lengths):.3g}"
        unit = "cells" if units == "1" else units
        names.append(f"waves of {long if long == short else f'{short} to {long}'} {unit}")
    return (
        f"{' and '.join(names)} (spread over error {ratio:.2f}, {percent(share.sum())} of the "
        "squared error)"
    )


def percent(share: float) -> str:
    """Write a share in percent, with two digits and never as a power of ten.

    Examples
    --------
    >>> percent(0.996), percent(0.444), percent(0.0304), percent(15.67), percent(2e-8)
    ('100 %', '44 %', '3 %', '1,600 %', 'less than 0.01 %')
    """
    rounded = float(f"{100 * share:.2g}")
    if 0 < rounded < 0.01:
        return "less than 0.01 %"
    return f"{rounded:,.0f} %" if rounded >= 10 else f"{rounded:g} %"


def calibration_verdicts(
    metrics: Mapping[str, Any], titles: Mapping[str, str] | None = None
) -> dict[str, dict[str, Any]]:
    """Give the calibration of every output field: the stored one, or that of the stored scores.

    Parameters
    ----------
    metrics
        The content of ``metrics.json``; one that an earlier version wrote lacks the verdicts.
    titles
        What fields are called, for those; their names are taken for the others.
    """
    model, titles = metrics.get("model", {}), titles or {}
    stored = model.get("calibration", {})
    return {
        name: stored.get(name)
        or calibration_verdict(titles.get(name, name.replace("_", " ")), scores)
        for name, scores in model.get("prediction", {}).items()
    }
