"""The importer ``arrays``: fields that are on a grid already, in npy, npz, netCDF or HDF5 files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from pydantic import PositiveFloat

from fieldvae.data.arrayfiles import COMPONENT, ArrayFile, grouped, opened
from fieldvae.data.conform import SAMPLE
from fieldvae.data.files import find_files
from fieldvae.data.naming import Naming, by_name, one_by_name
from fieldvae.data.samples import STORE_VERSION
from fieldvae.errors import OptionError, StoreError
from fieldvae.grid import AXES, Grid

EVEN = 1e-6
"""Share of a cell's edge by which the coordinates of a grid may miss even spacing."""

Rows = Sequence[tuple[ArrayFile, Sequence[int | None]]]
"""Every file with its rows; the row is ``None`` where a file is a sample."""


@dataclass(frozen=True, eq=False)
class GriddedSamples:
    """The samples of one call of :func:`arrays`, read one by one when asked for.

    Parameters
    ----------
    attributes
        Group attributes of the store.
    samples
        File and row of every sample; the row is ``None`` where a file is a sample.
    axes
        What the axes of arrays are where files do not say.
    naming
        Names, units and labels of fields.
    sizes, names
        Shape of the grid and names of the fields in the first file that can be read.
    """

    attributes: Mapping[str, Any]
    samples: tuple[tuple[ArrayFile, int | None], ...]
    axes: tuple[str, ...]
    naming: Naming
    sizes: Mapping[str, int]
    names: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.samples)

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Read one sample."""
        if not 0 <= index < len(self.samples):
            raise IndexError(f"sample {index} of {len(self.samples)}")
        file, row = self.samples[index]
        with opened(file, self.axes) as found:
            dataset = self.naming.named(found, where=str(file))
            self._check_alike(dataset, file)
            rows = dataset.sizes.get(SAMPLE)
            if (row is None) != (rows is None) or (rows is not None and rows <= (row or 0)):
                raise StoreError(f"{file} has changed since the call began; call again")
            one = (dataset if row is None else dataset.isel({SAMPLE: row})).load()
        one = one.drop_vars([axis for axis in AXES if axis in one.coords])  # the spacing says them
        where = f"{file}" if row is None else f"{file}, sample {row}"
        return xr.Dataset(
            {name: _storable(one[name], where) for name in self.names},
            coords={
                str(name): _storable(coordinate, where)
                for name, coordinate in one.coords.items()
                if name in coordinate.dims or not coordinate.dims
            },
        )

    def files_of(self, index: int, /) -> Sequence[Path]:
        """Return the files that one sample is read from."""
        return self.samples[index][0].paths

    def _check_alike(self, dataset: xr.Dataset, file: ArrayFile) -> None:
        names, sizes = _names(dataset), _sizes(dataset)
        if names != self.names or sizes != self.sizes:
            raise StoreError(
                f"{file} holds {', '.join(names)} on a grid of {_told(sizes)}; the first file "
                f"holds {', '.join(self.names)} on a grid of {_told(self.sizes)}: the samples of a "
                "store are alike; leave the file out, or import it into a store of its own"
            )


def arrays(
    files: Sequence[Path],
    *,
    units: str | tuple[str, ...] = (),
    labels: str | tuple[str, ...] = (),
    axes: tuple[str, ...] = (SAMPLE, COMPONENT, *AXES),
    fields: str | tuple[str, ...] = (),
    rename: str | tuple[str, ...] = (),
    spacing: tuple[PositiveFloat, ...] | None = None,
    spacing_units: str | None = None,
    periodic: tuple[bool, ...] | None = None,
    frame: tuple[float, ...] | None = None,
) -> GriddedSamples:
    """Make a store of arrays that are on a grid already: npy, npz, or what xarray opens.

    Every npy file is the field of the file's name, and all of them have the same samples. An npz,
    netCDF or HDF5 file holds all fields by their names, and the samples of several files follow one
    another in the natural order of their names; where axes name no sample, every file is one.
    An array of one number a sample becomes a coordinate of the samples, such as temperature.

    Parameters
    ----------
    files
        Files or patterns such as ``cells/*.npz``; npy files alone, or the others.
    units
        Units by field, concentration=1,residual_stress=GPa. Needed where files do not have them,
        as netCDF does in the attribute units.
    labels
        Labels of components by field, concentration=Ni,Co,Cr,residual_stress=xx,yy,zz,xy,xz,yz.
        Needed for fields of several components where files do not have them.
    axes
        Axes of arrays in npy and npz files; arrays of one axis fewer have no component. Axes of
        a grid are x, y and z.
    fields
        Fields to take; without it all that are on the grid.
    rename
        Dims or variables that the store names otherwise: time=sample,lat=y,rho=density.
    spacing
        Edges of a cell of the grid; without it as the files' coordinates x, y, z say, or 1.
    spacing_units
        Unit of the spacing, such as angstrom.
    periodic
        Whether the grid repeats along each axis; without it no.
    frame
        Axes x, y, z in crystal coordinates, nine numbers, orthonormal.

    Returns
    -------
    GriddedSamples
        The source.

    Raises
    ------
    OptionError
        If an option is wrong, or units or labels of a field are not known.
    StoreError
        If a file is missing, or none can be read.
    """
    _check_axes(axes)
    naming = Naming(
        fields=(fields,) if isinstance(fields, str) else tuple(fields),
        units=one_by_name("units", units),
        labels=by_name("labels", labels),
        rename=one_by_name("rename", rename),
    )
    rows, first = _surveyed(grouped(find_files(files)), axes, naming)
    grid = _grid(first, spacing, spacing_units, periodic, frame)
    return GriddedSamples(
        attributes={
            "fieldvae_store": STORE_VERSION,
            **grid.attributes(),
            "provenance": json.dumps(_provenance(rows, axes, naming)),
        },
        samples=tuple((file, row) for file, found in rows for row in found),
        axes=axes,
        naming=naming,
        sizes=_sizes(first),
        names=_names(first),
    )


def _surveyed(
    files: Sequence[ArrayFile], axes: tuple[str, ...], naming: Naming
) -> tuple[Rows, xr.Dataset]:
    """Look into every file: its rows, and the first that can be read, without its samples."""
    found: list[tuple[ArrayFile, Sequence[int | None]]] = []
    first: xr.Dataset | None = None
    trouble: StoreError | None = None
    for file in files:
        count: int | None = 1  # a file that cannot be read counts, and its error comes with it
        try:
            with opened(file, axes) as held:
                dataset = naming.named(held, where=str(file))
                count = dataset.sizes.get(SAMPLE)
                if first is None:
                    first = dataset.isel({SAMPLE: slice(0)} if count is not None else {}).load()
        except StoreError as error:
            trouble = trouble or error
        found.append((file, [None] if count is None else range(count)))
    if first is None:
        raise trouble or StoreError(f"{files[0]} holds nothing")
    return found, first


def _provenance(rows: Rows, axes: tuple[str, ...], naming: Naming) -> dict[str, Any]:
    return {
        "importer": "arrays",
        "files": [
            {"name": path.name, "samples": len(found)}
            for file, found in rows
            for path in file.paths
        ],
        "options": {"axes": axes, "rename": dict(naming.rename)},
        "versions": {"fieldvae": version("fieldvae"), "numpy": np.__version__},
    }


def _names(dataset: xr.Dataset) -> tuple[str, ...]:
    return tuple(str(name) for name in dataset.data_vars)


def _sizes(dataset: xr.Dataset) -> dict[str, int]:
    return {axis: dataset.sizes[axis] for axis in AXES if axis in dataset.sizes}


def _told(sizes: Mapping[str, int]) -> str:
    return " x ".join(map(str, sizes.values())) + f" ({', '.join(sizes)})"


def _check_axes(axes: Sequence[str]) -> None:
    known = (SAMPLE, COMPONENT, *AXES)
    on_grid = {axis for axis in axes if axis in AXES}
    whole = on_grid == set(AXES[: len(on_grid)]) and bool(on_grid)
    if not whole or len(set(axes)) < len(axes) or not {*axes} <= {*known}:
        raise OptionError(
            f"axes {','.join(axes)}; expected some of {','.join(known)}, each once and in the "
            "order of the arrays, with x, with x and y, or with x, y and z"
        )


def _grid(
    dataset: xr.Dataset,
    spacing: tuple[float, ...] | None,
    spacing_units: str | None,
    periodic: tuple[bool, ...] | None,
    frame: tuple[float, ...] | None,
) -> Grid:
    sizes = _sizes(dataset)
    if not sizes or tuple(sizes) != AXES[: len(sizes)]:
        raise StoreError(
            f"the grid has the axes {', '.join(sizes) or 'none'}; expected x, x y, or x y z: "
            "rename dims, such as rename lon=x,lat=y"
        )
    found, units = (None, None) if spacing else _spacing(dataset)
    optional = {} if frame is None else {"frame": frame}
    return Grid(
        shape=tuple(sizes.values()),
        spacing=spacing or found or (1.0,) * len(sizes),
        spacing_units=spacing_units or units or "1",
        periodic=periodic or (False,) * len(sizes),
        **optional,
    )


def _spacing(dataset: xr.Dataset) -> tuple[tuple[float, ...] | None, str | None]:
    """Return the spacing and its unit that coordinates of the grid say, where all axes have one."""
    axes = list(_sizes(dataset))
    if not all(axis in dataset.coords and dataset.sizes[axis] > 1 for axis in axes):
        return None, None
    found: list[float] = []
    for axis in axes:
        steps = np.abs(np.diff(dataset[axis].values.astype(np.float64)))
        if np.ptp(steps) > EVEN * steps.mean() or not steps.mean() > 0.0:
            raise StoreError(
                f"the coordinate {axis!r} is not evenly spaced, by {steps.min():.6g} to "
                f"{steps.max():.6g}; expected a regular grid: interpolate to one first"
            )
        found.append(float(steps.mean()))
    units = {str(dataset[axis].attrs.get("units", "1")) for axis in axes}
    if len(units) > 1:
        raise StoreError(
            f"the coordinates of the grid are in {', '.join(sorted(units))}; expected one unit: "
            "say spacing and spacing_units"
        )
    return tuple(found), units.pop()


def _storable(array: xr.DataArray, where: str) -> xr.DataArray:
    """Return numbers of a kind that every file keeps; none loses a digit."""
    if array.dtype.kind in "US" or array.dtype == object:
        return array
    if array.dtype.kind not in "fiu":
        raise StoreError(
            f"{str(array.name)!r} in {where} has dtype {array.dtype}; expected real numbers"
        )
    attributes = {key: array.attrs[key] for key in ("units", "long_name") if key in array.attrs}
    exact = np.promote_types(array.dtype, np.float32 if array.dtype.kind == "f" else np.float64)
    return array.astype(exact).drop_attrs().drop_encoding().assign_attrs(attributes)
