import numpy as np
import pytest

from fieldvae import GridError, StoreError
from fieldvae.data.samples import Samples, concatenate

from .conftest import FIELDS, cell


def samples(name="a.zarr", **options):
    return Samples.from_dataset(cell(**options), FIELDS, name=name)


class TestSamples:
    def test_are_selected_by_position(self):
        chosen = samples().take([4, 1])
        np.testing.assert_array_equal(chosen.dataset.time[:, 0], cell().time[[4, 1]])
        assert len(chosen) == 2

    def test_give_fields_of_one_dim_and_two_orders_a_dim_each(self):
        reverse = FIELDS["load"].with_components(FIELDS["load"].labels[::-1])
        found = Samples.from_dataset(cell(), {**FIELDS, "load": reverse}).dataset
        np.testing.assert_array_equal(found["load"].values, cell()["load"].values[:, ::-1])
        assert found["load"].dims == ("sample", "load_component")
        assert found.stress.dims[1] == "voigt"


class TestConcatenate:
    def test_keeps_the_order_of_stores(self):
        joined = concatenate([samples(seed=1), samples(seed=2, samples=3)])
        assert len(joined) == 9
        np.testing.assert_array_equal(joined.dataset.stress[6:], cell(seed=2, samples=3).stress)

    def test_renames_component_dims_as_the_first_store_has_them(self):
        other = Samples.from_dataset(cell().rename(voigt="component"), FIELDS)
        assert concatenate([samples(), other]).dataset.stress.dims[1] == "voigt"

    def test_orders_components_as_the_first_store_does(self):
        other = Samples.from_dataset(cell().isel(element=[2, 0, 1]), FIELDS)
        joined = concatenate([samples(), other])
        assert joined.fields["concentration"].labels == ("Co", "Cr", "Ni")
        np.testing.assert_array_equal(
            joined.dataset.concentration[6:], joined.dataset.concentration[:6]
        )

    def test_fills_coordinates_that_a_store_lacks_with_nan(self):
        other = Samples.from_dataset(cell().drop_vars("temperature"), FIELDS)
        assert np.isnan(concatenate([samples(), other]).dataset.temperature[6:]).all()

    def test_refuses_another_grid(self):
        with pytest.raises(GridError, match=r"b\.zarr has another grid than a\.zarr: spacing"):
            concatenate([samples(), samples("b.zarr", spacing=[1.0, 2.0, 2.0])])

    def test_refuses_other_components(self):
        other = cell().assign_coords(element=["Co", "Cr", "Fe"])
        with pytest.raises(StoreError, match=r"b\.zarr has the components Co, Cr, Fe; a\.zarr has"):
            concatenate([samples(), Samples.from_dataset(other, FIELDS, name="b.zarr")])
