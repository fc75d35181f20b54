"""What is left of balance of forces in the cells, as the documentation tells it."""

import numpy as np
import pytest
from fieldvae_atomistic.microelastic import microelastic

from fieldvae import FieldSpec, Grid
from fieldvae.data.balance import unbalanced_shares

CORNER = FieldSpec(name="residual_stress", units="GPa", tensor_kind="symmetric")
CENTRAL = CORNER.model_copy(update={"derivative": "central"})


@pytest.fixture(scope="module")
def stress():
    source = microelastic(samples=12, seed=0, cells=(8, 8, 8), grid=(8, 8, 8))
    return np.stack([source[i]["residual_stress"].values for i in range(12)])


def long_waves(stress):
    """Keep the waves that are as long as the cell."""
    waves = np.fft.fftn(stress, axes=(-3, -2, -1))
    index = np.fft.fftfreq(8, 1 / 8)
    length = np.sqrt(sum(k**2 for k in np.meshgrid(index, index, index, indexing="ij")))
    return np.fft.ifftn(waves * (length <= 1), axes=(-3, -2, -1)).real


def share(stress, field):
    grid = Grid(stress.shape[-3:], periodic=(True,) * 3)
    return np.sqrt(np.mean(unbalanced_shares(stress, field, grid) ** 2))


def test_long_waves_are_in_balance(stress):
    assert share(long_waves(stress), CORNER) < 0.01


def test_blocks_are_not_though_corners_are_nearest(stress):
    assert 0.3 < share(stress, CORNER) < share(stress, CENTRAL) < 0.7
