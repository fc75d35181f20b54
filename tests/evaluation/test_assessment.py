import json

import numpy as np
import pytest
import xarray as xr

from fieldvae.data.store import read_dataset, write_store
from fieldvae.errors import ShapeError
from fieldvae.evaluation import ConditionErrors, component_scales, evaluate
from fieldvae.evaluation.baselines import Climatology
from fieldvae.evaluation.scores import energy_score
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.testing.linear_gaussian_field import LinearGaussianField

REQUIRED = (
    "crps",
    "crps_skill",
    "energy_score",
    "coverage_50",
    "coverage_90",
    "spread_skill",
    "r2_mean",
)


@pytest.fixture(scope="module")
def generator():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def medium():
    return LinearGaussianField(Grid((4, 4, 4), periodic=(True,) * 3))


@pytest.fixture(scope="module")
def parts(medium, generator):
    return medium.simulate(100, generator=generator), medium.simulate(80, generator=generator)


@pytest.fixture(scope="module")
def scored(medium, parts, generator):
    """The exact law as the model, beside climatology."""
    training, truth = parts
    climatology = Climatology.fit(training, outputs=medium.outputs, grid=medium.grid)
    exact = medium.realize(truth, count=40, generator=generator)
    noise = generator.random((80, 1))
    return evaluate(
        truth,
        {
            "model": exact,
            "climatology": climatology.realize(truth, count=40, generator=generator),
        },
        fields=medium.outputs,
        grid=medium.grid,
        scales=component_scales(training, medium.outputs, medium.grid),
        reconstruction=truth[["stress"]] * 1.01,
        self_checked=exact.isel(realization=slice(3)),
        condition_errors=ConditionErrors({"misfit": 0.9}, noise, noise + 0.5, noise[:, None]),
        resamples=200,
    )


class TestEvaluate:
    def test_gives_the_fixed_keys(self, scored):
        for model in ("model", "climatology"):
            assert set(REQUIRED) <= set(scored.metrics[model]["prediction"]["stress"])
        assert {"mre", "r2"} <= set(scored.metrics["model"]["reconstruction"]["stress"])
        assert "reconstruction" not in scored.metrics["climatology"]

    def test_is_plain_json(self, scored):
        assert json.loads(json.dumps(scored.metrics, allow_nan=False)) == scored.metrics

    def test_finds_the_exact_law_calibrated(self, scored):
        found = scored.metrics["model"]["prediction"]["stress"]
        assert found["coverage_90"] == pytest.approx(0.9, abs=0.01)
        assert found["coverage_50"] == pytest.approx(0.5, abs=0.015)
        assert found["spread_skill"] == pytest.approx(1, abs=0.03)

    def test_finds_that_the_exact_law_beats_climatology(self, scored):
        found = scored.metrics["model"]["comparison"]["climatology"]["stress"]
        assert found["energy_score"]["verdict"] == "beats"
        assert "the model beats climatology: energy score" in found["sentence"]
        low, high = found["energy_score"]["difference_interval"]
        assert low < found["energy_score"]["difference"] < high < 0

    def test_says_that_the_exact_law_is_calibrated(self, scored):
        found = scored.metrics["model"]["calibration"]["stress"]
        assert found["verdict"] == "calibrated"

    def test_climatology_has_no_skill(self, scored):
        found = scored.metrics["climatology"]["prediction"]["stress"]
        assert found["crps_skill"] == 0
        assert found["r2_mean"] == pytest.approx(0, abs=0.05)

    def test_physical_scores_are_those_of_physical_fields(self, medium, parts, generator):
        training, truth = parts
        ensemble = medium.realize(truth, count=5, generator=generator)
        found = evaluate(
            truth,
            {"model": ensemble},
            fields=medium.outputs,
            grid=medium.grid,
            scales=component_scales(training, medium.outputs, medium.grid),
            resamples=0,
        ).metrics["model"]["prediction"]["stress"]
        expected = energy_score(truth["stress"].values, ensemble["stress"].values).mean()
        assert found["energy_score_physical"] == pytest.approx(expected)
        assert found["energy_score_interval"] == [None, None]
        assert "crps_skill" not in found

    def test_stores_what_the_report_plots(self, scored, tmp_path):
        write_store(scored.details, tmp_path / "evaluation.zarr")
        details = read_dataset(tmp_path / "evaluation.zarr")
        assert details["stress.truth"].sizes == {"shown": 3, "stress_component": 6, "x": 4, "y": 4}
        assert details["energy_score"].sizes["sample"] == 80
        volume = details["stress.volume"]
        assert dict(volume.sizes) == {
            "volume": 4,
            "stress_component": 6,
            "volume_x": 4,
            "volume_y": 4,
            "volume_z": 4,
        }
        layer = volume.isel(volume_z=details.attrs["z_slice"])
        for part in ("truth", "mean"):
            np.testing.assert_allclose(
                layer.sel(volume=part), details[f"stress.{part}"].isel(shown=1), rtol=1e-6
            )
        np.testing.assert_allclose(details["rank_density"].mean("rank_bin"), 1)
        assert list(details["source"].values) == ["truth", "model", "climatology"]

    def test_the_exact_law_has_the_spectrum_of_the_truth(self, scored):
        power = scored.details["power"].sel(field="stress")
        ratio = power.sel(source="model") / power.sel(source="truth")
        np.testing.assert_allclose(ratio, 1, atol=0.1)

    def test_refuses_other_samples(self, medium, parts, generator):
        training, truth = parts
        with pytest.raises(ShapeError, match="'model' has 2 samples; the truth has 80"):
            evaluate(
                truth,
                {"model": medium.realize(truth.isel(sample=[0, 1]), count=2, generator=generator)},
                fields=medium.outputs,
                grid=medium.grid,
                scales=component_scales(training, medium.outputs, medium.grid),
            )


@pytest.mark.parametrize("grid", [Grid((6,)), Grid((5, 4), periodic=(True, False))], ids=str)
class TestOnFewerDimensions:
    def test_scores_a_scalar_and_a_set(self, grid, generator):
        fields = (
            FieldSpec(name="heat", units="K"),
            FieldSpec(name="share", units="1", tensor_kind="set", components=("a", "b")),
        )

        def dataset(*leading):
            names = ("sample", "realization")[: len(leading)]
            return xr.Dataset(
                {
                    "heat": ((*names, *grid.axes), generator.random((*leading, *grid.shape))),
                    "share": (
                        (*names, "species", *grid.axes),
                        generator.random((*leading, 2, *grid.shape)),
                    ),
                },
                coords={"species": ["b", "a"]},
            )

        found = evaluate(
            dataset(12),
            {"model": dataset(12, 4), "climatology": dataset(12, 4)},
            fields=fields,
            grid=grid,
            scales=component_scales(dataset(20), fields, grid),
            resamples=10,
        )
        assert set(found.metrics["model"]["prediction"]) == {"heat", "share"}
        assert found.details["share.truth"].dims == ("shown", "share_component", *grid.axes)
