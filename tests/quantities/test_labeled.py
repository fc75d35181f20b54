import json

import numpy as np
import pytest
import torch
import xarray as xr

from fieldvae import (
    VOIGT,
    Grid,
    GridError,
    OptionError,
    Quantity,
    QuantityField,
    ShapeError,
    StoreError,
    quantity,
    write_store,
)
from fieldvae.data.store import read_dataset
from fieldvae.quantities import labeled


def stresses(dims=("sample", "realization", "voigt", "x", "y", "z"), units="GPa"):
    sizes = {"sample": 3, "realization": 5, "voigt": 6, "x": 4, "y": 3, "z": 2}
    chance = np.random.default_rng(0)
    values = chance.standard_normal([sizes[d] for d in dims]).astype(np.float32)
    coordinates = {"voigt": list(VOIGT)}
    if "sample" in dims:
        coordinates["temperature"] = ("sample", [300.0, 400.0, 500.0])
    grid = {"periodic": [True] * sum(axis in dims for axis in "xyz")}
    return xr.Dataset({"stress": (dims, values, {"units": units})}, coordinates, attrs=grid)


def mean_of(stress):
    return -stress.sel(voigt=["xx", "yy", "zz"]).mean("voigt")


class TestQuantity:
    @pytest.mark.parametrize(
        "dims",
        [
            ("sample", "realization", "voigt", "x", "y", "z"),
            ("voigt", "z", "sample", "y", "x"),
            ("realization", "x", "voigt"),
            ("voigt", "x", "y"),
        ],
    )
    def test_keeps_the_dims_of_its_field(self, dims):
        data = stresses(dims)
        found = quantity("hydrostatic_pressure", data)
        order = ("sample", "realization", "x", "y", "z")
        assert found.dims == tuple(dim for dim in order if dim in dims)
        expected = mean_of(data.stress).transpose(*found.dims)
        np.testing.assert_allclose(found.values, expected.values, atol=1e-6)

    def test_keeps_coordinates_and_says_what_it_is(self):
        found = quantity("principal_stresses", stresses(units="MPa"))
        assert found.name == "principal_stresses"
        assert found.dims == ("sample", "realization", "principal", "x", "y", "z")
        assert list(found.principal.values) == ["1", "2", "3"]
        assert list(found.temperature.values) == [300, 400, 500]
        assert (found.attrs["units"], found.attrs["long_name"]) == ("MPa", "principal stress")
        assert found.attrs["quantity"] == '{"use": "principal_stresses", "of": null}'

    def test_does_a_few_samples_at_a_time_as_it_does_all(self, monkeypatch):
        whole = quantity("von_mises_stress", stresses())
        monkeypatch.setattr(labeled, "VALUES_AT_ONCE", 1)
        xr.testing.assert_identical(quantity("von_mises_stress", stresses()), whole)

    def test_turns_the_tensor_by_the_frame_of_the_grid(self):
        choice = {"use": "elastic_energy_density", "c11": 245.0, "c12": 150.0, "c44": 140.0}
        turned = stresses().assign_attrs(frame=[0.6, 0.8, 0.0, -0.8, 0.6, 0.0, 0.0, 0.0, 1.0])
        there, here = quantity(choice, turned), quantity(choice, stresses())
        assert not np.allclose(there, here, rtol=0.01)
        frame = Grid(shape=(4, 3, 2), frame=tuple(turned.attrs["frame"]))
        xr.testing.assert_equal(quantity(choice, stresses(), grid=frame), there)

    def test_is_the_same_after_a_round_through_a_store(self, tmp_path):
        data = stresses()
        found = quantity("von_mises_stress", data)
        write_store(data.assign(von_mises_stress=found), tmp_path / "store.zarr")
        back = read_dataset(tmp_path / "store.zarr")
        np.testing.assert_array_equal(back.von_mises_stress.values, found.values)
        assert back.von_mises_stress.attrs == found.attrs
        xr.testing.assert_equal(
            quantity("von_mises_stress", back).drop_vars(found.coords, errors="ignore"),
            found.drop_vars(found.coords),
        )

    def test_of_a_fields_own_name_is_the_field(self):
        data = stresses()
        found = quantity({"use": "stress", "component": "xz"}, data)
        assert (found.name, found.attrs["units"]) == ("stress", "GPa")
        np.testing.assert_array_equal(found.values, data.stress.sel(voigt="xz").values)
        again = quantity(json.loads(found.attrs["quantity"]), data)
        np.testing.assert_array_equal(again.values, found.values)

    def test_takes_what_is_drawn_for_the_output(self):
        inputs = stresses(("sample", "voigt", "x", "y", "z"))
        inputs["heat"] = inputs.stress.isel(voigt=0, drop=True).assign_attrs(units="K")
        found = quantity("component", stresses(), inputs=inputs[["heat"]])
        assert found.sizes["stress_component"] == 6

    def test_combines_realizations_with_inputs_of_the_same_samples(self):
        heat = np.arange(3.0).reshape(3, 1, 1, 1) * np.ones((3, 4, 3, 2))
        inputs = xr.Dataset({"heat": (("sample", "x", "y", "z"), heat, {"units": "K"})})

        def heated(fields):
            pressure = -fields["stress"][..., :3, :, :, :].mean(-4)
            return QuantityField(pressure * fields["heat"][..., 0, :, :, :], "GPa K")

        data = stresses()
        found = quantity(Quantity("heated", {}, heated), data, inputs=inputs)
        expected = mean_of(data.stress) * inputs.heat
        np.testing.assert_allclose(found.values, expected.transpose(*found.dims).values, atol=1e-5)

    def test_reads_a_field_on_samples(self):
        data = stresses()
        data["heat"] = ("sample", [1.0, 2.0, 3.0], {"units": "K"})

        def heat(fields):
            return QuantityField(fields["heat"][..., 0, :, :, :], "K")

        found = quantity(Quantity("heat", {}, heat), data)
        assert found.dims == ("sample", "x", "y", "z")
        np.testing.assert_array_equal(found.isel(x=1, y=0, z=0), [1, 2, 3])

    def test_passes_over_what_is_no_field(self):
        data = stresses()
        data["accepted"] = (("sample", "realization"), np.ones((3, 5), dtype=bool))
        data["tried"] = ("sample", np.ones(3), {"units": "1"})
        with pytest.raises(OptionError, match=r"There are: stress$"):
            quantity({"use": "von_mises_stress", "of": "strain"}, data)

    def test_refuses_a_field_without_units(self):
        data = stresses()
        del data.stress.attrs["units"]
        with pytest.raises(StoreError, match="'stress' in the dataset has no attribute 'units'"):
            quantity("von_mises_stress", data)

    def test_refuses_labels_that_do_not_fit_the_tensor_kind(self):
        data = stresses().assign_coords(voigt=list("abcdef"))
        data.stress.attrs["tensor_kind"] = "symmetric"
        with pytest.raises(StoreError, match="'stress' in the dataset is no field: component 'a'"):
            quantity("von_mises_stress", data)

    def test_refuses_a_grid_of_another_shape(self):
        with pytest.raises(
            GridError, match=r"on \(4, 3, 2\) cells; the grid given has \(4, 4, 4\)"
        ):
            quantity("von_mises_stress", stresses(), grid=Grid(shape=(4, 4, 4)))

    def test_refuses_a_dataset_without_grid(self):
        with pytest.raises(GridError, match=r"no field on a grid .* it holds heat"):
            quantity("von_mises_stress", xr.Dataset({"heat": ("sample", [1.0], {"units": "K"})}))

    def test_refuses_what_is_no_dataset(self):
        with pytest.raises(
            OptionError, match=r"expected an xarray.Dataset of fields, not DataArray"
        ):
            quantity("von_mises_stress", stresses().stress)

    def test_refuses_a_plugin_that_reduces_over_cells(self):
        def mean(fields):
            return QuantityField(fields["stress"].mean((-3, -2, -1))[..., None].squeeze(0), "GPa")

        with pytest.raises(ShapeError, match=r"'mean' has values of shape .* \(3, 5, 4, 3, 2\)"):
            quantity(Quantity("mean", {}, mean), stresses())

    def test_keeps_single_precision_and_needs_no_gradient(self):
        data = stresses()
        with torch.enable_grad():
            assert quantity("von_mises_stress", data).dtype == np.float32
