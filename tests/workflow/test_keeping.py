"""A trained model is what it was, whatever presets and tasks say since, or it is refused."""

import json
import shutil

import pytest
from safetensors.torch import load_file, save_file

import fieldvae
from fieldvae.document import dump_yaml, parse_document
from fieldvae.workflow import filling
from fieldvae.workflow.serving import evaluate_store


@pytest.fixture
def later_presets(tmp_path, monkeypatch):
    """A later version of fieldvae: its preset `default` says more, and other things."""
    shipped = filling.files("fieldvae") / "presets" / "default.yaml"
    preset = parse_document(shipped.read_text(encoding="utf-8"), name="default").data
    preset["model"] |= {"encoder_noise": 0.7, "latent": 5, "project": False}
    preset["losses"] = [{"use": "squared_error"}]
    folder = tmp_path / "presets"
    folder.mkdir()
    (folder / "default.yaml").write_text(dump_yaml(preset), encoding="utf-8")
    monkeypatch.setattr(filling, "files", lambda package: tmp_path)


@pytest.fixture
def earlier_model(trained_run, tmp_path):
    """A model kept by a version that knew of no `encoder_noise`."""
    folder = tmp_path / "model"
    shutil.copytree(trained_run / "model", folder)
    kept = json.loads((folder / "model.json").read_text())
    del kept["task"]["model"]["encoder_noise"]
    (folder / "model.json").write_text(json.dumps(kept))
    return folder


class TestLoadedModel:
    @pytest.mark.usefixtures("later_presets")
    def test_is_read_without_any_preset(self, earlier_model):
        spec = fieldvae.load(earlier_model).spec
        assert spec.model.encoder_noise == 0  # the key's own default, not that of the preset
        assert spec.model.project

    def test_predicts_the_same_after_presets_have_changed(self, trained_run, foreign, request):
        before = fieldvae.load(trained_run).predict(foreign(2), realizations=2, seed=1)
        request.getfixturevalue("later_presets")
        after = fieldvae.load(trained_run).predict(foreign(2), realizations=2, seed=1)
        assert after.identical(before)

    @pytest.mark.usefixtures("later_presets")
    def test_is_scored_as_the_task_that_it_was_trained_for(
        self, earlier_model, foreign_store, monkeypatch
    ):
        seen = []
        prepare = fieldvae.workflow.scoring.prepare

        def watched(plan, **options):
            seen.append(plan.spec)
            return prepare(plan, **options)

        monkeypatch.setattr(fieldvae.workflow.scoring, "prepare", watched)
        evaluate_store(earlier_model, foreign_store, realizations=2)
        (spec,) = seen
        assert spec.model.encoder_noise == 0
        assert "squared_error" not in [loss.use for loss in spec.losses]

    def test_knows_that_a_weight_is_not_what_was_trained(self, trained_run, tmp_path):
        folder = tmp_path / "model"
        shutil.copytree(trained_run / "model", folder)
        weights = load_file(folder / "weights.safetensors")
        next(iter(weights.values())).view(-1)[0] += 1e-3
        save_file(weights, folder / "weights.safetensors")
        with pytest.raises(fieldvae.RunError, match=r"the weights are damaged.* train again"):
            fieldvae.load(folder)
