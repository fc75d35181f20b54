"""The house: rooms import from lower floors, and no public function bears a module's name."""

from __future__ import annotations

import ast
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fieldvae

HOUSE = Path(fieldvae.__file__).parent

FLOORS = (
    {"errors"},
    {"grid", "field", "gaussian", "document", "durability", "notebook"},
    {"contract", "signature", "spec", "mechanics"},
    {"registry", "data", "model"},
    {"schema", "checkpoint", "quantities"},
    {"training", "prediction", "design"},
    {"evaluation"},
    {"report"},
    {"workflow"},
    {"cli"},
    {"__main__"},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
OUTSIDE = {"testing", "presets"}


def rooms() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules([str(HOUSE)]))


def imported_rooms(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("fieldvae"):
            names = (
                [node.module]
                if node.module != "fieldvae"
                else [f"fieldvae.{alias.name}" for alias in node.names]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("fieldvae.")]
        found |= {name.split(".")[1] for name in names if "." in name}
    return found & set(rooms())


def files_of(room: str) -> list[Path]:
    folder = HOUSE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_every_room_has_its_floor():
    assert set(rooms()) - OUTSIDE == set(FLOOR)


@pytest.mark.parametrize("room", sorted(FLOOR))
def test_imports_point_downwards(room):
    upward = {
        (path.relative_to(HOUSE).as_posix(), other)
        for path in files_of(room)
        for other in imported_rooms(path) - {room}
        if FLOOR.get(other, 99) >= FLOOR[room] and other not in OUTSIDE
    }
    assert upward == set()


def test_the_core_imports_no_plugin():
    plugins = ("fieldvae_alloys", "fieldvae_atomistic", "fieldvae_flow")
    words = [
        path
        for path in HOUSE.rglob("*.py")
        if any(plugin in path.read_text(encoding="utf-8") for plugin in plugins)
    ]
    assert words == []


def test_only_the_registry_knows_stevedore():
    knowing = [
        path.relative_to(HOUSE).as_posix()
        for path in HOUSE.rglob("*.py")
        if "import stevedore" in path.read_text(encoding="utf-8")
        or "from stevedore" in path.read_text(encoding="utf-8")
    ]
    assert knowing == ["registry/loading.py"]


SOURCES = sorted(
    path
    for place in ("fieldvae", "plugins", "examples")
    for path in (HOUSE.parent / place).rglob("*.py")
    if "tests" not in path.parts
)


def opens_text_of_no_encoding(node: ast.AST) -> bool:
    """Whether a call reads or writes text in whatever encoding the system has.

    The linter knows it of names whose type it sees; here any method of the name counts.
    """
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    if called in ("os.open", "gzip.open"):  # bytes
        return False
    if called.rpartition(".")[2] not in ("open", "read_text", "write_text"):
        return False
    words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    told = any(keyword.arg == "encoding" for keyword in node.keywords)
    return not told and not any("b" in mode and len(mode) < 4 for mode in words)


def test_texts_are_read_and_written_in_an_encoding_that_is_told():
    """Else a file from Linux reads otherwise on Windows."""
    texts = {path: path.read_text(encoding="utf-8") for path in SOURCES}
    untold = [
        f"{path.relative_to(HOUSE.parent).as_posix()}:{node.lineno}"
        for path, text in texts.items()
        if "open(" in text or "_text(" in text
        for node in ast.walk(ast.parse(text))
        if opens_text_of_no_encoding(node)
    ]
    assert texts
    assert untold == []


def test_no_module_is_imported_that_is_on_one_system_only():
    """Functions that Windows lacks are found by ``make check``, which reads types as there."""
    lacking = "crypt|fcntl|grp|msvcrt|posix|pty|pwd|resource|syslog|termios|tty|winreg"
    imports = re.compile(rf"^\s*(?:import|from) (?:{lacking})\b", re.M)
    assert [p for p in SOURCES if imports.search(p.read_text(encoding="utf-8"))] == []


def test_the_list_of_public_names_is_whole():
    assert set(fieldvae.__all__) == set(fieldvae._HOME)


def test_no_public_name_is_a_module():
    assert set(fieldvae.__all__) & set(rooms()) == set()


def test_every_public_name_is_documented():
    plain = {"Batch", "VOIGT"}
    undocumented = [
        name
        for name in fieldvae.__all__
        if name not in plain and not getattr(fieldvae, name).__doc__
    ]
    assert undocumented == []


def test_importing_fieldvae_imports_no_torch():
    code = "import sys, fieldvae, fieldvae.contract; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
