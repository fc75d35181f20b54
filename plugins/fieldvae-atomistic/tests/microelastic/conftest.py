"""Cells of 4x4x4 unit cells, and one of them."""

from __future__ import annotations

import pytest
import xarray as xr
from fieldvae_atomistic.microelastic import microelastic


@pytest.fixture(scope="module")
def source():
    return microelastic(samples=400, seed=3, cells=(4, 4, 4), grid=(2, 2, 2))


@pytest.fixture(scope="module")
def sample(source) -> xr.Dataset:
    return source[1]
