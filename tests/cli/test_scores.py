"""What ``fieldvae evaluate`` prints."""

from __future__ import annotations

import sys

import pytest

from fieldvae.cli import main
from fieldvae.data.store import write_store


@pytest.fixture
def evaluate(monkeypatch, capsys, trained_run, tmp_path):
    """Call ``fieldvae evaluate`` on a dataset; returns standard output and standard error."""

    def call(dataset, *arguments: str) -> tuple[str, str]:
        write_store(dataset, tmp_path / "new.zarr", overwrite=True)
        words = ["fieldvae", "evaluate", str(trained_run), str(tmp_path / "new.zarr"), *arguments]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as exited:
            main()
        assert exited.value.code in (0, None)
        told = capsys.readouterr()
        return told.out, told.err

    return call


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines() if line.strip()]


class TestEvaluate:
    def test_prints_a_row_a_stratum(self, evaluate, foreign):
        out, _ = evaluate(foreign(12).isel(sample=range(2, 12)), "--stratify", "temperature")
        head, _, table = out.partition("stress: the model by temperature")
        assert "flux: the model by temperature" in head
        found = {row[0]: row[1:] for row in rows(table) if row[0] in ("all", "300", "400")}
        assert [row[0] for row in found.values()] == ["10", "4", "6"]
        assert {len(row) for row in found.values()} == {5}
        both = [float(found[name][1]) for name in ("300", "400")]
        assert min(both) <= float(found["all"][1]) <= max(both)

    def test_names_the_interval_that_so_few_realizations_have(self, evaluate, foreign):
        asked = ("--stratify", "temperature", "--realizations", "4")
        out, _ = evaluate(foreign(12).isel(sample=range(2, 12)), *asked)
        assert "60.0 % intervals hold" in out
        assert "60 %" in out.partition("the model by temperature")[2]
        assert "90 %" not in out.partition("the model by temperature")[2]

    def test_tells_how_far_the_self_check_has_come(self, evaluate, foreign):
        assert "samples drawn with self-check: 4 of 4\n" in evaluate(foreign(4))[1]

    def test_prints_no_table_where_no_strata_are_asked_for(self, evaluate, foreign):
        assert "the model by" not in evaluate(foreign(4))[0]

    def test_on_another_grid_says_why_no_baseline_is_there_and_prints_the_scores(
        self, evaluate, foreign
    ):
        out, told = evaluate(foreign(4, (8, 4, 4)))
        words = "baselines are fitted on the training grid, 4 x 4 x 4, and left out on 8 x 4 x 4\n"
        assert words in told
        assert out.startswith("On flux the model's energy score is ")
        assert "On stress the model's energy score is " in out
        out, told = evaluate(foreign(4))
        assert "baselines are fitted" not in told
        assert "the model's energy score is" not in out
