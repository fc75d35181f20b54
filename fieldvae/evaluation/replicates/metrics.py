"""Scores against replicates as the numbers of ``metrics.json``, and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fieldvae.evaluation.comparison import TITLES
from fieldvae.evaluation.measures import LEVELS, coverage_name
from fieldvae.evaluation.metrics import Resampling, plain
from fieldvae.evaluation.replicates.measures import ReplicateMeasures
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec


def replicate_metrics(
    field: FieldSpec, measures: ReplicateMeasures, *, model: str, resampling: Resampling
) -> dict[str, Any]:
    """Scores of one field of one model, means over conditions.

    Parameters
    ----------
    field
        The field.
    measures
        What was measured of it.
    model
        The model's name, for the sentence.
    resampling
        For the intervals, over conditions.

    Returns
    -------
    dict
        ``energy_score``, ``energy_score_limit``, ``energy_score_excess`` (what the one lies above
        the other, over the other), ``energy_distance``, ``sliced_wasserstein``,
        ``sliced_wasserstein_own``, ``coverage_50`` ... ``coverage_95``, ``spread_ratio``
        (standard deviation over realizations over that of the replicates), each beside its
        ``<name>_interval``; ``conditions``, ``replicates``, ``realizations``; ``sentence``.
    """
    samples = measures.samples
    pair = (samples["energy_score"], samples["energy_score_limit"])
    alone = ("sliced_wasserstein", "sliced_wasserstein_own", *map(coverage_name, LEVELS))
    statistics: dict[str, tuple[Callable[..., Array], tuple[Array, ...]]] = {
        "energy_score": (_mean, pair[:1]),
        "energy_score_limit": (_mean, pair[1:]),
        "energy_score_excess": (_excess, pair),
        "energy_distance": (_twice_apart, pair),
        **{name: (_mean, (samples[name],)) for name in alone},
        "spread_ratio": (_root_ratio, (samples["variance"], samples["variance_own"])),
    }
    found: dict[str, Any] = {}
    for name, (statistic, values) in statistics.items():
        found[name] = plain(statistic(*(np.mean(value) for value in values)))
        found[f"{name}_interval"] = resampling.interval(statistic, *values)
    found["conditions"] = len(pair[0])
    found["replicates"] = measures.replicates
    found["realizations"] = measures.realizations
    return {**found, "sentence": replicate_sentence(field.title, model, found)}


def replicate_sentence(title: str, model: str, scores: Mapping[str, Any]) -> str:
    """Say how far a model's energy score lies above the replicates' own.

    Parameters
    ----------
    title
        What the field is called.
    model
        The model's name.
    scores
        As of :func:`replicate_metrics`.

    Examples
    --------
    >>> scores = {"energy_score_excess": 0.0123, "energy_score_excess_interval": [0.01, 0.015],
    ...           "conditions": 16, "replicates": 24}
    >>> replicate_sentence("stress", "model", scores)
    'On stress the model scores 1.23 % above the limit set by true replicates (energy score, 16 conditions of 24 replicates; 95 % interval +1.00 to +1.50 %).'
    """  # noqa: E501
    excess = scores["energy_score_excess"]
    low, high = scores["energy_score_excess_interval"]
    start = f"On {title} {TITLES.get(model, model)}"
    counts = f"{scores['conditions']} conditions of {scores['replicates']} replicates"
    if excess is None:
        return f"{start} cannot be compared with true replicates, which do not differ."
    digits = 1 if abs(excess) >= 0.1 else 2
    where = f"{100 * abs(excess):.{digits}f} % {'above' if excess >= 0 else 'below'}"
    told = f"{start} scores {where} the limit set by true replicates (energy score, {counts}"
    if low is not None and high is not None:
        ends = f"{100 * low:+.{digits}f} to {100 * high:+.{digits}f} %"
        told += "; 95 % interval " + ends.replace("-", "\N{MINUS SIGN}")
    return f"{told})."


def _mean(value: Array) -> Array:
    return value


def _excess(score: Array, limit: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(score / limit - 1)


def _twice_apart(score: Array, limit: Array) -> Array:
    return 2 * (score - limit)


def _root_ratio(numerator: Array, denominator: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt(numerator / denominator))
