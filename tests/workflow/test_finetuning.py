"""Training that starts from a trained model."""

from __future__ import annotations

import json

import pytest
import torch

import fieldvae
from fieldvae import RunError
from fieldvae.data.store import write_store
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.workflow.directory import RunDirectory
from fieldvae.workflow.serving import evaluate_store


@pytest.fixture(scope="module")
def shifted(foreign, tmp_path_factory):
    """A store of larger values, so that a scaling fitted to it would be another one."""
    data = foreign(32)
    data["gradient"] = 3 * data.gradient + 1
    data.gradient.attrs["units"] = "Pa/m"
    path = tmp_path_factory.mktemp("shifted") / "other.zarr"
    write_store(data, path)
    return path


STILL = ["training.epochs=1", "training.learning_rate=1e-12", "training.batch=64"]


@pytest.fixture(scope="module")
def tuned(small_task, shifted, trained_run, tmp_path_factory):
    """A run that starts from a trained one and hardly moves."""
    task = {**small_task, "data": {"store": str(shifted)}}
    out = tmp_path_factory.mktemp("tuned") / "run"
    settings = [*STILL, "evaluation.baselines=[climatology, deterministic]"]
    return fieldvae.run(task, out=out, settings=settings, from_run=trained_run, until="evaluate")


class TestFineTuning:
    def test_starts_from_the_weights_and_keeps_the_scaling(self, tuned, trained_run):
        ours, theirs = (fieldvae.load(path) for path in (tuned.path, trained_run))
        assert ours.scaling.state() == theirs.scaling.state()
        for name, value in ours.network.state_dict().items():
            torch.testing.assert_close(value, theirs.network.state_dict()[name], rtol=0, atol=1e-6)

    def test_does_not_begin_with_the_data_again(
        self, small_task, shifted, trained_run, tmp_path, monkeypatch
    ):
        """As a training from nothing does, whose decoder may take first weights from them."""
        shown = []
        monkeypatch.setattr(ConditionalVAE, "begin_with", lambda _, *samples: shown.append(samples))
        task = {**small_task, "data": {"store": str(shifted)}}
        for number, start in enumerate((trained_run, None)):
            fieldvae.run(
                task, out=tmp_path / str(number), settings=STILL, from_run=start, until="train"
            )
            assert len(shown) == number
        inputs, outputs = shown[0]
        assert set(inputs) == set(small_task["inputs"])
        assert set(outputs) == set(small_task["outputs"])

    def test_records_what_it_started_from(self, tuned, trained_run):
        start = json.loads((tuned.path / "environment.json").read_text())["start"]
        assert start["run"] == str(trained_run.resolve())
        assert start["name"] == "foreign"
        assert start["provenance"]["packages"]["fieldvae"]
        assert tuned.model().provenance["start"] == start

    def test_is_scored_beside_baselines_again_and_again(self, tuned, shifted):
        assert set(tuned.metrics) >= {"model", "climatology", "deterministic"}
        again = evaluate_store(tuned.path, shifted, realizations=4)
        assert again["deterministic"]["prediction"]["flux"]["crps"] > 0

    def test_starts_from_an_exported_file_too(self, small_task, trained_run, tmp_path):
        file = fieldvae.export_model(trained_run, tmp_path / "m.fieldvae")
        run = fieldvae.run(small_task, out=tmp_path / "run", settings=STILL, from_run=file,
                           until="train")  # fmt: skip
        assert run.model().provenance["start"]["run"] == str(file)

    def test_warns_where_test_samples_trained_the_start(self, small_task, trained_run, tmp_path):
        run = fieldvae.run(small_task, out=tmp_path / "run", from_run=trained_run, until="data",
                           settings=["data.split.seed=5"])  # fmt: skip
        log = RunDirectory(run.path).log.read_text()
        assert "test samples trained foreign, so that scores will be too good" in log


class TestResume:
    def test_keeps_the_start(self, small_task, trained_run, tmp_path):
        out = tmp_path / "run"
        fieldvae.run(small_task, out=out, settings=STILL, from_run=trained_run, until="data")
        run = fieldvae.run(small_task, out=out, settings=STILL, resume=True, until="train")
        assert run.model().provenance["start"]["run"] == str(trained_run.resolve())
        assert run.model().scaling.state() == fieldvae.load(trained_run).scaling.state()

    def test_refuses_another_start(self, small_task, trained_run, tuned, tmp_path):
        out = tmp_path / "run"
        fieldvae.run(small_task, out=out, settings=STILL, from_run=trained_run, until="data")
        with pytest.raises(RunError, match="begun from other weights than those that"):
            fieldvae.run(small_task, out=out, settings=STILL, from_run=tuned.path, resume=True)
        plain = tmp_path / "plain"
        fieldvae.run(small_task, out=plain, settings=STILL, until="data")
        with pytest.raises(RunError, match="begun without --from"):
            fieldvae.run(small_task, out=plain, settings=STILL, from_run=trained_run, resume=True)


class TestRefusal:
    def refused(self, task, start, out):
        with pytest.raises(RunError) as caught:
            fieldvae.run(task, out=out, from_run=start)
        assert not out.exists()
        return str(caught.value)

    def test_names_the_keys_before_the_tensors(self, small_task, trained_run, tmp_path):
        decoder = {**small_task["model"]["decoder"], "channels": 12}
        model = {**small_task["model"], "latent": 6, "decoder": decoder}
        told = self.refused({**small_task, "model": model}, trained_run, tmp_path / "run")
        was = fieldvae.load(trained_run).spec.model
        first, second, third, *_ = told.split("\n  ")[1:]
        assert first == f"model.latent: the task has 6, the run {was.latent}"
        assert second.startswith("model.decoder.channels: the task has 12, the run ")
        assert " has shape " in third
        assert "more tensors\n" in told
        assert "take over these parts of its task.filled.yaml" in told

    def test_lists_every_field_that_is_another(self, small_task, trained_run, tmp_path):
        fields = {name: dict(field) for name, field in small_task["fields"].items()}
        fields["stress"]["units"] = "MPa"
        fields["flux"]["bounds"] = [-100, 100]
        task = {**small_task, "fields": fields, "inputs": ["gradient", "fraction"]}
        told = self.refused(task, trained_run, tmp_path / "run")
        assert "inputs: the task has gradient, fraction, the run permeability, gradient" in told
        assert "stress.units: the task has MPa, the run GPa" in told
        assert "flux.bounds: the task has (-100.0, 100.0), the run (None, None)" in told

    def test_of_a_symmetry_that_the_scaling_breaks(self, small_task, trained_run, tmp_path):
        with pytest.raises(fieldvae.OptionError, match="was fitted without this symmetry"):
            fieldvae.run({**small_task, "symmetry": "cubic"}, out=tmp_path / "run",
                         from_run=trained_run)  # fmt: skip
