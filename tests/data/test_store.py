import json
import warnings

import numpy as np
import pytest
import xarray as xr

from fieldvae import FieldSpec, StoreError, UnitError
from fieldvae.data.samples import Samples
from fieldvae.data.store import open_store, write_store

from .conftest import FIELDS, cell


def refusal(dataset, path, fields=FIELDS, **options):
    dataset.to_zarr(path, mode="w", consolidated=False, zarr_format=2, write_empty_chunks=True)
    with pytest.raises(StoreError) as caught:
        open_store(path, fields, **options)
    return str(caught.value)


class TestWriteStore:
    def test_gives_back_what_was_written(self, dataset, tmp_path):
        write_store(dataset, tmp_path / "a.zarr", attributes={"provenance": {"seed": 1}})
        samples = open_store(tmp_path / "a.zarr", FIELDS)
        for name in FIELDS:
            found = samples.dataset[name].values
            wanted = dataset[name].transpose("sample", ..., "x", "y", "z", missing_dims="ignore")
            np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)
        assert samples.dataset.attrs["provenance"] == {"seed": 1}
        assert samples.dataset.attrs["fieldvae_store"] == 1
        np.testing.assert_array_equal(samples.dataset.temperature, dataset.temperature)

    def test_makes_what_xarray_opens_without_a_warning(self, dataset, tmp_path):
        write_store(dataset, tmp_path / "a.zarr")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = xr.open_zarr(tmp_path / "a.zarr", consolidated=False)
            assert found.sel(voigt="xy", element="Ni").stress.dims == ("sample", "x", "y", "z")

    def test_chunks_samples_and_checks_each_chunk(self, tmp_path, monkeypatch):
        monkeypatch.setattr("fieldvae.data.store.CHUNK_BYTES", 8000)
        write_store(cell(samples=7), tmp_path / "a.zarr")
        metadata = json.loads((tmp_path / "a.zarr/stress/zarr.json").read_text())
        assert metadata["chunk_grid"]["configuration"]["chunk_shape"] == [2, 6, 4, 4, 4]
        assert [codec["name"] for codec in metadata["codecs"]] == ["bytes", "blosc", "crc32c"]
        assert metadata["fill_value"] == "NaN"

    def test_leaves_nothing_behind_when_it_fails(self, dataset, tmp_path, monkeypatch):
        def killed(store):
            raise KeyboardInterrupt

        monkeypatch.setattr("fieldvae.data.store.write_manifest", killed)
        with pytest.raises(KeyboardInterrupt):
            write_store(dataset, tmp_path / "a.zarr")
        assert not list(tmp_path.iterdir())

    def test_refuses_a_path_that_exists(self, dataset, tmp_path):
        write_store(dataset, tmp_path / "a.zarr")
        with pytest.raises(StoreError, match=r"a\.zarr exists; choose another path"):
            write_store(dataset, tmp_path / "a.zarr")

    def test_replaces_a_store_when_asked_to(self, tmp_path):
        write_store(cell(seed=1), tmp_path / "a.zarr")
        write_store(cell(seed=2), tmp_path / "a.zarr", overwrite=True)
        found = open_store(tmp_path / "a.zarr", FIELDS, require=["time"])
        np.testing.assert_array_equal(found.dataset.time[:, 0], cell(seed=2).time)
        assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]

    def test_replaces_nothing_that_is_no_store(self, dataset, tmp_path):
        (tmp_path / "thesis").mkdir()
        with pytest.raises(StoreError, match="exists and is no store"):
            write_store(dataset, tmp_path / "thesis", overwrite=True)

    def test_keeps_the_old_store_when_the_new_one_fails(self, dataset, tmp_path, monkeypatch):
        write_store(dataset, tmp_path / "a.zarr")
        monkeypatch.setattr("fieldvae.data.store.write_manifest", lambda store: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_store(cell(seed=2), tmp_path / "a.zarr", overwrite=True)
        open_store(tmp_path / "a.zarr", FIELDS)


class TestDamage:
    @pytest.fixture
    def store(self, dataset, tmp_path):
        write_store(dataset, tmp_path / "a.zarr")
        return tmp_path / "a.zarr"

    @pytest.fixture
    def chunk(self, store):
        return store / "stress/c/0/0/0/0/0"

    def test_of_one_bit_is_named(self, store, chunk):
        content = bytearray(chunk.read_bytes())
        content[len(content) // 2] ^= 1
        chunk.write_bytes(content)
        with pytest.raises(StoreError, match="the file stress/c/0/0/0/0/0 is damaged"):
            open_store(store, FIELDS)

    def test_of_a_missing_file_is_named(self, store, chunk):
        chunk.unlink()
        with pytest.raises(StoreError, match="the file stress/c/0/0/0/0/0 is missing"):
            open_store(store, FIELDS)

    def test_is_found_without_a_manifest(self, store, chunk):
        (store / "manifest/zarr.json").unlink()
        (store / "manifest").rmdir()
        open_store(store, FIELDS)
        content = bytearray(chunk.read_bytes())
        content[len(content) // 2] ^= 1
        chunk.write_bytes(content)
        with pytest.raises(StoreError, match="cannot be read"):
            open_store(store, FIELDS)
        chunk.unlink()
        with pytest.raises(StoreError, match=r"'stress' in .* has 0 of its 1 chunks"):
            open_store(store, FIELDS)


class TestOpenStore:
    def test_orders_dims_and_labels_as_the_field_does(self, dataset, tmp_path):
        shuffled = dataset.isel(voigt=[3, 1, 5, 0, 2, 4]).transpose("z", "voigt", ..., "sample")
        shuffled.to_zarr(tmp_path / "b.zarr", consolidated=False, zarr_format=2)
        found = open_store(tmp_path / "b.zarr", FIELDS, require=["stress"])
        np.testing.assert_array_equal(found.dataset.stress, dataset.stress)
        assert list(found.dataset.voigt.values) == list(FIELDS["stress"].labels)

    def test_converts_units_of_the_same_dimension(self, dataset, tmp_path):
        dataset["stress"] = (dataset.stress * 1000).assign_attrs(units="MPa")
        dataset["heat"] = (dataset.heat - 273.15).assign_attrs(units="degC")
        dataset.to_zarr(tmp_path / "b.zarr", consolidated=False, zarr_format=2)
        found = open_store(tmp_path / "b.zarr", FIELDS, require=["stress", "heat"]).dataset
        np.testing.assert_allclose(found.stress, cell().stress, rtol=1e-12)
        np.testing.assert_allclose(found.heat[:, 0], cell().heat, rtol=1e-12)
        assert (found.stress.units, found.heat.units) == ("GPa", "K")

    @pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4)])
    def test_reads_grids_of_one_to_three_dimensions(self, shape, tmp_path):
        write_store(cell(shape=shape), tmp_path / "a.zarr")
        samples = open_store(tmp_path / "a.zarr", FIELDS)
        assert samples.grid.shape == shape
        assert samples.grid.periodic == (True,) * len(shape)
        assert samples.dataset.heat.shape == (6, 1, *shape)
        assert samples.fields["concentration"].labels == ("Co", "Cr", "Ni")

    def test_needs_only_what_is_required(self, dataset, tmp_path):
        write_store(dataset[["concentration"]], tmp_path / "a.zarr")
        assert len(open_store(tmp_path / "a.zarr", FIELDS, require=["concentration"])) == 6

    def test_takes_a_coordinate_as_a_field_on_samples(self, tmp_path):
        dataset = cell().assign_coords(time=("sample", np.arange(6.0), {"units": "s"}))
        write_store(dataset, tmp_path / "a.zarr")
        found = open_store(tmp_path / "a.zarr", FIELDS, require=["heat", "time"]).dataset
        assert found.time.dims == ("sample", "time_component")

    def test_selects_some_components_of_a_tensor(self, dataset, tmp_path):
        write_store(dataset, tmp_path / "a.zarr")
        shear = FieldSpec(
            name="stress", units="GPa", tensor_kind="symmetric", components=("xz", "xy")
        )
        found = open_store(tmp_path / "a.zarr", {"stress": shear, "load": FIELDS["load"]})
        np.testing.assert_array_equal(found.dataset.stress, dataset.stress.sel(voigt=["xz", "xy"]))
        assert found.dataset["load"].shape == (6, 6)


def packed(data):
    """Whole numbers on the disk, by scale and offset, as NetCDF knows them."""
    for name in FIELDS:
        if data[name].dtype.kind == "f":
            data[name].encoding = {"dtype": "i4", "scale_factor": 1e-6, "_FillValue": -(2**31)}
    return data


def cut(data):
    """Chunks that cut samples and components, as programs for images write them."""
    for variable in data.data_vars.values():
        variable.encoding = {"chunks": tuple(max(1, size // 2) for size in variable.shape)}
    return data


STRANGE = {
    "half precision": (lambda data: data.astype("f2"), 3, 2e-3),
    "single precision": (lambda data: data.astype("f4"), 3, 1e-6),
    "the other byte order": (lambda data: data.astype(">f8"), 3, 0),
    "the other byte order, Zarr 2": (lambda data: data.astype(">f8"), 2, 0),
    "packed": (packed, 3, 1e-6),
    "small chunks": (cut, 3, 0),
    "dims the other way": (lambda data: data.transpose(..., "sample"), 3, 0),
    "samples of one name": (lambda data: data.assign_coords(sample=[7] * 6), 3, 0),
}


class TestStoresOfOtherPrograms:
    @pytest.mark.parametrize("case", STRANGE)
    def test_are_read_as_they_are_meant(self, case, tmp_path):
        change, version, error = STRANGE[case]
        fields = {name: FIELDS[name].model_copy(update={"closure": "none"}) for name in FIELDS}
        theirs = change(cell())
        text = {name: theirs[name].astype(object) for name in ("element", "voigt", "axis")}
        theirs.assign_coords(text).to_zarr(
            tmp_path / "theirs.zarr",
            consolidated=False,
            zarr_format=version,
            write_empty_chunks=True,
        )
        found = open_store(tmp_path / "theirs.zarr", fields).dataset
        write_store(cell(), tmp_path / "ours.zarr")
        ours = open_store(tmp_path / "ours.zarr", fields).dataset
        for name in FIELDS:
            assert found[name].dims == ours[name].dims
            scale = float(abs(ours[name]).max())
            np.testing.assert_allclose(found[name], ours[name], rtol=0, atol=error * scale)

    def test_may_hold_whole_numbers(self, tmp_path):
        counts = np.arange(24).reshape(2, 3, 4)
        data = xr.Dataset({"count": (("sample", "x", "y"), counts, {"units": "1"})})
        data.to_zarr(tmp_path / "theirs.zarr", consolidated=False, zarr_format=3)
        found = open_store(tmp_path / "theirs.zarr", {"count": FieldSpec(name="count", units="1")})
        np.testing.assert_array_equal(found.dataset["count"].values[:, 0], counts)


class TestRefusal:
    def test_names_a_path_that_is_missing(self, tmp_path):
        with pytest.raises(StoreError, match=r"nowhere\.zarr: there is no such store"):
            open_store(tmp_path / "nowhere.zarr", FIELDS)

    def test_names_a_path_that_is_no_store(self, tmp_path):
        with pytest.raises(StoreError, match="is no Zarr group"):
            open_store(tmp_path, FIELDS)

    def test_names_the_nearest_variable(self, dataset, tmp_path):
        words = refusal(dataset.rename(stress="stresses"), tmp_path / "b.zarr")
        assert "b.zarr has no variable 'stress'; it holds" in words
        assert (
            "it holds concentration, flux, heat, load, stresses, time; did you mean 'stresses'?"
            in words
        )

    def test_names_units_of_another_dimension(self, dataset, tmp_path):
        dataset.stress.attrs["units"] = "K"
        dataset.to_zarr(tmp_path / "b.zarr", consolidated=False, zarr_format=2)
        with pytest.raises(UnitError) as caught:
            open_store(tmp_path / "b.zarr", FIELDS)
        assert str(caught.value) == (
            f"'stress' in {tmp_path / 'b.zarr'} is in K, which is no stress; the task declares GPa "
            "(MPa or bar would be converted)"
        )

    @pytest.mark.parametrize(
        ("units", "words"),
        [(None, "has no attribute 'units'"), ("", "the units ''"), ("smoots", "no unit that pint")],
    )
    def test_names_units_that_are_missing_or_unreadable(self, dataset, units, words, tmp_path):
        dataset.stress.attrs = {} if units is None else {"units": units}
        assert words in refusal(dataset, tmp_path / "b.zarr")

    def test_names_the_first_value_that_is_not_finite(self, dataset, tmp_path):
        dataset.stress[4, 3, 0, 1, 2] = np.nan
        dataset.stress[5, 3, 0, 1, 2] = np.inf
        words = refusal(dataset, tmp_path / "b.zarr")
        assert "2 values that are not finite, first nan at sample 4, component xy" in words
        assert "cell (0, 1, 2)" in words

    def test_lets_missing_values_pass_where_a_mask_is_declared(self, dataset, tmp_path):
        dataset.heat[1, 0, 0, 0] = np.nan
        write_store(dataset, tmp_path / "a.zarr")
        masked = FIELDS["heat"].model_copy(update={"mask": True})
        found = open_store(tmp_path / "a.zarr", {"heat": masked})
        assert int(np.isnan(found.dataset.heat).sum()) == 1

    def test_names_the_worst_sample_of_a_broken_simplex(self, dataset, tmp_path):
        dataset.concentration[3, 0, 0, 0] *= 0.98
        words = refusal(dataset, tmp_path / "b.zarr")
        assert "do not sum to one in 1 sample, worst sample 3, where they sum to 0.98" in words

    def test_names_the_worst_mean_that_should_be_zero(self, dataset, tmp_path):
        dataset.stress[1, 0] += 0.1
        dataset.stress[4, 3] -= 1.5
        words = refusal(dataset, tmp_path / "b.zarr")
        assert "has a mean over the grid in 2 samples, worst sample 4, component xy, " in words
        assert "where it is -1.5 GPa (0.001" in words
        assert "subtract the mean of each sample, or declare 'closure: none'" in words

    def test_lets_the_rounding_of_a_mean_pass(self, dataset, tmp_path):
        dataset["stress"] = dataset.stress.astype(np.float32)
        dataset.stress[:, 3] = 1e-12  # a component that is zero but for rounding
        write_store(dataset, tmp_path / "a.zarr")
        samples = open_store(tmp_path / "a.zarr", FIELDS)
        np.testing.assert_array_equal(samples.dataset.stress[:, 3], np.float32(1e-12))

    def test_names_a_constant_that_should_have_no_mean(self, dataset, tmp_path):
        dataset.stress[:] = 1.0
        assert "mean over the grid in 6 samples" in refusal(dataset, tmp_path / "b.zarr")
        dataset.stress[:] = 0.0
        write_store(dataset, tmp_path / "a.zarr")
        open_store(tmp_path / "a.zarr", FIELDS)

    def test_names_values_outside_their_bounds(self, dataset, tmp_path):
        dataset.concentration[2, 0, 0, 0] = [1.5, -0.5, 0.0]
        words = refusal(dataset, tmp_path / "b.zarr")
        assert "2 values outside its bounds [0, 1], first 1.5 at sample 2, component Co" in words

    def test_takes_values_of_100_for_percent_where_shares_are_declared(self, dataset, tmp_path):
        percent = dataset.assign(
            concentration=(100 * dataset.concentration).assign_attrs(units="1")
        )
        words = refusal(percent, tmp_path / "b.zarr").splitlines()
        assert len(words) == 2  # bounds, and the sum
        for line in words:
            assert line.endswith("look like percent: set the variable's attribute units: percent")
        percent.concentration.attrs["units"] = "percent"
        assert len(Samples.from_dataset(percent, FIELDS)) == 6

    def test_hints_at_percent_only_where_nothing_else_is_likely(self, dataset, tmp_path):
        few = dataset.copy(deep=True)
        few.concentration[2, 0, 0, 0] = [100.0, 0.0, 0.0]
        assert "look like" not in refusal(few, tmp_path / "b.zarr")
        converted = (100 * dataset.concentration).assign_attrs(units="dimensionless")
        assert "look like" in refusal(dataset.assign(concentration=converted), tmp_path / "b.zarr")
        converted = (10_000 * dataset.concentration).assign_attrs(units="percent")
        words = refusal(dataset.assign(concentration=converted), tmp_path / "b.zarr")
        assert "look like" not in words

    def test_names_components_that_are_missing(self, dataset, tmp_path):
        words = refusal(dataset.isel(voigt=slice(5)), tmp_path / "b.zarr")
        assert "expected xx, yy, zz, xy, xz, yz, of which yz is missing" in words

    def test_names_components_of_a_set_that_the_task_does_not_know(self, dataset, tmp_path):
        binary = FIELDS["concentration"].with_components(["Co", "Cr"])
        words = refusal(dataset, tmp_path / "b.zarr", {"concentration": binary})
        assert "has the components Co, Cr, Ni; expected Co, Cr; the task knows no Ni" in words

    def test_names_a_component_dim_without_labels(self, dataset, tmp_path):
        words = refusal(dataset.drop_vars("voigt"), tmp_path / "b.zarr")
        assert "has no labels along its dim 'voigt'; give it a coordinate" in words

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda d: d.rename(sample="row"), "without sample; expected (sample, <components>"),
            (lambda d: d.assign(stress=d.stress[..., 0]), "without z; expected"),
            (
                lambda d: d.assign(stress=d.stress.isel(voigt=0)),
                "without the component dim of a sy",
            ),
            (
                lambda d: d.assign(stress=d.stress.expand_dims("layer")),
                "one component dim is allow",
            ),
            (lambda d: d.assign(stress=d.stress.expand_dims("realization")), "select one realizat"),
            (lambda d: d.assign(time=d.heat), "which has no x, y, z"),
        ],
    )
    def test_names_wrong_dims(self, dataset, change, words, tmp_path):
        kept = {name: dict(v.attrs) for name, v in dataset.data_vars.items()}
        changed = change(dataset)
        for name, attributes in kept.items():
            changed[name].attrs = attributes
        assert words in refusal(changed, tmp_path / "b.zarr")

    @pytest.mark.parametrize(
        ("attributes", "words"),
        [
            ({"periodic": [1, 0]}, "periodic has 2 values for a grid of 3 dimensions"),
            ({"spacing": [0, 1, 1]}, "is not positive"),
            ({"spacing_units": "kPa"}, "'kPa' is no length; expected a length such as angstrom"),
            ({"spacing_units": "cells"}, "is no unit that pint can read"),
            ({"periodic": "yes"}, "'periodic' is 'yes'; expected a list of booleans"),
            ({"spacing": ["wide"] * 3}, "correct the group's attributes"),
            ({"fieldvae_store": 2}, "has the store format 2; this fieldvae reads 1"),
        ],
    )
    def test_names_wrong_attributes_of_the_group(self, attributes, words, tmp_path):
        assert words in refusal(cell(**attributes), tmp_path / "b.zarr")

    def test_names_a_misspelled_attribute_of_the_group(self, dataset, tmp_path):
        dataset.attrs["periodik"] = dataset.attrs.pop("periodic")
        words = refusal(dataset, tmp_path / "b.zarr")
        assert "'periodik' is unknown (did you mean 'periodic'?); correct the group's" in words

    def test_names_wrong_axes_once(self, dataset, tmp_path):
        dataset.heat.attrs["units"] = "m"
        words = refusal(dataset.rename(x="X"), tmp_path / "b.zarr").splitlines()
        assert len(words) == 2
        assert "a grid along y, z; a grid of 2 dimensions is along x, y" in words[0]
        assert "is in m, which is no temperature" in words[1]

    def test_names_another_tensor_kind(self, dataset, tmp_path):
        dataset.stress.attrs["tensor_kind"] = "set"
        words = refusal(dataset, tmp_path / "b.zarr")
        assert "says tensor_kind 'set'; the task declares 'symmetric'" in words

    def test_names_an_empty_store(self, dataset, tmp_path):
        words = refusal(dataset.isel(sample=slice(0)), tmp_path / "b.zarr")
        assert "holds no samples" in words

    def test_names_every_mistake_at_once(self, dataset, tmp_path):
        dataset.stress.attrs["units"] = "K"
        dataset.heat.attrs["units"] = "m"
        dataset.flux[0, 0, 0, 0, 0] = np.nan
        dataset.attrs["frame"] = [1.0] * 9
        words = refusal(dataset.drop_vars("time"), tmp_path / "b.zarr")
        assert len(words.splitlines()) == 5
        assert all(name in words for name in ("stress", "heat", "flux", "frame", "time"))


class TestGridOfSamples:
    def test_is_given_where_no_field_has_one(self):
        dataset = cell().drop_dims(["x", "y", "z"])
        with pytest.raises(StoreError, match="has no grid"):
            Samples.from_dataset(dataset, FIELDS, require=["time"])
        grid = Samples.from_dataset(cell(), FIELDS).grid
        assert Samples.from_dataset(dataset, FIELDS, require=["time"], grid=grid).grid == grid
