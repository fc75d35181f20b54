"""What is asked of every field of known law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chisquare

from fieldvae.grid import Grid

GRIDS = [
    Grid((12,), periodic=(True,)),
    Grid((5, 4), periodic=(True, True)),
    Grid((4, 4, 4), spacing=(2.0, 2.0, 2.0), spacing_units="nm", periodic=(True, True, True)),
]


@pytest.fixture(params=GRIDS, ids=str)
def grid(request):
    return request.param


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.fixture
def rank_chances():
    """Chance of the ranks of true values among realizations, one random cell a sample."""

    def chance(truth, drawn, generator) -> float:
        truth, drawn = truth.reshape(len(truth), -1), drawn.reshape(*drawn.shape[:2], -1)
        cells = generator.integers(0, truth.shape[1], len(truth))
        rows = np.arange(len(truth))
        ranks = (drawn[rows, :, cells] < truth[rows, None, cells]).sum(axis=1)
        return float(chisquare(np.bincount(ranks, minlength=drawn.shape[1] + 1)).pvalue)

    return chance
