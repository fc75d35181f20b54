"""How many threads training takes on a CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from fieldvae.model.cvae import ConditionalVAE
from fieldvae.spec import TaskSpec

WORTH_SHARING = 4e9
"""Multiplications of one forward pass of a batch below which threads cost more than they give.

The default preset on 4x4x4 cells (1.6e9): on two cores two threads take two thirds of the time of
one where nothing else runs, and five times as long where something does, because threads wait for
each other at each of many small operations. The paper's dense layers (1.4e10) gain."""


@contextmanager
def sensible_threads(network: ConditionalVAE, spec: TaskSpec) -> Iterator[int]:
    """Compute on one thread inside the block where the work of a step is too small to share.

    The choice follows from the task alone, so that a resumed training gives the same bits.
    Never more threads than torch was given (``OMP_NUM_THREADS``).

    Yields
    ------
    int
        Number of threads.
    """
    before = torch.get_num_threads()
    weights = sum(parameter.numel() for parameter in network.parameters())
    cells = network.grid.cells if network.any_shape else 1  # a kernel is used once a cell
    threads = 1 if weights * cells * spec.training.batch < WORTH_SHARING else before
    torch.set_num_threads(threads)
    try:
        yield threads
    finally:
        torch.set_num_threads(before)
