"""Conditions and principal components of real, small models."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import fieldvae
from fieldvae.data.store import read_dataset, write_store
from fieldvae.workflow.serving import evaluate_store, report_run

SMALL = {
    "smoother": {"use": "paper", "channels": 4, "width": 4},
    "encoder": {"use": "paper", "channels": [4], "width": 4, "head": [4]},
    "decoder": {"use": "paper", "widths": [4]},
}


@pytest.fixture(scope="module", autouse=True)
def coarse_figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fieldvae.report.style.RESOLUTION", 30)
        yield


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A store of a field, a load on samples and an output on a line."""
    generator = np.random.default_rng(0)
    source, load = generator.random((40, 8)), np.resize([1.0, 2.0], 40)
    heat = source * load[:, None] + 0.1 * generator.standard_normal(source.shape)
    path = tmp_path_factory.mktemp("line") / "store.zarr"
    write_store(
        xr.Dataset(
            {
                "source": (("sample", "x"), source, {"units": "W"}),
                "load": ("sample", load, {"units": "N"}),
                "heat": (("sample", "x"), heat, {"units": "K"}),
            },
            coords={"oven": ("sample", np.resize(["left", "right", "far"], 40))},
            attrs={"spacing": [1.0], "spacing_units": "mm", "periodic": [True]},
        ),
        path,
    )
    return path


def task(store, **changes):
    return {
        "name": "line",
        "fields": {
            "source": {"units": "W"},
            "load": {"units": "N", "on": "sample"},
            "heat": {"units": "K"},
        },
        "inputs": ["source", "load"],
        "outputs": ["heat"],
        "data": {"store": str(store)},
        "training": {"epochs": 2, "batch": 16},
        "prediction": {"max_draws": 20},
        "evaluation": {"realizations": 6, "bootstrap": 0, "baselines": ["climatology"]},
        **changes,
    }


@pytest.fixture(scope="module", params=["spread", "relative"])
def vectors(request, stored, tmp_path_factory):
    """A model whose conditions are vectors, as the paper's."""
    model = {"preset": "paper", "latent": 4, "condition": {"source": 6, "load": 3}, **SMALL}
    prediction = {"max_draws": 20, "error": request.param}
    return fieldvae.run(
        task(stored, model=model, prediction=prediction), out=tmp_path_factory.mktemp("v") / "run"
    )


@pytest.fixture(scope="module")
def fields(stored, tmp_path_factory):
    """A model whose conditions are fields, as the default's."""
    model = {"latent": 3, "condition": 4}
    return fieldvae.run(task(stored, model=model), out=tmp_path_factory.mktemp("f") / "run")


class TestVectorConditions:
    def test_mean_distances_are_the_errors_of_the_self_check(self, vectors):
        details = read_dataset(vectors.path / "evaluation.zarr")
        for name in ("source", "load"):
            smoothed = details[f"condition.{name}.smoothed"]
            error = details["shown.error"].sel(condition=name)
            distance = abs(details[f"condition.{name}.from_realization"] - smoothed)
            if smoothed.attrs["measure"] == "relative":
                distance = distance / np.maximum(abs(smoothed), 0.01)
            np.testing.assert_allclose(
                distance.mean(f"{name}_channel").transpose(*error.dims), error, rtol=1e-3
            )

    def test_metrics_hold_the_mean_error(self, vectors):
        details = read_dataset(vectors.path / "evaluation.zarr")
        for name, found in vectors.metrics["model"]["conditions"].items():
            errors = details["self_check.real"].sel(condition=name)
            assert found["error"] == pytest.approx(float(errors.mean()), rel=1e-5)
            assert found["r2"] <= 1

    def test_keep_every_channel(self, vectors):
        details = read_dataset(vectors.path / "evaluation.zarr")
        assert details.sizes["source_channel"] == 6
        assert details.sizes["load_channel"] == 3


class TestFieldConditions:
    def test_are_cut_to_slices_of_some_channels(self, fields):
        details = read_dataset(fields.path / "evaluation.zarr")
        shown = details["condition.source.from_realization"]
        assert shown.sizes == {
            "shown": details.sizes["shown"],
            "shown_realization": 3,
            "source_channel": 3,
            "x": 8,
        }

    def test_accepts_as_the_self_check_does(self, fields):
        details = read_dataset(fields.path / "evaluation.zarr")
        error, tolerance = details["shown.error"], details["self_check.tolerance"]
        passed = (error <= tolerance).drop_sel(condition="all").all("condition")
        np.testing.assert_array_equal(passed, details["shown.accepted"])


class TestLargeTestParts:
    def test_are_looked_at_in_part_the_shown_samples_among_it(
        self, fields, stored, tmp_path, monkeypatch
    ):
        def distances(part: str) -> xr.Dataset:
            evaluate_store(fields.path, stored, out=tmp_path / part, realizations=4)
            details = read_dataset(tmp_path / part / "evaluation.zarr")
            smoothed = details["condition.source.smoothed"]
            return details.assign(
                real=smoothed - details["condition.source.recovered"],
                drawn=smoothed - details["condition.source.from_realization"],
            )

        whole = distances("whole")
        monkeypatch.setattr("fieldvae.workflow.picturing.MOST_SAMPLES", 2)
        some = distances("some")
        assert whole.sizes["held_out_point"] == whole.sizes["sample"] == 40
        assert some.sizes["reference_point"] == 2
        assert 3 <= some.sizes["held_out_point"] <= 5
        np.testing.assert_array_equal(some["shown"], whole["shown"])
        np.testing.assert_allclose(some["real"], whole["real"], atol=1e-5)
        np.testing.assert_allclose(some["drawn"], whole["drawn"], atol=1e-5)


class TestProjections:
    def test_are_of_inputs_alone_and_together_and_of_outputs(self, fields):
        details = read_dataset(fields.path / "evaluation.zarr")
        names, kinds = (details[f"projection_{name}"].values for name in ("field", "kind"))
        assert list(zip(names, kinds, strict=True)) == [
            ("source", "raw"),
            ("source", "smoothed"),
            ("load", "raw"),
            ("load", "smoothed"),
            ("*", "raw"),
            ("*", "smoothed"),
            ("heat", "truth"),
        ]

    def test_a_load_on_samples_is_a_line(self, fields):
        details = read_dataset(fields.path / "evaluation.zarr")
        np.testing.assert_allclose(details["pca.share"][2], [1, 0])

    def test_are_colored_by_the_coordinate_that_makes_groups(self, fields):
        color = read_dataset(fields.path / "evaluation.zarr")["pca.reference_color"]
        assert color.attrs["long_name"] == "oven"
        assert set(map(str, color.values)) == {"left", "right", "far"}

    def test_of_a_model_without_encoder_have_no_recovered_conditions(self, stored, tmp_path):
        model = {"encoder": "none", "latent": 3, "condition": 4}
        run = fieldvae.run(
            task(stored, model=model, losses=["energy_score"]),
            out=tmp_path / "run",
            until="evaluate",
        )
        details = read_dataset(run.path / "evaluation.zarr")
        assert bool(details["pca.estimate"][:6].isnull().all())
        assert bool(details["pca.estimate"][6].notnull().all())
        assert "conditions" not in run.metrics["model"]
        assert not [name for name in details.data_vars if name.startswith("condition.")]


class TestReport:
    def test_draws_the_same_from_what_is_stored(self, fields):
        page = fields.path / "report" / "index.html"
        first = page.read_text(encoding="utf-8")
        for figure in (
            "components-of-inputs",
            "components-of-outputs",
            "reconstruction-heat",
            "conditions",
            "condition-examples",
            "realizations-with-conditions",
            "inputs",
        ):
            assert f'<figure id="{figure}">' in first
        page.unlink()
        assert report_run(fields.path).read_text(encoding="utf-8") == first
