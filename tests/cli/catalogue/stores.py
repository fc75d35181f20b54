"""Mistakes in a store, or in how a task names it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

from fieldvae.data.store import write_store

from .case import TASK, Case

FLUX, GRADIENT, AXES = "flux", "gradient", ("x", "y", "z")


def dataset(samples: int = 12) -> xr.Dataset:
    """Fields of a porous medium on 3 x 3 x 2 cells: the flux follows the gradient, with noise."""
    chance = np.random.default_rng(3)
    shape = (3, 3, 2)
    gradient = chance.standard_normal((samples, 3, *shape))
    flux = -gradient + 0.1 * chance.standard_normal(gradient.shape)
    permeability = 1 + 0.1 * chance.standard_normal((samples, *shape))
    return xr.Dataset(
        {
            "permeability": (("sample", *AXES), permeability, {"units": "m^2"}),
            "gradient": (("sample", "direction", *AXES), gradient, {"units": "Pa/m"}),
            "flux": (("sample", "direction", *AXES), flux, {"units": "m/s"}),
        },
        coords={"direction": np.array(list("xyz"), dtype=object)},
        attrs={"spacing": [2.0, 2.0, 2.0], "spacing_units": "mm", "periodic": [1, 1, 0]},
    )


def put(data: xr.Dataset, path: Path) -> None:
    """Write a dataset as any program may, without a manifest."""
    shutil.rmtree(path, ignore_errors=True)
    text = [name for name, variable in data.variables.items() if variable.dtype.kind == "U"]
    data = data.assign({name: data[name].astype(object) for name in text})
    data.to_zarr(path, consolidated=False, zarr_format=3)


def store(name: str, change: Callable[[xr.Dataset], xr.Dataset]) -> Case:
    """A store whose dataset is changed."""
    return Case(name, lambda folder: put(change(dataset()), folder / "store.zarr"))


def declared(
    name: str, change: Callable[[xr.Dataset], xr.Dataset], before: str, after: str
) -> Case:
    """A store whose dataset is changed, for a task in which some text is replaced."""

    def prepare(folder: Path) -> None:
        assert before in TASK
        (folder / "task.yaml").write_text(TASK.replace(before, after))
        put(change(dataset()), folder / "store.zarr")

    return Case(name, prepare)


def second(name: str, key: str, change: Callable[[xr.Dataset], xr.Dataset]) -> Case:
    """A second store beside a right one, named by a key of ``data``."""

    def prepare(folder: Path) -> None:
        given = {"store": "store: [store.zarr, other.zarr]"}.get(
            key, f"store: store.zarr\n  {key}: other.zarr"
        )
        (folder / "task.yaml").write_text(TASK.replace("store: store.zarr", given))
        put(change(dataset()), folder / "other.zarr")

    return Case(name, prepare)


def value(name: str, index: tuple[int, ...], number: float) -> Callable[[xr.Dataset], xr.Dataset]:
    """Set one value of a variable."""

    def change(data: xr.Dataset) -> xr.Dataset:
        data[name].values[index] = number
        return data

    return change


def units(name: str, text: str | None) -> Callable[[xr.Dataset], xr.Dataset]:
    """Set the units of a variable, or remove them."""

    def change(data: xr.Dataset) -> xr.Dataset:
        data[name].attrs = {} if text is None else {"units": text}
        return data

    return change


def attributes(**given: object) -> Callable[[xr.Dataset], xr.Dataset]:
    """Set attributes of the group."""
    return lambda data: data.assign_attrs(given)


def damage(folder: Path, pattern: str, how: Callable[[Path], object]) -> None:
    """Do something to the first file of a store whose path ends so."""
    how(min(p for p in (folder / "store.zarr").rglob("*") if p.match(pattern) and p.is_file()))


def flipped(path: Path) -> None:
    """Change one byte in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def damaged(name: str, pattern: str, how: Callable[[Path], object], *, manifest: bool) -> Case:
    """A store of which one file is damaged."""

    def prepare(folder: Path) -> None:
        if manifest:
            write_store(dataset(), folder / "store.zarr", overwrite=True)
        damage(folder, pattern, how)

    return Case(name, prepare)


def emptied(folder: Path) -> Path:
    """Remove the store."""
    shutil.rmtree(folder / "store.zarr")
    return folder / "store.zarr"


STORES = (
    # The store as a whole
    Case("no such store", lambda folder: emptied(folder) and None),
    Case(
        "a store of a like name",
        lambda folder: (folder / "store.zarr").rename(folder / "stores.zarr") and None,
    ),
    Case("a folder that is no store", lambda folder: emptied(folder).mkdir()),
    Case("a file instead of a store", lambda folder: emptied(folder).write_text("1 2 3") and None),
    Case(
        "a NetCDF file instead of a store",
        lambda folder: (
            xr.Dataset({FLUX: ("sample", np.ones(3))}).to_netcdf(emptied(folder), engine="scipy")
            and None
        ),
    ),
    Case(
        "an array instead of a store",
        lambda folder: zarr.save_array(emptied(folder), np.ones(3), zarr_format=3),
    ),
    store("an empty store", lambda _: xr.Dataset()),
    Case(
        "a write that was not finished",
        lambda folder: (folder / "store.zarr").rename(folder / "store.zarr.partial-812") and None,
    ),
    store("a store of a later version", attributes(fieldvae_store=2)),
    damaged("a damaged chunk", "flux/c/*/*/*/*/*", flipped, manifest=True),
    damaged("a chunk that is missing", "flux/c/*/*/*/*/*", Path.unlink, manifest=True),
    damaged(
        "a damaged chunk, no manifest",
        "flux/c/*/*/*/*/*",
        lambda path: path.write_bytes(path.read_bytes()[:9]),
        manifest=False,
    ),
    damaged(
        "a chunk that is missing, no manifest", "flux/c/*/*/*/*/*", Path.unlink, manifest=False
    ),
    damaged(
        "metadata cut off",
        "flux/zarr.json",
        lambda path: path.write_text(path.read_text()[:60]),
        manifest=False,
    ),
    declared(
        "one store twice",
        lambda data: data,
        "store: store.zarr",
        "store: [store.zarr, ./store.zarr]",
    ),
    # Variables and dims
    store("a missing variable", lambda data: data.drop_vars(FLUX)),
    store("a variable of another name", lambda data: data.rename(flux="fluxes")),
    store("an axis that is missing", lambda data: data.assign(flux=data.flux.isel(z=0, drop=True))),
    store("axes that leave one out", lambda data: data.isel(y=0, drop=True)),
    store("axes of other names", lambda data: data.rename(x="lon", y="lat", z="depth")),
    store("no samples dim", lambda data: data.rename(sample="case")),
    store("no samples", lambda data: data.isel(sample=slice(0)).drop_vars("direction")),
    store("a second component dim", lambda data: data.assign(flux=data.flux.expand_dims(time=2))),
    store(
        "several realizations where none should be",
        lambda data: data.assign(flux=data.flux.expand_dims(realization=2, axis=1)),
    ),
    store(
        "no component dim", lambda data: data.assign(flux=data.flux.isel(direction=0, drop=True))
    ),
    store(
        "a component dim of a scalar",
        lambda data: data.assign(permeability=data.permeability.expand_dims(direction=3)),
    ),
    # Components
    store("components without labels", lambda data: data.drop_vars("direction")),
    store("labels of another kind", lambda data: data.assign_coords(direction=list("uvw"))),
    store("a component that is missing", lambda data: data.isel(direction=slice(2))),
    store(
        "a vector in a plane",
        lambda data: data.isel(z=0, direction=slice(2)).assign_attrs(
            spacing=[2.0] * 2, periodic=[1, 1]
        ),
    ),
    store("a label twice", lambda data: data.assign_coords(direction=list("xyy"))),
    declared(
        "a set with one member more",
        lambda data: data,
        "flux: {units: m/s, tensor_kind: vector}",
        "flux: {units: m/s, tensor_kind: set, components: [x, y]}",
    ),
    # Units
    store("no units", units(FLUX, None)),
    store("empty units", units(FLUX, "")),
    store("units of a variable that nobody reads", units(FLUX, "meters per blink")),
    store("units of another dimension", units(FLUX, "K")),
    store(
        "a kind that contradicts the task",
        lambda data: data.assign(flux=data.flux.assign_attrs(tensor_kind="set")),
    ),
    # Values
    store("a missing value", value(FLUX, (3, 1, 0, 2, 1), np.nan)),
    store("an infinite value", value(GRADIENT, (5, 0, 0, 0, 0), np.inf)),
    declared(
        "a value out of bounds",
        value("permeability", (2, 0, 1, 1), -0.5),
        "{units: m^2}",
        "{units: m^2, bounds: [0, null]}",
    ),
    declared(
        "values in percent",
        lambda data: data.assign(permeability=(50 * data.permeability).assign_attrs(units="1")),
        "{units: m^2}",
        "{units: '1', bounds: [0, 1]}",
    ),
    declared(
        "a share above one",
        lambda data: value("permeability", (2, 0, 1, 1), 1.5)(
            data.assign(permeability=(0.5 * data.permeability).assign_attrs(units="1"))
        ),
        "{units: m^2}",
        "{units: '1', bounds: [0, 1]}",
    ),
    declared(
        "shares that do not sum to one",
        lambda data: data,
        "flux: {units: m/s, tensor_kind: vector}",
        "flux: {units: m/s, tensor_kind: set, closure: simplex}",
    ),
    declared(
        "a mean where none should be",
        lambda data: data.assign(flux=data.flux + 1),
        "{units: m/s,",
        "{units: m/s, closure: zero-mean,",
    ),
    declared(
        "a logarithm of what is not positive",
        lambda data: data,
        "flux: {units: m/s,",
        "flux: {units: m/s, scaling: log,",
    ),
    store("complex numbers", lambda data: data.assign(flux=data.flux * 1j)),
    store("text for numbers", lambda data: data.assign(flux=data.flux.astype(str))),
    store("an output that never changes", lambda data: data.assign(flux=data.flux * 0)),
    store("too few samples", lambda data: data.isel(sample=[0])),
    # The grid
    store("a spacing of two numbers", attributes(spacing=[2.0, 2.0])),
    store("a spacing below zero", attributes(spacing=[2.0, -2.0, 2.0])),
    store("a spacing in no length", attributes(spacing_units="K")),
    store("periodic in words", attributes(periodic="xyz")),
    store("a frame that is no rotation", attributes(frame=[1, 0, 0, 0, 2, 0, 0, 0, 1])),
    store(
        "a misspelled attribute", lambda data: data.assign_attrs(spacings=data.attrs.pop("spacing"))
    ),
    # Several stores
    second("a second store on another grid", "store", attributes(spacing=[3.0, 3.0, 3.0])),
    second("a test store of another shape", "test_store", lambda data: data.isel(x=slice(2))),
    second("a test store without outputs", "test_store", lambda data: data.drop_vars(FLUX)),
    second("replicates that are none", "replicates", lambda data: data),
    declared(
        "a coordinate that is not there",
        lambda data: data,
        "  store: store.zarr\n",
        "  store: store.zarr\n  stratify: temperatur\n",
    ),
    declared(
        "a group that is not there",
        lambda data: data,
        "  store: store.zarr\n",
        "  store: store.zarr\n  group: specimen\n",
    ),
)
