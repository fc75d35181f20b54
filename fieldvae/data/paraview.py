"""The exporter ``vtk``: samples as image data for ParaView."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae.data.conform import REALIZATION, SAMPLE
from fieldvae.data.vtkfiles import Role, VtkArray, write_collection, write_image
from fieldvae.errors import OptionError, StoreError, nearest
from fieldvae.field import VOIGT
from fieldvae.grid import AXES, Grid

SYMMETRIC = ("xx", "yy", "zz", "xy", "yz", "xz")
"""Components of a symmetric tensor in the order of VTK; the last two of ours change places."""

FULL = ("xx", "xy", "xz", "yx", "yy", "yz", "zx", "zy", "zz")
"""The same as a matrix, row by row."""

FILE_NAME = r"[\w.+-]+"
"""Labels that may name files."""


def vtk(
    dataset: xr.Dataset,
    grid: Grid,
    folder: Path,
    *,
    fields: tuple[str, ...] = (),
    realizations: Literal["arrays", "files"] = "arrays",
    statistics: bool = True,
    tensors: Literal["symmetric", "full"] = "symmetric",
    units_in_names: bool = False,
) -> list[Path]:
    """Write VTK image data (``.vti``), one file a sample, and a collection (``.pvd``) of them.

    Values are on cells, which have the grid's spacing, the corner of the grid at the origin.
    Components bear the labels that the store gives them. Six labeled xx, yy, zz, xy, xz, yz are a
    symmetric tensor and stand in VTK's order, xx, yy, zz, xy, yz, xz; one or two of x, y, z become
    a vector of three, zero where the store has none. Of a variable with more dims than these each
    label of the others makes an array. What samples have one of (coordinates, fields on samples)
    becomes field data, with the units of everything, those of the spacing, and the crystal frame.

    Parameters
    ----------
    dataset, grid, folder
        Handed over by fieldvae: samples, where they live, and where files go.
    fields
        Variables on the grid to write; all where left out.
    realizations
        ``arrays``: those of a sample are arrays of its file, NAME_realization_0 and so on.
        ``files``: each is a file, and each number has a collection along the samples.
    statistics
        Whether mean and standard deviation over realizations are written too: as arrays
        NAME_mean and NAME_spread, or as files of their own.
    tensors
        ``symmetric``: six components. ``full``: nine, so that the magnitude that ParaView forms
        is the tensor's norm.
    units_in_names
        Whether names of arrays end with the units, as in "residual_stress (GPa)", so that color
        bars show them.

    Returns
    -------
    list of Path
        The files, collections last.

    Raises
    ------
    OptionError
        If there is nothing to write, or a field to write is not on the grid.
    StoreError
        If values are no real numbers, or cannot be read.
    """
    facts = _facts(dataset)
    dataset = dataset[[*_chosen(dataset, grid, fields), *facts]]
    series: dict[str, dict[int, Path]] = {}
    for row, (label, time) in enumerate(zip(_labels(dataset), _positions(dataset), strict=True)):
        sample = _read(dataset, row, number=time)
        for part, content in _parts(sample, realizations, statistics):
            on_cells = [v for v in content.data_vars.values() if _on(v, grid.axes)]
            cells = [a for v in on_cells for a in _arrays(v, grid.axes, tensors, units_in_names)]
            told = [_tuples(content[name], tensors) for name in facts if name in content]
            path = folder / f"{label}-{part}.vti" if part else folder / f"{label}.vti"
            write_image(path, grid, cells=cells, facts=[*told, *_meaning(content, grid)])
            series.setdefault(part or "samples", {})[time] = path
    for name, files in series.items():
        write_collection(folder / f"{name}.pvd", files)
    images = [path for files in series.values() for path in files.values()]
    return [*images, *(folder / f"{name}.pvd" for name in series)]


def _read(dataset: xr.Dataset, row: int, *, number: int) -> xr.Dataset:
    """Read a sample from the disk, if it is there."""
    try:
        return dataset.isel({SAMPLE: row}).load()
    except Exception as error:  # a codec's own error, which may be of any kind
        raise StoreError(
            f"sample {number} cannot be read: {error}; copy or make the store again"
        ) from error


def _on(variable: xr.Variable | xr.DataArray, axes: Sequence[str]) -> bool:
    """Whether a variable lives on the whole grid."""
    return set(axes) <= set(variable.dims)


def _facts(dataset: xr.Dataset) -> list[str]:
    """Names of what samples have one of: no fields on a grid, no coordinate of a dim."""
    return [
        str(name)
        for name, variable in dataset.variables.items()
        if SAMPLE in variable.dims and name != SAMPLE and not {*AXES} & {*variable.dims}
    ]


def _chosen(dataset: xr.Dataset, grid: Grid, fields: tuple[str, ...]) -> list[str]:
    """Names of the variables to write on cells."""
    there = [str(n) for n, v in dataset.data_vars.items() if _on(v, grid.axes)]
    for name in fields:
        if name not in there:
            raise OptionError(
                f"fields: {name!r} is no variable on the grid{nearest(name, there, aside=True)}; "
                f"there are {', '.join(there) or 'none'}"
            )
    if not there:
        raise OptionError("there is no variable on the grid, so there is nothing to look at")
    return list(dict.fromkeys(fields)) or there


def _positions(dataset: xr.Dataset) -> list[int]:
    """Numbers of the samples: those of the coordinate ``sample``, else their rows."""
    if SAMPLE in dataset.coords and dataset[SAMPLE].dtype.kind in "iu":
        return [int(number) for number in dataset[SAMPLE].values]
    return list(range(dataset.sizes[SAMPLE]))


def _labels(dataset: xr.Dataset) -> list[str]:
    """Names of the samples' files: the coordinate ``label`` where it can serve, else numbers."""
    if "label" in dataset.coords:
        found = [str(label) for label in dataset["label"].values]
        if len(set(found)) == len(found) and all(re.fullmatch(FILE_NAME, each) for each in found):
            return found
    return [f"{number:04d}" for number in _positions(dataset)]


def _parts(
    sample: xr.Dataset, realizations: str, statistics: bool
) -> Iterator[tuple[str, xr.Dataset]]:
    """What goes into files of its own, after the ending of their names."""
    count = sample.sizes.get(REALIZATION, 0)
    drawn = {
        str(name): variable
        for name, variable in sample.data_vars.items()
        if REALIZATION in variable.dims and {*AXES} & {*variable.dims}
    }
    reduced: dict[str, dict[str, xr.DataArray]] = {}
    if statistics and count > 1:
        reduced = {
            "mean": {n: v.mean(REALIZATION, keep_attrs=True) for n, v in drawn.items()},
            "spread": {n: v.std(REALIZATION, ddof=1, keep_attrs=True) for n, v in drawn.items()},
        }
    if realizations == "arrays" or not count:
        yield (
            "",
            sample.assign({f"{n}_{p}": v for p, each in reduced.items() for n, v in each.items()}),
        )
        return
    for number in range(count):
        one = sample.isel({REALIZATION: number})
        yield f"{REALIZATION}-{_counted(number, count)}", one
    for part, each in reduced.items():
        yield part, sample.assign(each).drop_dims(REALIZATION, errors="ignore")


def _arrays(
    variable: xr.DataArray, axes: Sequence[str], tensors: str, units_in_names: bool
) -> Iterator[VtkArray]:
    """One variable on the grid as arrays: one for each label of its dims but the components'."""
    if variable.dtype.kind not in "fiub":
        raise StoreError(f"{variable.name!r} has dtype {variable.dtype}; expected real numbers")
    others = [str(dim) for dim in variable.dims if dim not in axes]
    component = next((dim for dim in reversed(others) if dim != REALIZATION), None)
    apart = [dim for dim in others if dim != component]
    units = _units(variable)
    for place in product(*(range(variable.sizes[dim]) for dim in apart)):
        one = variable.isel(dict(zip(apart, place, strict=True)))
        words = [f"{dim}_{_label(variable, dim, at)}" for dim, at in zip(apart, place, strict=True)]
        name = "_".join([str(variable.name), *words])
        ordered = one.transpose(*axes, component) if component else one.transpose(*axes)
        values = _numbers(ordered.values).reshape(*ordered.shape[: len(axes)], -1)
        values, labels, role = _components(values, _labels_along(one, component), tensors)
        name += f" ({units})" if units and units_in_names else ""
        yield VtkArray(name, values, labels, units, role)


def _tuples(variable: xr.DataArray, tensors: str) -> VtkArray:
    """What a sample has one of, as field data: components last, realizations and others tuples."""
    others = [str(dim) for dim in variable.dims]
    component = next((dim for dim in reversed(others) if dim != REALIZATION), None)
    ordered = variable.transpose(..., component) if component else variable
    width = variable.sizes[component] if component else 1
    values = ordered.values.reshape(-1, width)
    if variable.dtype.kind not in "fiub":
        return VtkArray(str(variable.name), values.astype(str).reshape(-1, 1))
    found, labels, _ = _components(_numbers(values), _labels_along(variable, component), tensors)
    return VtkArray(str(variable.name), found, labels, _units(variable))


def _meaning(content: xr.Dataset, grid: Grid) -> list[VtkArray]:
    """What the numbers of a file mean, as field data: units, and the axes in the crystal."""
    units = [f"{n}: {v.attrs['units']}" for n, v in content.variables.items() if "units" in v.attrs]
    return [
        VtkArray("units", np.array([units], dtype=str).T),
        VtkArray("spacing_units", np.array([[grid.spacing_units]])),
        VtkArray("frame", np.array([grid.frame])),
    ]


def _components(
    values: NDArray[np.generic], labels: tuple[str, ...], tensors: str
) -> tuple[NDArray[np.generic], tuple[str, ...], Role]:
    """Components, last axis of the values, in VTK's order, with their names."""
    if set(labels) == set(VOIGT):
        wanted = SYMMETRIC if tensors == "symmetric" else FULL
        return values[..., [labels.index("".join(sorted(w))) for w in wanted]], wanted, "Tensors"
    if labels and set(labels) <= set(AXES):
        vector = np.zeros((*values.shape[:-1], len(AXES)), values.dtype)
        vector[..., [AXES.index(label) for label in labels]] = values
        return vector, AXES, "Vectors"
    return values, labels, "Scalars"


def _labels_along(variable: xr.DataArray, dim: str | None) -> tuple[str, ...]:
    if dim is None:
        return ()
    return tuple(_label(variable, dim, at) for at in range(variable.sizes[dim]))


def _label(variable: xr.DataArray, dim: str, at: int) -> str:
    """Name of one place along a dim: its label where it has one, else its number."""
    if dim in variable.coords:
        return str(variable[dim].values[at])
    return _counted(at, variable.sizes[dim])


def _counted(number: int, count: int) -> str:
    """A number with as many digits as all have, so that names sort."""
    return f"{number:0{len(str(count - 1))}d}"


def _numbers(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """Numbers of a kind that VTK has."""
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    return values.astype(np.float32) if values.dtype == np.float16 else values


def _units(variable: xr.DataArray) -> str:
    """Units of a variable, none for pure numbers."""
    units = str(variable.attrs.get("units", ""))
    return "" if units == "1" else units
