"""The baselines of a run, the trained one among them, on a run that is really trained."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import fieldvae
from fieldvae.evaluation.scores import energy_score
from fieldvae.workflow.baselines import drawn_from, fitted_baselines
from fieldvae.workflow.deterministic import rehearse_deterministic
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.progress import Silence
from fieldvae.workflow.rehearsing import rehearsed
from fieldvae.workflow.serving import evaluate_store
from fieldvae.workflow.validating import describe_plan

LONGER = {"epochs": 25, "batch": 8, "checkpoint_every": 1}


class Told(Silence):
    """Remembers what is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


class Stopping(Silence):
    """Interrupts the second training epoch that it sees."""

    def epochs(self, records: Iterable) -> Iterator:
        for count, record in enumerate(records):
            if count == 2:
                raise KeyboardInterrupt
            yield record


@pytest.fixture(scope="module")
def task(small_task):
    return {**small_task, "training": LONGER}


@pytest.fixture(scope="module")
def run(task, tmp_path_factory):
    return fieldvae.run(task, out=tmp_path_factory.mktemp("baselines") / "run", until="evaluate")


@pytest.fixture(scope="module")
def prepared(task):
    return prepare(make_plan(task))


@pytest.fixture
def baselines(run, prepared):
    told = Told()
    found = fitted_baselines(prepared, run.directory.baselines, device="cpu", progress=told)
    assert told.lines == []  # the network was trained by the run
    return found


class TestDrawnFrom:
    def test_gives_a_baseline_the_same_draws_whatever_the_others(self, baselines, prepared):
        test = prepared.part(prepared.split.test)
        drawn = drawn_from(baselines, test, count=3, seed=4)
        assert list(drawn) == list(baselines)
        for name, one in baselines.items():
            alone = drawn_from({name: one}, test, count=3, seed=4)
            assert drawn[name].identical(alone[name])


class TestDeterministic:
    def test_gives_one_field_a_sample_whatever_the_count(self, baselines, prepared):
        test = prepared.part(prepared.split.test)
        drawn = baselines["deterministic"].realize(test, count=7, generator=None)
        assert drawn["flux"].sizes["realization"] == 1
        assert drawn["flux"].attrs["units"] == "m/s"

    def test_is_scored_as_a_point_mass(self, run, baselines, prepared):
        test = prepared.part(prepared.split.test)
        drawn = baselines["deterministic"].realize(test, count=1, generator=None)
        found = run.metrics["deterministic"]["prediction"]["flux"]
        axes = ("direction", "x", "y", "z")
        truth = test["flux"].transpose("sample", *axes).values
        field = drawn["flux"].transpose("sample", "realization", ..., "x", "y", "z").values
        expected = np.linalg.norm((field[:, 0] - truth).reshape(len(truth), -1), axis=1).mean()
        assert found["energy_score_physical"] == pytest.approx(expected, rel=1e-5)
        assert found["energy_score_physical"] == pytest.approx(energy_score(truth, field).mean())
        assert found["crps_physical"] == pytest.approx(np.abs(field[:, 0] - truth).mean(), rel=1e-5)
        assert (found["realizations"], found["spread_skill"], found["coverage_90"]) == (1, 0, 0)

    def test_learns_the_mean_and_loses_variance(self, run):
        """The stress of the foreign problem follows its inputs but for noise."""
        found = run.metrics["deterministic"]["prediction"]
        for name in ("flux", "stress"):
            assert found[name]["r2_mean"] > 0.5
            assert found[name]["variance_ratio"] < 1

    def test_is_compared_with_in_words(self, run):
        told = run.metrics["model"]["comparison"]["deterministic"]["flux"]["sentence"]
        assert "the deterministic network: energy score" in told
        assert "deterministic network" in run.summary()

    def test_begins_from_the_models_own_weights_but_ends_elsewhere(self, run):
        model = load_file(run.path / "model" / "weights.safetensors")
        other = load_file(run.path / "baselines" / "deterministic.safetensors")
        shared = {name for name in model if not name.startswith("encoder")}
        assert {name.removeprefix("network.") for name in other} == shared
        name = "decoder.linear.1.weight"
        assert not torch.equal(model[name], other[f"network.{name}"])

    def test_is_left_out_where_it_is_not_named(self, small_task, tmp_path):
        task = {**small_task, "training": {"epochs": 1}}
        task["evaluation"] = {**task["evaluation"], "baselines": ["climatology"]}
        finished = fieldvae.run(task, out=tmp_path / "run", until="evaluate")
        assert set(finished.metrics) == {"model", "climatology"}
        assert not finished.directory.baselines.exists()

    def test_is_not_trained_again_by_evaluate(self, run, foreign_store):
        weights = run.path / "baselines" / "deterministic.safetensors"
        before = weights.stat().st_mtime_ns
        found = evaluate_store(run.path, foreign_store, realizations=3)
        assert "deterministic" in found
        again = evaluate_store(run.path / "model", foreign_store, realizations=3)
        assert again["deterministic"] == found["deterministic"]
        assert weights.stat().st_mtime_ns == before

    def test_that_was_interrupted_ends_with_the_same_weights(self, run, task, tmp_path):
        out = shutil.copytree(run.path, tmp_path / "run")
        for name in ("metrics.json", "baselines/deterministic.safetensors"):
            (out / name).unlink()
        with pytest.raises(KeyboardInterrupt):
            fieldvae.run(task, out=out, resume=True, until="evaluate", progress=Stopping())
        assert list((out / "baselines" / "deterministic.checkpoints").iterdir())
        assert not (out / "metrics.json").exists()
        finished = fieldvae.run(task, out=out, resume=True, until="evaluate")
        (kept,) = finished.directory.baselines.iterdir()
        expected = load_file(run.directory.baselines / "deterministic.safetensors")
        found = load_file(kept)
        assert all(torch.equal(found[name], expected[name]) for name in expected)
        assert finished.metrics["deterministic"] == run.metrics["deterministic"]


@pytest.fixture(scope="module")
def replicated(foreign, tmp_path_factory):
    """A store of five conditions with four outputs each."""
    data = foreign(12).isel(sample=slice(5))
    chance = np.random.default_rng(3)
    for name, size in (("flux", 0.2), ("stress", 0.05)):
        several = data[name].expand_dims(realization=4, axis=1)
        noise = size * chance.standard_normal(several.shape)
        noise -= noise.mean((-3, -2, -1), keepdims=True)
        data[name] = several.copy(data=several.values + noise)
    path = tmp_path_factory.mktemp("replicates") / "replicates.zarr"
    fieldvae.write_store(data, path)
    return path


class TestReplicates:
    def test_are_scored_by_evaluate_for_the_model_and_every_baseline(
        self, run, replicated, tmp_path
    ):
        found = evaluate_store(run.path, replicated, out=tmp_path / "found")
        assert set(found) == {"model", "climatology", "linear_gaussian", "deterministic"}
        for scores in found.values():
            assert set(scores) == {"replicates"}
            assert set(scores["replicates"]) == {"flux", "stress"}
        best = found["linear_gaussian"]["replicates"]["stress"]
        assert (
            best["energy_score_excess"]
            < found["climatology"]["replicates"]["stress"]["energy_score_excess"]
        )
        assert json.loads((tmp_path / "found" / "metrics.json").read_text()) == found
        assert (tmp_path / "found" / "evaluation.zarr").is_dir()

    def test_of_a_task_are_scored_beside_its_test_part(self, small_task, replicated, tmp_path):
        data = {**small_task["data"], "replicates": str(replicated)}
        task = {**small_task, "data": data, "training": {"epochs": 1}}
        finished = fieldvae.run(task, out=tmp_path / "run", until="evaluate")
        assert set(finished.metrics["deterministic"]) == {"prediction", "replicates", "mechanics"}
        assert "the limit set by true replicates" in finished.summary()
        assert json.loads(finished.directory.summary.read_text())["replicates"] == {
            "store": str(replicated), "conditions": 5, "replicates": 4
        }  # fmt: skip

    def test_are_told_by_validate(self, small_task, replicated):
        data = {**small_task["data"], "replicates": str(replicated)}
        plan = make_plan({**small_task, "data": data})
        told = describe_plan(plan, estimated=False).splitlines()
        assert "replicates 5 inputs of 4 true outputs, to score against" in told

    def test_paths_are_relative_to_the_task(self, foreign_task, foreign_store, tmp_path):
        data = {"store": str(foreign_store), "replicates": "sub/replicates.zarr"}
        plan = make_plan(foreign_task(data=data))
        assert plan.spec.data.replicates == tmp_path / "sub" / "replicates.zarr"

    @pytest.mark.parametrize("wrong", ["absent.zarr", "single"])
    def test_that_are_wrong_are_refused_before_anything_is_written(
        self, foreign_task, foreign_store, tmp_path, wrong
    ):
        store = foreign_store if wrong == "single" else tmp_path / wrong
        data = {"store": str(foreign_store), "replicates": str(store)}
        words = "one true output of each input" if wrong == "single" else "there is no such store"
        with pytest.raises(fieldvae.StoreError, match=words):
            fieldvae.run(foreign_task(data=data), out=tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_are_refused_as_samples_with_the_way_out(self, foreign_task, replicated, tmp_path):
        with pytest.raises(fieldvae.StoreError, match=r"data\.replicates"):
            fieldvae.run(foreign_task(data={"store": str(replicated)}), out=tmp_path / "run")


class OnlyDraws(torch.nn.Module):
    """A decoder that cannot do without a latent of some spread."""

    any_shape = True

    def forward(self, latent, conditions):
        raise RuntimeError("the latent is all zeros")


class TestRehearsal:
    def test_refuses_parts_that_cannot_do_without_a_latent(self, prepared):
        network = rehearsed(prepared)
        network.decoder = OnlyDraws()
        with pytest.raises(fieldvae.PluginError, match=r"deterministic cannot be made .* zeros; "
                           "leave it out"):  # fmt: skip
            rehearse_deterministic(network, prepared)
