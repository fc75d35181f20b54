"""The documentation is true: its code runs, its YAML is accepted, its links and names exist.

Every fenced block of README.md, CONTRIBUTING.md and docs/ is handled by its language, in order, in
a directory that holds a small quickstart run under the names that the documentation uses; a
language without a handler fails. An HTML comment right above a block changes what is done with it:

``<!-- not run: why -->``          the block cannot run
``<!-- file: path -->``            the block is this file of the project, letter by letter
``<!-- refused -->``               the task is refused with the words of the next ``text`` block
``<!-- needs: distribution -->``   the task needs the plugin shown above it, which a test installs

A block whose first line is ``# path`` with an ending is written to that file.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import typer
import xarray as xr

import fieldvae
from fieldvae import FieldSpec, SpecError, TaskSpec, mechanics, registry, testing
from fieldvae.cli.app import app
from fieldvae.document import parse_document
from fieldvae.schema import schema_of
from fieldvae.workflow.designs.section import read_design
from fieldvae.workflow.directory import RunDirectory
from fieldvae.workflow.filling import make_plan, resolve

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")], key=str
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
EXAMPLES = ROOT / "examples"
EXAMPLE_PAGES = [EXAMPLES / "README.md", *sorted(EXAMPLES.glob("*/README.md"))]
PLUGIN_PAGES = sorted((ROOT / "plugins").glob("*/README.md"))
QUICKSTART = "examples/quickstart/task.yaml"
SMALL = [
    "training.steps=1",
    *(f"model.{part}.channels=8" for part in ("smoother", "encoder", "decoder")),
    "prediction.max_draws=6",
    "evaluation.realizations=4",
    "evaluation.bootstrap=5",
]
TASK_INPUTS = ("concentration", "warren_cowley")
"""Of the task that the designs of the documentation are for."""

OTHER_PROGRAMS = {"pip", ".venv/bin/python"}


@dataclass(frozen=True)
class Block:
    """A fenced block: where it stands, its language, its text, and the comment above it."""

    place: str
    language: str
    text: str
    note: str

    @property
    def file(self) -> str | None:
        """The file that the first line names."""
        found = re.match(r"# ([\w./-]+\.\w+)\n", self.text)
        return found[1] if found else None


def blocks(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    start: int | None = None
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if start is None:
            start = number
            continue
        above = re.fullmatch(r"<!-- (.*) -->", lines[start - 1]) if start else None
        text = "\n".join(lines[start + 1 : number]) + "\n"
        note = above[1] if above else ""
        yield Block(f"{page.name}:{start + 1}", lines[start][3:].strip(), text, note)
        start = None
    assert start is None, f"{page}: the block at line {start} is not closed"


def prose(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def alloy_dataset(samples: int) -> xr.Dataset:
    """Made-up fields in the layout of the shipped store."""
    chance = np.random.default_rng(0)
    elements = ["Co", "Cr", "Ni"]
    shares = np.moveaxis(chance.dirichlet([20.0] * 3, size=(samples, 4, 4, 4)), -1, 1)
    stress = chance.standard_normal((samples, 6, 4, 4, 4))
    stress -= stress.mean((2, 3, 4), keepdims=True)
    order = 0.1 * chance.standard_normal((samples, 9, 4, 4, 4))
    axes = ("x", "y", "z")
    return xr.Dataset(
        {
            "concentration": (("sample", "element", *axes), shares, {"units": "1"}),
            "warren_cowley": (("sample", "pair", *axes), order, {"units": "1"}),
            "residual_stress": (("sample", "voigt", *axes), stress, {"units": "GPa"}),
        },
        coords={
            "element": elements,
            "pair": [f"{i}-{j}" for i in elements for j in elements],
            "voigt": list(fieldvae.VOIGT),
            "temperature": ("sample", np.resize([np.nan, 600.0, 800.0], samples)),
        },
        attrs={"spacing": [14.2] * 3, "spacing_units": "angstrom", "periodic": [True] * 3},
    )


def replicated(dataset: xr.Dataset) -> xr.Dataset:
    """Give every sample three stresses, each another sample's."""
    turns = [dataset["residual_stress"].roll(sample=turn) for turn in range(3)]
    return dataset.assign(residual_stress=xr.concat(turns, "realization"))


@pytest.fixture(scope="session")
def quickstart(tmp_path_factory) -> Path:
    """A directory with the quickstart's task, a small store where the shipped one is, and a run."""
    place = tmp_path_factory.mktemp("docs") / "checkout"
    task = place / QUICKSTART
    task.parent.mkdir(parents=True)
    shutil.copy(ROOT / QUICKSTART, task)
    for name in ("design", "alternatives"):
        shutil.copytree(ROOT / "examples" / name, place / "examples" / name)
    data = place / "examples/data"
    fieldvae.write_store(alloy_dataset(20), data / "cocrni.zarr")
    fieldvae.write_store(
        replicated(alloy_dataset(20).isel(sample=slice(4))), data / "cocrni_replicates.zarr"
    )
    fieldvae.run(task, settings=SMALL, device="cpu", until="predict")
    return place


@pytest.fixture
def workspace(quickstart, tmp_path, monkeypatch) -> Path:
    """A copy of it, which is the current directory."""
    place = shutil.copytree(quickstart, tmp_path / "checkout")
    monkeypatch.chdir(place)
    return place


@pytest.mark.parametrize("name", NAMES)
def test_every_block_is_true(name, workspace, monkeypatch):
    names = namespace(f"docs_{Path(name).stem}", monkeypatch)
    refusal: str | None = None
    for block in blocks(ROOT / name):
        try:
            if refusal is not None:
                assert block.language == "text", "the words of the refusal are missing"
                assert block.text == refusal
                refusal = None
                continue
            refusal = handle(block, names, monkeypatch)
        except Exception as error:
            raise AssertionError(f"{block.place}: {error}") from error
    assert refusal is None


def handle(block: Block, names: dict[str, object], monkeypatch) -> str | None:
    """Do with a block what its language and note say; returns the words of a refusal."""
    word, _, detail = block.note.partition(": ")
    assert word in {"", "not run", "file", "refused", "needs"}, f"unknown comment {block.note!r}"
    if word == "not run":
        assert detail, "a block that does not run says why"
        return None
    if word == "file":
        assert block.text == (ROOT / detail).read_text(encoding="utf-8"), f"{detail} has changed"
    if block.file is not None:
        Path(block.file).parent.mkdir(parents=True, exist_ok=True)
        Path(block.file).write_text(block.text, encoding="utf-8")
    if block.language == "python":
        run_python(block, names, monkeypatch)
    elif block.language == "yaml":
        return check_yaml(block, word, detail)
    elif block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "sh":
        for line in block.text.splitlines():
            check_line(shlex.split(line, comments=True))
    elif block.language == "{eval-rst}":
        assert set(listed_names(block.text)) <= set(public_names())
    else:
        assert block.language == "text", f"no handler for {block.language!r}"
    return None


def listed_names(text: str) -> list[str]:
    """Full names that the tables of a page of the reference list."""
    module, names = "", []
    for line in text.splitlines():
        if found := re.match(r"\.\. currentmodule:: (.*)", line):
            module = found[1]
        elif found := re.fullmatch(r"   (\w+)|\.\. autodata:: [\w.]+\.(\w+)", line):
            names.append(f"{module}.{found[1] or found[2]}")
    return names


def public_names() -> list[str]:
    """Full names of all that a user or a plugin may touch."""
    return [f"{m.__name__}.{name}" for m in (fieldvae, testing, mechanics) for name in m.__all__]


def namespace(name: str, monkeypatch) -> dict[str, object]:
    """Names of an importable module of its own, as dataclasses need one."""
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    return vars(module)


def run_python(block: Block, names: dict[str, object], monkeypatch) -> None:
    """Run a block; one that is a file of a distribution by itself, with the tests in it."""
    if block.file is not None:
        monkeypatch.syspath_prepend(str(Path(block.file.split("/")[0]).resolve()))
        names = namespace(f"docs_{Path(block.file).stem}", monkeypatch)
    exec(compile(block.text, block.place, "exec"), names)
    for name, value in list(names.items()):
        if name.startswith("test_") and callable(value):
            value()


def check_yaml(block: Block, word: str, detail: str) -> str | None:
    data = parse_document(block.text, name=block.place).data
    if "data" in data and ("inputs" in data or "task" in data):
        path = Path(block.file or "task.yaml")
        path.write_text(block.text, encoding="utf-8")
        if word == "refused":
            with pytest.raises(SpecError) as caught:
                resolve(make_plan(path))
            return f"{caught.value}\n"
        if word == "needs":
            assert (Path(detail) / "pyproject.toml").is_file(), f"{detail} is not shown above"
            with pytest.raises(SpecError, match=r"^[^\n]*no [a-z]+ is named [^\n]*$"):
                make_plan(path)
            return None
        resolve(make_plan(path))
    elif "goal" in data:
        read_design(data, (), inputs=TASK_INPUTS)
    elif "units" in data:
        registry.parse_field(parse_document(block.text, name=block.place), "documented")
    else:
        assert set(data) <= set(TaskSpec.model_fields), f"{sorted(data)} are no keys of a task"
        resolve(make_plan({"task": "stress", "data": {"store": "some.zarr"}, **data}))
    return None


def check_line(words: list[str]) -> None:
    """See that a line of the shell calls something that exists."""
    if not words:
        return
    program, *arguments = words
    if program == "fieldvae":
        check_command(arguments)
    elif program == "make":
        targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.M)
        assert set(arguments) <= set(targets), f"make {arguments}: there is {targets}"
    else:
        assert program in OTHER_PROGRAMS, f"{program!r} is neither fieldvae nor make"


def check_command(arguments: list[str]) -> None:
    """See that a command of the command line exists, with all options that are named."""
    command, path, rest = typer.main.get_command(app), "fieldvae", list(arguments)
    while commands_of(command) and rest and not rest[0].startswith("-"):
        word = rest.pop(0)
        assert word in commands_of(command), f"there is no command '{path} {word}'"
        command, path = commands_of(command)[word], f"{path} {word}"
    options = options_of(command) | {"--help", "-h"}
    kind = {
        "fieldvae data generate": "simulators",
        "fieldvae data import": "importers",
        "fieldvae data export": "exporters",
    }.get(path)
    if kind is not None and rest and rest[0] in registry.names(kind):
        fields = registry.options_model(kind, rest[0]).model_fields
        options |= {"--" + name.replace("_", "-") for name in fields}
    named = {word.partition("=")[0] for word in rest if word.startswith("-")}
    assert named <= options, f"'{path}' has no {sorted(named - options)}"


def commands_of(command: Any) -> dict[str, Any]:
    """Commands of a group by name; none of a command (typer may bring a click of its own)."""
    return dict(getattr(command, "commands", {}))


def options_of(command: Any) -> set[str]:
    found = {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
    return {name for name in found if name.startswith("--")} - {"--help"}


@pytest.mark.parametrize("page", [*PAGES, *PLUGIN_PAGES], ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_named_exists(page):
    for code in re.findall(r"`(fieldvae [^`]*)`", prose(page)):
        check_line(shlex.split(code))


@pytest.mark.parametrize("page", [*PAGES, *PLUGIN_PAGES], ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+://", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{page.name}: there is no {target}"
        if anchor:
            assert anchor in anchors(file), f"{page.name}: {name} has no heading #{anchor}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", prose(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_nothing_is_left_to_fill_in(page):
    assert "TODO" not in page.read_text(encoding="utf-8")


def test_the_plugin_shown_installs_and_serves_its_task(workspace):
    shown = [block for block in blocks(ROOT / "docs/extending.md") if block.file]
    for block in shown:
        path = Path(block.file or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    (task,) = [block.file for block in shown if block.language == "yaml"]
    (project,) = [Path(block.file or "").parent for block in shown if block.language == "toml"]
    pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    pip += ["--disable-pip-version-check", "--target", "installed", f"./{project}"]
    subprocess.run([sys.executable, *pip], check=True, capture_output=True, text=True)
    done = subprocess.run(
        [sys.executable, "-c", "from fieldvae.cli import main; main()", "validate", str(task)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "installed"},
    )
    assert done.returncode == 0, done.stderr
    assert "concentration, warren_cowley -> residual_stress" in done.stdout


class TestReferences:
    """The tables of the reference pages against the code."""

    def rows(self, name: str) -> list[list[str]]:
        """Cells of all rows of a page's tables that begin with code."""
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        found = re.findall(r"^\| (`.*) \|$", text, flags=re.M)
        return [[cell.strip() for cell in re.split(r" \|(?: |$)", row)] for row in found]

    def keys(self, name: str) -> set[str]:
        """All code in the first column of a page's tables."""
        return {key for row in self.rows(name) for key in re.findall(r"`([^`]*)`", row[0])}

    @pytest.mark.parametrize(("column", "preset"), [(1, "default"), (2, "paper")])
    def test_tasks_give_the_default_of_every_key(self, column, preset):
        fields = {"heat": {"units": "K"}, "cold": {"units": "K"}}
        minimal = {"name": "n", "fields": fields, "inputs": "heat", "outputs": "cold"}
        data = {"store": "some.zarr"}
        spec = make_plan({**minimal, "data": data, "model": {"preset": preset}}).spec
        expected = dict(leaves(spec))
        documented = {
            row[0].strip("`"): row[column]
            for row in self.rows("tasks.md")
            if not row[0].startswith("`fields.NAME.")
        }
        assert set(documented) == set(expected)
        for key, cell in documented.items():
            if cell.startswith("`") and key != "fields":
                assert comparable(value_of(cell)) == comparable(expected[key]), key

    @pytest.mark.parametrize(("column", "preset"), [(1, "default"), (2, "paper")])
    def test_inverse_design_gives_the_default_of_every_key(self, column, preset):
        goal = {"maximize": "variance", "of": "von_mises_stress"}
        spec = read_design({"preset": preset, "vary": "heat", "goal": goal}, (), inputs=["heat"])
        expected = dict(leaves(spec))
        documented = {
            row[0].strip("`"): row[column]
            for row in self.rows("inverse-design.md")
            if len(row) == 4
        }
        assert set(documented) == set(expected)
        for key, cell in documented.items():
            if cell.startswith("`"):
                assert comparable(value_of(cell)) == comparable(expected[key]), key

    def test_tasks_give_the_default_of_every_key_of_a_field(self):
        rows = [r for r in self.rows("tasks.md") if r[0].startswith("`fields.NAME.")]
        documented = {row[0].strip("`").removeprefix("fields.NAME."): row[1] for row in rows}
        assert set(documented) == set(FieldSpec.model_fields) - {"name"}
        for key, cell in documented.items():
            default = FieldSpec.model_fields[key].default
            if cell.startswith("`"):
                assert comparable(value_of(cell)) == comparable(default), key

    def test_cli_lists_every_command_with_all_its_options(self):
        text = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
        sections = dict(re.findall(r"^### ([\w-]+)\n(.*?)(?=^##)", text, flags=re.M | re.S))
        commands = commands_of(typer.main.get_command(app))
        assert set(sections) == set(commands)
        for name, command in commands.items():
            each = commands_of(command).values() or [command]
            expected = set().union(*(options_of(c) for c in each))
            found = set(re.findall(r"`(--[\w-]+)", sections[name]))
            assert expected <= found, name

    def test_cli_lists_every_file_of_a_run(self, quickstart):
        run = quickstart / "examples/quickstart/runs/quickstart"
        listed = {key.rstrip("/") for key in self.keys("reference/cli.md")}
        paths = [getattr(RunDirectory(run), n) for n in vars(RunDirectory) if n not in SPECIAL]
        files = {p.relative_to(run).parts[0] for p in paths if isinstance(p, Path)}
        assert {entry.name for entry in run.iterdir()} <= files
        assert files <= listed

    def test_metrics_define_every_score(self, quickstart):
        file = quickstart / "examples/quickstart/runs/quickstart/metrics.json"
        text = (ROOT / "docs/reference/metrics.md").read_text(encoding="utf-8")
        given = {"residual_stress", "concentration", "warren_cowley"}
        words = set(re.findall(r"\w+", text)) | given
        found = {k.removesuffix("_interval") for k in every_key(json.loads(file.read_text()))}
        assert found - words == set()

    def test_python_lists_every_public_name_once(self):
        page = ROOT / "docs/reference/api.md"
        assert sorted(listed_names(page.read_text(encoding="utf-8"))) == sorted(public_names())

    def test_the_front_page_leads_to_every_page(self):
        front = ROOT / "docs/index.md"
        linked = re.findall(r"^- \[.*?\]\((.*?)\)", front.read_text(encoding="utf-8"), flags=re.M)
        pages = {
            *PAGES,
            *PLUGIN_PAGES,
            *EXAMPLE_PAGES,
            *(ROOT / "docs").glob("*.ipynb"),
            ROOT / "CHANGELOG.md",
        }
        assert {(front.parent / each).resolve() for each in linked} == pages - {front}

    def test_store_lists_every_attribute(self):
        listed = self.keys("reference/store.md")
        assert set(schema_of("store")["properties"]) <= listed
        assert {"tried", "accepted", "self_check_error"} <= listed

    def test_extending_gives_the_signature_of_every_kind(self):
        rows = {row[0].strip("`"): row[1] for row in self.rows("extending.md")}
        assert set(rows) == {f"fieldvae.{kind}" for kind in registry.KINDS}
        for kind, handed in registry.POSITIONAL.items():
            assert f"({', '.join([*handed, '*', '...'])})" in rows[f"fieldvae.{kind}"]

    def test_contributing_gives_the_floor_of_every_room(self):
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        found = re.findall(r"^\| \d+ \| (.*?) \|", text, flags=re.M)
        rooms = {room for row in found for room in re.findall(r"`(\w+)`", row)}
        house = Path(fieldvae.__file__).parent
        inside = {
            p.stem for p in house.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()
        }
        assert rooms == inside - {"__init__", "testing"}


SPECIAL = {"previous", "state", "path"}
"""Members of a RunDirectory that are no file inside it."""


def leaves(section: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Dotted path and value of every key of a task; choices, schedules and fields are values."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        if type(value).__name__.endswith("Spec") and type(value).model_fields:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def value_of(cell: str) -> object:
    """What a cell in code says, as YAML."""
    return parse_document(f"value: {cell.strip('`')}", name=cell).data["value"]


def comparable(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    value = dump() if dump is not None else value
    return json.loads(json.dumps(value, default=str))


def every_key(data: object) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from every_key(value)
