from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import fieldvae
from fieldvae.cli.screen import Screen
from fieldvae.data.store import write_store
from fieldvae.document import dump_yaml
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.serving import evaluate_store
from fieldvae.workflow.stratifying import strata_of, without_strata


def spec(small_task, *, split=None, evaluation=None):
    task = {**small_task, "data": {**small_task["data"], "stratify": split}}
    task["evaluation"] = {**small_task["evaluation"], "stratify": evaluation}
    return make_plan(task).spec


@pytest.fixture
def samples(foreign):
    return foreign(12).assign_coords(
        phase=("sample", ["wet", "dry", "dry"] * 4), name=("sample", list("abcdefghijkl"))
    )


class TestStrataOf:
    def test_are_none_where_nothing_is_named(self, small_task, samples):
        assert strata_of(samples, spec(small_task)) is None

    def test_are_those_of_the_split(self, small_task, samples):
        assert strata_of(samples, spec(small_task, split="temperature")).units == ""
        found = strata_of(samples, spec(small_task, split="temperature"))
        assert list(found.rows) == ["300", "400"]

    def test_of_the_split_are_left_out_where_they_say_nothing(self, small_task, samples):
        some = spec(small_task, split="temperature")
        assert strata_of(samples.drop_vars("temperature"), some) is None
        assert strata_of(samples.isel(sample=slice(3)), some) is None
        several = xr.concat([samples, samples.assign_coords(name=samples["name"] + "2")], "sample")
        assert strata_of(several, spec(small_task, split="name")) is None

    def test_are_those_of_the_evaluation_first(self, small_task, samples):
        both = spec(small_task, split="temperature", evaluation="phase")
        assert strata_of(samples, both).coordinate == "phase"
        assert strata_of(samples, both, asked="name").coordinate == "name"
        assert strata_of(samples.drop_vars("phase"), both) is None

    def test_that_are_asked_for_must_be_there(self, small_task, samples):
        with pytest.raises(fieldvae.StoreError, match=r"--stratify: .*; the store has temperature"):
            strata_of(samples, spec(small_task), asked="pressure")


class TestWithoutStrata:
    def test_names_the_coordinate_that_samples_lack(self, small_task, samples):
        both = spec(small_task, split="temperature", evaluation="phase")
        told = without_strata(samples.drop_vars("phase"), both)
        assert told.startswith("the samples have no coordinate 'phase', which the task names (eval")
        usual = spec(small_task, split="temperature")
        assert "(data.stratify)" in without_strata(samples.drop_vars("temperature"), usual)

    def test_says_nothing_where_nothing_is_missing(self, small_task, samples):
        assert without_strata(samples, spec(small_task, split="temperature")) is None
        assert without_strata(samples, spec(small_task)) is None

    def test_is_told_where_a_store_is_scored(self, small_task, foreign, tmp_path, capsys):
        task = {**small_task, "data": {**small_task["data"], "stratify": "temperature"}}
        task |= {"training": {"epochs": 1}, "evaluation": {"baselines": [], "realizations": 2}}
        trained = fieldvae.run(task, out=tmp_path / "run", until="train").path
        write_store(foreign(4).drop_vars("temperature"), tmp_path / "other.zarr")
        evaluate_store(trained, tmp_path / "other.zarr", progress=Screen())
        assert "no coordinate 'temperature', which the task names" in capsys.readouterr().err


class TestStratifiedRun:
    def test_refuses_a_coordinate_that_is_not_there_before_training(self, small_task, tmp_path):
        path = tmp_path / "task.yaml"
        path.write_text(dump_yaml({**small_task, "evaluation": {"stratify": "temprature"}}))
        words = (
            r"evaluation\.stratify: .*'temprature' \(did you mean 'temperature'\?\); the store has"
        )
        with pytest.raises(fieldvae.StoreError, match=words):
            fieldvae.run(path, out=tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_tells_scores_by_stratum_of_test_samples_and_of_stores(
        self, small_task, foreign, tmp_path
    ):
        chance = np.random.default_rng(0)
        task = {**small_task, "training": {"epochs": 1}}
        task["data"] = {**task["data"], "stratify": "temperature"}
        task["evaluation"] = {**task["evaluation"], "baselines": ["climatology"]}
        finished = fieldvae.run(task, out=tmp_path / "run", until="evaluate")
        for model in ("model", "climatology"):
            found = finished.metrics[model]["prediction_strata"]
            assert sum(found["samples"].values()) == 5
            assert set(found["strata"]["300"]) == {"flux", "stress"}
        other = foreign(12).isel(sample=[0, 1, 2, 9])
        other = other.assign_coords(load=("sample", [1.0, np.nan, 1.0, 2.0]))
        write_store(other, tmp_path / "other.zarr")
        asked = evaluate_store(finished.path, tmp_path / "other.zarr", stratify="load")
        assert asked["model"]["prediction_strata"]["samples"] == {"1": 2, "2": 1, "none": 1}
        usual = evaluate_store(finished.path, tmp_path / "other.zarr")
        assert usual["model"]["prediction_strata"]["samples"] == {"300": 3, "400": 1}
        for name in ("flux", "stress"):
            several = other[name].expand_dims(realization=3, axis=1)
            factors = xr.DataArray(chance.uniform(0.9, 1.1, (4, 3)), dims=("sample", "realization"))
            other[name] = several * factors
        write_store(other, tmp_path / "replicates.zarr")
        found = evaluate_store(finished.path, tmp_path / "replicates.zarr", stratify="load")
        strata = found["climatology"]["replicates_strata"]["strata"]
        assert {name: each["flux"]["conditions"] for name, each in strata.items()} == {
            "1": 2, "2": 1, "none": 1
        }  # fmt: skip
        assert strata["none"]["stress"]["energy_score_interval"] == [None, None]
