"""``fieldvae compare`` as a user meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fieldvae.cli import main, printing

from ..made_runs import made_run

NAMES = ("good", "half")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    made_run(folder / "good", changes={"name": "good"})
    losses = [{"use": "energy_score", "weight": 1.0}]
    made_run(folder / "half", blind=0.9, changes={"name": "half", "losses": losses})
    return [str(folder / "good"), str(folder / "half")]


@pytest.fixture
def cli(monkeypatch, capsys):
    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["fieldvae", *arguments])
        with pytest.raises(SystemExit) as exited:
            main()
        told = capsys.readouterr()
        return exited.value.code or 0, told.out, told.err

    return call


class TestCompare:
    def test_prints_a_row_a_run_what_differs_and_one_sentence(self, cli, runs):
        code, out, _ = cli("compare", *runs)
        assert code == 0
        table = out.partition("half: losses")[0]
        rows = [line.split() for line in table.splitlines() if line.strip()]
        assert [row[0] for row in rows if row[0] in ("good", "half")] == ["good", "half"]
        assert "half: losses energy_score" in out
        assert "On temperature rise half falls behind good: energy score" in out

    @pytest.mark.parametrize("width", [60, 80, 120])
    def test_breaks_no_number_and_exceeds_no_line_of_a_terminal(
        self, cli, runs, monkeypatch, width
    ):
        wide = cli("compare", *runs)[1].partition("half: losses")[0]
        monkeypatch.setattr(printing, "WIDEST", width)
        told = cli("compare", *runs)[1].partition("half: losses")[0]

        def numbers(table):
            rows = [line.split() for line in table.splitlines() if line.split()]
            return {name: [n for row in rows if row[0] == name for n in row[1:]] for name in NAMES}

        assert numbers(told) == numbers(wide)
        assert max(map(len, told.splitlines())) <= width

    def test_says_which_run_was_trained_further(self, cli, runs, tmp_path):
        made_run(tmp_path / "tuned", changes={"name": "tuned"}, start=Path(runs[0]))
        _, out, _ = cli("compare", runs[0], str(tmp_path / "tuned"))
        assert "tuned was trained further from the weights of good: its scores are of both" in out

    def test_takes_another_reference(self, cli, runs):
        _, out, _ = cli("compare", *runs, "--reference", runs[1])
        assert "good beats half" in out

    def test_writes_where_asked_and_replaces_when_forced(self, cli, runs, tmp_path):
        place = ("--out", str(tmp_path / "out"))
        code, out, _ = cli("compare", *runs, *place)
        assert out.splitlines()[-1] == str(tmp_path / "out" / "comparison.html")
        assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
            "comparison.html",
            "comparison.json",
        ]
        code, _, told = cli("compare", *runs, *place)
        assert code == 2
        assert "--force" in told
        code, _, _ = cli("compare", *runs, *place, "--force")
        assert code == 0

    def test_refuses_everything_that_is_wrong_at_once(self, cli, runs, tmp_path):
        code, out, told = cli("compare", *runs, str(tmp_path), str(tmp_path / "absent"))
        assert code == 2
        assert out == ""
        assert len(told.splitlines()) == 2
        assert "Traceback" not in told

    def test_refuses_without_importing_torch_or_matplotlib(self, tmp_path):
        code = (
            "import sys; sys.argv = ['fieldvae', 'compare', 'absent', 'neither']\n"
            "from fieldvae.cli import main\n"
            "try: main()\n"
            "except SystemExit as end: print(end.code, {'torch', 'matplotlib'} & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        assert done.stdout.strip() == "2 set()"
