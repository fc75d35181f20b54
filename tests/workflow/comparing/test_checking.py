import re
import shutil

import pytest

from fieldvae.errors import OptionError, RunError
from fieldvae.workflow.comparing.checking import check_place, checked_runs

from ...made_runs import made_run


@pytest.fixture
def runs(tmp_path):
    made_run(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    return [tmp_path / "one", tmp_path / "two"]


class TestCheckedRuns:
    def test_are_those_given(self, runs):
        assert checked_runs(runs) == runs

    def test_begin_with_the_reference(self, runs):
        assert checked_runs(runs, runs[1]) == [runs[1], runs[0]]

    def test_take_a_reference_that_is_not_among_them(self, runs):
        assert checked_runs(runs[:1], runs[1]) == [runs[1], runs[0]]

    def test_are_two_or_more(self, runs):
        with pytest.raises(OptionError, match="name two or more"):
            checked_runs(runs[:1])

    def test_are_refused_all_at_once(self, runs, tmp_path):
        (tmp_path / "notes").mkdir()
        (tmp_path / "notes" / "file").write_text("")
        (runs[1] / "metrics.json").unlink()
        given = [*runs, runs[0], tmp_path / "absent", tmp_path / "notes"]
        with pytest.raises(RunError) as refused:
            checked_runs(given)
        told = str(refused.value).replace(f"{tmp_path}/", "").splitlines()
        assert told == [
            "two has no metrics.json: it has not been scored; complete it with "
            "`fieldvae run TASK.yaml --resume`",
            "absent: there is no such directory",
            "notes is no run; give a directory that `fieldvae run` made",
            "one is given twice; name each run once",
        ]

    def test_without_test_samples_say_so(self, runs):
        shutil.rmtree(runs[1] / "evaluation.zarr")
        (runs[1] / "metrics.json").unlink()
        (runs[1] / "split.json").write_text('{"test": []}')
        with pytest.raises(RunError, match="it has no test samples"):
            checked_runs(runs)

    @pytest.mark.parametrize("name", ["run.json", "metrics.json", "split.json"])
    def test_of_damaged_files_are_named(self, runs, name):
        (runs[1] / name).write_text("{")
        words = rf"two/{re.escape(name)} cannot be read \(.*\); copy it again, or train again"
        with pytest.raises(RunError, match=words):
            checked_runs(runs)


class TestCheckPlace:
    def test_refuses_a_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(OptionError, match="is a file"):
            check_place(tmp_path / "file", force=True)

    def test_refuses_to_replace_unless_asked(self, tmp_path):
        (tmp_path / "comparison.json").write_text("{}")
        with pytest.raises(OptionError, match=r"comparison\.json already"):
            check_place(tmp_path, force=False)
        check_place(tmp_path, force=True)
