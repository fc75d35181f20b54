"""What is stored of designs, on ones made by hand: every number from its definition."""

import numpy as np
import pytest
import xarray as xr

from fieldvae.evaluation.designmap import moments
from fieldvae.evaluation.designs import QUANTILES
from fieldvae.field import VOIGT
from fieldvae.grid import AXES, Grid

from ..made_designs import STARTS, Made

CUBE = Grid((3, 3, 3), periodic=(True, True, True))


@pytest.fixture(scope="module")
def made():
    return Made(CUBE)


@pytest.fixture(scope="module")
def found(made):
    return made.analyzed()


class TestNumbers:
    def test_variances_are_over_the_grid_and_mean_over_components(self, made, found):
        for name, stage in (("share_start", "start"), ("share", "optimized")):
            expected = made.designs[name].var(AXES).mean("share_part")
            np.testing.assert_allclose(found["share.variance"].sel(stage=stage), expected)
        expected = made.training["share"].var(AXES).mean("share_part")
        np.testing.assert_allclose(found["share.variance_training"], expected)

    def test_an_input_on_no_grid_has_values(self, made, found):
        np.testing.assert_allclose(found["load.value_training"], made.training["load"])
        assert "load.variance" not in found

    def test_single_fields_have_the_goals_statistic(self, made, found):
        expected = (made.designs["quantity"] ** 2).mean(AXES)
        np.testing.assert_allclose(found["single"], expected)
        expected = (made.designs["quantity_trajectory"] ** 2).mean(AXES)
        np.testing.assert_allclose(found["single_trajectory"], expected)

    def test_training_fields_have_it_too(self, made, found):
        s = made.training["stress"]
        xx, yy, zz, xy, xz, yz = (s.sel(stress_part=label) for label in VOIGT)
        mises = 0.5 * ((xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2) + 3 * (
            xy**2 + xz**2 + yz**2
        )
        np.testing.assert_allclose(found["single_training"], mises.mean(AXES))

    def test_a_component_of_the_only_output_needs_no_name(self):
        goal = {"maximize": "mean", "of": {"use": "component", "component": "xy"}}
        made = Made(CUBE, goal=goal)
        expected = made.training["stress"].sel(stress_part="xy").mean(AXES)
        np.testing.assert_allclose(made.analyzed()["single_training"], expected)

    def test_bands_are_quantiles_over_starts(self, made, found):
        expected = made.designs["statistic_course"].quantile(QUANTILES, "sample")
        np.testing.assert_allclose(found["statistic_quantiles"], expected)
        spread = made.designs["share_trajectory"].std(AXES).quantile(QUANTILES, "sample")
        course = found["share.deviation_course"].transpose("quantile", "record", ...)
        np.testing.assert_allclose(course, spread)

    def test_all_conditions_must_pass(self, made, found):
        errors = made.designs["self_check_course"]
        passed = (errors <= xr.DataArray([1.0, 1.5], dims="condition")).all("condition")
        np.testing.assert_allclose(found["passed_course"], passed.mean("sample"))
        assert found["self_check_tolerance"].sel(condition="load") == 1.5

    def test_shares_outside_are_by_field_and_stage(self, made, found):
        shares = found["outside_share"]
        for field, name in (("share", "share_outside"), ("any", "outside")):
            expected = made.designs[name].mean("sample")
            np.testing.assert_allclose(shares.sel(field=field), expected)

    def test_shown_designs_are_the_best_the_median_and_the_worst(self, made, found):
        after = made.designs["statistic"].sel(stage="optimized").values[found["chosen"].values]
        everything = np.sort(made.designs["statistic"].sel(stage="optimized").values)[::-1]
        np.testing.assert_array_equal(after, everything[[0, (STARTS - 1) // 2, -1]])

    def test_the_best_is_the_least_where_it_is_minimized(self):
        goal = {"minimize": "second_moment", "of": "von_mises_stress"}
        made = Made(CUBE, goal=goal)
        best = int(made.analyzed()["chosen"].sel(rule="best"))
        assert best == int(np.argmin(made.designs["statistic"].sel(stage="optimized").values))

    def test_all_groups_have_the_means_of_their_fields(self, made, found):
        means = found["share.group_mean"].transpose("group", ...)
        values = (made.training["share"], made.designs["share_start"], made.designs["share"])
        expected = [v.mean(("sample", *AXES)) for v in values]
        np.testing.assert_allclose(means, expected)
        before = made.designs["statistic"].sel(stage="start").mean()
        assert float(found["group_statistic"].sel(group="starts")) == pytest.approx(float(before))


class TestMoments:
    def test_fluctuations_of_three_like_shares_correlate_by_minus_a_half(self):
        """Of a symmetric simplex: the variance of a sum that is fixed is zero."""
        weights = np.random.default_rng(0).gamma(5.0, size=(400, 3, 4, 4, 4))
        mean, deviation, correlation = moments(weights / weights.sum(1, keepdims=True), within=True)
        np.testing.assert_allclose(mean, 1 / 3, atol=2e-3)
        np.testing.assert_allclose(correlation[np.triu_indices(3, 1)], -0.5, atol=0.02)
        np.testing.assert_allclose(deviation, deviation.mean(), rtol=0.02)

    def test_means_of_samples_count_only_where_asked(self):
        values = np.zeros((2, 2, 3, 1, 1))
        values[1] += 1
        _, within, correlation = moments(values, within=True)
        assert not within.any()
        assert np.isnan(correlation).all()
        assert moments(values, within=False)[1].tolist() == [0.5, 0.5]


@pytest.fixture(scope="module")
def two():
    """Designs of two kinds, one copied about, so that maps and tables have something to tell."""
    made = Made(CUBE, vary={"share": {}}, hold={"force": 0.0, "load": 1.0})
    kinds = made.designs["share"].values[:2].copy()
    noise = 2e-3 * made.chance.standard_normal((STARTS, 3, 3, 3, 3))
    noise -= noise.mean(1, keepdims=True)
    member = np.arange(STARTS) % 3 == 0
    made.designs["share"].values[:] = kinds[member.astype(int)] + noise
    return made, member, made.analyzed()


@pytest.fixture(scope="module")
def copied(two):
    """The same designs, each shifted and mirrored at random."""
    made, member, _ = two
    designs = made.designs.copy(deep=True)
    for row in range(STARTS):
        shift = {axis: int(made.chance.integers(3)) for axis in AXES}
        mirror = {axis: slice(None, None, int(made.chance.choice([-1, 1]))) for axis in AXES}
        one = designs["share"].isel(sample=row).isel(mirror).roll(shift)
        designs["share"][row] = one.transpose(*designs["share"].dims[1:]).values
    return designs, member, made.analyzed(designs)


class TestClusters:
    def test_are_found_on_both_maps(self, two):
        _, member, found = two
        for name in ("plain", "symmetric"):
            clusters = found["map_cluster"].sel(map=name).values
            np.testing.assert_array_equal(clusters, member)
            sizes = found["cluster_size"].sel(map=name).values
            assert sizes.tolist() == [np.sum(~member), np.sum(member)]

    def test_of_copies_are_found_on_the_symmetric_map_alone(self, copied):
        _, member, found = copied
        symmetric = found["map_cluster"].sel(map="symmetric").values
        np.testing.assert_array_equal(symmetric, member)
        assert not np.array_equal(found["map_cluster"].sel(map="plain").values, member)

    def test_the_symmetric_map_does_not_see_copying(self, two, copied):
        before, after = two[-1], copied[-1]
        np.testing.assert_allclose(
            *(abs(each["map_position"].sel(map="symmetric")) for each in (before, after)),
            atol=1e-6,
        )

    @pytest.mark.parametrize("kind", ["plain", "symmetric"])
    def test_means_weighted_by_size_make_the_mean_of_all(self, copied, kind):
        found = copied[-1]
        one = found.sel(map=kind)
        weighted = (one["cluster_size"] * one["share.cluster_mean"]).sum("cluster") / STARTS
        np.testing.assert_allclose(weighted, found["share.group_mean"].sel(group="designs"))
        weighted = (one["cluster_size"] * one["cluster_statistic"]).sum("cluster") / STARTS
        np.testing.assert_allclose(weighted, found["group_statistic"].sel(group="designs"))
        squares = one["cluster_size"] * one["share.cluster_deviation"] ** 2
        whole = found["share.group_deviation"].sel(group="designs") ** 2
        np.testing.assert_allclose(squares.sum("cluster") / STARTS, whole)


class TestWhatIsLacking:
    def test_failed_starts_count_nowhere(self, made):
        """Designs of which some failed are analyzed as the others would be by themselves."""
        designs = made.designs.copy(deep=True)
        failed = [3, 11]
        for name in ("share", "statistic", "statistic_course", "objective", "quantity"):
            designs[name][failed] = np.nan
        found = made.analyzed(designs)
        others = made.analyzed(made.designs.drop_isel(sample=failed))
        assert found.attrs["failed"] == 2
        kept = np.delete(np.arange(STARTS), failed)
        for name in others.data_vars:
            here = found[name].isel(sample=kept) if "sample" in found[name].dims else found[name]
            if name == "chosen":
                here = xr.DataArray(np.searchsorted(kept, here), dims="rule")
            np.testing.assert_allclose(here, others[name], err_msg=name)
        assert (found["map_cluster"].isel(sample=failed) == -1).all()
        assert np.isnan(found["map_position"].isel(sample=failed)).all()

    def test_where_all_failed_nothing_is_told_of_them(self, made):
        designs = made.designs.copy(deep=True)
        designs["statistic"][:] = np.nan
        found = made.analyzed(designs)
        assert found.attrs["failed"] == STARTS
        assert "chosen" not in found
        assert all(found.sizes.values())

    def test_too_few_starts_have_no_map(self, made):
        found = made.analyzed(made.designs.isel(sample=slice(0, 6)))
        assert "map_position" not in found
        assert found.attrs["map_note"].startswith("6 designs")
        assert "chosen" in found

    @pytest.mark.parametrize(
        ("changes", "symmetry", "words"),
        [
            ({}, (), "the task declares no symmetry"),
            ({"hold": {"force": "training"}}, ("cubic",), "force is each start's own"),
            ({"hold": {"force": "regression"}}, ("cubic",), "have no symmetry in common"),
        ],
    )
    def test_no_symmetric_map_is_explained(self, changes, symmetry, words):
        found = Made(CUBE, **changes).analyzed(symmetry=symmetry)
        assert found["map"].values.tolist() == ["plain"]
        assert words in found.attrs["symmetric_note"]


@pytest.mark.parametrize(
    "grid", [Grid((5,)), Grid((4, 3), periodic=(True, False))], ids=["line", "plane"]
)
def test_grids_of_fewer_dimensions_have_all_of_it(grid):
    found = Made(grid).analyzed()
    assert set(found.data_vars) == set(Made(CUBE).analyzed().data_vars)
    assert found.attrs["shifts"] == (4 if grid.dimensions == 2 else 1)
