"""Plugins installed for real, each into a folder of its own, seen by a fresh interpreter."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fieldvae import registry
from fieldvae.errors import PluginError
from fieldvae.registry.known import known, remedy

TOY = Path(__file__).parent / "distributions" / "toy"

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "{name}"
version = "0.7"
[project.entry-points."fieldvae.{kind}"]
{plugin} = "{module}:{target}"
[tool.hatch.build.targets.wheel]
packages = ["{module}"]
"""


def install(source: Path, target: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--disable-pip-version-check", "--target", str(target)]
    subprocess.run([*command, str(source)], check=True, capture_output=True, text=True)


def fieldvae(*arguments: str, plugins: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    if plugins is not None:
        environment["PYTHONPATH"] = str(plugins)
    command = [sys.executable, "-c", "from fieldvae.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment)


class TestKnown:
    """Plugins of the distributions in ``plugins/``, which may not be installed."""

    def test_are_those_that_the_distributions_register(self):
        registered = {}
        for path in sorted((Path(__file__).parents[1] / "plugins").glob("*/pyproject.toml")):
            project = tomllib.loads(path.read_text())["project"]
            registered[project["name"]] = {
                group.removeprefix("fieldvae."): sorted(points)
                for group, points in project["entry-points"].items()
            }
        assert known() == registered

    @pytest.mark.parametrize(
        ("kind", "name", "words"),
        [
            (
                "decoders",
                "flow",
                "; it comes with fieldvae-flow, which is not installed: pip install fieldvae-flow "
                "(or ./plugins/fieldvae-flow of a checkout)",
            ),
            (
                "decoders",
                "flwo",
                "; did you mean 'flow'? That comes with fieldvae-flow, which is not installed: "
                "pip install fieldvae-flow (or ./plugins/fieldvae-flow of a checkout)",
            ),
            ("decoders", "convolutoin", "; did you mean 'convolution'? Installed: convolution"),
            ("decoders", "mean", ". Installed: convolution; or install the distribution that br"),
        ],
    )
    def test_are_told_with_what_to_install(self, kind, name, words):
        assert remedy(kind, name, installed=["convolution"]).startswith(words)


@pytest.fixture(scope="session")
def toy(tmp_path_factory) -> Path:
    """Where the toy distribution is installed."""
    target = tmp_path_factory.mktemp("toy")
    install(TOY, target)
    return target


@pytest.fixture(scope="session")
def broken(tmp_path_factory):
    """Install a distribution with one plugin whose module is the given code."""
    made: dict[tuple[str, ...], Path] = {}

    def make(name: str, kind: str, plugin: str, code: str) -> Path:
        key = (name, kind, plugin, code)
        if key not in made:
            source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("target")
            module = name.replace("-", "_")
            (source / module).mkdir()
            (source / module / "__init__.py").write_text(code)
            (source / "pyproject.toml").write_text(
                PYPROJECT.format(name=name, kind=kind, plugin=plugin, module=module, target="thing")
            )
            install(source, target)
            made[key] = target
        return made[key]

    return make


class TestStranger:
    def test_is_listed_with_distribution_and_options(self, toy):
        listed = fieldvae("plugins", plugins=toy).stdout
        assert "smoothers   average              fieldvae-toy 1.2.3  repeats=1" in listed
        assert "fields      moduli" in listed

    def test_trains_and_predicts_by_name(self, toy, foreign_task):
        task = foreign_task(
            model={"latent": 4, "condition": 4, "smoother": {"use": "average", "repeats": 2}},
            losses=["energy_score", "kl", "condition", {"use": "roughness", "weight": 0.1}],
            training={"epochs": 1},
        )
        done = fieldvae("run", str(task), "--until", "predict", plugins=toy)
        assert done.returncode == 0, done.stderr
        assert (task.parent / "runs/foreign/predictions.zarr").exists()

    def test_options_are_checked_with_their_place(self, toy, foreign_task):
        task = foreign_task(model={"smoother": {"use": "average", "repeat": 2}})
        done = fieldvae("validate", str(task), plugins=toy)
        assert done.returncode == 2
        assert "unknown key 'repeat' in 'model.smoother'; did you mean 'repeats'?" in done.stderr
        assert "task.yaml:" in done.stderr
        assert "Traceback" not in done.stderr

    def test_field_in_yaml_is_found_by_name(self, toy, tmp_path):
        code = (
            "from fieldvae.registry import load, parse_field;"
            "from fieldvae.document import parse_document;"
            "p = load('fields', 'moduli');"
            "print(parse_field(parse_document(p.read_text(), name='m'), 'moduli').labels)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(toy)},
        )
        assert done.stdout.strip() == "('bulk', 'shear')", done.stderr

    def test_is_missed_by_name_where_it_is_not_installed(self, foreign_task):
        task = foreign_task(model={"smoother": {"use": "average"}})
        done = fieldvae("validate", str(task))
        assert done.returncode == 2
        assert "model.smoother.use: no smoother is named 'average'" in done.stderr
        assert "Installed: convolution, paper, pointwise" in done.stderr


class TestMisfit:
    def test_a_smoother_of_another_shape_is_named_before_anything_is_written(
        self, broken, foreign_task
    ):
        code = (
            "import torch\n"
            "class thing(torch.nn.Module):\n"
            "    def __init__(self, field, grid, condition):\n"
            "        super().__init__()\n"
            "    def forward(self, field):\n"
            "        return field\n"
        )
        plugins = broken("fieldvae-misfit", "smoothers", "misfit", code)
        task = foreign_task(model={"smoother": "misfit", "condition": 5})
        done = fieldvae("run", str(task), plugins=plugins)
        assert done.returncode == 2
        assert re.search(
            r"smoother 'misfit' of fieldvae-misfit \S+ is broken: it gives permeability a "
            r"condition of shape \(2, 1, 4, 4, 4\); expected \(2, 5, 4, 4, 4\): "
            r"\(batch, width, \.\.\.\) \(\S+fieldvae_misfit/__init__\.py:2\)\. "
            r"Update or mend it, or remove it with: pip uninstall fieldvae-misfit",
            done.stderr,
        )
        assert not (task.parent / "runs").exists()

    def test_a_decoder_of_another_shape_is_named_before_anything_is_written(
        self, broken, foreign_task
    ):
        code = (
            "import torch\n"
            "from fieldvae import DiagonalGaussian\n"
            "class thing(torch.nn.Module):\n"
            "    def __init__(self, outputs, grid, latent, conditions):\n"
            "        super().__init__()\n"
            "        self.bias = torch.nn.Parameter(torch.zeros(()))\n"
            "        self.names = [field.name for field in outputs]\n"
            "    def forward(self, latent, conditions):\n"
            "        mean = torch.zeros(len(latent), 2, 4, 4, 4) + self.bias\n"
            "        return {name: DiagonalGaussian(mean, None) for name in self.names}\n"
        )
        plugins = broken("fieldvae-short", "decoders", "short", code)
        fields = {
            "permeability": {"units": "m^2"},
            "flux": {"units": "m/s", "tensor_kind": "vector"},
        }
        model = {"decoder": "short", "encoder": "none", "latent": 4}
        task = foreign_task(
            fields=fields,
            inputs=["permeability"],
            outputs=["flux"],
            model=model,
            losses=["energy_score"],
        )
        done = fieldvae("run", str(task), plugins=plugins)
        assert done.returncode == 2, done.stderr
        assert re.search(
            r"decoder 'short' of fieldvae-short \S+ is broken: of what it gives, flux has shape "
            r"\(2, 2, 4, 4, 4\); expected \(batch, component=3, 4, 4, 4\) "
            r"\(\S+fieldvae_short/__init__\.py:3\)\.",
            done.stderr,
        )
        assert not (task.parent / "runs").exists()


class TestBuiltIns:
    def test_come_through_the_same_door(self):
        found = {e.name: e.distribution for e in registry.extensions("decoders")}
        assert found.items() >= {"convolution": "fieldvae", "paper": "fieldvae"}.items()

    def test_all_are_well(self):
        assert [health for health in registry.examine() if health.trouble] == []

    def test_options_carry_the_docstring_s_words(self):
        model = registry.options_model("losses", "energy_score")
        assert model.model_fields["members"].description

    def test_an_unknown_name_lists_what_is_installed(self):
        with pytest.raises(
            PluginError, match=r"did you mean 'convolution'\? Installed: convolution"
        ):
            registry.load("encoders", "convolutional")
