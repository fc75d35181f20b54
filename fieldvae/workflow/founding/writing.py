"""The files of a new plugin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from fieldvae.errors import OptionError, WriteError
from fieldvae.workflow.founding.kinds import Template
from fieldvae.workflow.founding.naming import Names, names_of, template_of


def write_plugin(name: str, *, kind: str, beneath: Path | None = None) -> Path:
    """Write a distribution with one plugin that works, tests and a README.

    Parameters
    ----------
    name
        What tasks call it.
    kind
        One of :data:`fieldvae.workflow.founding.kinds.TEMPLATES`.
    beneath
        Where the folder ``fieldvae-NAME`` is made; the current directory where ``None``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OptionError
        If the name will not do or is taken, the kind is none, or the folder exists.
    WriteError
        If a file cannot be written.
    """
    template = template_of(kind)
    names = names_of(name, template)
    folder = (beneath or Path()) / names.distribution
    if folder.exists():
        raise OptionError(f"{folder} exists; choose another name, or remove it first")
    files = dict(_files(names, template))
    try:
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WriteError(f"{folder} cannot be written: {error}") from error
    return folder


def next_commands(folder: Path, *, kind: str) -> list[str]:
    """Return what to type after :func:`write_plugin`, line by line."""
    template = template_of(kind)
    name = folder.name.removeprefix("fieldvae-")
    example = {
        "simulator": [
            f"fieldvae data generate {name} --out store.zarr",
            f"fieldvae run {folder}/example/task.yaml",
        ],
        "importer": [f"fieldvae data import {name} --help"],
        "exporter": [f"fieldvae data export {name} --help"],
        "task": [
            f"python {folder}/example/make_store.py",
            f"fieldvae init {name} --store {folder}/example/store.zarr",
        ],
    }.get(template.folder, [])
    if template.example:
        example = [
            f"python {folder}/example/make_store.py",
            f"fieldvae run {folder}/example/task.yaml",
        ]
    return [
        f"pip install -e './{folder}[test]'",
        f"python -m pytest {folder}",
        "fieldvae plugins",
        *example,
    ]


def _files(names: Names, template: Template) -> Iterator[tuple[str, str]]:
    """Every file of a distribution and its text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("fieldvae.workflow.founding"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the files are Python, TOML and YAML
    )
    major, minor = version("fieldvae").split(".")[:2]
    context = {
        **asdict(names),
        "kind": template.folder,
        "group": template.group,
        "needs": template.needs,
        "example": template.example,
        "release": f"{major}.{minor}",
        "next_release": f"{major}.{int(minor) + 1}",
        "commands": next_commands(Path(names.distribution), kind=template.folder),
    }

    def filled(source: str) -> str:
        return environment.get_template(source).render(context)

    yield "pyproject.toml", filled("pyproject.toml.j2")
    yield "README.md", filled("README.md.j2")
    yield f"{names.package}/__init__.py", filled("package.py.j2")
    yield f"{names.package}/py.typed", ""
    yield f"{names.package}/{template.folder}.py", filled(f"{template.folder}/module.py.j2")
    yield f"tests/test_{names.identifier}.py", filled(f"{template.folder}/test.py.j2")
    if template.example:
        yield "example/task.yaml", filled("task.yaml.j2")
    elif template.folder == "simulator":
        yield "example/task.yaml", filled("simulator/task.yaml.j2")
    if template.example or template.folder == "task":
        yield "example/make_store.py", filled("make_store.py.j2")
