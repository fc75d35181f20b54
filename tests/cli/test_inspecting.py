"""What ``fieldvae validate`` and ``fieldvae data check`` tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fieldvae import GridError, StoreError
from fieldvae.data.store import write_store
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.inspecting import check_store, describe_plan, describe_store


class TestValidate:
    def test_tells_fields_and_cells(self, small_task):
        told = describe_plan(make_plan(small_task)).splitlines()
        assert "  permeability: scalar, m^2" in told
        assert "  flux: vector, m/s, x, y, z" in told
        assert "  cells of 2 x 2 x 2 mm, periodic along x, y, z" in told

    def test_tells_axes_that_do_not_repeat(self, small_task, foreign, tmp_path):
        data = foreign().assign_attrs(periodic=[False, True, False])
        write_store(data, tmp_path / "a.zarr")
        task = {**small_task, "data": {"store": str(tmp_path / "a.zarr")}}
        assert "mm, periodic along y\n" in describe_plan(make_plan(task))
        write_store(foreign().assign_attrs(periodic=[0, 0, 0]), tmp_path / "b.zarr")
        task = {**small_task, "data": {"store": str(tmp_path / "b.zarr")}}
        assert "mm, periodic along no axis\n" in describe_plan(make_plan(task))


class TestCheck:
    def test_lists_variables_in_one_order(self, foreign_store):
        unknown = "fraction, gradient, permeability, stress"
        told = check_store(foreign_store).replace("flux, ", "")
        assert f"declared by no plugin, not checked: {unknown}" in told

    def test_reads_the_grid_of_fields_that_nobody_declares(self, foreign, tmp_path):
        write_store(foreign().assign_attrs(spacing_units="kPa"), tmp_path / "a.zarr")
        with pytest.raises(
            GridError, match=r"'kPa' is no length.*; correct the group's attributes"
        ):
            check_store(tmp_path / "a.zarr")


REPLICATES = Path(__file__).parents[2] / "examples/data/cocrni_replicates.zarr"


class TestRealizations:
    @pytest.fixture
    def repeated(self):
        """Stress of which every sample has three realizations, and one composition."""
        generator = np.random.default_rng(0)
        stress = generator.normal(size=(2, 3, 6, 2, 2, 2))
        stress -= stress.mean((3, 4, 5), keepdims=True)
        axes = ("x", "y", "z")
        return xr.Dataset(
            {
                "residual_stress": (
                    ("sample", "realization", "voigt", *axes),
                    stress,
                    {"units": "GPa"},
                ),
                "concentration": (
                    ("sample", "element", *axes),
                    np.full((2, 2, 2, 2, 2), 0.5),
                    {"units": "1"},
                ),
            },
            coords={
                "voigt": ["xx", "yy", "zz", "xy", "xz", "yz"],
                "element": ["Ni", "Co"],
                "overlap": (("sample", "realization"), generator.uniform(size=(2, 3))),
            },
        )

    def test_of_the_shipped_replicates_are_sound(self):
        assert check_store(REPLICATES).splitlines() == [
            f"{REPLICATES}: sound",
            "  16 samples on 4 x 4 x 4",
            "  24 realizations of every sample: residual_stress",
            "  checked against plugins: concentration, residual_stress, warren_cowley",
        ]

    def test_are_told_apart(self, repeated, tmp_path):
        write_store(repeated, tmp_path / "a.zarr")
        told = describe_store(tmp_path / "a.zarr").splitlines()
        place = told.index(
            "  residual_stress (sample 2, realization 3, voigt 6, x 2, y 2, z 2) GPa"
        )
        assert told[place + 1] == "      3 realizations of every sample"
        assert sum("realizations" in line for line in told) == 1
        assert any(line.startswith("  overlap: 0.") for line in told)

    def test_a_bad_one_is_named_with_what_else_is_wrong(self, repeated, tmp_path):
        repeated["residual_stress"][1, 2, 3, 0, 1, 0] = np.nan
        repeated["concentration"] *= 1.1
        write_store(repeated, tmp_path / "a.zarr")
        with pytest.raises(StoreError) as caught:
            check_store(tmp_path / "a.zarr")
        first, second = str(caught.value).splitlines()
        assert "the components do not sum to one in 2 samples" in first
        assert second.startswith(
            f"'residual_stress' in {tmp_path / 'a.zarr'}, realization 2 has 1 value that is not "
            "finite, first nan at sample 1, component xy, cell (0, 1, 0)"
        )

    def test_are_refused_by_a_task(self, tmp_path):
        task = {"task": "stress", "data": {"store": str(REPLICATES)}}
        with pytest.raises(StoreError) as caught:
            describe_plan(make_plan(task))
        assert (
            "has dims (sample, realization, voigt, x, y, z), several realizations of each sample "
            "(24); expected (sample, <components>, x, y, z): select one realization, "
            "dataset.isel(realization=0), and write it as a store of its own"
        ) in str(caught.value)
