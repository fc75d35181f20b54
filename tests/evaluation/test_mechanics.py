import numpy as np
import pytest
import torch
import xarray as xr

from fieldvae.contract import AffineScale
from fieldvae.evaluation.mechanics import mechanics_metrics
from fieldvae.evaluation.metrics import Resampling
from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid
from fieldvae.model.solenoidal import Solenoidal

STRESS = FieldSpec(name="tensor", units="MPa", tensor_kind="symmetric")
STRAIN = STRESS.model_copy(update={"units": "1"})
GRID = Grid((4, 4, 4), periodic=(True,) * 3)


def labeled(values) -> xr.Dataset:
    dims = ("sample", "realization", "tensor_component", "x", "y", "z")
    dims = dims if values.ndim == 6 else (dims[0], *dims[2:])
    coords = {"tensor_component": list(VOIGT)}
    return xr.Dataset({"tensor": (dims, values)}, coords=coords)


def balanced(*shape, seed=0):
    one = AffineScale(torch.zeros(6, 1, 1, 1), torch.ones(6, 1, 1, 1))
    values = torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))
    return Solenoidal(STRESS, GRID, one).project(values).numpy()


def measured(field, truth, drawn, grid=GRID, resamples=200):
    resampling = Resampling(resamples, np.random.default_rng(0))
    truth, predictions = labeled(truth), {"model": labeled(drawn)}
    return mechanics_metrics([field], truth, predictions, grid=grid, resampling=resampling)


@pytest.fixture
def noise():
    return np.random.default_rng(1).standard_normal((30, 6, 4, 4, 4))


@pytest.mark.parametrize(("field", "law"), [(STRESS, "equilibrium"), (STRAIN, "compatibility")])
def test_realizations_like_the_truth_have_its_residual(field, law, noise):
    drawn = np.random.default_rng(2).standard_normal((30, 9, 6, 4, 4, 4))
    found = measured(field, noise, drawn)["model"]["tensor"]
    assert found[f"{law}_residual"] == pytest.approx(1, abs=0.03)
    low, high = found[f"{law}_residual_interval"]
    assert low < 1 < high
    assert found[f"{law}_imbalance"] == pytest.approx(1, abs=0.05)
    assert found[f"{law}_imbalance_data"] == pytest.approx(1, abs=0.1)


def test_twice_the_values_have_twice_the_residual_and_the_same_imbalance(noise):
    found = measured(STRESS, noise, 2 * noise[:, None])["model"]["tensor"]
    assert found["equilibrium_residual"] == pytest.approx(2)
    assert found["equilibrium_imbalance"] == pytest.approx(found["equilibrium_imbalance_data"])


def test_realizations_in_balance_have_no_residual(noise):
    found = measured(STRESS, noise, balanced(30, 2, 6, 4, 4, 4))["model"]["tensor"]
    assert found["equilibrium_residual"] < 1e-9
    assert found["equilibrium_imbalance"] < 1e-9


def test_a_truth_in_balance_is_nothing_to_divide_by(noise):
    truth = balanced(30, 6, 4, 4, 4).astype(np.float32)
    found = measured(STRESS, truth, noise[:, None])["model"]["tensor"]
    assert found["equilibrium_residual"] is None
    assert found["equilibrium_residual_interval"] == [None, None]
    assert found["equilibrium_imbalance"] > 0.5
    assert found["equilibrium_imbalance_data"] < 1e-6


def test_nothing_is_said_of_other_fields(noise):
    heat = STRESS.model_copy(update={"units": "K"})
    assert measured(heat, noise, noise[:, None]) == {}


def test_nothing_is_said_where_the_derivative_does_not_exist(noise):
    spectral = STRESS.model_copy(update={"derivative": "spectral"})
    assert measured(spectral, noise, noise[:, None], grid=Grid((4, 4, 4))) == {}
    assert "model" in measured(STRESS, noise, noise[:, None], grid=Grid((4, 4, 4)))
