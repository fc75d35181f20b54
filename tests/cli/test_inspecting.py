"""What ``fieldvae validate`` and ``fieldvae data check`` tell."""

from __future__ import annotations

import pytest

from fieldvae import GridError
from fieldvae.data.store import write_store
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.inspecting import check_store, describe_plan


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
