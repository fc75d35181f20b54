from __future__ import annotations

from pathlib import Path

import pytest

from fieldvae import OptionError, StoreError, find_files


class TestFindFiles:
    def test_gives_each_once_in_natural_order(self, tmp_path):
        for number in (10, 9, 1):
            (tmp_path / f"a.{number}").touch()
        found = find_files([tmp_path / "a.*", tmp_path / "a.9"])
        assert [path.name for path in found] == ["a.1", "a.9", "a.10"]

    def test_refuses_what_is_not_there(self, tmp_path):
        with pytest.raises(StoreError) as told:
            find_files([tmp_path / "none*"])
        assert str(told.value) == (
            f"there is no file {tmp_path}/none*; expected files, or a pattern in quotes"
        )
        with pytest.raises(StoreError) as told:
            find_files([tmp_path])
        assert str(told.value) == (
            f"{tmp_path} is a folder; name the files in it, such as '{tmp_path}/*'"
        )
        with pytest.raises(OptionError) as told:
            find_files([])
        assert str(told.value) == "no files; name them, or a pattern in quotes such as 'cells/*'"

    def test_gives_absolute_paths(self, tmp_path, monkeypatch):
        (tmp_path / "a").touch()
        monkeypatch.chdir(tmp_path)
        assert find_files([Path("a")]) == [tmp_path / "a"]
