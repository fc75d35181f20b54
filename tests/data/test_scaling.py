import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from fieldvae import Grid, OptionError, ShapeError, StoreError
from fieldvae.data.samples import Samples
from fieldvae.data.scaling import Scaling
from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.spec import ScalingSpec

from .conftest import FIELDS, cell

METHODS = ("standardize", "minmax")


def samples(change=None, **options):
    found = Samples.from_dataset(cell(**options), FIELDS)
    fields = {n: f.model_copy(update=change or {}) for n, f in found.fields.items()}
    return replace(found, fields=fields)


def fit(data, method="standardize", per="component", indices=(0, 1, 2, 3), **options):
    spec = ScalingSpec(method=method, per=per)
    return Scaling.fit(data.dataset, data.fields, indices, spec, **options)


class TestScaling:
    @settings(max_examples=20, deadline=None)
    @given(
        method=st.sampled_from(METHODS),
        per=st.sampled_from(["component", "voxel"]),
        shape=st.sampled_from([(3,), (2, 3), (2, 3, 4)]),
        seed=st.integers(0, 99),
    )
    def test_is_undone_by_its_inverse(self, method, per, shape, seed):
        data = samples(shape=shape, seed=seed)
        scaling = fit(data, method, per)
        batch = scaling.to_model(data.dataset, list(data.fields))
        back = scaling.to_dataset(batch, data.grid, coordinates=data.dataset.coords)
        for name in data.fields:
            assert back[name].dims == data.dataset[name].dims
            assert back[name].attrs == data.dataset[name].attrs
            atol = 1e-5 * float(np.abs(data.dataset[name]).max())
            np.testing.assert_allclose(back[name], data.dataset[name], rtol=1e-5, atol=atol)
        np.testing.assert_array_equal(back.temperature, data.dataset.temperature)
        assert Grid.from_attributes(shape, back.attrs) == data.grid

    def test_gives_the_model_five_axes_and_a_simplex_without_its_last_component(self):
        data = samples(shape=(3, 4))
        batch = fit(data).to_model(data.dataset, ["concentration", "heat", "load", "time"])
        shapes = {name: tuple(values.shape) for name, values in batch.items()}
        assert shapes == {
            "concentration": (6, 2, 3, 4, 1),
            "heat": (6, 1, 3, 4, 1),
            "load": (6, 6, 3, 4, 1),
            "time": (6, 1, 3, 4, 1),
        }
        assert all(values.dtype == torch.float32 for values in batch.values())

    def test_makes_the_training_part_standard(self):
        data = samples()
        batch = fit(data).to_model(data.dataset.isel(sample=slice(4)), ["flux", "heat"])
        for values in batch.values():
            assert_close(
                values.mean(dim=(0, 2, 3, 4)), torch.zeros(values.shape[1]), atol=1e-5, rtol=0
            )
            deviation = values.std(dim=(0, 2, 3, 4), correction=0)
            assert_close(deviation, torch.ones(values.shape[1]))

    @pytest.mark.parametrize("per", ["component", "voxel"])
    def test_makes_the_training_part_fill_zero_to_one(self, per):
        data = samples()
        values = fit(data, "minmax", per).to_model(data.dataset.isel(sample=slice(4)), ["stress"])
        axes = (0, 2, 3, 4) if per == "component" else (0,)
        assert_close(
            values["stress"].amin(axes), torch.zeros(()).expand_as(values["stress"].amin(axes))
        )
        assert_close(
            values["stress"].amax(axes), torch.ones(()).expand_as(values["stress"].amax(axes))
        )

    def test_looks_at_the_training_part_only(self):
        data, other = samples(), samples()
        other.dataset["heat"][4:] *= 100
        assert fit(data).state() == fit(other).state()

    def test_keeps_the_scale_of_a_component_that_never_changes(self):
        data = samples()
        data.dataset["heat"][:] = 300.0
        scaling = fit(data)
        assert scaling.fields["heat"].scale.item() == 1.0
        assert not scaling.to_model(data.dataset, ["heat"])["heat"].any()

    @pytest.mark.parametrize("per", ["component", "voxel"])
    def test_leaves_zero_where_it_is_for_a_field_of_zero_mean(self, per):
        assert not fit(samples(), per=per).zero("stress").any()

    @pytest.mark.parametrize("method", METHODS)
    def test_knows_where_physical_zero_lies(self, method):
        data = samples()
        scaling = fit(data, method)
        nothing = data.dataset.copy(deep=True)
        nothing["flux"][:] = 0.0
        values = scaling.to_model(nothing, ["flux"])["flux"]
        assert_close(values, scaling.zero("flux").expand_as(values))

    def test_takes_the_logarithm_first(self):
        data = samples({"scaling": ("log", "standardize")}, shape=(3,))
        only = {"time": data.fields["time"]}
        scaling = Scaling.fit(data.dataset, only, range(6), ScalingSpec())
        batch = scaling.to_model(data.dataset, ["time"])
        logarithm = np.log(data.dataset.time.values[:, 0])
        expected = (logarithm - logarithm.mean()) / logarithm.std()
        np.testing.assert_allclose(batch["time"][:, 0, 0, 0, 0], expected, rtol=1e-5, atol=1e-6)
        back = scaling.to_dataset(batch, data.grid)
        np.testing.assert_allclose(back.time, data.dataset.time, rtol=1e-6)
        with pytest.raises(ValueError, match="has no zero"):
            scaling.zero("time")
        with pytest.raises(StoreError, match=r"'time' has 6 values that are not above zero"):
            scaling.to_model(-data.dataset[["time"]], ["time"])

    def test_labels_realizations(self):
        data = samples(shape=(3, 4))
        scaling = fit(data)
        batch = scaling.to_model(data.dataset, ["stress", "concentration"])
        several = {name: torch.stack([values, 2 * values]) for name, values in batch.items()}
        found = scaling.to_dataset(several, data.grid, leading=("realization",))
        assert found.stress.dims == ("sample", "realization", "voigt", "x", "y")
        np.testing.assert_allclose(found.stress[:, 0], data.dataset.stress, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(found.concentration.sum("element"), 1.0, atol=1e-6)
        assert found.stress.units == "GPa"

    def test_comes_back_from_json_exactly(self):
        data = samples()
        scaling = fit(data, per="voxel")
        again = Scaling.from_state(json.loads(json.dumps(scaling.state())))
        names = list(data.fields)
        assert_close(
            again.to_model(data.dataset, names),
            scaling.to_model(data.dataset, names),
            rtol=0,
            atol=0,
        )

    def test_per_component_serves_another_grid(self):
        scaling = fit(samples())
        other = samples(shape=(8, 4, 4))
        assert scaling.to_model(other.dataset, ["stress"])["stress"].shape == (6, 6, 8, 4, 4)

    def test_per_voxel_refuses_another_grid(self):
        with pytest.raises(ShapeError, match=r"\(8, 4, 4\) cells; .*one a voxel of \(4, 4, 4\)"):
            fit(samples(), per="voxel").to_model(samples(shape=(8, 4, 4)).dataset, ["stress"])

    def test_refuses_missing_values(self):
        data = samples()
        data.dataset["heat"][1, 0, 0, 0, 0] = np.nan
        with pytest.raises(StoreError, match=r"'heat' has 1 missing values .*leave such samples"):
            fit(data)

    @pytest.mark.parametrize(
        "scaling", [("standardize", "log"), ("standardize", "minmax"), ("log", "log")]
    )
    def test_refuses_transforms_that_make_no_sense(self, scaling):
        with pytest.raises(OptionError, match="expected 'log' once and first"):
            fit(samples({"scaling": scaling}))

    def test_refuses_the_logarithm_of_a_closed_field(self):
        with pytest.raises(OptionError, match="a logarithm and the closure 'simplex' exclude"):
            fit(samples({"scaling": ("log",)}))


class TestScalingUnderASymmetry:
    """Scaling and operation may be done in either order."""

    def symmetry(self, data, *names):
        return SymmetryGroup.build(names or ("cubic", "translations"), data.grid, data.fields)

    @pytest.mark.parametrize("method", METHODS)
    def test_commutes_with_every_operation(self, method):
        data = samples()
        symmetry = self.symmetry(data)
        scaling = fit(data, method, symmetry=symmetry)
        generator = torch.Generator().manual_seed(0)
        operations, shifts = symmetry.random(6, generator)
        names = ["stress", "flux", "heat", "concentration"]
        physical = {name: torch.from_numpy(data.dataset[name].values) for name in names}
        moved = symmetry.apply(physical, operations, shifts)
        expected = {name: scaling.fields[name].scaled(values) for name, values in moved.items()}
        scaled = {name: scaling.fields[name].scaled(values) for name, values in physical.items()}
        found = symmetry.centered(scaling.zeros()).apply(scaled, operations, shifts)
        assert_close(found, expected, rtol=1e-12, atol=1e-12)

    @pytest.mark.parametrize("method", METHODS)
    def test_is_as_if_fitted_to_every_operation_of_every_sample(self, method):
        data = samples()
        symmetry = self.symmetry(data, "cubic")
        values = torch.from_numpy(data.dataset.stress.values[:4])
        every = torch.cat([moved["stress"] for moved in symmetry.transforms({"stress": values})])
        found = fit(data, method, symmetry=symmetry).fields["stress"]
        if method == "standardize":
            offset, scale = every.mean(dim=(0, 2, 3, 4)), every.std(dim=(0, 2, 3, 4), correction=0)
        else:
            offset = every.amin((0, 2, 3, 4))
            scale = every.amax((0, 2, 3, 4)) - offset
        assert_close(found.offset.flatten(), offset, atol=1e-12, rtol=1e-12)
        assert_close(found.scale.flatten(), scale)

    def test_gives_one_scale_to_normal_and_one_to_shear_components(self):
        data = samples()
        scale = fit(data, symmetry=self.symmetry(data)).fields["stress"].scale.flatten()
        assert len(scale[:3].unique()) == len(scale[3:].unique()) == 1
        assert scale[0] != scale[3]

    def test_turns_fields_on_samples_too(self):
        data = samples()
        symmetry = self.symmetry(data)
        scaling = fit(data, symmetry=symmetry)
        batch = scaling.to_model(data.dataset, ["load"])
        moved = symmetry.centered(scaling.zeros()).transform(batch, 11)
        matrix = FIELDS["load"].rotation(symmetry.operations[11])
        found = scaling.to_dataset(moved, data.grid)["load"]
        expected = data.dataset["load"].values @ matrix.T
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)

    def test_refuses_a_scale_for_every_voxel(self):
        data = samples()
        with pytest.raises(OptionError, match="'voxel' gives every cell a scale of its own"):
            fit(data, per="voxel", symmetry=self.symmetry(data))
        fit(data, per="voxel", symmetry=self.symmetry(data, "none"))

    def test_refuses_the_logarithm_of_a_tensor(self):
        data = samples()
        flux = data.fields["flux"].model_copy(update={"scaling": ("log",)})
        data.dataset["flux"][:] = abs(data.dataset["flux"])
        with pytest.raises(OptionError, match="logarithm of a vector's components does not turn"):
            Scaling.fit(
                data.dataset, {"flux": flux}, [0, 1], ScalingSpec(), symmetry=self.symmetry(data)
            )
