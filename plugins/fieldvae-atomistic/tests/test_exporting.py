"""The exporter ``lammps_data``, on chosen samples of a store."""

import json

import numpy as np
import pytest
import xarray as xr
from fieldvae_atomistic.exporting import read_occupation

import fieldvae

OPTIONS = {"use": "lammps_data", "cells": (4, 4, 4), "arrangements": 2}


@pytest.fixture(scope="module")
def alloys() -> xr.Dataset:
    """Three samples of 2 x 2 x 2 blocks, whole numbers of 32 atoms of two elements."""
    share = np.random.default_rng(0).integers(0, 33, size=(3, 2, 2, 2)) / 32
    return xr.Dataset(
        {
            "concentration": (
                ("sample", "element", "x", "y", "z"),
                np.stack([share, 1 - share], axis=1),
                {"units": "1"},
            )
        },
        coords={"element": ["Ni", "Co"], "temperature": ("sample", [300.0, 400.0, 500.0])},
        attrs={"spacing": [7.2] * 3, "spacing_units": "angstrom", "periodic": [True] * 3},
    )


class TestLammpsData:
    def test_holds_the_composition_of_the_sample(self, alloys, tmp_path):
        fieldvae.export_samples(alloys, tmp_path / "a", OPTIONS)
        for sample in range(3):
            occupation = read_occupation(tmp_path / "a" / f"{sample:04d}-1.data")
            nickel = alloys.concentration.sel(element="Ni")[sample]
            assert (occupation == 0).sum() == round(float(nickel.sum()) * 32)

    def test_of_a_sample_does_not_depend_on_the_others(self, alloys, tmp_path):
        fieldvae.export_samples(alloys, tmp_path / "all", OPTIONS)
        fieldvae.export_samples(alloys, tmp_path / "one", OPTIONS, samples="2")
        names = {"0002-0.data", "0002-1.data"}
        found = {path.name for path in (tmp_path / "one").iterdir()}
        assert found == {*names, "structures.json"}
        for name in names:
            assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "all" / name).read_bytes()
        told = json.loads((tmp_path / "one" / "structures.json").read_text())["structures"]
        assert [(each["sample"], each["temperature"]) for each in told] == [(2, 500.0)] * 2
