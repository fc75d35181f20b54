"""Sweeps and learning curves with real, small trainings."""

from __future__ import annotations

import json

import pytest

import fieldvae
from fieldvae import RunError, SweepOptions
from fieldvae.workflow.directory import RunDirectory

QUICK = ["training.epochs=1", "training.batch=64", "evaluation.realizations=4",
         "evaluation.baselines=[climatology, linear_gaussian]", "evaluation.bootstrap=20",
         "prediction.self_check=false"]  # fmt: skip


@pytest.fixture(scope="module")
def curve(small_task, tmp_path_factory):
    out = tmp_path_factory.mktemp("curves") / "foreign"
    found = fieldvae.learning_curve(small_task, fractions=[0.5, 1.0], out=out, settings=QUICK)
    return found, out


def split_of(path):
    return json.loads(RunDirectory(path).split.read_text())


class TestLearningCurve:
    def test_trains_on_nested_parts_and_tests_on_the_same_samples(self, curve):
        _, out = curve
        half, whole = (split_of(out / f"fraction-{f}") for f in ("0.5", "1.0"))
        assert set(half["train"]) < set(whole["train"])
        assert len(half["train"]) == round(len(whole["train"]) / 2)
        assert half["test"] == whole["test"]
        assert half["validation"] == whole["validation"]

    def test_gives_scores_in_the_units_of_every_field(self, curve):
        found, out = curve
        assert {field.name for field in found.fields} == {"flux", "stress"}
        metrics = json.loads((out / "fraction-1.0" / "metrics.json").read_text())
        expected = metrics["model"]["prediction"]["flux"]["energy_score_physical"]
        last = found.points["flux"]["model"]["energy_score"][-1]
        assert last.mean == pytest.approx(expected)
        assert last.samples == len(split_of(out / "fraction-1.0")["train"])

    def test_writes_a_page_a_picture_and_the_numbers(self, curve):
        found, out = curve
        assert "Have I enough samples?" in (out / "learning_curve.html").read_text()
        assert (out / "learning_curve.png").read_bytes()[:4] == b"\x89PNG"
        assert json.loads((out / "learning_curve.json").read_text())["sentences"] == found.sentences


class TestSweep:
    def test_goes_on_where_it_stood_and_compares(self, small_task, curve):
        _, out = curve
        trained = (out / "fraction-0.5" / "model" / "weights.safetensors").stat().st_mtime_ns
        vary = {"data.split.fraction": [0.5, 1.0]}
        found = fieldvae.sweep(small_task, vary, out=out, settings=QUICK)
        assert (
            out / "fraction-0.5" / "model" / "weights.safetensors"
        ).stat().st_mtime_ns == trained
        assert [run.name for run in found.runs] == ["fraction-0.5", "fraction-1.0"]
        assert found.runs[0].differs == {"data.split.fraction": "0.5"}
        assert (out / "comparison.html").exists()

    def test_refuses_runs_of_another_task(self, small_task, curve):
        _, out = curve
        vary = {"data.split.fraction": [0.5, 1.0]}
        with pytest.raises(RunError, match="2 of 2 runs failed"):
            fieldvae.sweep(small_task, vary, out=out, settings=[*QUICK, "training.batch=32"])

    def test_makes_one_run_of_an_array_and_compares_when_all_are_there(self, small_task, tmp_path):
        vary, told = {"training.seed": [0, 1]}, SweepOptions(only=1)
        found = fieldvae.sweep(small_task, vary, out=tmp_path, settings=QUICK, options=told)
        assert found is None
        assert [entry.name for entry in tmp_path.iterdir()] == ["seed-1"]

    def test_makes_several_runs_at_a_time_and_names_those_that_failed(self, foreign_task, tmp_path):
        vary, two = {"training.learning_rate": [1e29, 1e30]}, SweepOptions(workers=2)
        settings = [*QUICK, "training.epochs=3"]
        with pytest.raises(fieldvae.TrainingError, match=r"2 of 2 runs failed: .*1e.30"):
            fieldvae.sweep(foreign_task(), vary, out=tmp_path, settings=settings, options=two)
        logs = [path.read_text() for path in tmp_path.glob("*.log")]
        assert len(logs) == 2
        assert all("lower training.learning_rate" in log for log in logs)
