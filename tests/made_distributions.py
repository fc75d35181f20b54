"""Distributions built as wheels and installed into folders of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "0.7"
dependencies = {dependencies}
[tool.hatch.build.targets.wheel]
packages = ["{package}"]
"""


def write_distribution(
    folder: Path,
    name: str,
    *,
    modules: Mapping[str, str],
    points: Mapping[str, Mapping[str, str]],
    dependencies: Sequence[str] = (),
) -> Path:
    """Write a distribution: the code of its modules, and its entry points by group."""
    package = name.replace("-", "_")
    root = folder / name
    (root / package).mkdir(parents=True)
    for module, code in {"__init__": "", **modules}.items():
        (root / package / f"{module}.py").write_text(code)
    text = PYPROJECT.format(name=name, package=package, dependencies=list(dependencies))
    for group, entries in points.items():
        text += f'[project.entry-points."fieldvae.{group}"]\n'
        text += "".join(f'{key} = "{package}.{target}"\n' for key, target in entries.items())
    (root / "pyproject.toml").write_text(text)
    return root


def install_wheels(roots: Sequence[Path], target: Path) -> Path:
    """Build a wheel of each distribution and install all of them into a folder."""
    wheels = []
    for root in roots:
        wheels += WheelBuilder(str(root)).build(directory=str(root / "dist"), versions=["standard"])
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--disable-pip-version-check", "--target", str(target), *wheels]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return target


def run_python(*arguments: str, plugins: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Call Python where the distributions in a folder are installed."""
    environment = {**os.environ, "PYTHONPATH": str(plugins), "COLUMNS": "200"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=cwd)


def run_fieldvae(*arguments: str, plugins: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Call the command line where the distributions in a folder are installed."""
    code = "from fieldvae.cli import main; main()"
    return run_python("-c", code, *arguments, plugins=plugins, cwd=cwd)
