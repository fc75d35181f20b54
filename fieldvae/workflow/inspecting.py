"""Stores described and checked, without importing torch."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np
import xarray as xr

from fieldvae import registry
from fieldvae.data.conform import REALIZATION, SAMPLE, component_dimension
from fieldvae.data.findings import Findings
from fieldvae.data.samples import Samples
from fieldvae.data.store import open_realizations, open_store, read_dataset
from fieldvae.data.values import mean_left
from fieldvae.errors import GridError, StoreError
from fieldvae.field import FieldSpec, TensorKind
from fieldvae.grid import AXES, Grid

SCREEN = 100
"""Characters of a line."""

TOLD = 5
"""How many of the samples that were left out are told."""


def describe_store(path: Path) -> str:
    """Say what a store holds: fields, grid, samples, provenance."""
    dataset = read_dataset(path)
    lines = [f"{path}: {_plural(dataset.sizes.get(SAMPLE, 0), 'sample')}"]
    for name in _sorted(dataset.data_vars):
        array = dataset[name]
        dims = ", ".join(f"{dim} {size}" for dim, size in array.sizes.items())
        lines.append(f"  {name} ({dims}) {array.attrs.get('units', 'no units')}")
        if REALIZATION in array.sizes:
            lines.append(f"      {array.sizes[REALIZATION]} realizations of every sample")
        component = component_dimension(array)
        if component in array.coords:
            lines.append(f"      {component}: {', '.join(map(str, array[component].values))}")
    lines += [f"  {name}: {_range(dataset[name])}" for name in _numbers(dataset)]
    told = ("spacing", "spacing_units", "periodic", "frame", "command")
    lines += [f"  {key}: {dataset.attrs[key]}" for key in told if key in dataset.attrs]
    skipped = list(dataset.attrs.get("skipped", ()))
    if skipped:
        lines += [f"  skipped: {_plural(len(skipped), 'sample')}"]
        lines += ["    " + textwrap.shorten(str(one), SCREEN) for one in skipped[:TOLD]]
        lines += ["    ..."] if len(skipped) > TOLD else []
    lines += _provenance(dataset.attrs.get("provenance"))
    return "\n".join(lines)


def _numbers(dataset: xr.Dataset) -> list[str]:
    """Names of the coordinates of samples, or of their realizations, that are numbers."""
    return [
        name
        for name in _sorted(dataset.coords)
        if dataset[name].dims in ((SAMPLE,), (SAMPLE, REALIZATION))
        and dataset[name].dtype.kind in "fiu"
    ]


def _range(coordinate: xr.DataArray) -> str:
    """Smallest and largest value, and how many are missing."""
    values = coordinate.values[np.isfinite(coordinate.values)]
    absent = coordinate.size - values.size
    missing = f"missing in {absent} of {coordinate.size}" if absent else ""
    if not values.size:
        return missing
    low, high = float(values.min()), float(values.max())
    units = coordinate.attrs.get("units", "1")
    told = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    told += "" if units == "1" else f" {units}"
    return f"{told}, {missing}" if missing else told


def _plural(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


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

    Where a field is of another kind than its plugin declares, or has a mean that the plugin's
    closure rules out, the store is sound all the same: a note says how a task declares the field
    anew.

    Raises
    ------
    StoreError
        With every mistake, one a line.
    """
    dataset = read_dataset(path)
    declared: dict[str, FieldSpec] = {}
    unknown = []
    for name in _sorted(dataset.data_vars):
        if SAMPLE not in dataset[name].dims:
            continue
        if name in registry.names("fields"):
            plugin = registry.load("fields", name)
            if isinstance(plugin, FieldSpec):
                declared[name] = plugin
        else:
            unknown.append(name)
    if not declared and not unknown:
        raise StoreError(f"{path} holds no variable with a dim 'sample'; expected fields")
    if not declared:
        _check_grid(dataset, path)
    lines = [f"{path}: sound"]
    if declared:
        lines += _checked(dataset, path, declared)
    if unknown:
        lines.append(f"  declared by no plugin, not checked: {', '.join(unknown)}")
    return "\n".join(lines)


def _checked(dataset: xr.Dataset, path: Path, declared: Mapping[str, FieldSpec]) -> list[str]:
    """Check declared fields, all realizations of those that have several."""
    fields = {name: _of_its_kind(dataset[name], spec) for name, spec in declared.items()}
    repeated = {name: fields[name] for name in fields if REALIZATION in dataset[name].dims}
    single = {name: fields[name] for name in fields if name not in repeated}
    findings, notes = Findings(), _Notes(declared, fields)
    found: list[Samples] = []
    with findings.collect():
        found += [open_store(path, single)] if single else []
        notes.look(found)
    with findings.collect():
        for one in open_realizations(path, repeated) if repeated else ():
            found = found or [one]
            notes.look([one])
    findings.refuse()
    shape = " x ".join(map(str, found[0].grid.shape))
    lines = [f"  {_plural(len(found[0]), 'sample')} on {shape}"]
    if repeated:
        count = dataset.sizes[REALIZATION]
        lines.append(f"  {count} realizations of every sample: {', '.join(repeated)}")
    lines.append(f"  checked against plugins: {', '.join(fields)}")
    return [*lines, *notes.lines()]


def _of_its_kind(array: xr.DataArray, declared: FieldSpec) -> FieldSpec:
    """Return what a field is checked against: its plugin's declaration, but for two things.

    The kind is the one that the store says, and a mean over the grid is no mistake of a store.
    """
    kind = array.attrs.get("tensor_kind", declared.tensor_kind)
    if kind != declared.tensor_kind and kind in get_args(TensorKind):
        return FieldSpec(name=declared.name, units=declared.units, tensor_kind=kind)
    if declared.closure == "zero-mean":
        return declared.model_copy(update={"closure": "none"})
    return declared


class _Notes:
    """What a task must say of fields that are sound and not what their plugins declare.

    Parameters
    ----------
    declared, checked
        The fields as plugins declare them, and as they were checked.
    """

    def __init__(self, declared: Mapping[str, FieldSpec], checked: Mapping[str, FieldSpec]) -> None:
        self.checked = checked
        self.differing = {
            name: f"is {field.tensor_kind} here, {declared[name].tensor_kind} by its plugin"
            for name, field in checked.items()
            if field.tensor_kind != declared[name].tensor_kind
        }
        self.balanced = [
            name
            for name, field in declared.items()
            if field.closure == "zero-mean" and name not in self.differing
        ]

    def look(self, found: Iterable[Samples]) -> None:
        """See which fields have a mean over the grid that their plugin rules out."""
        for samples in found:
            for name in {*self.balanced} & {*samples.fields} - {*self.differing}:
                told = mean_left(samples.dataset[name].values, samples.fields[name])
                if told is not None:
                    self.differing[name] = f"has {told}, and its plugin declares none"

    def lines(self) -> list[str]:
        """Return one line for each field."""
        return [
            f"  note: {name} {told}; a task that takes it declares it anew: fields: {{{name}: "
            f"{{units: {_yaml(self.checked[name].units)}, "
            f"tensor_kind: {self.checked[name].tensor_kind}}}}}"
            for name, told in sorted(self.differing.items())
        ]


def _yaml(units: str) -> str:
    """Units as YAML takes them for text."""
    return f"'{units}'" if units[:1].isdigit() else units


def _check_grid(dataset: xr.Dataset, path: Path) -> None:
    """Check the grid's attributes where no field that is checked has a grid."""
    axes = [axis for axis in AXES if axis in dataset.sizes]
    if not axes:
        return
    try:
        Grid.from_attributes(tuple(dataset.sizes[axis] for axis in axes), dataset.attrs)
    except (GridError, TypeError, ValueError) as error:
        raise GridError(f"{path}: {error}; correct the group's attributes") from None


def _sorted(names: Iterable[Hashable]) -> list[str]:
    """Names in the order of the alphabet; a folder lists its files in any."""
    return sorted(map(str, names))
