import json

import pytest

from fieldvae import RunError
from fieldvae.workflow.directory import (
    RunDirectory,
    begun_with,
    check_claim,
    claim,
    read_json,
    write_json,
)


@pytest.fixture
def directory(tmp_path):
    found = RunDirectory(tmp_path / "run")
    found.path.mkdir()
    write_json(found.summary, {"finished": True})
    return found


class TestState:
    def test_tells_a_damaged_run_from_a_directory_of_other_things(self, directory, tmp_path):
        assert directory.state() == "finished"
        for content in ('{"samples": ', "[1]", ""):
            directory.summary.write_text(content)
            assert directory.state() == "damaged"
            with pytest.raises(RunError, match=r"run\.json cannot be read \(.*\); copy it again"):
                directory.check_sound()
        directory.summary.unlink()
        (directory.path / "chapter.tex").write_text("years of work")
        assert directory.state() == "foreign"
        directory.check_sound()


class TestClaim:
    def test_of_a_damaged_run_is_refused_but_by_force(self, directory):
        directory.summary.write_text("{")
        for resume in (False, True):
            with pytest.raises(RunError, match=r"cannot be read .*start anew with --force"):
                check_claim(directory, resume=resume, force=False)
        check_claim(directory, resume=False, force=True)
        claim(directory, resume=False, force=True)
        assert directory.state() == "absent"
        assert (directory.previous / "run.json").read_text() == "{"


class TestReadJson:
    def test_says_that_a_file_is_not_there(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            read_json(tmp_path / "nowhere.json")


class TestBegunWith:
    @pytest.mark.parametrize(
        "words", [["--set", "seed=1", "--set", "name=b"], ["--set=seed=1", "--set", "name=b"]]
    )
    def test_reads_settings_off_the_command(self, directory, words):
        record = {"command": ["fieldvae", "run", "task.yaml", *words]}
        directory.environment.write_text(json.dumps(record))
        assert sorted(begun_with(directory)) == ["name=b", "seed=1"]

    def test_is_nothing_where_nothing_is_recorded(self, directory):
        assert begun_with(directory) == []
