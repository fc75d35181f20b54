"""Types reach strangers: the marker is shipped, and a stranger's module is checked with ours."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_marker_of_types_is_shipped():
    assert (files("fieldvae") / "py.typed").is_file()


def test_a_strangers_module_is_checked_strictly_with_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["strict"] is True
    assert "tests/typing/consumer.py" in settings["files"]
