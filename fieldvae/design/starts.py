"""Where optimizations start: a normal law fitted to training samples, or such samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def normal_starts(
    training: NDArray[np.floating], count: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """Draw fields whose cells are independent normal vectors fitted to training samples.

    Mean and covariance of the components are taken over samples and cells alike, so that shares
    that sum to one in every cell do so in what is drawn.

    Parameters
    ----------
    training
        Physical values, shape ``(sample, component, x, y, z)``.
    count
        Number of starts.
    generator
        The only source of chance.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(start, component, x, y, z)``.
    """
    components = training.shape[1]
    values = np.moveaxis(training, 1, -1).reshape(-1, components).astype(np.float64)
    covariance = np.atleast_2d(np.cov(values, rowvar=False))
    shape = (count, *training.shape[2:])
    drawn = generator.multivariate_normal(
        values.mean(axis=0), covariance, size=shape, method="eigh"
    )
    return np.ascontiguousarray(np.moveaxis(drawn, -1, 1))


def training_starts(samples: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Choose training samples to start from; each once before one comes twice.

    Returns
    -------
    NDArray[np.int64]
        Positions within the training part, shape ``(start,)``.
    """
    rounds = -(-count // samples)
    order = [generator.permutation(samples) for _ in range(rounds)]
    return np.concatenate(order)[:count]
