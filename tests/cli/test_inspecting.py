"""What ``fieldvae validate`` and ``fieldvae data check`` tell."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fieldvae import FieldSpec, GridError, StoreError
from fieldvae.data.store import open_store, write_store
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.inspecting import check_store, describe_store
from fieldvae.workflow.validating import describe_plan


class TestValidate:
    def test_tells_fields_and_cells(self, small_task):
        told = describe_plan(make_plan(small_task)).splitlines()
        rows = [" ".join(line.split()) for line in told]
        assert "input permeability 1 x 4 x 4 x 4 m^2 scalar" in rows
        assert "output stress 6 x 4 x 4 x 4 GPa symmetric" in rows
        assert rows[rows.index("output stress 6 x 4 x 4 x 4 GPa symmetric") + 1 :][:2] == [
            "xx, yy, zz, xy, xz, yz",
            "standardize; closure zero-mean",
        ]
        assert "grid 4 x 4 x 4 cells of 2 x 2 x 2 mm, periodic along x, y, z" in rows

    def test_tells_the_derivative_in_which_a_field_is_in_balance(
        self, small_task, foreign, tmp_path
    ):
        data = foreign()
        layers = data.stress.isel(x=0, z=0).where(data.voigt == "xx", 0)  # of y alone
        data["stress"] = (layers - layers.mean("y")).broadcast_like(data.stress)
        data.stress.attrs["units"] = "GPa"
        write_store(data, tmp_path / "a.zarr")
        stress = {**small_task["fields"]["stress"], "closure": "solenoidal"}
        fields = {**small_task["fields"], "stress": {**stress, "derivative": "central"}}
        task = {**small_task, "fields": fields, "data": {"store": str(tmp_path / "a.zarr")}}
        told = describe_plan(make_plan(task), estimated=False)
        assert "standardize; closure solenoidal, derivative central" in told

    def test_tells_samples_networks_losses_and_cost(self, small_task):
        told = " ".join(describe_plan(make_plan(small_task)).split())
        assert "samples 38 train, 5 validation, 5 test" in told
        assert "latent 4, conditions 4, as a field" in told
        assert re.search(r"decoder [\d,]+ weights", told)
        assert "1 x energy_score members 8" in told
        assert "6 steps of 16 samples, 3 epochs, on the " in told
        assert re.search(r"estimate about .* s a step, measured on a few", told)

    def test_fits_a_screen_of_80_characters(self, small_task):
        told = describe_plan(make_plan(small_task)).splitlines()
        assert max(map(len, told)) <= 80

    def test_can_do_without_the_estimate(self, small_task):
        assert "estimate" not in describe_plan(make_plan(small_task), estimated=False)

    def test_tells_axes_that_do_not_repeat(self, small_task, foreign, tmp_path):
        data = foreign().assign_attrs(periodic=[False, True, False])
        write_store(data, tmp_path / "a.zarr")
        task = {**small_task, "data": {"store": str(tmp_path / "a.zarr")}}
        assert "mm, periodic along y\n" in describe_plan(make_plan(task), estimated=False)
        write_store(foreign().assign_attrs(periodic=[0, 0, 0]), tmp_path / "b.zarr")
        task = {**small_task, "data": {"store": str(tmp_path / "b.zarr")}}
        told = describe_plan(make_plan(task), estimated=False)
        assert "mm, periodic along no axis\n" in told


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


class TestNotes:
    """A store that holds what was computed is sound; what its plugin declares is told beside."""

    @pytest.fixture
    def loaded(self):
        """Stress with a mean, as a strained cell has it."""
        stress = np.random.default_rng(0).normal(size=(3, 6, 2, 2, 2))
        stress -= stress.mean((2, 3, 4), keepdims=True)
        stress[1, 2] += 0.5
        dims = ("sample", "voigt", "x", "y", "z")
        return xr.Dataset(
            {"residual_stress": (dims, stress, {"units": "GPa"})},
            coords={"voigt": ["xx", "yy", "zz", "xy", "xz", "yz"]},
        )

    def test_tell_of_a_mean_stress(self, loaded, tmp_path):
        write_store(loaded, tmp_path / "a.zarr")
        note = check_store(tmp_path / "a.zarr").splitlines()[-1]
        assert note.startswith("  note: residual_stress has a mean over the grid in 1 sample, ")
        assert "worst sample 1, component zz, where it is 0.5 GPa (" in note
        assert note.endswith(
            "a task that takes it declares it anew: fields: {residual_stress: {units: GPa, "
            "tensor_kind: symmetric}}"
        )

    def test_tell_of_it_in_any_realization(self, loaded, tmp_path):
        balanced = loaded.copy(deep=True)
        balanced["residual_stress"][1, 2] -= 0.5
        both = xr.concat([balanced, loaded], dim="realization")
        write_store(both, tmp_path / "a.zarr")
        assert "worst sample 1, component zz" in check_store(tmp_path / "a.zarr").splitlines()[-1]

    def test_tell_of_another_kind(self, tmp_path):
        data = xr.Dataset(
            {
                "eigenstrain": (
                    ("sample", "x", "y", "z"),
                    np.zeros((2, 2, 2, 2)),
                    {"units": "1", "tensor_kind": "scalar"},
                )
            }
        )
        write_store(data, tmp_path / "a.zarr")
        assert check_store(tmp_path / "a.zarr").splitlines()[-1] == (
            "  note: eigenstrain is scalar here, symmetric by its plugin; a task that takes it "
            "declares it anew: fields: {eigenstrain: {units: '1', tensor_kind: scalar}}"
        )

    def test_declare_what_the_task_then_accepts(self, loaded, tmp_path):
        from ruamel.yaml import YAML

        write_store(loaded, tmp_path / "a.zarr")
        note = check_store(tmp_path / "a.zarr").splitlines()[-1]
        fields = YAML(typ="safe").load(note.partition("anew: ")[2])["fields"]
        spec = FieldSpec(name="residual_stress", **fields["residual_stress"])
        assert len(open_store(tmp_path / "a.zarr", {"residual_stress": spec})) == 3


class TestDescribe:
    def test_tells_missing_and_constant_coordinates_and_what_was_skipped(self, foreign, tmp_path):
        data = foreign()
        count = data.sizes["sample"]
        temperature = np.full(count, 600.0)
        temperature[0] = np.nan
        data = data.assign_coords(
            temperature=("sample", temperature, {"units": "K"}),
            strain=("sample", np.full(count, np.nan)),
            seed=("sample", np.zeros(count, dtype=np.int32)),
        ).assign_attrs(skipped=[f"sample {i}: {i}.dump: cut off" for i in range(7)])
        write_store(data, tmp_path / "a.zarr")
        told = describe_store(tmp_path / "a.zarr").splitlines()
        assert f"  temperature: 600 K, missing in 1 of {count}" in told
        assert f"  strain: missing in {count} of {count}" in told
        assert "  seed: 0" in told
        place = told.index("  skipped: 7 samples")
        assert told[place + 1 : place + 7] == [
            *(f"    sample {i}: {i}.dump: cut off" for i in range(5)),
            "    ...",
        ]

    def test_needs_no_torch(self, foreign_store):
        script = (
            "import sys; from pathlib import Path\n"
            "from fieldvae.workflow.inspecting import check_store, describe_store\n"
            f"path = Path({str(foreign_store)!r}); check_store(path); describe_store(path)\n"
            "assert 'torch' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", script], check=True)


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
