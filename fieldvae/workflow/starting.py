"""A first task file, with a line on everything that may be set."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr
from pydantic import BaseModel

from fieldvae import registry
from fieldvae.data.conform import SAMPLE, component_dimension
from fieldvae.data.store import read_dataset
from fieldvae.errors import OptionError, StoreError, nearest
from fieldvae.field import VOIGT
from fieldvae.grid import AXES
from fieldvae.spec import TaskSpec
from fieldvae.workflow.filling import make_plan

SECTIONS = ("data", "model", "training", "prediction", "evaluation")
"""Sections whose keys are all listed, with their defaults."""

GIVEN = {("data", "store"), ("model", "preset")}
"""Keys that stand in the file already."""

ALONE = {("data", "group")}
"""Keys whose default holds only where the samples have it: told alone, as those without default."""

COMMENT = 46
"""Column where the words on a key begin."""

HEAD = """\
# {title}
# What is commented out are the defaults: remove '# ' to change one. Then
#     fieldvae validate {file}     # print the plan
#     fieldvae run {file}          # train, score, report
# For completion in an editor: fieldvae schema task > task.schema.json
# yaml-language-server: $schema=task.schema.json
name: {name}
"""


def write_task(
    task: str | None,
    *,
    store: Path,
    out: Path,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
) -> Path:
    """Write a task file that starts from an installed task, or from the fields of a store.

    Parameters
    ----------
    task
        An installed task; ``None`` where inputs and outputs are named instead.
    store
        The store to learn from. It is read where inputs and outputs are named: fields that no
        plugin declares are declared in the file, with their units, components and kind.
    out
        File to write.
    inputs, outputs
        Names of variables of the store.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    PluginError
        If no such task is installed.
    OptionError
        If the file exists, or neither a task nor inputs and outputs are named.
    StoreError
        If the store lacks a field, or a field its units.
    """
    if out.exists():
        raise OptionError(f"{out} exists; choose another --out")
    if task is not None and not inputs and not outputs:
        declared = registry.load("tasks", task)
        title = declared.description or f"The task {task}."
        names = f"{', '.join(declared.inputs)} -> {', '.join(declared.outputs)}"
        subject = [_commented(f"task: {task}", names)]
        start: dict[str, Any] = {"task": task}
        coordinates: list[str] = []
    else:
        if task is not None or not inputs or not outputs:
            raise OptionError(
                "name an installed task, as in fieldvae init stress, or what to learn from a "
                f"store, as in --store my.zarr --inputs a,b --outputs c{_listed(store)}"
            )
        dataset = read_dataset(store)
        _check_there(dataset, [*inputs, *outputs], str(store))
        _check_on_grid(dataset, outputs, str(store))
        fields = {
            name: _declared(dataset[name], f"{name!r} in {store}")
            for name in (*inputs, *outputs)
            if name not in registry.names("fields")
        }
        title = f"{', '.join(outputs)} given {', '.join(inputs)}."
        subject = _subject(fields, inputs, outputs)
        start = {"fields": fields, "inputs": [*inputs], "outputs": [*outputs]}
        coordinates = [str(n) for n, c in dataset.coords.items() if c.dims == (SAMPLE,)]
    place = os.path.relpath(str(store), str(out.parent))
    filled = make_plan({**start, "name": out.stem, "data": {"store": place}}).spec
    lines = [*subject, *_sections(filled, place, coordinates)]
    head = HEAD.format(title=title, file=out, name=out.stem)
    out.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return out


def _listed(store: Path) -> str:
    """The variables of a store with dims and units, a line each; nothing where there is none."""
    if not store.exists():
        return ""
    found = read_dataset(store).data_vars
    width = max((len(str(name)) for name in found), default=0)
    lines = [
        f"  {name!s:<{width}}  ({', '.join(map(str, array.dims))})  "
        f"{array.attrs.get('units', 'no units')}"
        for name, array in found.items()
    ]
    return "\n".join([f"\n{store} holds:", *(lines or ["  nothing"])])


def _subject(
    fields: Mapping[str, Mapping[str, Any]], inputs: Sequence[str], outputs: Sequence[str]
) -> list[str]:
    """The lines that say what is learned from what."""
    lines = []
    if fields:
        lines.append(_commented("fields:", "as the store has them; check kinds"))
        lines += [f"  {name}: {_flow(field)}" for name, field in fields.items()]
        lines.append(
            "  # more of a field: bounds: [0, 1], closure: zero-mean, scaling: [log], symbol: T"
        )
    lines.append(_commented(f"inputs: {_flow(inputs)}", "what is given"))
    lines.append(_commented(f"outputs: {_flow(outputs)}", "what is drawn"))
    return lines


def _check_there(dataset: xr.Dataset, names: Sequence[str], store: str) -> None:
    known = sorted(str(variable) for variable in dataset.data_vars)
    for name in names:
        if name not in dataset.variables:
            hint = nearest(name, known) or f"; it holds {', '.join(known)}"
            raise StoreError(f"{store} has no variable {name!r}{hint}")


def _check_on_grid(dataset: xr.Dataset, outputs: Sequence[str], store: str) -> None:
    for name in outputs:
        if not any(axis in dataset[name].dims for axis in AXES):
            dims = ", ".join(map(str, dataset[name].dims))
            raise StoreError(
                f"{name!r} in {store} has dims ({dims}), no axis of a grid; outputs are fields on "
                "the grid: name it under --inputs, or rename its dims"
            )


def _declared(array: xr.DataArray, where: str) -> dict[str, Any]:
    """Read what a variable says of itself; its kind follows from its components' labels."""
    units = array.attrs.get("units")
    if not isinstance(units, str) or not units.strip():
        raise StoreError(f"{where} has no units; set its attribute 'units' ('1' for none)")
    field: dict[str, Any] = {"units": units}
    dim = component_dimension(array)
    labels = [] if dim is None or dim not in array.coords else [str(x) for x in array[dim].values]
    kind = array.attrs.get("tensor_kind") or _kind(labels)
    if kind != "scalar":
        field |= {"tensor_kind": kind, "components": labels}
    if not any(axis in array.dims for axis in AXES):
        field["on"] = SAMPLE
    if isinstance(array.attrs.get("long_name"), str):
        field["long_name"] = array.attrs["long_name"]
    return field


def _kind(labels: Sequence[str]) -> str:
    if not labels:
        return "scalar"
    if set(labels) == set(VOIGT):
        return "symmetric"
    return "vector" if set(labels) == set(AXES[: len(labels)]) and len(labels) > 1 else "set"


def _sections(filled: TaskSpec, store: str, coordinates: Sequence[str]) -> Iterator[str]:
    """Every section with its keys, defaults commented out."""
    values = filled.model_dump(mode="json")
    yield "data:"
    yield _commented(f"  store: {store}", "a Zarr store, or a list of stores of one grid")
    if coordinates:
        yield f"  # sample coordinates of the store: {', '.join(coordinates)}"
    yield from _keys(TaskSpec.model_fields["data"].annotation, values, ("data",), indent="  ")
    yield "model:"
    yield _commented(f"  preset: {filled.model.preset}", "default, or paper (arXiv:2604.02281)")
    yield from _keys(TaskSpec.model_fields["model"].annotation, values, ("model",), indent="  ")
    yield _commented("# losses:", "terms of the loss, each a plugin with its options and weight")
    yield from (f"#   - {_flow(loss)}" for loss in values["losses"])
    yield _commented(
        f"# symmetry: {_flow(values['symmetry'])}", "none, cubic, translations, 3x3 operations"
    )
    for section in ("training", "prediction", "evaluation"):
        yield f"# {section}:"
        annotation = TaskSpec.model_fields[section].annotation
        yield from _keys(annotation, values, (section,), indent="#   ")


def _keys(
    section: Any, values: Mapping[str, Any], loc: tuple[str, ...], *, indent: str
) -> Iterator[str]:
    """The keys of a section, each on a line with what it means."""
    assert isinstance(section, type)
    assert issubclass(section, BaseModel)
    for key, field in section.model_fields.items():
        if (*loc, key) in GIVEN:
            continue
        value = values[loc[0]][key]
        mark = indent if indent.startswith("#") else f"# {indent}"
        if value is None or (*loc, key) in ALONE:
            yield f"{mark}# {key}: {_short(field.description)}"
        else:
            yield _commented(f"{mark}{key}: {_flow(value)}", _short(field.description))


def _short(description: str | None) -> str:
    """The first sentence of a description."""
    return (description or "").split(". ")[0].removesuffix(".").replace("`", "")


def _commented(line: str, words: str) -> str:
    return f"{line.ljust(COMMENT)}  # {words}" if words else line


def _flow(value: Any) -> str:
    """Write plain data as YAML on one line."""
    from io import StringIO

    from ruamel.yaml import YAML

    writer = YAML(typ="safe")
    writer.default_flow_style = True
    writer.width = 10_000
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = StringIO()
    writer.dump(value, stream)
    return stream.getvalue().strip().removesuffix("...").strip()
