"""What is measured of one field of one model against replicates of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fieldvae.evaluation.calibration import coverage
from fieldvae.evaluation.distances import (
    directions,
    expected_energy_score,
    half_mutual_distance,
    sliced_wasserstein,
)
from fieldvae.evaluation.measures import LEVELS, coverage_name
from fieldvae.evaluation.missing import hidden
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.evaluation.scores import Array

DIRECTIONS = 128
"""Directions of the sliced Wasserstein distance."""

SPLITS = 16
"""How often replicates are split in two halves for it."""


@dataclass(frozen=True)
class ReplicateMeasures:
    """What is measured of one field of one model against replicates.

    Parameters
    ----------
    replicates, realizations
        True outputs, and the model's, of every condition.
    samples
        By score, one number a condition, shape ``(sample,)``, of fields divided by their
        components' spread; see :func:`measure_replicates`.
    """

    replicates: int
    realizations: int
    samples: Mapping[str, Array]

    def take(self, rows: NDArray[np.int64] | slice) -> ReplicateMeasures:
        """Return what was measured of some conditions, by position."""
        return replace(self, samples={name: each[rows] for name, each in self.samples.items()})


def measure_replicates(
    truths: Array, ensemble: Array, *, scale: ComponentScale, generator: np.random.Generator
) -> ReplicateMeasures:
    """Measure one field of one model.

    Parameters
    ----------
    truths
        Replicates, physical values, shape ``(sample, replicate, component, x, y, z)``.
    ensemble
        Realizations, shape ``(sample, realization, component, x, y, z)``.
    scale
        The training part's spread of the components.
    generator
        Source of chance for directions and splits; the same for models to be compared.

    Returns
    -------
    ReplicateMeasures
        With the samples ``energy_score`` and ``energy_score_limit`` (expected energy score and
        the replicates' own), ``sliced_wasserstein`` and ``sliced_wasserstein_own`` (see
        :func:`halved_distances`), ``coverage_50`` ... (share of the replicates' values inside
        the ensemble's intervals), ``variance`` and ``variance_own`` (over realizations and
        over replicates, averaged over components and cells).
    """
    y, x = scale.scaled(truths), scale.scaled(ensemble)
    x, y = (hidden(each, y.mean(axis=1)) for each in (x, y))  # what one replicate misses, all do
    apart, own = halved_distances(y, x, generator=generator)
    shares = np.mean([coverage(y[:, r], x, LEVELS) for r in range(y.shape[1])], axis=0)
    alone = x.shape[1] < 2
    return ReplicateMeasures(
        truths.shape[1],
        ensemble.shape[1],
        {
            "energy_score": expected_energy_score(y, x),
            "energy_score_limit": half_mutual_distance(y),
            "sliced_wasserstein": apart,
            "sliced_wasserstein_own": own,
            **{coverage_name(q): share for q, share in zip(LEVELS, shares, strict=True)},
            "variance": np.zeros(len(x)) if alone else _variance(x),
            "variance_own": _variance(y),
        },
    )


def halved_distances(
    truths: Array, ensemble: Array, *, generator: np.random.Generator
) -> tuple[Array, Array]:
    """Sliced Wasserstein distance of half as many realizations as there are replicates.

    The replicates are split in two halves, again and again; realizations, as many as a half
    where there are so many, are compared with each half, and the halves with each other. All sets
    being of one size, the two distances agree in expectation for a model that is right. Below
    the replicates' own lies only a law that is narrower than the truth: this is no proper score.

    Parameters
    ----------
    truths, ensemble
        Shapes ``(sample, replicate, component, x, y, z)`` and
        ``(sample, realization, component, x, y, z)``.
    generator
        Source of chance for directions and splits.

    Returns
    -------
    apart, own
        Each ``(sample,)``, in the unit of the fields: that of a deviation along one direction.
    """
    replicates, members = truths.shape[1], ensemble.shape[1]
    half = replicates // 2
    way = directions(int(np.prod(truths.shape[2:])), DIRECTIONS, generator)
    splits = [generator.permutation(replicates) for _ in range(SPLITS)]
    chosen = [generator.permutation(members)[:half] for _ in range(SPLITS)]
    apart, own = [], []
    for one, other in zip(truths, ensemble, strict=True):
        y = np.nan_to_num(one.reshape(replicates, -1).astype(float)) @ way
        x = np.nan_to_num(other.reshape(members, -1).astype(float)) @ way
        halves = [(y[rows[:half]], y[rows[half : 2 * half]]) for rows in splits]
        own.append(np.mean([sliced_wasserstein(a, b) for a, b in halves]))
        drawn = [(x[rows], half_of) for rows, pair in zip(chosen, halves, strict=True)
                 for half_of in pair]  # fmt: skip
        apart.append(np.mean([sliced_wasserstein(a, b) for a, b in drawn]))
    return np.array(apart), np.array(own)


def _variance(fields: Array) -> Array:
    """Variance over realizations, averaged over components and cells, ``(sample,)``."""
    return np.asarray(np.nanmean(fields.var(axis=1, ddof=1).reshape(len(fields), -1), axis=1))
