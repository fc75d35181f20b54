import numpy as np
import pytest
import torch
import xarray as xr

from fieldvae.evaluation.conditions import (
    CHANNELS,
    ChannelUnit,
    RecoveredCondition,
    condition_data,
    condition_metrics,
    input_data,
    shown_errors,
)
from fieldvae.evaluation.selfcheck import ConditionErrors
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.prediction import SelfCheck

WIDTH = 5
SPREAD = np.array([0.5, 3.0, 1.0, 2.0, 0.1])
UNITS = {
    "spread": ChannelUnit(np.arange(WIDTH, dtype=float), SPREAD, SPREAD),
    "relative": ChannelUnit(np.zeros(WIDTH), np.ones(WIDTH), SPREAD),
}
GRIDS = [Grid((6,)), Grid((5, 4)), Grid((4, 3, 3))]


def condition(shape, measure="spread", samples=12, realizations=2):
    generator = np.random.default_rng(0)
    smoothed = generator.uniform(0.2, 0.8, (samples, WIDTH, *shape))
    return RecoveredCondition(
        "source",
        UNITS[measure],
        smoothed,
        smoothed + 0.1 * generator.standard_normal(smoothed.shape),
        generator.random((2, realizations, WIDTH, *shape)),
        generator.random(samples),
    )


def shown(one, grid, measure="spread"):
    return condition_data(
        one, shown=[3, 1], grid=grid, measure=measure, generator=np.random.default_rng(0)
    )


class TestChannelUnit:
    @pytest.mark.parametrize("shape", [(), (4, 3, 2)], ids=["vector", "field"])
    def test_mean_distance_is_the_error_of_the_self_check(self, shape):
        one = condition(shape)
        check = SelfCheck("spread", {"source": 1.0}, {"source": torch.from_numpy(SPREAD)})
        expected = check.errors(
            {"source": torch.from_numpy(one.recovered)}, {"source": torch.from_numpy(one.smoothed)}
        )
        distance = np.abs(one.unit.counted(one.recovered) - one.unit.counted(one.smoothed))
        np.testing.assert_allclose(distance.reshape(12, -1).mean(axis=1), expected[:, 0])

    def test_counts_training_conditions_to_mean_zero_and_spread_one(self):
        training = np.random.default_rng(0).normal(3, 2, (50, 4))
        unit = ChannelUnit(training.mean(axis=0), training.std(axis=0), training.std(axis=0))
        counted = unit.counted(training)
        np.testing.assert_allclose(counted.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(counted.std(axis=0), 1)

    def test_knows_the_channels_of_greatest_spread(self):
        assert UNITS["spread"].widest(3) == [1, 2, 3]


class TestConditionMetrics:
    @pytest.mark.parametrize("shape", [(), (4, 3, 2)], ids=["vector", "field"])
    def test_r2_is_one_for_the_smoothed_and_zero_for_their_means(self, shape):
        one = condition(shape)
        axes = tuple(axis for axis in range(one.smoothed.ndim) if axis != 1)
        means = np.broadcast_to(one.smoothed.mean(axis=axes, keepdims=True), one.smoothed.shape)
        for recovered, expected in ((one.smoothed, 1), (means, 0)):
            again = RecoveredCondition(
                one.name, one.unit, one.smoothed, recovered, one.from_realizations, one.errors
            )
            assert condition_metrics(again)["r2"] == pytest.approx(expected)

    def test_error_is_the_mean_over_samples(self):
        one = condition(())
        assert condition_metrics(one)["error"] == pytest.approx(one.errors.mean())

    def test_r2_of_a_condition_that_never_changes_does_not_exist(self):
        flat = np.ones((4, WIDTH))
        one = RecoveredCondition("a", UNITS["relative"], flat, flat + 1, flat[None], np.ones(4))
        assert condition_metrics(one)["r2"] is None


class TestConditionData:
    @pytest.mark.parametrize("grid", GRIDS, ids=str)
    def test_cuts_fields_to_slices_of_some_channels(self, grid):
        one = condition(grid.shape3)
        found = shown(one, grid)
        dims = ("shown", "source_channel", *grid.axes[:2])
        assert found["condition.source.smoothed"].dims == dims
        assert found["condition.source.from_realization"].dims == (
            dims[0],
            "shown_realization",
            *dims[1:],
        )
        assert list(found["source_channel"].values) == [1, 2, 3]
        middle = grid.shape3[2] // 2
        expected = one.unit.counted(one.smoothed)[[3, 1]][:, [1, 2, 3]][..., middle]
        np.testing.assert_allclose(
            found["condition.source.smoothed"],
            expected.reshape(2, CHANNELS, *grid.shape[:2]),
            rtol=1e-5,
        )

    @pytest.mark.parametrize("grid", GRIDS, ids=str)
    def test_shows_vectors_whole(self, grid):
        one = condition(())
        found = shown(one, grid)
        assert found["condition.source.recovered"].dims == ("shown", "source_channel")
        np.testing.assert_allclose(
            found["condition.source.from_realization"],
            (one.from_realizations - UNITS["spread"].offset) / SPREAD,
            rtol=1e-5,
        )

    def test_leaves_relative_conditions_as_they_are(self):
        one = condition((), "relative")
        found = shown(one, GRIDS[0], "relative")
        np.testing.assert_allclose(
            found["condition.source.smoothed"], one.smoothed[[3, 1]], rtol=1e-6
        )
        assert found["condition.source.smoothed"].attrs["measure"] == "relative"

    def test_draws_points_of_both_at_once(self):
        one = condition((4, 3, 3))
        pairs = {
            (a.astype(np.float32), b.astype(np.float32))
            for a, b in zip(
                one.unit.counted(one.smoothed).ravel(),
                one.unit.counted(one.recovered).ravel(),
                strict=True,
            )
        }
        found = shown(one, GRIDS[2])
        x, y = (found[f"condition.source.{name}"].values for name in ("parity_smoothed", "parity"))
        assert set(zip(x, y, strict=True)) <= pairs


class TestShownErrors:
    def test_picks_samples_and_their_first_realizations(self):
        generator = np.random.default_rng(0)
        drawn = generator.random((6, 4, 2))
        errors = ConditionErrors({"a": 0.5, "b": 0.7}, drawn[:, 0], drawn[:, 1], drawn)
        found = shown_errors(errors.dataset(), shown=[5, 2], realizations=3)
        np.testing.assert_allclose(
            found["shown.error"].sel(condition=["a", "b"]), drawn[[5, 2], :3], rtol=1e-6
        )
        np.testing.assert_array_equal(
            found["shown.accepted"], (drawn[[5, 2], :3] <= [0.5, 0.7]).all(-1)
        )
        np.testing.assert_allclose(
            found["shown.real_error"].sel(condition="b"), drawn[[5, 2], 0, 1], rtol=1e-6
        )


class TestInputData:
    @pytest.mark.parametrize("grid", GRIDS, ids=str)
    def test_shows_fields_on_the_grid_and_on_samples(self, grid):
        generator = np.random.default_rng(0)
        fields = (
            FieldSpec(name="heat", units="K"),
            FieldSpec(name="load", units="N", tensor_kind="vector", on="sample"),
        )
        samples = xr.Dataset(
            {
                "heat": (("sample", *grid.axes), generator.random((5, *grid.shape))),
                "load": (("sample", "axis"), generator.random((5, 3))),
            }
        )
        found = input_data(fields, samples, shown=[4, 0], grid=grid)
        assert found["heat.input"].dims == ("shown", "heat_component", *grid.axes[:2])
        assert found["heat.input"].attrs["units"] == "K"
        np.testing.assert_allclose(found["load.input"], samples["load"][[4, 0]], rtol=1e-6)
        assert list(found["load_component"].values) == ["x", "y", "z"]
