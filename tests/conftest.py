"""Small real data for tests: a foreign problem with fields of every kind, on a periodic grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import settings

from fieldvae.data.store import write_store
from fieldvae.document import dump_yaml

FIELDS = {
    "permeability": {"units": "m^2", "tensor_kind": "scalar"},
    "gradient": {"units": "Pa/m", "tensor_kind": "vector"},
    "fraction": {"units": "1", "tensor_kind": "set", "closure": "simplex"},
    "flux": {"units": "m/s", "tensor_kind": "vector"},
    "stress": {"units": "GPa", "tensor_kind": "symmetric", "closure": "zero-mean"},
}


settings.register_profile("busy", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small tensors: threads cost more than they give, above all beside other tests."""
    torch.set_num_threads(1)


def foreign_dataset(samples: int = 48, shape: tuple[int, ...] = (4, 4, 4)) -> xr.Dataset:
    """Fields of a made-up medium: flux follows the gradient, stress the fractions, with noise."""
    chance = np.random.default_rng(7)
    axes = ("x", "y", "z")[: len(shape)]
    permeability = 1.0 + 0.3 * chance.standard_normal((samples, *shape))
    gradient = chance.standard_normal((samples, 3, *shape))
    weights = chance.gamma(5.0, size=(samples, 3, *shape))
    fraction = weights / weights.sum(axis=1, keepdims=True)
    flux = -permeability[:, None] * gradient + 0.2 * chance.standard_normal(gradient.shape)
    stress = np.repeat(fraction, 2, axis=1) + 0.05 * chance.standard_normal((samples, 6, *shape))
    stress -= stress.mean(axis=tuple(range(2, 2 + len(shape))), keepdims=True)
    return xr.Dataset(
        {
            "permeability": (("sample", *axes), permeability, {"units": "m^2"}),
            "gradient": (("sample", "direction", *axes), gradient, {"units": "Pa/m"}),
            "fraction": (("sample", "phase", *axes), fraction, {"units": "1"}),
            "flux": (("sample", "direction", *axes), flux, {"units": "m/s"}),
            "stress": (("sample", "voigt", *axes), stress, {"units": "GPa"}),
        },
        coords={
            "direction": list("xyz"),
            "phase": ["sand", "clay", "silt"],
            "voigt": ["xx", "yy", "zz", "xy", "xz", "yz"],
            "temperature": ("sample", np.repeat([300.0, 400.0], samples // 2)),
        },
        attrs={
            "spacing": [2.0] * len(shape),
            "spacing_units": "mm",
            "periodic": [True] * len(shape),
        },
    )


@pytest.fixture(scope="session")
def foreign():
    """Make the foreign problem's data: ``foreign(samples=48, shape=(4, 4, 4))``."""
    return foreign_dataset


@pytest.fixture(scope="session")
def foreign_store(tmp_path_factory) -> Path:
    """A store of the foreign problem."""
    path = tmp_path_factory.mktemp("foreign") / "store.zarr"
    write_store(foreign_dataset(), path)
    return path


def task_on(store: Path) -> dict:
    """A small task on the foreign store."""
    convolution = {"use": "convolution", "channels": 8}
    return {
        "name": "foreign",
        "fields": FIELDS,
        "inputs": ["permeability", "gradient", "fraction"],
        "outputs": ["flux", "stress"],
        "data": {"store": str(store)},
        "model": {
            "latent": 4,
            "condition": 4,
            "smoother": convolution,
            "encoder": convolution,
            "decoder": {**convolution, "hidden": 0},
        },
        "training": {"epochs": 3, "batch": 16, "learning_rate": 1.5e-3},
        "evaluation": {"realizations": 10, "bootstrap": 50},
    }


@pytest.fixture(scope="session")
def small_task(foreign_store) -> dict:
    """A small task on the foreign store, three inputs and two outputs of different kinds."""
    return task_on(foreign_store)


@pytest.fixture
def foreign_task(foreign_store, tmp_path):
    """Write a task on the foreign store, changed as asked, and return its path."""

    def write(**changes) -> Path:
        path = tmp_path / "task.yaml"
        path.write_text(dump_yaml({**task_on(foreign_store), **changes}))
        return path

    return write


@pytest.fixture(scope="session")
def trained_run(foreign_store, tmp_path_factory) -> Path:
    """A run on the foreign problem, trained and no more."""
    from fieldvae import run

    out = tmp_path_factory.mktemp("trained") / "run"
    return run(task_on(foreign_store), out=out, until="train").path
