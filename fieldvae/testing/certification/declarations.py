"""Checks of fields and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from fieldvae.contract import Task
from fieldvae.data.samples import Samples
from fieldvae.data.scaling import Scaling
from fieldvae.data.units import check_units
from fieldvae.document import merge, parse_document
from fieldvae.errors import InputError, PluginError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.registry import parse_field
from fieldvae.spec import ScalingSpec
from fieldvae.testing.certification.specimens import GRIDS, cells
from fieldvae.workflow.filling import make_plan, preset_names, resolve

SAMPLES = 8

LEFT_TO_THE_STORE = ("first", "second", "third")
"""Labels for a field that leaves its components to the store."""


def check_field(field: Any, /, *, name: str = "") -> None:
    """Check that a field's declaration serves: units, values in a store, scaling there and back.

    Parameters
    ----------
    field
        A ``FieldSpec``, or a YAML file as package data.
    name
        The name of its entry point; that of the field where left out.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.

    Examples
    --------
    >>> check_field(FieldSpec(name="heat", units="K", bounds=(0.0, None)))
    """
    spec = _declared(field, name)
    what = f"field {spec.name}"
    if name and spec.name != name:
        raise PluginError(
            f"{what}: its entry point is named {name!r}; expected one name for both, as a task "
            "asks for the entry point and a store has the field"
        )
    try:
        check_units(spec.units, where=what)
    except InputError as error:
        raise PluginError(str(error)) from None
    if spec.components is None:
        spec = spec.with_components(LEFT_TO_THE_STORE)
    for grid in GRIDS:
        try:
            _check_store(spec, grid)
        except InputError as error:
            raise PluginError(f"{what} on {cells(grid)}: {error}") from error


def _declared(field: Any, name: str) -> FieldSpec:
    if isinstance(field, FieldSpec):
        return field
    if not hasattr(field, "read_text"):
        raise PluginError(
            f"field {name or field!r}: it is a {type(field).__name__}; expected a "
            "fieldvae.FieldSpec, or a YAML file: importlib.resources.files('package') / 'name.yaml'"
        )
    document = parse_document(field.read_text(encoding="utf-8"), name=str(field))
    return parse_field(document, name or str(field.name).removesuffix(".yaml"))


def _check_store(spec: FieldSpec, grid: Grid) -> None:
    """A store of such a field is accepted, and its values are scaled and come back."""
    values = _values(spec, grid)
    axes = grid.axes if spec.on == "grid" else ()
    dataset = xr.Dataset(
        {spec.name: (("sample", "part", *axes), values, {"units": spec.units})},
        coords={"part": list(spec.labels)},
        attrs=grid.attributes(),
    )
    samples = Samples.from_dataset(dataset, {spec.name: spec}, grid=grid)
    scaling = Scaling.fit(samples.dataset, samples.fields, range(SAMPLES), ScalingSpec())
    scaled = scaling.to_model(samples.dataset, [spec.name], grid=grid)
    back = scaling.to_dataset(scaled, grid)[spec.name].values
    found = samples.dataset[spec.name].values
    if not np.allclose(back, found, rtol=1e-3, atol=1e-4 * np.abs(found).max()):
        raise PluginError(
            "values come back from scaling up to "
            f"{np.abs(back - found).max():.2g} {spec.units} off; choose another 'scaling'"
        )


def _values(spec: FieldSpec, grid: Grid) -> np.ndarray:
    """Draw values within the field's bounds that keep its closure."""
    chance = np.random.default_rng(0)
    shape = (SAMPLES, len(spec.labels), *(grid.shape if spec.on == "grid" else ()))
    if spec.closure == "simplex":
        shares = chance.dirichlet(np.ones(shape[1]), size=(SAMPLES, *shape[2:]))
        return np.moveaxis(shares, -1, 1)
    if spec.closure == "solenoidal":
        return np.zeros(shape)
    low, high = spec.bounds
    if low is None and high is None and "log" not in (spec.scaling or ()):
        values = chance.standard_normal(shape)
    else:
        low = low if low is not None else (0.0 if high is None else high - 2.0)
        high = high if high is not None else low + 2.0
        values = low + (high - low) * chance.uniform(0.05, 0.95, shape)
    if spec.zero_mean:
        values = values - values.mean(axis=tuple(range(2, values.ndim)), keepdims=True)
    return np.asarray(values)


def check_task(task: Any, /) -> None:
    """Check that a task is whole under every preset: fields, plugins, keys and options.

    The fields are those of its own ``defaults`` (``{"fields": ...}``) or of installed plugins.

    Parameters
    ----------
    task
        The ``Task``.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.

    Examples
    --------
    >>> heat, cold = {"units": "K"}, {"units": "K"}
    >>> fields = {"fields": {"heat": heat, "cold": cold}}
    >>> check_task(Task(("heat",), ("cold",), "Cold given heat.", defaults=fields))
    """
    if not isinstance(task, Task):
        raise PluginError(f"task: it is a {type(task).__name__}; expected a fieldvae.Task")
    if not task.description:
        raise PluginError(
            "task: it has no description; say in a sentence what is learned from what, as "
            "'fieldvae init' writes it into task files"
        )
    unknown = sorted(set(task.presets) - set(preset_names()))
    if unknown:
        raise PluginError(
            f"task: there is no preset {unknown[0]!r}; presets: {', '.join(preset_names())}"
        )
    for preset in preset_names():
        try:
            resolve(make_plan(_filled(task, preset)))
        except InputError as error:
            raise PluginError(f"task under the preset {preset!r}: {error}") from error


def _filled(task: Task, preset: str) -> Mapping[str, Any]:
    """What a user's file would be that says the same."""
    given: dict[str, Any] = {
        "name": "checked",
        "inputs": list(task.inputs),
        "outputs": list(task.outputs),
        "data": {"store": "store.zarr"},
        "model": {"preset": preset},
    }
    return merge(merge(given, task.defaults), task.presets.get(preset, {}))
