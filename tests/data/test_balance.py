import numpy as np
import pytest
import torch
import xarray as xr

from fieldvae.contract import AffineScale
from fieldvae.data.balance import unbalanced_shares
from fieldvae.data.samples import Samples
from fieldvae.errors import StoreError
from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid
from fieldvae.model.solenoidal import Solenoidal

FIELD = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="solenoidal")
GRID = Grid((4, 5, 4), periodic=(True,) * 3)


def stored(derivative="corner", *, periodic=True, units="GPa") -> xr.Dataset:
    """Three samples in balance in one scheme."""
    chance = torch.Generator().manual_seed(0)
    one = AffineScale(torch.zeros(6, 1, 1, 1), torch.ones(6, 1, 1, 1))
    field = FIELD.model_copy(update={"derivative": derivative})
    values = Solenoidal(field, GRID, one).project(torch.randn(3, 6, 4, 5, 4, generator=chance))
    return xr.Dataset(
        {"stress": (("sample", "voigt", "x", "y", "z"), values.numpy(), {"units": units})},
        coords={"voigt": list(VOIGT)},
        attrs={"fieldvae_store": 1, "spacing": [1.0] * 3, "periodic": [periodic] * 3},
    )


def test_a_stress_in_balance_passes_in_single_precision():
    assert len(Samples.from_dataset(stored(), {"stress": FIELD})) == 3


def test_other_units_do_not_matter():
    assert len(Samples.from_dataset(stored(units="MPa"), {"stress": FIELD})) == 3


def test_the_scheme_is_the_field_s():
    central = FIELD.model_copy(update={"derivative": "central"})
    assert len(Samples.from_dataset(stored("central"), {"stress": central})) == 3
    with pytest.raises(StoreError, match=r"by derivative: corner 0\.\d+, central \d.*e-\d+, spec"):
        Samples.from_dataset(stored("central"), {"stress": FIELD})


def test_a_sample_out_of_balance_is_named():
    dataset = stored()
    dataset["stress"][1, 0, 0, 0, 0] += 1.0
    dataset["stress"][1, 0] -= dataset["stress"][1, 0].mean()
    with pytest.raises(StoreError, match="not in balance of forces in 1 sample, worst sample 1"):
        Samples.from_dataset(dataset, {"stress": FIELD})


def test_a_mean_is_told_as_a_mean():
    with pytest.raises(StoreError, match=r"a mean over the grid .* the closure solenoidal expects"):
        Samples.from_dataset(stored() + 1.0, {"stress": FIELD})


def test_a_grid_that_ends_is_refused():
    with pytest.raises(StoreError, match=r"closure solenoidal: .*must repeat along every axis"):
        Samples.from_dataset(stored(periodic=False), {"stress": FIELD})


def test_of_white_noise_half_the_power_would_go():
    """Normal and shear stresses of equal weight in the norm: three of six directions go."""
    chance = np.random.default_rng(0)
    values = chance.standard_normal((40, 6, 16, 16, 16))
    values[:, 3:] /= np.sqrt(2)
    grid = Grid((16, 16, 16), periodic=(True,) * 3)
    shares = unbalanced_shares(values, FIELD, grid)
    np.testing.assert_allclose(shares**2, 0.5, rtol=0.05)
