from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from fieldvae import FieldSpec, Grid, PhysicalFields

VOIGT_PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def components_of(matrices: np.ndarray) -> Tensor:
    """Symmetric matrices ``(..., 3, 3)`` as a field of one cell, ``(..., 6, 1, 1, 1)``."""
    columns = np.stack([matrices[..., i, j] for i, j in VOIGT_PAIRS], axis=-1)
    return torch.from_numpy(columns)[..., None, None, None]


def stress_fields(matrices: np.ndarray, *, frame=None, units: str = "GPa") -> PhysicalFields:
    axes = () if frame is None else {"frame": tuple(np.asarray(frame, dtype=float).ravel())}
    spec = FieldSpec(name="stress", units=units, tensor_kind="symmetric")
    grid = Grid(shape=(1, 1, 1), **dict(axes))
    return PhysicalFields({"stress": components_of(np.asarray(matrices))}, {"stress": spec}, grid)


def symmetric(count: int, seed: int) -> np.ndarray:
    """Random symmetric matrices ``(count, 3, 3)``."""
    matrices = np.random.default_rng(seed).standard_normal((count, 3, 3))
    return matrices + matrices.swapaxes(-1, -2)


def rotation(seed: int) -> np.ndarray:
    return Rotation.random(random_state=seed).as_matrix()


@pytest.fixture(scope="session")
def make_fields():
    return stress_fields


@pytest.fixture(scope="session")
def make_symmetric():
    return symmetric


@pytest.fixture(scope="session")
def make_rotation():
    return rotation
