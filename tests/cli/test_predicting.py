"""Reliability from the command line, on a run that is really trained."""

from __future__ import annotations

import sys

import pytest

from fieldvae.cli import main
from fieldvae.data.store import read_dataset


@pytest.fixture
def predict(monkeypatch, capsys, trained_run, foreign_store):
    """Call ``fieldvae predict`` in this process; returns exit code and standard error."""

    def call(*arguments: str) -> tuple[int, str]:
        words = ["fieldvae", "predict", str(trained_run), str(foreign_store), *arguments]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as exited:
            main()
        code = exited.value.code
        return code if isinstance(code, int) else int(code is not None), capsys.readouterr().err

    return call


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
