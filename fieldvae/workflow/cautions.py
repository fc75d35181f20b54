"""What is allowed and still deserves a word: few samples, inputs that never change, other grids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from fieldvae.data.conform import SAMPLE, component_dimension
from fieldvae.evaluation.verdicts import percent
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.training import EpochRecord, kept_epoch

if TYPE_CHECKING:
    from fieldvae.workflow.preparing import Prepared

FEW_TO_TRAIN = 20
"""Training samples below which a law cannot be learned but for the simplest."""

FEW_TO_TEST = 10
"""Test samples below which intervals of scores say next to nothing."""


EARLY = 0.7
"""Part of the training before which the best weights tell of too few samples."""

FAR = 10
"""Ratio of standard deviations that is more likely one of units than one of materials."""

SHORTER = "waves of the training cell that have no room here are missing"


def cautions(prepared: Prepared) -> Iterator[str]:
    """Give a sentence for each thing in a task's data that will disappoint.

    Parameters
    ----------
    prepared
        The task and its data.

    Yields
    ------
    str
        What was found, what to expect of it, and what to do.
    """
    train, test = len(prepared.split.train), len(prepared.split.test)
    if train < FEW_TO_TRAIN:
        yield (
            f"{_samples(train)} to train on: a distribution takes hundreds; expect no skill, and "
            "add samples"
        )
    if test < FEW_TO_TEST:
        yield (
            f"{_samples(test)} to test on: scores say little; add samples, raise "
            "data.split.test, or name a data.test_store"
        )
    training = prepared.part(prepared.split.train)
    for field in prepared.inputs:
        values = training[field.name].to_numpy()
        if np.nanmin(values) == np.nanmax(values):
            yield (
                f"the input {field.name!r} has the same value in every training sample: nothing "
                "can be learned of it; remove it from inputs, or add samples where it differs"
            )


def kept_early(course: Sequence[EpochRecord]) -> str | None:
    """Say from which epoch the kept weights are, if training went on long after it.

    Parameters
    ----------
    course
        The record of every epoch.

    Returns
    -------
    str or None
        ``None`` where the best realizations for held-out samples came near the end, or no
        weights were chosen. Why later ones were worse is not known, so that it is told as a
        possibility.
    """
    kept = kept_epoch(course)
    if kept is None or kept > EARLY * len(course):
        return None
    scores = [epoch.score for epoch in course if epoch.score is not None]
    worse = percent(scores[-1] / scores[kept - 1] - 1)
    return (
        f"kept are the weights after epoch {kept} of {len(course)}: from there on realizations for "
        f"held-out samples got no better, and at the end {worse} worse in energy score; the "
        "network may have begun to learn its samples by heart: more samples help then, and "
        "symmetries where the fields have any"
    )


def other_grid(trained: Grid, asked: Grid) -> str | None:
    """Say what to expect of a model on a grid of another shape than that of its training.

    Parameters
    ----------
    trained
        The grid of training.
    asked
        That of the inputs.

    Returns
    -------
    str or None
        ``None`` where the shapes are one.

    Examples
    --------
    >>> other_grid(Grid((4, 4)), Grid((8, 4)))
    'trained on 4 x 4, predicting on 8 x 4: waves longer than the training cell are extrapolated, \
see docs/model.md#other-grids'
    """
    if trained.shape == asked.shape:
        return None
    one, other = (" x ".join(map(str, grid.shape)) for grid in (trained, asked))
    longer = any(b > a for a, b in zip(trained.shape, asked.shape, strict=True))
    what = "waves longer than the training cell are extrapolated" if longer else SHORTER
    return f"trained on {one}, predicting on {other}: {what}, see docs/model.md#other-grids"


def outside_range(outside: np.ndarray) -> str | None:
    """Say how many samples have inputs outside the range of training.

    Parameters
    ----------
    outside
        Which samples have, ``(sample,)``.

    Returns
    -------
    str or None
        ``None`` where none has.

    Examples
    --------
    >>> outside_range(np.array([False, True, False, False]))
    '25% of the samples (1 of 4) have inputs outside the range that the model was trained on; \
expect no skill there'
    """
    if not outside.any():
        return None
    return (
        f"{outside.mean():.0%} of the samples ({int(outside.sum())} of {len(outside)}) have inputs "
        "outside the range that the model was trained on; expect no skill there"
    )


def unlike_training(outside: np.ndarray, *, trained: Grid, asked: Grid) -> Iterator[str]:
    """Give a sentence for each way in which data differ from those of training.

    Parameters
    ----------
    outside
        Which samples have inputs outside the range of training, ``(sample,)``.
    trained, asked
        The grid of training, and that of the data.
    """
    for told in (outside_range(outside), other_grid(trained, asked)):
        if told is not None:
            yield told


def other_spreads(
    outputs: Sequence[FieldSpec], trained: xr.Dataset, asked: xr.Dataset, *, name: str
) -> Iterator[str]:
    """Give a sentence for each output that varies far more, or far less, than in training.

    Parameters
    ----------
    outputs
        The fields.
    trained, asked
        The training samples, and those to score, in the units of the fields.
    name
        What the second are called.
    """
    for field in outputs:
        ours, theirs = _spread(asked[field.name]), _spread(trained[field.name])
        if min(ours, theirs) > 0 and max(ours / theirs, theirs / ours) > FAR:
            factor = float(f"{max(ours / theirs, theirs / ours):.2g}")
            times = f"{factor:,.0f} times" if ours > theirs else f"1/{factor:,.0f} of"
            yield (
                f"{field.name} of {name} has {times} the standard deviation of the training "
                "samples; are its units right?"
            )


def known_samples(
    outputs: Sequence[FieldSpec], trained: xr.Dataset, asked: xr.Dataset, *, name: str
) -> Iterator[str]:
    """Give a sentence where samples to score are training samples, whatever store they are in.

    Parameters
    ----------
    outputs, trained, asked, name
        As of :func:`other_spreads`.
    """
    learned, scored = (
        [*zip(*(_digests(data[field.name]) for field in outputs), strict=True)]
        for data in (trained, asked)
    )
    seen = {*learned}
    if known := sum(each in seen for each in scored):
        yield (
            f"{known:,} of the {_samples(len(scored))} in {name} are, value for value, among those "
            "that the model was trained on; their scores say nothing of other samples (those of a "
            "run's own test part stand in its metrics.json)"
        )


def _digests(field: xr.DataArray) -> list[bytes]:
    """Return a checksum of every sample, its cells and components in one order."""
    others = sorted(str(dim) for dim in field.dims if dim != SAMPLE)
    values = field.transpose(SAMPLE, *others).values.astype(np.float32)
    return [hashlib.sha256(value.tobytes()).digest() for value in values]


def _spread(field: xr.DataArray) -> float:
    """Standard deviation over samples and cells, the root of its mean square over components."""
    component = component_dimension(field)
    others = [dim for dim in field.dims if dim != component]
    return float(np.sqrt(field.astype(float).var(others).mean()))


def _samples(count: int) -> str:
    return "one sample" if count == 1 else f"{count} samples"
