from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import xarray as xr

from fieldvae import FieldSpec, GridError, OptionError, StoreError, open_store
from fieldvae.data.collecting import collect
from fieldvae.data.gridded import arrays

LABELS = ("heat=hot", "cold", "stress=xx", "yy", "zz", "xy", "xz", "yz")
UNITS = ("heat=K", "stress=MPa")


@pytest.fixture
def generator():
    return np.random.default_rng(3)


@pytest.fixture
def fields(generator):
    """Return a field of two components, one of six, and a temperature, for five samples."""
    return {
        "heat": generator.normal(size=(5, 2, 4, 3, 2)).astype(np.float32),
        "stress": generator.normal(size=(5, 6, 4, 3, 2)),
        "temperature": np.arange(5.0) * 100.0,
    }


class TestArrays:
    @pytest.mark.parametrize("kind", ["npy", "npz", "npz of two files"])
    def test_become_a_store_that_a_task_reads(self, fields, tmp_path, kind):
        if kind == "npy":
            for name, values in fields.items():
                np.save(tmp_path / f"{name}.npy", values)
        elif kind == "npz":
            np.savez_compressed(tmp_path / "all.npz", **fields)
        else:
            for number, rows in ((9, slice(0, 2)), (10, slice(2, 5))):
                np.savez(tmp_path / f"{number}.npz", **{n: v[rows] for n, v in fields.items()})
        source = arrays(
            [tmp_path / "*.np*"],
            units=UNITS,
            labels=LABELS,
            spacing=(1.0, 2.0, 3.0),
            spacing_units="nm",
            periodic=(True, True, False),
        )
        source = pickle.loads(pickle.dumps(source))
        list(collect(source, tmp_path / "store.zarr"))
        specs = {
            "heat": FieldSpec(name="heat", units="K", tensor_kind="set"),
            "stress": FieldSpec(name="stress", units="GPa", tensor_kind="symmetric"),
        }
        samples = open_store(tmp_path / "store.zarr", specs)
        assert samples.grid.spacing == (1.0, 2.0, 3.0)
        assert samples.grid.periodic == (True, True, False)
        with xr.open_zarr(tmp_path / "store.zarr", consolidated=False) as store:
            np.testing.assert_array_equal(store.heat, fields["heat"])
            np.testing.assert_array_equal(store.stress, fields["stress"])
            np.testing.assert_array_equal(store.temperature, fields["temperature"])
            assert "temperature" in store.coords
            assert list(store.heat_component.values) == ["hot", "cold"]

    def test_have_any_order_of_axes(self, fields, tmp_path):
        np.save(tmp_path / "heat.npy", np.moveaxis(fields["heat"], (1, 4), (4, 1)))
        axes = ("sample", "z", "x", "y", "component")
        values = np.moveaxis(fields["heat"], (1, 4), (4, 1))
        np.save(tmp_path / "heat.npy", np.ascontiguousarray(values.transpose(0, 1, 2, 3, 4)))
        source = arrays([tmp_path / "heat.npy"], axes=axes, units="heat=K", labels=LABELS[:2])
        expected = values.transpose(0, 4, 2, 3, 1)
        for index in range(5):
            np.testing.assert_array_equal(source[index].heat, expected[index])
            assert source[index].heat.dims == ("heat_component", "x", "y", "z")

    def test_of_one_sample_a_file_and_on_two_dimensions(self, tmp_path, generator):
        made = generator.normal(size=(11, 4, 3))
        for number, values in enumerate(made):
            np.savez(tmp_path / f"cell{number}.npz", rho=values, temperature=float(number))
        source = arrays([tmp_path / "*.npz"], axes=("component", "x", "y"), units="rho=g/cm^3")
        assert len(source) == 11
        for index in (0, 2, 10):
            np.testing.assert_array_equal(source[index].rho, made[index])
            assert source[index].temperature == index
        assert source.files_of(10) == (tmp_path / "cell10.npz",)
        assert source.attributes["spacing"] == [1.0, 1.0]
        told = json.loads(source.attributes["provenance"])["files"]
        assert told[10] == {"name": "cell10.npz", "samples": 1}

    def test_of_whole_numbers_are_kept_exactly(self, tmp_path):
        np.save(tmp_path / "n.npy", np.arange(16, dtype=np.int64).reshape(2, 8))
        source = arrays([tmp_path / "n.npy"], axes=("sample", "x"), units="n=1")
        assert source[1].n.dtype == np.float64
        np.testing.assert_array_equal(source[1].n, np.arange(8, 16))


class TestLabeledFiles:
    @pytest.mark.parametrize("engine", ["scipy", "h5netcdf"])
    def test_say_units_labels_and_spacing_themselves(self, fields, tmp_path, engine):
        written = xr.Dataset(
            {
                "q": (("time", "part", "lon", "lat"), fields["heat"][..., 0], {"units": "W/m^2"}),
                "step": ("time", np.arange(5)),
                "bounds": (("lon", "corner"), np.zeros((4, 2))),
            },
            coords={
                "part": ["hot", "cold"],
                "lon": ("lon", 0.5 * np.arange(4), {"units": "m"}),
                "lat": ("lat", 0.25 * np.arange(3), {"units": "m"}),
                "time": np.arange(5) * 10.0,
            },
        )
        written.to_netcdf(tmp_path / "a.nc", engine=engine)
        rename = ("time=sample", "lon=x", "lat=y", "q=heat")
        source = arrays([tmp_path / "a.nc"], rename=rename)
        assert len(source) == 5
        assert source.attributes["spacing"] == [0.5, 0.25]
        assert source.attributes["spacing_units"] == "m"
        sample = pickle.loads(pickle.dumps(source))[3]
        np.testing.assert_array_equal(sample.heat, fields["heat"][3, ..., 0])
        assert sample.heat.attrs["units"] == "W/m^2"
        assert list(sample.part.values) == ["hot", "cold"]
        assert sample.step == 3
        assert set(sample.variables) == {"heat", "part", "step"}
        list(collect(source, tmp_path / "store.zarr"))

    def test_on_an_uneven_grid_are_refused(self, tmp_path):
        field = ("x", [1.0, 2.0, 3.0], {"units": "K"})
        xr.Dataset({"heat": field}, coords={"x": [0.0, 1.0, 3.0]}).to_netcdf(tmp_path / "a.nc")
        with pytest.raises(StoreError) as told:
            arrays([tmp_path / "a.nc"])
        assert str(told.value) == (
            "the coordinate 'x' is not evenly spaced, by 1 to 2; expected a regular grid: "
            "interpolate to one first"
        )


class TestBadFiles:
    def test_cost_their_own_samples_alone(self, fields, tmp_path):
        del fields["temperature"]
        for number in (1, 2, 3, 4):
            np.savez(tmp_path / f"{number}.npz", **fields)
        (tmp_path / "1.npz").write_bytes((tmp_path / "2.npz").read_bytes()[:200])
        np.savez(tmp_path / "3.npz", **{n: v[:, :, :2] for n, v in fields.items()})
        source = arrays([tmp_path / "*.npz"], units=UNITS, labels=LABELS)
        assert len(source) == 16
        with pytest.raises(StoreError, match=r"1\.npz cannot be read \(BadZipFile: .*; expected"):
            source[0]
        source[1], source[15]
        with pytest.raises(StoreError) as told:
            source[6]
        assert str(told.value) == (
            f"{tmp_path}/3.npz holds heat, stress on a grid of 2 x 3 x 2 (x, y, z); the first file "
            "holds heat, stress on a grid of 4 x 3 x 2 (x, y, z): the samples of a store are "
            "alike; leave the file out, or import it into a store of its own"
        )


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"units": ()}, OptionError, "^units: those of 'heat' are not known; give such as "),
            ({"labels": ()}, OptionError, "the 2 components of 'heat' have none; give such as"),
            (
                {"labels": ("heat=a", "b", "c")},
                OptionError,
                "'heat' in .* has 2 components; found 3 labels, a,b,c; expected a distinct one",
            ),
            (
                {"units": ("heta=K",)},
                OptionError,
                "^units: .* has no field 'heta'; did you mean 'heat'.$",
            ),
            ({"units": ("heat=K", "J")}, OptionError, "'heat' has 2 values, K,J; expected one"),
            ({"units": ("K",)}, OptionError, "^units: 'K'; expected such as name=value$"),
            ({"fields": ("hat",)}, StoreError, r"no field 'hat' \(did you mean 'heat'\?\); it hol"),
            ({"axes": ("sample", "y", "z")}, OptionError, "^axes sample,y,z; expected some of "),
            (
                {"axes": ("sample", "x", "y")},
                StoreError,
                r"'heat' in .* has shape \(5, 2, 4, 3, 2\); expected the axes sample, x, y \(axes",
            ),
            ({"rename": ("tim=sample",)}, StoreError, "has no dim or variable 'tim'"),
            ({"periodic": (True,)}, GridError, "periodic"),
            ({"frame": (1.0,) * 9}, GridError, "not orthonormal"),
        ],
    )
    def test_of_options(self, fields, tmp_path, options, error, message):
        np.savez(tmp_path / "all.npz", heat=fields["heat"])
        with pytest.raises(error, match=message):
            arrays(
                [tmp_path / "all.npz"], **{"units": "heat=K", "labels": "heat=hot,cold", **options}
            )

    def test_of_npy_files_that_do_not_belong_together(self, fields, tmp_path):
        np.save(tmp_path / "heat.npy", fields["heat"])
        np.save(tmp_path / "stress.npy", fields["stress"][:3])
        np.savez(tmp_path / "all.npz", **fields)
        with pytest.raises(OptionError) as told:
            arrays([tmp_path / "heat.npy", tmp_path / "all.npz"])
        assert str(told.value) == (
            "heat.npy holds one field and all.npz all of them; import npy files alone, or the "
            "others"
        )
        with pytest.raises(StoreError) as told:
            arrays([tmp_path / "*.npy"], units=UNITS, labels=LABELS)
        assert str(told.value) == (
            f"{tmp_path}/heat.npy and 1 more: the arrays differ in their samples or grid: heat "
            "(5, 2, 4, 3, 2), stress (3, 6, 4, 3, 2); their axes are sample, component, x, y, z "
            "(axes), or without component"
        )

    def test_of_objects_and_of_what_is_no_array(self, tmp_path):
        np.save(tmp_path / "a.npy", np.array([{}, None], dtype=object))
        with pytest.raises(StoreError, match=r"a\.npy cannot be read .*; expected what numpy.save"):
            arrays([tmp_path / "a.npy"])
        (tmp_path / "a.nc").write_text("hello")
        with pytest.raises(StoreError, match=r"a\.nc is no file that xarray opens"):
            arrays([tmp_path / "a.nc"])
        np.save(tmp_path / "c.npy", np.zeros((2, 3), dtype=complex))
        source = arrays([tmp_path / "c.npy"], axes=("sample", "x"), units="c=1")
        with pytest.raises(StoreError, match=r"'c' in .* has dtype complex128; expected real"):
            source[0]
