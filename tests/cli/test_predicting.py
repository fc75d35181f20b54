"""Reliability from the command line, on a run that is really trained."""

from __future__ import annotations

import sys

import pytest

import fieldvae
from fieldvae.cli import main
from fieldvae.data.store import read_dataset


@pytest.fixture
def predict(monkeypatch, capsys, trained_run, foreign_store):
    """Call ``fieldvae predict`` in this process; returns exit code and standard error."""

    def call(*arguments: str, run=trained_run) -> tuple[int, str]:
        words = ["fieldvae", "predict", str(run), str(foreign_store), *arguments]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as exited:
            main()
        code = exited.value.code
        return code if isinstance(code, int) else int(code is not None), capsys.readouterr().err

    return call


@pytest.fixture(scope="module")
def generator(small_task, tmp_path_factory):
    """A run of a model that cannot encode what it draws."""
    task = {
        **small_task,
        "model": {"encoder": "none", "latent": 4},
        "losses": ["energy_score"],
        "training": {"epochs": 1},
    }
    out = tmp_path_factory.mktemp("generator") / "run"
    return fieldvae.run(task, out=out, until="train").path


class TestPredict:
    def test_writes_exceedance_and_quantiles(self, predict, tmp_path):
        out = tmp_path / "ensemble.zarr"
        code, _ = predict(
            *("--out", str(out), "--realizations", "20", "--no-self-check"),
            *("--quantity", "von_mises_stress"),
            *("--quantity", "mean={use: hydrostatic_pressure, of: stress}"),
            *("--exceed", "50 MPa", "--quantiles", "0.5,0.9"),
        )
        assert code == 0
        found = read_dataset(out)
        for name in ("von_mises_stress", "mean"):
            assert found[f"{name}_exceedance"].attrs["level"] == pytest.approx(0.05)
            assert list(found[f"{name}_quantile"]["quantile"].values) == [0.5, 0.9]
            assert {f"{name}_exceedance_any", f"{name}_quantile_error"} <= set(found.data_vars)
        assert found.stress.sizes["realization"] == 20

    def test_tells_how_far_the_self_check_has_come(self, predict, tmp_path):
        code, told = predict("--out", str(tmp_path / "ensemble.zarr"), "--max-draws", "20")
        assert code == 0
        assert "samples drawn with self-check: 48 of 48\n" in told

    def test_warns_in_one_line_where_realizations_are_too_few(self, predict, tmp_path):
        code, told = predict(
            *("--out", str(tmp_path / "ensemble.zarr"), "--realizations", "5"),
            *("--no-self-check", "--quantity", "von_mises_stress"),
        )
        assert code == 0
        warned = [line for line in told.splitlines() if "19 realizations" in line]
        assert len(warned) == 1

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--quantity", "von_mises"), "did you mean 'von_mises_stress'?"),
            (("--exceed", "1 GPa"), "--exceed needs a quantity"),
            (("--quantity", "von_mises_stress", "--exceed", "1 K"), "does not convert to GPa"),
            (("--quantity", "von_mises_stress", "--quantiles", "5"), "quantile 5 is not between"),
        ],
    )
    def test_refuses_with_one_message_and_exit_code_2(self, arguments, words, predict, tmp_path):
        out = tmp_path / "ensemble.zarr"
        code, told = predict("--out", str(out), *arguments)
        assert code == 2
        assert words in told
        assert "Traceback" not in told
        assert not out.exists()


class TestModelWithoutEncoder:
    def test_refuses_a_self_check_that_is_asked_for(self, predict, generator, tmp_path):
        out = tmp_path / "ensemble.zarr"
        code, told = predict("--out", str(out), "--self-check", run=generator)
        assert code == 2
        assert told == (
            "--self-check (self_check=True): this model has no encoder and so no self-check; leave "
            "it out, and all realizations are kept\n"
        )
        assert not out.exists()

    def test_says_that_the_usual_self_check_is_left_out(self, predict, generator, tmp_path):
        out, words = tmp_path / "ensemble.zarr", "has no encoder and so no self-check: all real"
        code, told = predict("--out", str(out), "--realizations", "2", run=generator)
        assert (code, words in told, "accepted" in read_dataset(out)) == (0, True, False)
        _, told = predict("--out", str(out), "--no-self-check", "--force", run=generator)
        assert words not in told
