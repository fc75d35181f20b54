"""What a user sees of ``fieldvae data export``."""

from __future__ import annotations

import sys

import pytest

from fieldvae.cli import main
from fieldvae.data.store import write_store


@pytest.fixture
def export(foreign, monkeypatch, capsys, tmp_path):
    """Export by a command from a store in the current directory; returns exit code and output."""
    write_store(foreign(samples=8), tmp_path / "store.zarr")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fieldvae", "data", "export", *arguments])
        with pytest.raises(SystemExit) as exited:
            main()
        told = capsys.readouterr()
        return exited.value.code or 0, told.out, told.err

    return call


class TestExport:
    def test_writes_samples_with_the_options_of_the_exporter(self, export, tmp_path):
        chosen = ("--samples", "2,5:7", "--fields", "stress,flux", "--tensors=full")
        code, out, err = export("vtk", "store.zarr", "--out", "a", *chosen)
        assert (code, out, err) == (0, "a\n", "4 files in a\n")
        written = (tmp_path / "a" / "0005.vti").read_bytes()
        assert b'Name="stress" format="binary" NumberOfComponents="9"' in written
        assert b'Name="permeability"' not in written

    def test_lists_exporters_and_their_options(self, export):
        code, out, _ = export("vtk", "--help")
        assert code == 0
        assert "Installed exporters:" in out
        assert "--realizations arrays|files  (default arrays)" in out
        assert export("--help")[0] == 0
        assert export()[0] == 2

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("vtk", "--out", "a"), "give the store to read, before the options of vtk"),
            (("vtk", "--fields", "stress", "--out", "a"), "give the store to read, before"),
            (("vtk", "store.zarr"), "give the directory for the files: --out DIR"),
            (("vtk", "other.zarr", "--out", "a"), "other.zarr: there is no such store"),
            (("vtk", "store.zarr", "--out", "."), ". is not empty; give --out another directory"),
            (
                ("vtk", "store.zarr", "--out", "a", "--samples", "8"),
                "samples: '8' is not in store.zarr, which has 8, numbered from 0 to 7",
            ),
            (
                ("vtk", "store.zarr", "--out", "a", "--realization", "files"),
                "vtk has no option --realization; did you mean '--realizations'?",
            ),
            (
                ("vtk", "store.zarr", "--out", "a", "--fields", "strain"),
                "fields: 'strain' is no variable on the grid; there are",
            ),
            (("vtj", "store.zarr", "--out", "a"), "no exporter is named 'vtj'; did you mean 'vtk'"),
        ],
        ids=lambda value: value if isinstance(value, str) else None,
    )
    def test_refuses_with_a_remedy(self, export, tmp_path, arguments, words):
        code, _, err = export(*arguments)
        assert code == 2
        assert err.startswith(words)
        assert "Traceback" not in err
        assert not (tmp_path / "a").exists()
