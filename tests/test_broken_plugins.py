"""Broken and clashing plugins, built as wheels: each is named, and nothing else is stopped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .made_distributions import install_wheels, run_fieldvae, write_distribution

MODULES = {
    "late": """\
from torch import nn
class Late(nn.Module):
    def __init__(self, field, grid, condition):
        import no_such_solver
class Later(nn.Module):
    def __init__(self, field, grid, condition):
        super().__init__()
    def forward(self, field):
        return field.no_such_method()
""",
    "lacking": "import fieldvae_ghost",
    "exiting": "import sys; sys.exit(3)",
    "asserting": "assert False, 'not today'",
    "parts": """\
from __future__ import annotations
from typing import TYPE_CHECKING
from torch import nn
if TYPE_CHECKING:
    from pydantic import PositiveInt
number = 3
instance = nn.Conv3d(1, 1, 1)
def bag(field, grid, condition, *waves): ...
def sack(field, grid, condition, **options): ...
def hidden(field, grid, condition, *, waves: PositiveInt = 2): ...
def bare(field, grid, condition, *, waves=2): ...
def heavy(forward, *, weight: float = 1.0): ...
def few(outputs, grid, latent): ...
def fewer(field): ...
class Shy:
    def __repr__(self):
        raise ValueError("not shown")
def shy(field, grid, condition, *, waves: object = Shy()): ...
def busy(*, samples: int = 3, out: str = ""): ...
""",
}

POINTS = {
    "smoothers": {
        "late": "late:Late",
        "later": "late:Later",
        "lacking": "lacking:Smoother",
        "number": "parts:number",
        "instance": "parts:instance",
        "bag": "parts:bag",
        "sack": "parts:sack",
        "hidden": "parts:hidden",
        "bare": "parts:bare",
        "exiting": "exiting:Smoother",
        "asserting": "asserting:Smoother",
        "absent": "parts:Absent",
        "fewer": "parts:fewer",
        "shy": "parts:shy",
    },
    "losses": {"heavy": "parts:heavy"},
    "encoders": {"few": "parts:few"},
    "simulators": {"busy": "parts:busy"},
    "fields": {"odd": "parts:number"},
    "tasks": {"chore": "parts:number"},
    "quantities": {"sum": "parts:number"},
}

COMPLAINTS = {
    "exiting": ("broken: SystemExit: 3 (",),
    "asserting": ("broken: AssertionError: not today (",),
    "absent": ("has no attribute 'Absent'",),
    "fewer": ("it takes (field) by position; smoothers are handed (field, grid, condition)",),
    "lacking": (
        "broken: ModuleNotFoundError: No module named 'fieldvae_ghost' (",
        "lacking.py:1). ",
        "Install what it needs: pip install 'fieldvae-ghost>=2', or remove it with: pip uninstall",
    ),
    "number": (
        "3 cannot be called; expected a class or a function of (field, grid, condition, *, ...)",
    ),
    "instance": ("it is a Conv3d that has been made already; name the class in the entry point",),
    "bag": ("it takes *args; expected a class or a function of (field, grid, condition, *, ...)",),
    "sack": ("it takes **kwargs; the signature is the schema, so every option must be named",),
    "hidden": (
        "its options cannot be read (NameError: name 'PositiveInt' is not defined)",
        "and not under TYPE_CHECKING",
    ),
    "bare": ("its option 'waves' has no annotation, by which values are checked; annotate it",),
    "heavy": ("its option 'weight' bears a name that fieldvae uses itself; give it another",),
    "few": (
        "it takes (outputs, grid, latent) by position; encoders are handed (outputs, grid, "
        "latent, conditions)",
    ),
    "shy": ("broken: ValueError: not shown (", "parts.py:17)"),
    "malformed": (
        "fieldvae-unwell-too 0.7  broken: its entry point is 'no module'; expected module:object. "
        "Update or mend it, or remove it with: pip uninstall fieldvae-unwell-too",
    ),
    "renamed": ("broken: ModuleNotFoundError: No module named 'no_such_module'. Update or me",),
    "busy": ("its option 'out' bears a name that fieldvae uses itself; give it another",),
    "odd": ("3 is neither a FieldSpec nor a YAML file",),
    "chore": ("3 is no fieldvae.Task",),
    "sum": ("3 cannot be called; expected a function of (fields, *, ...)",),
    "twin": (
        "smoother 'twin' is registered by fieldvae-first 0.7 and fieldvae-second 0.7; uninstall "
        "one of them, or ask its author for another name",
    ),
}


@pytest.fixture(scope="session")
def unwell(tmp_path_factory) -> Path:
    """Where three distributions are installed: one with a broken plugin of each sort, two twins;

    and one whose metadata are damaged."""
    folder = tmp_path_factory.mktemp("unwell")
    twin = {"smoothers": {"twin": "parts:Twin"}}
    code = {"parts": "from torch import nn\nclass Twin(nn.Module): ..."}
    roots = [
        write_distribution(
            folder,
            "fieldvae-unwell",
            modules=MODULES,
            points=POINTS,
            dependencies=["fieldvae", "fieldvae-ghost>=2", "ghost-tests; extra == 'test'"],
        ),
        write_distribution(folder, "fieldvae-first", modules=code, points=twin),
        write_distribution(folder, "fieldvae-second", modules=code, points=twin),
    ]
    installed = install_wheels(roots, folder / "installed")
    damaged = installed / "another_name-0.7.dist-info"
    damaged.mkdir()
    metadata = "Metadata-Version: 2.1\nName: fieldvae-unwell-too\nVersion: 0.7\n"
    (damaged / "METADATA").write_text(metadata)
    points = "[fieldvae.smoothers]\nmalformed = no module\nrenamed = no_such_module:Smoother\n"
    (damaged / "entry_points.txt").write_text(points)
    return installed


@pytest.fixture(scope="session")
def listed(unwell) -> str:
    """What ``fieldvae plugins`` says of them."""
    done = run_fieldvae("plugins", plugins=unwell, cwd=unwell)
    assert done.returncode == 0, done.stderr
    assert " of them broken: " in done.stderr
    assert ", exiting (fieldvae-unwell), " in done.stderr
    assert "tasks that use no such plugin are not affected" in done.stderr
    return done.stdout


class TestList:
    @pytest.mark.parametrize("name", COMPLAINTS)
    def test_says_what_is_wrong_and_what_to_do(self, listed, name):
        (line, *_) = (row for row in listed.splitlines() if row.split()[1] == name)
        for words in COMPLAINTS[name]:
            assert words in line
        if name != "twin":
            assert re.search(r" fieldvae-unwell(-too)? 0\.7  broken: ", line)
            assert re.search(r"remove it with: pip uninstall fieldvae-unwell(-too)?$", line)

    def test_has_all_others_as_ever(self, listed):
        assert "smoothers   pointwise            fieldvae 0.1.0  channels=40" in listed


class TestTaskThatUsesThem:
    def test_is_refused_with_every_one_named(self, unwell, foreign_task):
        task = foreign_task(
            model={
                "smoother": "exiting",
                "smoothers": {"permeability": "lacking", "gradient": "sack"},
                "encoder": "few",
            },
            losses=["energy_score", "heavy"],
        )
        done = run_fieldvae("run", task.name, plugins=unwell, cwd=task.parent)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        lines = done.stderr.splitlines()
        assert len(lines) == 5
        for name in ("exiting", "lacking", "sack", "few", "heavy"):
            (line,) = (each for each in lines if f"{name!r} of fieldvae-unwell 0.7" in each)
            assert line.startswith("task.yaml:")
            assert COMPLAINTS[name][0] in line
        assert not (task.parent / "runs").exists()

    def test_is_refused_where_two_bear_the_name(self, unwell, foreign_task):
        task = foreign_task(model={"smoother": "twin"})
        done = run_fieldvae("validate", task.name, plugins=unwell, cwd=task.parent)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert f"model.smoother: {COMPLAINTS['twin'][0]}" in done.stderr

    def test_is_refused_where_making_the_network_fails(self, unwell, foreign_task):
        task = foreign_task(model={"smoother": "late"})
        done = run_fieldvae("run", task.name, plugins=unwell, cwd=task.parent)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        words = "smoother 'late' of fieldvae-unwell 0.7 is broken: ModuleNotFoundError: No module"
        assert f"{words} named 'no_such_solver'" in done.stderr
        assert "pip uninstall fieldvae-unwell" in done.stderr
        assert not (task.parent / "runs").exists()

    def test_is_refused_where_its_first_pass_fails(self, unwell, foreign_task):
        task = foreign_task(model={"smoother": "later"})
        done = run_fieldvae("run", task.name, plugins=unwell, cwd=task.parent)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        words = "fieldvae-unwell 0.7 is broken: AttributeError: 'Tensor' object has no attribute"
        assert f"{words} 'no_such_method' (" in done.stderr
        assert "late.py:9" in done.stderr
        assert not (task.parent / "runs").exists()


class TestEverythingElse:
    def test_goes_on(self, unwell, foreign_task):
        task = foreign_task()
        assert run_fieldvae("--help", plugins=unwell, cwd=task.parent).returncode == 0
        done = run_fieldvae("validate", str(task), plugins=unwell, cwd=task.parent)
        assert done.returncode == 0, done.stderr

    def test_a_simulator_that_is_broken_is_named(self, unwell, tmp_path):
        arguments = ("data", "generate", "busy", "--out", "store.zarr")
        done = run_fieldvae(*arguments, plugins=unwell, cwd=tmp_path)
        assert done.returncode == 2
        assert "simulator 'busy' of fieldvae-unwell 0.7 is broken: its option 'out'" in done.stderr
