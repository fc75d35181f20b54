from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fieldvae.data.replicates import has_replicates, open_replicates
from fieldvae.data.store import open_store, write_store
from fieldvae.errors import GridError, StoreError
from fieldvae.field import FieldSpec

SHIPPED = Path(__file__).parents[2] / "examples/data"
FIELDS = {
    "permeability": FieldSpec(name="permeability", units="m^2"),
    "flux": FieldSpec(name="flux", units="m/s", tensor_kind="vector"),
}
NAMES = {"inputs": ["permeability"], "outputs": ["flux"]}


@pytest.fixture
def dataset(foreign):
    """Five conditions, each with three outputs."""
    data = foreign(6).isel(sample=slice(5))[["permeability", "flux"]]
    flux = data["flux"].expand_dims(realization=3, axis=1)
    noise = np.random.default_rng(0).standard_normal(flux.shape)
    return data.assign(flux=flux.copy(data=flux.values + noise))


@pytest.fixture
def stored(tmp_path):
    def write(data) -> Path:
        write_store(data, tmp_path / "replicates.zarr", overwrite=True)
        return tmp_path / "replicates.zarr"

    return write


class TestOpenReplicates:
    def test_gives_inputs_once_and_all_outputs(self, dataset, stored):
        found = open_replicates(stored(dataset), FIELDS, **NAMES)
        assert (len(found), found.count) == (5, 3)
        assert set(found.inputs.fields) == {"permeability"}
        assert found.outputs["flux"].dims == (
            "sample", "realization", "direction", "x", "y", "z"
        )  # fmt: skip
        np.testing.assert_array_equal(
            found.outputs["flux"].values, dataset["flux"].transpose(*found.outputs["flux"].dims)
        )

    def test_converts_units_and_orders_components(self, dataset, stored):
        other = dataset.isel(direction=[2, 0, 1])
        other["flux"] = (1e3 * other["flux"]).assign_attrs(units="mm/s")
        found = open_replicates(stored(other), FIELDS, **NAMES).outputs["flux"]
        expected = dataset["flux"].transpose(*found.dims)
        np.testing.assert_allclose(found.values, expected.values)

    def test_reads_the_shipped_ones_on_the_grid_of_the_shipped_cells(self):
        from fieldvae import registry

        names = ("concentration", "warren_cowley", "residual_stress")
        fields = {name: registry.load("fields", name) for name in names}
        cells = open_store(SHIPPED / "cocrni.zarr", fields)
        found = open_replicates(
            SHIPPED / "cocrni_replicates.zarr",
            cells.fields,
            inputs=names[:2],
            outputs=names[2:],
            grid=cells.grid,
        )
        assert (len(found), found.count) == (16, 24)

    def test_refuses_one_output_of_each_input(self, dataset, stored):
        path = stored(dataset.isel(realization=0))
        with pytest.raises(StoreError, match=r"'flux' in .*, one true output of each input; .*"
                           r"give it as data\.test_store, or to fieldvae evaluate"):  # fmt: skip
            open_replicates(path, FIELDS, **NAMES)

    def test_refuses_a_single_realization(self, dataset, stored):
        with pytest.raises(StoreError, match="has one realization of each sample"):
            open_replicates(stored(dataset.isel(realization=[0])), FIELDS, **NAMES)

    def test_refuses_inputs_that_differ(self, dataset, stored):
        changed = dataset.assign(
            permeability=xr.concat([dataset["permeability"]] * 3, "realization")
        )
        with pytest.raises(StoreError, match=r"'permeability' .* replicates share their inputs"):
            open_replicates(stored(changed), FIELDS, **NAMES)

    def test_refuses_another_grid_in_one_line(self, dataset, stored):
        grid = open_replicates(stored(dataset), FIELDS, **NAMES).inputs.grid
        for other in (dataset.assign_attrs(spacing=[3.0] * 3), dataset.isel(x=slice(2))):
            with pytest.raises(GridError, match="has another grid than the data to") as refused:
                open_replicates(stored(other), FIELDS, **NAMES, grid=grid)
            assert "\n" not in str(refused.value)

    def test_refuses_units_of_another_dimension(self, dataset, stored):
        dataset["flux"].attrs["units"] = "K"
        with pytest.raises(StoreError, match=r"'flux' in .* is in K") as refused:
            open_replicates(stored(dataset), FIELDS, **NAMES)
        assert "\n" not in str(refused.value)

    def test_tells_every_mistake(self, dataset, stored):
        dataset["flux"].attrs["units"] = "K"
        with pytest.raises(StoreError) as refused:
            open_replicates(stored(dataset.drop_vars("permeability")), FIELDS, **NAMES)
        assert "no variable 'permeability'" in str(refused.value)
        assert "is in K" in str(refused.value)


class TestHasReplicates:
    def test_tells_by_the_outputs(self, dataset, stored, foreign_store):
        assert has_replicates(stored(dataset), ["flux"])
        assert not has_replicates(foreign_store, ["flux"])
