"""Stores and plans described and checked."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from fieldvae import registry
from fieldvae.data.conform import REALIZATION, SAMPLE, component_dimension
from fieldvae.data.findings import Findings
from fieldvae.data.samples import Samples
from fieldvae.data.store import open_realizations, open_store, read_dataset
from fieldvae.errors import GridError, StoreError
from fieldvae.field import FieldSpec
from fieldvae.grid import AXES, Grid
from fieldvae.workflow.filling import Plan
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.rehearsing import rehearsed

SCREEN = 100
"""Characters of a line."""


def describe_store(path: Path) -> str:
    """Say what a store holds: fields, grid, samples, provenance."""
    dataset = read_dataset(path)
    lines = [f"{path}: {dataset.sizes.get('sample', 0)} samples"]
    for name in _sorted(dataset.data_vars):
        array = dataset[name]
        dims = ", ".join(f"{dim} {size}" for dim, size in array.sizes.items())
        lines.append(f"  {name} ({dims}) {array.attrs.get('units', 'no units')}")
        if REALIZATION in array.sizes:
            lines.append(f"      {array.sizes[REALIZATION]} realizations of every sample")
        component = component_dimension(array)
        if component in array.coords:
            lines.append(f"      {component}: {', '.join(map(str, array[component].values))}")
    for name in _sorted(dataset.coords):
        coordinate = dataset[name]
        if coordinate.dims in ((SAMPLE,), (SAMPLE, REALIZATION)) and coordinate.dtype.kind in "fiu":
            low, high = float(coordinate.min()), float(coordinate.max())
            units = coordinate.attrs.get("units", "")
            lines.append(f"  {name}: {low:g} to {high:g} {units}".rstrip())
    told = ("spacing", "spacing_units", "periodic", "frame", "command")
    lines += [f"  {key}: {dataset.attrs[key]}" for key in told if key in dataset.attrs]
    lines += _provenance(dataset.attrs.get("provenance"))
    return "\n".join(lines)


def _provenance(told: Any) -> list[str]:
    """Provenance in lines of a screen's width; JSON one key a line."""
    if told is None:
        return []
    try:
        entries = json.loads(told) if isinstance(told, str) else told
    except json.JSONDecodeError:
        entries = told
    if not isinstance(entries, dict):
        entries = {"": entries}
    lines = [f"{name}: {value}" if name else str(value) for name, value in entries.items()]
    return ["  provenance:", *("    " + textwrap.shorten(line, SCREEN) for line in lines)]


def check_store(path: Path) -> str:
    """Check a store against the fields that plugins declare, and the rest against itself.

    Raises
    ------
    StoreError
        With every mistake, one a line.
    """
    dataset = read_dataset(path)
    fields: dict[str, FieldSpec] = {}
    unknown = []
    for name in _sorted(dataset.data_vars):
        if "sample" not in dataset[name].dims:
            continue
        if name in registry.names("fields"):
            plugin = registry.load("fields", name)
            if isinstance(plugin, FieldSpec):
                fields[name] = plugin
        else:
            unknown.append(name)
    if not fields and not unknown:
        raise StoreError(f"{path} holds no variable with a dim 'sample'; expected fields")
    if not fields:
        _check_grid(dataset, path)
    lines = [f"{path}: sound"]
    if fields:
        lines += _checked(dataset, path, fields)
    if unknown:
        lines.append(f"  declared by no plugin, not checked: {', '.join(unknown)}")
    return "\n".join(lines)


def _checked(dataset: xr.Dataset, path: Path, fields: Mapping[str, FieldSpec]) -> list[str]:
    """Check declared fields, all realizations of those that have several."""
    repeated = {name: fields[name] for name in fields if REALIZATION in dataset[name].dims}
    single = {name: fields[name] for name in fields if name not in repeated}
    findings = Findings()
    found: list[Samples] = []
    with findings.collect():
        found += [open_store(path, single)] if single else []
    with findings.collect():
        for one in open_realizations(path, repeated) if repeated else ():
            found = found or [one]
    findings.refuse()
    shape = " x ".join(map(str, found[0].grid.shape))
    lines = [f"  {len(found[0])} samples on {shape}"]
    if repeated:
        count = dataset.sizes[REALIZATION]
        lines.append(f"  {count} realizations of every sample: {', '.join(repeated)}")
    return [*lines, f"  checked against plugins: {', '.join(fields)}"]


def _check_grid(dataset: xr.Dataset, path: Path) -> None:
    """Check the grid's attributes where no field that is checked has a grid."""
    axes = [axis for axis in AXES if axis in dataset.sizes]
    if not axes:
        return
    try:
        Grid.from_attributes(tuple(dataset.sizes[axis] for axis in axes), dataset.attrs)
    except (GridError, TypeError, ValueError) as error:
        raise GridError(f"{path}: {error}; correct the group's attributes") from None


def describe_plan(plan: Plan) -> str:
    """Say what a run of this plan would do: fields, networks, samples."""
    prepared = prepare(plan)
    spec = prepared.spec
    network = rehearsed(prepared)
    lines = [
        f"{spec.name}: {', '.join(spec.inputs)} -> {', '.join(spec.outputs)}",
        *(f"  {_described(field)}" for field in (*prepared.inputs, *prepared.outputs)),
    ]
    counts = prepared.summary()["samples"]
    lines.append(
        f"{counts['train']} train, {counts['validation']} validation, {counts['test']} test "
        f"samples on {' x '.join(map(str, prepared.grid.shape))}; {prepared.symmetry}"
    )
    lines.append(f"  {_described_cells(prepared.grid)}")
    for name, part in network.named_children():
        lines.append(f"  {name}: {sum(p.numel() for p in part.parameters()):,} weights")
    return "\n".join(lines)


def _sorted(names: Iterable[Hashable]) -> list[str]:
    """Names in the order of the alphabet; a folder lists its files in any."""
    return sorted(map(str, names))


def _described(field: FieldSpec) -> str:
    told = f"{field.name}: {field.tensor_kind}, {field.units}"
    return told if field.tensor_kind == "scalar" else f"{told}, {', '.join(field.labels)}"


def _described_cells(grid: Grid) -> str:
    """Say how large a cell is and where the grid repeats."""
    units = "" if grid.spacing_units == "1" else f" {grid.spacing_units}"
    periodic = [axis for axis, repeats in zip(grid.axes, grid.periodic, strict=True) if repeats]
    return (
        f"cells of {' x '.join(f'{h:g}' for h in grid.spacing)}{units}, "
        f"periodic along {', '.join(periodic) or 'no axis'}"
    )
