"""What a user sees when something is wrong: one clear error, exit code 2, nothing lost."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from fieldvae.cli import main
from fieldvae.data.store import read_dataset, write_store
from fieldvae.workflow.stages import run


@pytest.fixture
def cli(monkeypatch, capsys):
    """Run a command in this process; returns exit code, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fieldvae", *arguments])
        with pytest.raises(SystemExit) as exited:
            main()
        told = capsys.readouterr()
        code = exited.value.code
        return (code if isinstance(code, int) else int(code is not None)), told.out, told.err

    return call


def without(name):
    return lambda data: data.drop_vars(name)


def with_values(name, index, value):
    def change(data):
        data[name].values[index] = value
        return data

    return change


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def with_units(name, units):
    def change(data):
        data[name].attrs["units"] = units
        return data

    return change


STORES = {
    "missing variable": (
        lambda data: data.rename(flux="flow"),
        "has no variable 'flux'",
    ),
    "wrong dims": (
        lambda data: data.assign(flux=data.flux.isel(z=0, drop=True)),
        "'flux' in store.zarr has dims (sample, direction, x, y), without z",
    ),
    "wrong units": (
        with_units("stress", "K"),
        "'stress' in store.zarr is in K, which is no stress; the task declares GPa",
    ),
    "no units": (
        with_units("stress", ""),
        "'stress' in store.zarr has the units ''; expected units that convert to GPa",
    ),
    "NaN": (
        with_values("flux", (3, 1, 0, 2, 1), np.nan),
        "sample 3",
    ),
    "infinite": (
        with_values("gradient", (5, 0, 0, 0, 0), np.inf),
        "sample 5",
    ),
    "open simplex": (
        with_values("fraction", (4, 0, 0, 0, 0), 5.0),
        "sum",
    ),
    "too few samples": (lambda data: data.isel(sample=[0]), "sample"),
    "constant output": (
        lambda data: data.assign(flux=data.flux * 0),
        "'flux' in store.zarr has the same value everywhere",
    ),
}


class TestWrongStore:
    @pytest.mark.parametrize("case", STORES)
    def test_is_refused_before_anything_is_written(
        self, case, foreign, foreign_task, cli, tmp_path, monkeypatch
    ):
        change, words = STORES[case]
        write_store(change(foreign()), tmp_path / "store.zarr")
        monkeypatch.chdir(tmp_path)
        task = foreign_task(data={"store": "store.zarr"})
        code, _, told = cli("run", str(task))
        told = told.replace(f"{tmp_path}/", "")
        assert code == 2
        assert words in told
        assert "Traceback" not in told
        assert not (tmp_path / "runs").exists()

    def test_every_mistake_is_told_at_once(self, foreign, foreign_task, cli, tmp_path):
        data = with_units("stress", "K")(with_values("flux", (0, 0, 0, 0, 0), np.nan)(foreign()))
        write_store(data.drop_vars("gradient"), tmp_path / "store.zarr")
        _, _, told = cli("run", str(foreign_task(data={"store": "store.zarr"})))
        assert "'stress'" in told
        assert "'flux'" in told
        assert "has no variable 'gradient'" in told

    def test_an_empty_store_is_refused(self, foreign, foreign_task, cli, tmp_path):
        foreign().isel(sample=slice(0)).drop_vars(["direction", "phase", "voigt"]).to_zarr(
            tmp_path / "empty.zarr", consolidated=False, zarr_format=3
        )
        code, _, told = cli("run", str(foreign_task(data={"store": "empty.zarr"})))
        assert (code, "holds no samples" in told) == (2, True)

    def test_a_missing_store_is_named(self, foreign_task, cli):
        code, _, told = cli("run", str(foreign_task(data={"store": "nowhere.zarr"})))
        assert (code, "nowhere.zarr: there is no such store" in told) == (2, True)


class TestWrongCommand:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"inputs": ["permeability", "flux"]}, "field 'flux' is both an input and an output"),
            ({"outputs": ["flux", "strain"]}, "no field is named 'strain'"),
            ({"trainin": {}}, "unknown key 'trainin'; did you mean 'training'?"),
            ({"model": {"latent": -1}}, "model.latent: expected a number above 0; found -1"),
        ],
    )
    def test_is_refused(self, foreign_task, cli, changes, words):
        code, _, told = cli("validate", str(foreign_task(**changes)))
        assert code == 2
        assert words in told

    def test_a_gpu_that_is_not_there(self, foreign_task, cli):
        import torch

        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        code, _, told = cli("run", str(foreign_task()), "--device", "cuda")
        assert (code, "torch sees no GPU here" in told) == (2, True)

    def test_an_earlier_run_is_left_untouched(self, foreign_task, cli):
        short = {
            "training": {"epochs": 1},
            "prediction": {"self_check": False},
            "evaluation": {"realizations": 4, "bootstrap": 20, "baselines": []},
        }
        task = foreign_task(**short)
        finished = run(task, until="report")
        before = {p: p.read_bytes() for p in sorted(finished.path.rglob("*")) if p.is_file()}
        code, _, told = cli("run", str(task))
        assert code == 2
        assert "holds a finished run; repeat it with --force" in told
        bad = foreign_task(**short, data={"store": "nowhere.zarr"})
        assert cli("run", str(bad), "--force")[0] == 2
        after = {p: p.read_bytes() for p in sorted(finished.path.rglob("*")) if p.is_file()}
        assert after == before

    def test_a_directory_of_other_things_is_left_alone(self, foreign_task, cli, tmp_path):
        (tmp_path / "thesis").mkdir()
        (tmp_path / "thesis" / "chapter.tex").write_text("years of work")
        code, _, told = cli(
            "run", str(foreign_task()), "--out", str(tmp_path / "thesis"), "--force"
        )
        assert code == 2
        assert "holds something that is no run" in told
        assert (tmp_path / "thesis" / "chapter.tex").exists()


@pytest.fixture
def moved_run(foreign, foreign_task, tmp_path):
    """A trained run whose store is no longer where it was, and another store to score it on."""
    write_store(foreign(), tmp_path / "cells.zarr")
    task = foreign_task(data={"store": "cells.zarr"}, training={"epochs": 1})
    trained = run(task, out=tmp_path / "run", until="train").path
    (tmp_path / "cells.zarr").rename(tmp_path / "elsewhere.zarr")
    write_store(foreign(4), tmp_path / "new.zarr")
    return trained


class TestStoreOfTheRunThatMoved:
    WORDS = "cells.zarr: there is no such store; the model was trained on it, and its samples are"

    def test_is_asked_back_where_its_baselines_are_fitted(self, moved_run, cli, tmp_path):
        code, _, told = cli("evaluate", str(moved_run), str(tmp_path / "new.zarr"))
        assert (code, f"{self.WORDS} needed again: put it back" in told) == (2, True)

    def test_is_asked_back_where_designs_start_from_it(self, moved_run, cli, tmp_path):
        design = tmp_path / "design.yaml"
        goal = "goal: {maximize: mean, of: {use: von_mises_stress, of: stress}}"
        design.write_text(
            f"vary: {{fraction: {{}}}}\nhold: {{permeability: 1, gradient: training}}\n{goal}\n"
        )
        code, _, told = cli("design", str(moved_run), str(design))
        assert (code, f"{self.WORDS} needed again: put it back" in told) == (2, True)


class TestOverwriting:
    def test_predictions_never_replace_the_store_they_are_made_from(
        self, trained_run, foreign, cli, tmp_path
    ):
        store = tmp_path / "mine.zarr"
        write_store(foreign(4), store)
        code, _, told = cli("predict", str(trained_run), str(store), "--out", str(store), "--force")
        assert (code, "is a store that is read" in told) == (2, True)
        assert "flux" in read_dataset(store)

    @pytest.mark.parametrize("place", [".", "inside.zarr"])
    def test_designs_never_replace_the_store_that_the_model_was_trained_on(
        self, trained_run, foreign_store, cli, tmp_path, place
    ):
        design = tmp_path / "design.yaml"
        goal = "goal: {maximize: mean, of: {use: von_mises_stress, of: stress}}"
        hold = "hold: {permeability: 1, gradient: training}"
        design.write_text(f"vary: {{fraction: {{}}}}\n{hold}\n{goal}\nstarts: 2\niterations: 1\n")
        before = contents(foreign_store)
        out = str(foreign_store / place)
        code, _, told = cli("design", str(trained_run), str(design), "--out", out, "--force")
        assert code == 2
        assert "what the model was trained or scored on" in told
        assert "choose another --out" in told
        assert contents(foreign_store) == before

    @pytest.mark.parametrize("force", [False, True])
    def test_scores_never_replace_those_of_a_run(self, trained_run, foreign, cli, tmp_path, force):
        write_store(foreign(4), tmp_path / "new.zarr")
        before = contents(trained_run)
        options = ["--out", str(trained_run), *(["--force"] if force else [])]
        code, _, told = cli("evaluate", str(trained_run), str(tmp_path / "new.zarr"), *options)
        assert code == 2
        assert f"--out {trained_run} is a run, whose scores are of its own test part" in told
        assert contents(trained_run) == before

    def test_resume_and_force_contradict_each_other(self, foreign_task, cli):
        code, _, told = cli("run", str(foreign_task()), "--resume", "--force")
        assert (code, "choose one" in told) == (2, True)


class TestWrongGrid:
    @pytest.mark.parametrize(
        ("attributes", "words"),
        [
            ({"spacing": [3.0] * 3}, "spacing (3.0, 3.0, 3.0) instead of (2.0, 2.0, 2.0)"),
            ({"periodic": [True, True, False]}, "periodic (True, True, False) instead of"),
            ({"frame": [0, 1, 0, 1, 0, 0, 0, 0, -1]}, "frame (0.0, 1.0, 0.0"),
        ],
    )
    def test_is_refused(self, trained_run, foreign, cli, tmp_path, attributes, words):
        write_store(foreign().assign_attrs(attributes), tmp_path / "other.zarr")
        out = tmp_path / "out.zarr"
        code, _, told = cli(
            "predict", str(trained_run), str(tmp_path / "other.zarr"), "--out", str(out)
        )
        assert code == 2
        assert words in told
        assert not out.exists()

    def test_another_shape_is_refused_where_the_networks_serve_one(
        self, foreign, foreign_task, cli, tmp_path
    ):
        paper = {
            "preset": "paper",
            "latent": 5,
            "condition": 4,
            "smoother": {"use": "paper", "channels": 2, "width": 1},
            "encoder": {"use": "paper", "channels": [2, 2, 2], "width": 2, "head": [2, 1]},
            "decoder": {"use": "paper", "widths": [2]},
        }
        task = foreign_task(model=paper, training={"epochs": 1})
        run(task, out=tmp_path / "run", until="train")
        write_store(foreign(4, (8, 4, 4)), tmp_path / "larger.zarr")
        code, _, told = cli(
            "predict", str(tmp_path / "run"), str(tmp_path / "larger.zarr"),
            "--out", str(tmp_path / "out.zarr"),
        )  # fmt: skip
        assert code == 2
        assert "shape (8, 4, 4) instead of (4, 4, 4)" in told
        assert "serve one shape only" in told

    def test_a_store_of_inputs_only_on_a_larger_grid_is_served(
        self, trained_run, foreign, cli, tmp_path
    ):
        inputs = foreign(4, (8, 4, 4)).drop_vars(["flux", "stress"])
        write_store(inputs, tmp_path / "inputs.zarr")
        out = tmp_path / "out.zarr"
        code, told, _ = cli(
            "predict", str(trained_run), str(tmp_path / "inputs.zarr"), "--out", str(out),
            "--realizations", "5",
        )  # fmt: skip
        import xarray as xr

        assert code == 0
        assert told.strip() == str(out)
        drawn = xr.open_zarr(out, consolidated=False)
        assert dict(drawn.flux.sizes) == {
            "sample": 4, "realization": 5, "direction": 3, "x": 8, "y": 4, "z": 4,
        }  # fmt: skip
        assert set(drawn.accepted.dims) == {"sample", "realization"}
        assert abs(drawn.stress.mean(["x", "y", "z"])).max() < 1e-6


class TestSpeed:
    @pytest.mark.parametrize(
        "arguments", [("--help",), ("validate", "wrong.yaml"), ("run", "absent.yaml")]
    )
    def test_help_and_refusals_import_no_torch(self, tmp_path, arguments):
        (tmp_path / "wrong.yaml").write_text("modle: 3\nmodel: {encoder: convolutional}\n")
        code = (
            "import sys, atexit; from fieldvae.cli import main;"
            "atexit.register(lambda: print('torch' in sys.modules, file=sys.stderr)); main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=tmp_path
        )
        assert done.stderr.strip().splitlines()[-1] == "False"
        assert done.returncode == (0 if arguments == ("--help",) else 2)
