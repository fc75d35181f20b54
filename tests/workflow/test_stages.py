from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
import xarray as xr
from safetensors.torch import load_file

import fieldvae
from fieldvae import RunError, SamplingError, registry
from fieldvae.document import read_document
from fieldvae.workflow.directory import RunDirectory, begun_with
from fieldvae.workflow.progress import Silence


def kill_after_first_checkpoint(task, out) -> None:
    command = [sys.executable, "-c", "from fieldvae.cli import main; main()", "run", str(task)]
    process = subprocess.Popen([*command, "--out", str(out)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not any((out / "checkpoints").glob("*")) and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.fixture(scope="module")
def whole(small_task, tmp_path_factory):
    """A whole run of three inputs and two outputs of different kinds, no plugin involved."""
    return fieldvae.run(small_task, out=tmp_path_factory.mktemp("whole") / "run")


class TestRun:
    def test_writes_every_file_of_a_run(self, whole):
        files = {entry.name for entry in whole.path.iterdir()}
        assert files >= {
            "task.yaml", "task.filled.yaml", "environment.json", "run.json", "split.json",
            "log.txt", "history.jsonl", "model", "metrics.json", "evaluation.zarr",
            "predictions.zarr", "report",
        }  # fmt: skip

    def test_logs_epochs_with_their_losses(self, whole):
        log = (whole.path / "log.txt").read_text().splitlines()
        told = [line.split(" ", 1)[1] for line in log if " epoch " in line]
        assert told[0].startswith("epoch 1 of 3  loss ")
        assert told[-1].startswith("epoch 3 of 3  loss ")

    def test_scores_every_output_beside_every_baseline(self, whole):
        keys = {
            "crps", "crps_skill", "energy_score", "coverage_50", "coverage_90", "spread_skill",
            "r2_mean",
        }  # fmt: skip
        for model in ("model", "climatology", "linear_gaussian"):
            for field in ("flux", "stress"):
                assert set(whole.metrics[model]["prediction"][field]) >= keys
        assert set(whole.metrics["model"]["reconstruction"]["flux"]) >= {"mre", "r2"}
        assert "reconstruction" not in whole.metrics["climatology"]
        assert "prediction_self_checked" in whole.metrics["model"]

    def test_knows_that_the_linear_gaussian_has_skill_here(self, whole):
        scores = whole.metrics["linear_gaussian"]["prediction"]["flux"]
        assert scores["crps_skill"] > 0.5

    def test_predicts_the_test_part(self, whole):
        predictions = xr.open_zarr(whole.path / "predictions.zarr", consolidated=False)
        split = json.loads((whole.path / "split.json").read_text())
        assert predictions.sizes["sample"] == len(split["test"])
        assert predictions.sizes["realization"] == 3
        assert predictions.flux.attrs["units"] == "m/s"
        assert set(predictions.self_check_error.dims) == {"sample", "realization", "condition"}

    def test_the_filled_task_is_a_task(self, whole):
        assert fieldvae.TaskSpec is type(fieldvae.load(whole.path).spec)
        again = fieldvae.run(whole.path / "task.filled.yaml", out=whole.path.parent / "again",
                             until="data")  # fmt: skip
        assert (again.path / "task.filled.yaml").read_text() == (
            whole.path / "task.filled.yaml"
        ).read_text()

    def test_what_is_kept_names_every_option_also_of_plugins(self, whole):
        filled = read_document(whole.path / "task.filled.yaml").data
        kept = json.loads((whole.path / "model" / "model.json").read_text())["task"]
        for task in (filled, kept):
            for part in ("smoother", "encoder", "decoder"):
                options = registry.options_model(f"{part}s", "convolution").model_fields
                assert {"use", *options} == {*task["model"][part]}
            assert {*task["losses"][0]} >= {"use", "weight", "members"}


class TestInterruption:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1], ids=["TERM", "USR1"])
    def test_ends_the_epoch_keeps_a_checkpoint_and_exits_with_130(
        self, foreign_task, tmp_path, number
    ):
        training = {"epochs": 400, "batch": 4, "checkpoint_every": 1000}
        task, out = foreign_task(training=training), tmp_path / "run"
        code = "from fieldvae.cli import main; main()"
        setting = "inputs=[permeability, gradient, fraction]"
        command = [sys.executable, "-c", code, "run", str(task), "--out", str(out)]
        command += ["--set", setting, "--device", "cpu"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                if line.startswith("epoch"):
                    break
            process.send_signal(number)
            told = process.stderr.read()
        assert process.returncode == 130
        again = f"fieldvae run {task} --out {out} --set '{setting}' --device cpu --resume"
        assert re.search(rf"^stopped after epoch \d+\ngo on with {re.escape(again)}\n", told, re.M)
        assert list((out / "checkpoints").iterdir())

    def test_at_once_tells_how_to_go_on_too(self, foreign_task, tmp_path):
        training = {"epochs": 400, "batch": 1, "checkpoint_every": 1}
        task, out = foreign_task(training=training), tmp_path / "run"
        code = "from fieldvae.cli import main; main()"
        command = [sys.executable, "-c", code, "run", str(task), "--out", str(out)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            for line in process.stderr:
                if line.startswith("epoch 1 "):  # another begins
                    process.send_signal(signal.SIGINT)
                if line.startswith("warning: stopping"):
                    process.send_signal(signal.SIGINT)
                    break
            told = process.stderr.read()
        assert process.returncode == 130
        again = f"fieldvae run {task} --out {out} --resume"
        kept = re.escape(f" is kept\ngo on with {again}\n")
        assert re.search(rf"stopped at once; the checkpoint after epoch \d+{kept}", told)

    def test_tells_how_to_go_on_in_every_stage(self, foreign_task, tmp_path):
        class Interrupted(Silence):
            def __init__(self) -> None:
                self.lines: list[str] = []

            def say(self, line: str) -> None:
                self.lines.append(line)

            def steps(self, items, **_):
                raise KeyboardInterrupt

        told = Interrupted()
        with pytest.raises(KeyboardInterrupt):
            fieldvae.run(foreign_task(training={"epochs": 1}), out=tmp_path / "run", progress=told)
        assert told.lines[-1] == "go on with --resume"
        assert not (tmp_path / "run" / "metrics.json").exists()


class TestForce:
    def test_repeats_a_run_from_its_own_task_file(self, foreign_task, tmp_path):
        out = tmp_path / "run"
        fieldvae.run(foreign_task(), out=out, until="data")
        given = (out / "task.yaml").read_text()
        fieldvae.run(out / "task.yaml", out=out, until="data", force=True)
        assert (out / "task.yaml").read_text() == given == foreign_task().read_text()


class TestRefusal:
    def test_of_a_loss_that_needs_an_encoder_comes_before_anything_is_written(
        self, foreign_task, tmp_path
    ):
        task = foreign_task(model={"encoder": "none"})
        with pytest.raises(fieldvae.OptionError, match="encoder"):
            fieldvae.run(task, out=tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_of_losses_that_train_no_decoder_names_the_remedy(self, foreign_task, tmp_path):
        task = foreign_task(model={"reconstruct": "encoder"}, losses=["reconstruction", "kl"])
        with pytest.raises(fieldvae.OptionError, match=r"none of them trains the decoder.* joint"):
            fieldvae.run(task, out=tmp_path / "run")
        assert not (tmp_path / "run").exists()

    def test_of_one_store_twice(self, foreign_task, foreign_store):
        data = {"store": str(foreign_store), "test_store": str(foreign_store)}
        with pytest.raises(fieldvae.StoreError, match="would both train and test"):
            fieldvae.run(foreign_task(data=data))


class TestModelWithoutEncoder:
    def test_runs_to_the_report_without_reconstruction_and_self_check(self, foreign_task, tmp_path):
        task = foreign_task(
            model={"encoder": "none", "latent": 4}, losses=["energy_score"], training={"epochs": 1}
        )
        finished = fieldvae.run(task, out=tmp_path / "run")
        assert "reconstruction" not in finished.metrics["model"]
        assert "self_check" not in finished.metrics["model"]


class TestResume:
    def test_after_a_kill_ends_with_the_same_weights(self, foreign_task, tmp_path):
        task = foreign_task(training={"epochs": 6, "batch": 4, "checkpoint_every": 1})
        undisturbed = fieldvae.run(task, out=tmp_path / "undisturbed", until="train").path
        killed = tmp_path / "killed"
        kill_after_first_checkpoint(task, killed)
        assert not (killed / "model").exists()
        with pytest.raises(RunError, match="holds an unfinished run; go on with --resume"):
            fieldvae.run(task, out=killed, until="train")
        resumed = fieldvae.run(task, out=killed, until="train", resume=True).path
        expected = load_file(undisturbed / "model" / "weights.safetensors")
        found = load_file(resumed / "model" / "weights.safetensors")
        assert expected.keys() == found.keys()
        assert all(torch.equal(expected[name], found[name]) for name in expected)
        assert len((resumed / "history.jsonl").read_text().splitlines()) == 6

    def test_keeps_the_number_of_weights(self, trained_run, foreign_task, tmp_path):
        def recorded():
            return json.loads((tmp_path / "run" / "run.json").read_text())["weights"]

        network = fieldvae.load(trained_run).network
        for resume in (False, True):
            fieldvae.run(foreign_task(), out=tmp_path / "run", until="train", resume=resume)
            assert recorded() == sum(each.numel() for each in network.parameters())

    def test_refuses_another_task(self, foreign_task, tmp_path):
        out = tmp_path / "run"
        fieldvae.run(foreign_task(), out=out, until="data")
        changed = foreign_task(training={"epochs": 9}, evaluation={"realizations": 5, "seed": 3})
        with pytest.raises(RunError) as caught:
            fieldvae.run(changed, out=out, resume=True)
        told = str(caught.value)
        assert "was begun with another task than this one:\n" in told
        assert "  training.epochs: the task has 9, the run 3\n" in told
        assert "  evaluation.seed: the task has 3, the run 0\n" in told
        assert "start anew with --force, or give another --out" in told
        assert "inputs" not in told
        assert "undo the change to go on (task.filled.yaml has the run's task), start" in told

    @pytest.fixture
    def begun(self, foreign_task, tmp_path, monkeypatch):
        """A run that was begun with a setting, on the command line."""
        words = ["fieldvae", "run", "task.yaml", "--set", "training.epochs=9"]
        monkeypatch.setattr(sys, "argv", words)
        task = foreign_task()
        fieldvae.run(task, out=tmp_path / "run", settings=["training.epochs=9"], until="data")
        return task, tmp_path / "run"

    def test_asks_for_the_settings_of_the_run_again(self, begun):
        task, out = begun
        with pytest.raises(RunError) as caught:
            fieldvae.run(task, out=out, resume=True)
        told = str(caught.value)
        assert "  training.epochs: the task has 3, the run 9\n" in told
        assert "\nrepeat the run's --set training.epochs=9 to go on, start anew with" in told
        fieldvae.run(
            task, out=out, settings=begun_with(RunDirectory(out)), until="data", resume=True
        )

    def test_asks_for_more_where_settings_alone_do_not_make_the_difference(
        self, begun, foreign_task
    ):
        _, out = begun
        changed = foreign_task(evaluation={"realizations": 5})
        with pytest.raises(RunError) as caught:
            fieldvae.run(changed, out=out, resume=True)
        assert (
            "undo the change to go on (task.filled.yaml has the run's task), which had --set "
            in (str(caught.value))
        )

    def test_takes_the_same_task_written_in_another_way(self, foreign_task, tmp_path):
        out = tmp_path / "run"
        directory = fieldvae.run(foreign_task(), out=out, until="data").directory
        directory.filled.write_text(f"# read again\n{directory.filled.read_text()}\n")
        fieldvae.run(foreign_task(), out=out, until="data", resume=True)


class TestTrainedModel:
    @pytest.fixture
    def model(self, trained_run):
        return fieldvae.load(trained_run)

    def test_predicts_in_any_units_and_order(self, model, foreign):
        data = foreign(4)
        other = data.copy(deep=True)
        other["gradient"] = other.gradient / 1e3
        other.gradient.attrs["units"] = "kPa/m"
        other = other.isel(direction=[2, 0, 1]).transpose(..., "direction", "sample")
        one, two = (
            model.predict(d, realizations=2, seed=5, self_check=False) for d in (data, other)
        )
        np.testing.assert_allclose(one.flux, two.flux, rtol=1e-4, atol=1e-5)

    def test_keeps_the_samples_coordinates(self, model, foreign):
        assert "temperature" in model.predict(foreign(4), realizations=1, self_check=False).coords

    def test_the_seed_decides(self, model, foreign):
        one, two, three = (
            model.predict(foreign(4), realizations=2, seed=seed, self_check=False)
            for seed in (1, 1, 2)
        )
        assert one.equals(two)
        assert not one.equals(three)

    def test_strictness_raises_and_carries_what_was_drawn(self, model, foreign):
        model.check.tolerance.update(dict.fromkeys(model.check.tolerance, 1e-9))
        with pytest.raises(SamplingError, match="realizations passed the self-check") as caught:
            model.predict(foreign(4), realizations=2, max_draws=4, strict=True)
        assert caught.value.predictions.sizes["realization"] == 2
        assert not caught.value.predictions.accepted.any()

    def test_tells_inputs_outside_of_what_it_was_trained_on(self, model, foreign):
        data = foreign(8)
        assert not model.outside(data).any()
        data["gradient"][3] = 0.0
        data["permeability"][5, 0, 0, 0] = 40.0
        assert np.flatnonzero(model.outside(data)).tolist() == [3, 5]

    def test_warns_of_inputs_unlike_those_of_training(self, model, foreign):
        data = foreign(4)
        data["gradient"][:] = 0.0
        with pytest.warns(fieldvae.PredictionWarning, match=r"100% of the samples \(4 of 4\)"):
            model.predict(data, realizations=1, self_check=False)

    def test_warns_of_a_grid_of_another_shape(self, model, foreign):
        longer = foreign(2).isel(x=[0, 1, 2, 3, 0, 1, 2, 3])
        words = "trained on 4 x 4 x 4, predicting on 8 x 4 x 4: waves longer than the training cell"
        with pytest.warns(fieldvae.PredictionWarning, match=words):
            model.predict(longer, realizations=1, self_check=False)

    def test_warns_of_a_shortfall(self, model, foreign):
        model.check.tolerance.update(dict.fromkeys(model.check.tolerance, 1e-9))
        with pytest.warns(fieldvae.PredictionWarning) as caught:
            model.predict(foreign(4), realizations=2, max_draws=4)
        fixed = ", ".join(f"{name} 1e-09" for name in model.check.tolerance)
        assert str(caught[0].message) == (
            "0 of 8 realizations passed the self-check (16 drawn); 4 of 4 samples fell short and "
            "are filled up with the nearest rejected ones (accepted = false); next to nothing "
            f"passes at the training's tolerance ({fixed}): give a larger one (--tolerance, "
            "tolerance=), train with a larger prediction.tolerance, such as {quantile: 0.95} of "
            "real fields, or keep all (--no-self-check, self_check=False)"
        )

    def test_takes_another_tolerance_than_that_of_the_training(self, model, foreign):
        drawn = model.predict(foreign(4), realizations=2, tolerance=np.float32(1e9))
        assert drawn.accepted.all()
        assert (drawn.tried == 2).all()
        words = (
            r"0 of 8 realizations passed.* at the tolerance 1e-09: leave it out for the training"
        )
        with pytest.warns(fieldvae.PredictionWarning, match=words):
            model.predict(foreign(4), realizations=2, max_draws=4, tolerance=1e-9)
        usual = [
            model.predict(foreign(4), realizations=2, max_draws=50, seed=3, tolerance=given)
            for given in (None, max(model.check.tolerance.values()))
        ]
        assert (usual[1].tried <= usual[0].tried).all()

    @pytest.mark.parametrize("wrong", [0, -0.04, float("nan"), float("inf"), True, "4 %"])
    def test_refuses_a_tolerance_that_is_none(self, model, foreign, wrong):
        with pytest.raises(
            fieldvae.OptionError, match=r"tolerance is .*; expected a finite number"
        ):
            model.predict(foreign(2), tolerance=wrong)

    def test_refuses_a_tolerance_without_self_check(self, model, foreign):
        with pytest.raises(fieldvae.OptionError, match="leave out one of them"):
            model.predict(foreign(2), self_check=False, tolerance=0.1)

    def test_names_no_remedy_where_some_fall_short(self, model, foreign):
        asked = {"realizations": 2, "max_draws": 2, "seed": 1}
        error = model.predict(foreign(4), tolerance=1e9, **asked).self_check_error.max("condition")
        with pytest.warns(fieldvae.PredictionWarning) as caught:
            model.predict(foreign(4), tolerance=float(error.median()), **asked)
        assert str(caught[0].message).startswith("4 of 8 realizations passed")
        assert str(caught[0].message).endswith("(accepted = false)")

    @pytest.mark.parametrize("wrong", [np.zeros((2, 3)), "store.zarr", None])
    def test_refuses_what_is_no_dataset(self, model, wrong):
        with pytest.raises(fieldvae.OptionError, match=r"expected an xarray\.Dataset with perm"):
            model.predict(wrong)

    def test_says_what_it_is(self, model):
        assert repr(model).startswith("<TrainedModel foreign: permeability, gradient, fraction ->")
