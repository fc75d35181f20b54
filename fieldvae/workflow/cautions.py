"""What may be trained on and still deserves a word: few samples, inputs that never change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fieldvae.workflow.preparing import Prepared

FEW_TO_TRAIN = 20
"""Training samples below which a law cannot be learned but for the simplest."""

FEW_TO_TEST = 10
"""Test samples below which intervals of scores say next to nothing."""


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


def _samples(count: int) -> str:
    return "one sample" if count == 1 else f"{count} samples"
