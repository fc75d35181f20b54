"""What an editor shows of a task, asked of the YAML language server itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .language_server import SERVER, LanguageServer

STRANGER = Path(__file__).parent.parent / "distributions" / "toy"
pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not SERVER.is_dir(), reason="the language server is not installed: npm ci in tests/editor"
    ),
]

TASK = """\
# yaml-language-server: $schema=task.schema.json
task: stress
data: {store: cells.zarr, split: {test: 0.2}}
model:
  latent: 8
  smoother: {use: average, repeat: 3}
  encoder:
    use: convolution
    channels: 32
losses:
  - {use: kl}
modle: {latent: 8}
"""


def at(text: str) -> tuple[int, int]:
    """Line and column, counted from 0, of some text of the task."""
    line, column = next(
        (n, row.find(text)) for n, row in enumerate(TASK.split("\n")) if text in row
    )
    return line, column + 1


@pytest.fixture(scope="module")
def schema(tmp_path_factory) -> str:
    """What ``fieldvae schema task`` prints where a stranger's plugin is installed."""
    installed = tmp_path_factory.mktemp("toy")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    pip += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(installed)]
    subprocess.run([*pip, str(STRANGER)], check=True, capture_output=True)
    code = "from fieldvae.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "schema", "task"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(installed)},
    ).stdout


@pytest.fixture(scope="module")
def editor(schema, tmp_path_factory):
    """A server with the task open, and what it underlines."""
    folder = tmp_path_factory.mktemp("editor")
    (folder / "task.schema.json").write_text(schema)
    with LanguageServer(folder) as server:
        path = folder / "task.yaml"
        path.write_text(TASK)
        underlined = server.open(path, TASK)
        yield server, path, underlined


def test_wrong_keys_are_underlined_where_they_stand(editor):
    _, _, underlined = editor
    found = {
        (d["range"]["start"]["line"], d["range"]["start"]["character"]): d["message"]
        for d in underlined
    }
    assert found == {
        (5, TASK.split("\n")[5].find("repeat")): "Property repeat is not allowed.",
        (11, 0): "Property modle is not allowed.",
    }


def test_a_strangers_smoother_is_offered_with_a_line_on_it(editor):
    server, path, _ = editor
    offered = server.completions(path, *at("average"))
    assert {"convolution", "pointwise", "average"} <= offered.keys()
    assert offered["average"]["documentation"].startswith("Mix channels")


def test_its_options_are_offered_with_their_descriptions(editor):
    server, path, _ = editor
    offered = server.completions(path, *at("repeat:"))
    assert offered["repeats"]["documentation"] == "How often."


def test_keys_are_offered_with_defaults(editor):
    server, path, _ = editor
    offered = server.completions(path, 4, 2)
    assert offered["decoder"]["documentation"].startswith("Decoder")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("latent: 8\n", "Width of the latent."),
        ("channels: 32", "Width of the hidden layers."),
        ("split:", "Shares of samples for testing and validation; the rest trains."),
        ("model:", "The networks."),
        ("average", "Mix channels, then average each with its mean over the grid."),
    ],
)
def test_what_a_key_means_is_shown_over_it(editor, place, words):
    server, path, _ = editor
    assert words in server.hover(path, *at(place.strip("\n"))).replace("\\", "")
