import os
import stat
import sys

import pytest

from fieldvae.durability import synchronize, write_atomically


class TestWriteAtomically:
    def test_leaves_the_old_file_when_the_writer_fails(self, tmp_path):
        path = tmp_path / "file"
        write_atomically(path, b"old")
        with pytest.raises(TypeError):
            write_atomically(path, "text is no bytes")
        assert path.read_bytes() == b"old"
        assert sorted(place.name for place in tmp_path.iterdir()) == ["file"]

    @pytest.mark.skipif(sys.platform == "win32", reason="keeps its lists of files by itself")
    def test_brings_the_file_and_its_name_to_the_disk(self, tmp_path, monkeypatch):
        brought = []
        monkeypatch.setattr(os, "fsync", lambda number: brought.append(os.fstat(number).st_mode))
        write_atomically(tmp_path / "file", b"new")
        assert [stat.S_ISDIR(mode) for mode in brought] == [False, True]


class TestSynchronize:
    @pytest.mark.parametrize("name", ["file", "."])
    def test_leaves_no_file_open(self, tmp_path, monkeypatch, name):
        (tmp_path / "file").write_bytes(b"1")
        opened = []
        monkeypatch.setattr(os, "fsync", opened.append)
        synchronize(tmp_path / name)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(opened[0])
