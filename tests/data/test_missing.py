"""Fields that declare a mask: what is read, scaled and moved, and what is refused."""

from itertools import pairwise

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.testing import assert_close

from fieldvae import FieldSpec, Grid, OptionError, StoreError
from fieldvae.data.envelope import Envelope
from fieldvae.data.samples import Samples, concatenate
from fieldvae.data.scaling import Scaling
from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.spec import ScalingSpec

HEAT = FieldSpec(name="heat", units="K", mask=True)
FLOW = FieldSpec(name="flow", units="m/s", tensor_kind="vector", components=("x", "y"), mask=True)
MIXTURE = FieldSpec(
    name="mixture", units="1", tensor_kind="set", components=("a", "b", "c"), closure="simplex",
    mask=True,
)  # fmt: skip
FIELDS = {f.name: f for f in (HEAT, FLOW, MIXTURE)}
GRID = Grid((4, 4), periodic=(True, True))
PER_VOXEL = ScalingSpec(per="voxel")


def dataset(seed=0, samples=6, holes=0.3):
    chance = np.random.default_rng(seed)
    shape = (samples, *GRID.shape)
    flow = chance.normal(2, 3, (samples, 2, *GRID.shape))
    mixture = np.moveaxis(chance.dirichlet([3, 2, 1], shape), -1, 1)
    mixture[np.broadcast_to(chance.random((samples, 1, *GRID.shape)) < holes, mixture.shape)] = (
        np.nan
    )
    flow[chance.random(flow.shape) < holes] = np.nan
    heat = np.where(chance.random(shape) < holes, np.nan, chance.uniform(280, 320, shape))
    return xr.Dataset(
        {
            "heat": (("sample", "x", "y"), heat, {"units": "K"}),
            "flow": (("sample", "axis", "x", "y"), flow, {"units": "m/s"}),
            "mixture": (("sample", "part", "x", "y"), mixture, {"units": "1"}),
        },
        coords={"axis": ["x", "y"], "part": ["a", "b", "c"]},
        attrs=GRID.attributes(),
    )


def samples(change=None, **options):
    data = dataset(**options)
    if change is not None:
        change(data)
    return Samples.from_dataset(data, FIELDS, name="a.zarr")


def fit(data, spec=None, fields=FIELDS, **options):
    return Scaling.fit(data.dataset, fields, range(len(data)), spec or ScalingSpec(), **options)


class TestReading:
    def test_lets_values_be_missing_where_a_mask_is_declared(self):
        assert int(samples().dataset.heat.isnull().sum()) > 0

    def test_asks_for_a_mask_where_none_is_declared(self):
        fields = {"heat": HEAT.model_copy(update={"mask": False})}
        with pytest.raises(StoreError, match=r"nan at sample 0.*or declare 'mask: true' where NaN"):
            Samples.from_dataset(dataset(), fields)

    def test_refuses_infinite_values_all_the_same(self):
        def change(data):
            data.heat[2, 1, 3] = np.inf

        words = r"1 value that is not finite, first inf at sample 2, .*\(1, 3\); mend or remove"
        with pytest.raises(StoreError, match=words + " such samples$"):
            samples(change)

    def test_refuses_some_shares_of_a_cell_without_the_others(self):
        def change(data):
            data.mixture[:] = 1 / 3
            data.mixture[4, 1, 2, 0] = np.nan

        with pytest.raises(StoreError, match=r"first at sample 4, component b, cell \(2, 0\)"):
            samples(change)

    def test_still_sums_the_shares_that_are_known(self):
        def change(data):
            data.mixture[3, :, 1, 1] = [0.5, 0.4, 0.3]

        with pytest.raises(StoreError, match="do not sum to one in 1 sample, worst sample 3"):
            samples(change)

    @pytest.mark.parametrize("closure", ["zero-mean", "solenoidal"])
    def test_is_at_odds_with_a_closure_of_the_mean(self, closure):
        with pytest.raises(ValueError, match=f"closure '{closure}' and mask exclude each other"):
            FieldSpec(
                name="stress", units="GPa", tensor_kind="symmetric", closure=closure, mask=True
            )

    def test_checks_bounds_of_a_field_that_is_all_missing(self):
        bounded = {"heat": HEAT.model_copy(update={"bounds": (0.0, 400.0)})}
        data = dataset(holes=1.1)
        assert Samples.from_dataset(data, bounded).dataset.heat.isnull().all()


class TestScaling:
    @settings(max_examples=15, deadline=None)
    @given(seed=st.integers(0, 99), voxel=st.booleans())
    def test_is_that_of_the_known_values(self, seed, voxel):
        data = samples(seed=seed, samples=30)
        found = fit(data, PER_VOXEL if voxel else None).fields["flow"]
        for component in range(2):
            values = data.dataset.flow.values[:, component]
            cells = values.reshape(30, -1).T if voxel else [values.ravel()]
            known = [each[~np.isnan(each)] for each in cells]
            offset = found.offset[component].flatten().numpy()
            scale = found.scale[component].flatten().numpy()
            np.testing.assert_allclose(offset, [each.mean() for each in known])
            np.testing.assert_allclose(scale, [each.std() for each in known])

    def test_keeps_missing_values_missing_there_and_back(self):
        data = samples()
        scaling = fit(data)
        batch = scaling.to_model(data.dataset, list(FIELDS))
        assert [batch[n].isnan().any().item() for n in FIELDS] == [True] * 3
        back = scaling.to_dataset(batch, data.grid)
        for name in FIELDS:
            there = data.dataset[name].transpose(*back[name].dims)
            np.testing.assert_array_equal(back[name].isnull(), there.isnull())
            np.testing.assert_allclose(back[name], there, rtol=1e-5, atol=1e-5)

    def test_refuses_a_component_that_is_missing_in_all_samples(self):
        def change(data):
            data.flow[:, 1] = np.nan

        with pytest.raises(StoreError, match="'flow' misses component y in every training sample"):
            fit(samples(change))

    def test_refuses_a_cell_that_is_missing_in_all_samples_where_it_has_its_own_scale(self):
        def change(data):
            data.heat[:, 1, 3] = np.nan

        assert fit(samples(change, samples=30)).fields["heat"].offset.isfinite().all()
        with pytest.raises(StoreError, match=r"value, cell \(1, 3, 0\) .*data.scaling.per: compon"):
            fit(samples(change, samples=30), PER_VOXEL)

    @pytest.mark.parametrize("scaling", [("minmax",), ("log",)])
    def test_refuses_a_scale_on_which_the_mean_is_not_zero(self, scaling):
        only = {"heat": HEAT.model_copy(update={"scaling": scaling})}
        with pytest.raises(OptionError, match=f"'{scaling[0]}' has its zero elsewhere; declare"):
            fit(samples(), fields=only)

    def test_takes_logarithms_of_what_is_known(self):
        only = {"heat": HEAT.model_copy(update={"scaling": ("log", "standardize")})}
        found = fit(samples(), fields=only).fields["heat"]
        expected = np.nanmean(np.log(samples().dataset.heat.values))
        np.testing.assert_allclose(found.offset.item(), expected)

    def test_says_where_a_logarithm_does_not_exist(self):
        data = dataset()
        data.heat[3, 2, 1] = 0.0
        logarithmic = {"heat": HEAT.model_copy(update={"scaling": ("log", "standardize")})}
        words = (
            r"'heat' in a.zarr has 1 value that is not above zero, first 0 at sample 3, "
            r"cell \(2, 1\), and is scaled by its logarithm; mend or remove such samples, "
            "or declare 'scaling: standardize' for this field"
        )
        with pytest.raises(StoreError, match=words):
            Samples.from_dataset(data, logarithmic, name="a.zarr")


class TestSymmetry:
    def test_moves_holes_with_the_values_around_them(self):
        data = samples()
        group = SymmetryGroup.build(("cubic", "translations"), GRID, data.fields)
        scaling = fit(data, symmetry=group)
        group = group.centered(scaling.zeros())
        batch = scaling.to_model(data.dataset, ["heat", "flow"])
        holes = {n: x.isnan().to(x.dtype) for n, x in batch.items()}
        filled = {n: x.nan_to_num(nan=0.5) for n, x in batch.items()}
        generator = torch.Generator().manual_seed(3)
        operations, shifts = group.random(len(data), generator)
        moved, whole = (group.apply(b, operations, shifts) for b in (batch, filled))
        bare = SymmetryGroup.build(("cubic", "translations"), GRID, data.fields)
        moved_holes = bare.apply(holes, operations, shifts)
        assert group.order == 16
        for name in batch:
            assert_close(moved[name].isnan(), moved_holes[name] != 0)
            known = ~moved[name].isnan()
            assert_close(moved[name][known], whole[name][known])


class TestEnvelope:
    def test_is_that_of_the_known_values(self):
        data = dataset()
        data.heat[0] = np.nan
        found = Envelope.fit(Samples.from_dataset(data, FIELDS).dataset, ["heat"], np.arange(6))
        least = np.nanmin(data.heat.values[1:], axis=(1, 2))
        np.testing.assert_allclose(found.ranges["heat"][:, 0, 0], [least.min(), least.max()])
        assert not found.outside(Samples.from_dataset(data, FIELDS).dataset).any()


class TestSeveralStores:
    def test_in_another_order_are_the_same_samples_in_another_order(self):
        parts = [samples(seed=seed, samples=3 + seed) for seed in range(3)]
        first, other = concatenate(parts), concatenate(parts[::-1])
        ends = np.cumsum([0, *(len(part) for part in parts[::-1])])
        order = np.concatenate([np.arange(a, b) for a, b in pairwise(ends)][::-1])
        xr.testing.assert_identical(first.dataset, other.dataset.isel(sample=order))
        (one, same) = (fit(each).fields["flow"] for each in (first, other))
        assert_close(one.offset, same.offset)
        assert_close(one.scale, same.scale)
