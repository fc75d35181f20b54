"""Which samples make up each step, and their tensors, resident on one device."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from fieldvae.contract import Batch


def batches(count: int, size: int, *, seed: int, epoch: int) -> list[Tensor]:
    """Shuffle samples into the batches of one epoch.

    The order depends on ``seed`` and ``epoch`` alone, so that a resumed training goes on exactly
    as an undisturbed one. A remainder smaller than half a batch is left out of the epoch: batch
    statistics and gradients of so few samples are noise, and another shuffle leaves out others.

    Parameters
    ----------
    count
        Number of samples.
    size
        Samples in a batch; where there are fewer in all, they make one batch.
    seed, epoch
        What the order follows from.

    Returns
    -------
    list[Tensor]
        Positions of samples, integers, shape ``(batch,)`` each; at least one batch.

    Examples
    --------
    >>> [len(batch) for batch in batches(70, 32, seed=0, epoch=0)]
    [32, 32]
    >>> [len(batch) for batch in batches(80, 32, seed=0, epoch=0)]
    [32, 32, 16]
    """
    order = torch.from_numpy(np.random.default_rng([seed, epoch]).permutation(count))
    parts = list(torch.split(order, size))
    if len(parts) > 1 and 2 * len(parts[-1]) < size:
        parts.pop()
    return parts


def steps(count: int, size: int) -> int:
    """Number of batches in an epoch."""
    whole, remainder = divmod(count, size)
    return max(1, whole + (2 * remainder >= size))


def place(batch: Batch, device: torch.device | str) -> Batch:
    """Copy tensors to a device, where they stay for the whole training."""
    return {name: values.to(device) for name, values in batch.items()}


def take(batch: Batch, indices: Tensor | np.ndarray | Sequence[int]) -> Batch:
    """Select samples by position, along the first axis of every field."""
    chosen = torch.as_tensor(indices)
    return {name: values[chosen.to(values.device)] for name, values in batch.items()}
