"""Stores and plans described and checked."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from fieldvae import registry
from fieldvae.data.conform import component_dimension
from fieldvae.data.samples import Samples
from fieldvae.data.store import open_store, read_dataset
from fieldvae.errors import StoreError
from fieldvae.field import FieldSpec
from fieldvae.workflow.filling import Plan
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.rehearsing import rehearsed

SCREEN = 100
"""Characters of a line."""


def describe_store(path: Path) -> str:
    """Say what a store holds: fields, grid, samples, provenance."""
    dataset = read_dataset(path)
    lines = [f"{path}: {dataset.sizes.get('sample', 0)} samples"]
    for name, array in dataset.data_vars.items():
        dims = ", ".join(f"{dim} {size}" for dim, size in array.sizes.items())
        lines.append(f"  {name} ({dims}) {array.attrs.get('units', 'no units')}")
        component = component_dimension(array)
        if component in array.coords:
            lines.append(f"      {component}: {', '.join(map(str, array[component].values))}")
    for name, coordinate in dataset.coords.items():
        if coordinate.dims == ("sample",) and coordinate.dtype.kind in "fiu":
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
    for name in map(str, dataset.data_vars):
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
    lines = [f"{path}: sound"]
    if fields:
        samples: Samples = open_store(path, fields)
        lines.append(f"  {len(samples)} samples on {' x '.join(map(str, samples.grid.shape))}")
        lines.append(f"  checked against plugins: {', '.join(fields)}")
    if unknown:
        lines.append(f"  declared by no plugin, not checked: {', '.join(unknown)}")
    return "\n".join(lines)


def describe_plan(plan: Plan) -> str:
    """Say what a run of this plan would do: fields, networks, samples."""
    prepared = prepare(plan)
    spec = prepared.spec
    network = rehearsed(prepared)
    lines = [
        f"{spec.name}: {', '.join(spec.inputs)} -> {', '.join(spec.outputs)}",
        *(
            f"  {field.name}: {field.tensor_kind}, {field.units}, {', '.join(field.labels)}"
            for field in (*prepared.inputs, *prepared.outputs)
        ),
    ]
    counts = prepared.summary()["samples"]
    lines.append(
        f"{counts['train']} train, {counts['validation']} validation, {counts['test']} test "
        f"samples on {' x '.join(map(str, prepared.grid.shape))}; {prepared.symmetry}"
    )
    for name, part in network.named_children():
        lines.append(f"  {name}: {sum(p.numel() for p in part.parameters()):,} weights")
    return "\n".join(lines)
