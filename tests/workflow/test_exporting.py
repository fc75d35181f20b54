"""Samples of stores and datasets as files of another program."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import xarray as xr

import fieldvae
from fieldvae import GridError, OptionError, PluginError, StoreError, WriteError
from fieldvae.data.store import write_store
from fieldvae.workflow.exporting import chosen_rows, export_samples


@pytest.fixture
def heat() -> xr.Dataset:
    values = np.random.default_rng(0).standard_normal((12, 4, 3))
    return xr.Dataset({"heat": (("sample", "x", "y"), values, {"units": "K"})})


class TestChosenRows:
    @pytest.mark.parametrize(
        ("samples", "rows"),
        [
            (None, [*range(12)]),
            ("0,3,5", [0, 3, 5]),
            ("5, 3,5", [3, 5]),
            ("9:", [9, 10, 11]),
            (":2,10:12", [0, 1, 10, 11]),
            ("0:12:5", [0, 5, 10]),
            ([7, 2], [2, 7]),
            (range(3), [0, 1, 2]),
        ],
        ids=str,
    )
    def test_are_numbers_and_ranges(self, samples, rows):
        assert chosen_rows(samples, 12, name="heat.zarr") == rows

    @pytest.mark.parametrize("samples", ["12", "3:13", [0, 12], "5:5"], ids=str)
    def test_refuse_a_sample_that_is_not_there(self, samples):
        words = r"is not in heat\.zarr, which has 12, numbered from 0 to 11"
        with pytest.raises(OptionError, match=words):
            chosen_rows(samples, 12, name="heat.zarr")

    @pytest.mark.parametrize("samples", ["-1", "a", "3-5", "0:9:0", "", [-1]], ids=str)
    def test_refuse_what_is_no_number(self, samples):
        with pytest.raises(OptionError, match=r"samples: .*; expected such as 0,3,5 or 10:20"):
            chosen_rows(samples, 12, name="heat.zarr")


class TestExportSamples:
    def test_takes_a_store_or_a_dataset(self, heat, tmp_path):
        write_store(heat, tmp_path / "heat.zarr", attributes={"spacing": [2.0, 3.0]})
        export_samples(tmp_path / "heat.zarr", tmp_path / "a", "vtk", samples="3,11")
        export_samples(
            heat.assign_attrs(spacing=[2.0, 3.0]), tmp_path / "b", "vtk", samples=[3, 11]
        )
        names = ["0003.vti", "0011.vti", "samples.pvd"]
        assert sorted(path.name for path in (tmp_path / "a").iterdir()) == names
        for name in names:
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert b'Spacing="2.0 3.0 1.0"' in (tmp_path / "a" / "0003.vti").read_bytes()

    def test_hands_over_options(self, heat, tmp_path):
        export_samples(heat, tmp_path / "a", {"use": "vtk", "units_in_names": True})
        assert b'Name="heat (K)"' in (tmp_path / "a" / "0000.vti").read_bytes()

    def test_takes_predictions(self, trained_run, foreign, tmp_path):
        model = fieldvae.load(trained_run)
        ensemble = model.predict(foreign(samples=2), realizations=2, self_check=False)
        export_samples(ensemble, tmp_path / "a", "vtk")
        written = (tmp_path / "a" / "0000.vti").read_bytes()
        for name in ("flux_realization_0", "flux_realization_1", "stress_mean", "stress_spread"):
            assert f'Name="{name}"'.encode() in written
        assert b'WholeExtent="0 4 0 4 0 4"' in written
        assert b'Spacing="2.0 2.0 2.0"' in written


class TestRefusals:
    def test_of_a_folder_that_holds_something(self, heat, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        with pytest.raises(OptionError, match="is not empty; give --out another directory"):
            export_samples(heat, tmp_path, "vtk")
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_of_an_unknown_exporter(self, heat, tmp_path):
        with pytest.raises(PluginError, match=r"no exporter is named 'vtq'; did you mean 'vtk'\?"):
            export_samples(heat, tmp_path / "a", "vtq")

    def test_of_options_name_every_mistake(self, heat, tmp_path):
        options = {"use": "vtk", "realizations": "film", "tensor": "full"}
        with pytest.raises(OptionError) as caught:
            export_samples(heat, tmp_path / "a", options)
        told = str(caught.value)
        assert "exporter 'vtk': unknown key 'tensor'; did you mean 'tensors'?" in told
        assert "'film'" in told

    def test_of_no_exporter_at_all(self, heat, tmp_path):
        with pytest.raises(OptionError, match="expected its name, or its name and options"):
            export_samples(heat, tmp_path / "a", {"realizations": "files"})

    def test_of_samples_without_grid(self, tmp_path):
        data = xr.Dataset({"load": ("sample", [1.0, 2.0], {"units": "N"})})
        with pytest.raises(
            GridError, match="the dataset has no grid, its dims are sample; expected fields with"
        ):
            export_samples(data, tmp_path / "a", "vtk")

    def test_of_a_dataset_without_samples(self, heat, tmp_path):
        with pytest.raises(StoreError, match="the dataset holds no samples"):
            export_samples(heat.isel(sample=0), tmp_path / "a", "vtk")

    def test_of_a_store_that_lacks_a_chunk(self, heat, tmp_path):
        store = tmp_path / "heat.zarr"
        heat.to_zarr(store, zarr_format=3, consolidated=False)
        (chunk,) = [p for p in (store / "heat" / "c").rglob("*") if p.is_file()]
        chunk.unlink()
        with pytest.raises(StoreError, match="has 0 of its 1 chunks"):
            export_samples(store, tmp_path / "a", "vtk")

    def test_of_a_damaged_chunk(self, heat, tmp_path):
        store = tmp_path / "heat.zarr"
        write_store(heat, store)
        shutil.rmtree(store / "manifest")
        (chunk,) = [p for p in (store / "heat" / "c").rglob("*") if p.is_file()]
        chunk.write_bytes(chunk.read_bytes()[::-1])
        with pytest.raises(
            StoreError, match=r"sample 0 cannot be read: .*; copy or make the store"
        ):
            export_samples(store, tmp_path / "a", "vtk")

    def test_of_a_place_that_cannot_be_written_to(self, heat, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(WriteError, match=r"a cannot be written to: .*; free space or mend"):
            export_samples(heat, tmp_path / "file" / "a", "vtk")

    def test_leave_no_folder_behind(self, heat, tmp_path):
        with pytest.raises(OptionError, match="'het' is no variable on the grid"):
            export_samples(heat, tmp_path / "a", {"use": "vtk", "fields": ["het"]})
        assert not (tmp_path / "a").exists()
