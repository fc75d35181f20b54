"""Labeled samples checked against the fields that a task declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from fieldvae.data.balance import check_balance
from fieldvae.data.conform import SAMPLE, component_dimension, conform
from fieldvae.data.declarer import TASK, Declarer
from fieldvae.data.findings import Findings
from fieldvae.data.units import without_quantities
from fieldvae.errors import GridError, StoreError, nearest
from fieldvae.field import FieldSpec
from fieldvae.grid import AXES, Grid
from fieldvae.notebook import facts_html

STORE_VERSION = 1
"""Version of the store format, the group attribute ``fieldvae_store``."""


@dataclass(frozen=True)
class Samples:
    """Samples in memory that are what their fields declare.

    Parameters
    ----------
    dataset
        One variable a field, dims ``(sample, <component dim>, x, y, z)``, in the field's units
        and order of components; a field on samples lacks the axes. Sample coordinates as stored.
    grid
        The grid of all fields.
    fields
        The fields that were read, components filled in, by name.
    name
        The store as the user named it.
    """

    dataset: xr.Dataset
    grid: Grid
    fields: Mapping[str, FieldSpec]
    name: str = "the dataset"

    def __repr__(self) -> str:
        fields = ", ".join(f"{name} ({field.units})" for name, field in self.fields.items())
        return f"<Samples {self.name}: {len(self)} on {self._shape()} cells; {fields}>"

    def _repr_html_(self) -> str:
        facts = [("samples", f"{len(self):,} on {self._shape()} cells"), ("read from", self.name)]
        facts += [
            (name, f"{field.units}; {', '.join(field.labels)}")
            for name, field in self.fields.items()
        ]
        return facts_html("Samples", facts)

    def _shape(self) -> str:
        return " x ".join(map(str, self.grid.shape))

    def __len__(self) -> int:
        return int(self.dataset.sizes[SAMPLE])

    @classmethod
    def from_dataset(
        cls,
        dataset: xr.Dataset,
        fields: Mapping[str, FieldSpec],
        *,
        require: Sequence[str] | None = None,
        grid: Grid | None = None,
        name: str = "the dataset",
    ) -> Samples:
        """Check a dataset and bring it to what the fields declare.

        Parameters
        ----------
        dataset
            Variables by field name with the attribute ``units``, or of pint quantities; dims in
            any order; the grid in the attributes (:meth:`Grid.from_attributes`).
        fields
            What the task declares, by name.
        require
            Names of the fields to read; all of ``fields`` where ``None``.
        grid
            The grid where all fields to read are on samples, and none can be read off them.
        name
            Names the dataset in messages.

        Returns
        -------
        Samples
            The fields to read in the units, dims and order of components that ``fields`` say.

        Raises
        ------
        StoreError
            With every mistake, one a line: variables, dims, units, components, values, grid.

        Examples
        --------
        >>> heat = FieldSpec(name="heat", units="K")
        >>> data = xr.Dataset({"heat": (("sample", "x"), np.ones((2, 4)), {"units": "K"})})
        >>> samples = Samples.from_dataset(data, {"heat": heat})
        >>> samples.grid.shape, samples.dataset.heat.dims
        ((4,), ('sample', 'heat_component', 'x'))
        """
        return checked_samples(dataset, fields, require=require, grid=grid, name=name)

    def take(self, indices: Sequence[int] | np.ndarray) -> Samples:
        """Return some of the samples, by position."""
        chosen = self.dataset.isel({SAMPLE: np.asarray(indices, dtype=np.int64)})
        return Samples(chosen, self.grid, self.fields, self.name)


def checked_samples(
    dataset: xr.Dataset,
    fields: Mapping[str, FieldSpec],
    *,
    require: Sequence[str] | None = None,
    grid: Grid | None = None,
    name: str = "the dataset",
    declarer: Declarer = TASK,
) -> Samples:
    """Check a dataset as :meth:`Samples.from_dataset` does.

    Parameters
    ----------
    dataset, fields, require, grid, name
        As there.
    declarer
        Who declares the fields; says in messages what can be changed.

    Raises
    ------
    StoreError
        With every mistake, one a line.
    """
    wanted = tuple(fields) if require is None else tuple(require)
    if not dataset.variables:
        raise StoreError(f"{name} holds no variables; expected {', '.join(wanted)}")
    dataset = without_quantities(dataset, wanted)
    findings = Findings()
    axes: tuple[str, ...] | None = None
    with findings.collect():
        _check_version(dataset, name)
    with findings.collect():
        axes = _axes(dataset, [fields[field] for field in wanted], grid, name)
    with findings.collect():
        grid = _grid(dataset, axes or (), grid, name)
    with findings.collect():
        if dataset.sizes.get(SAMPLE) == 0:
            raise StoreError(f"{name} holds no samples; expected one at least")
    arrays: dict[str, xr.DataArray] = {}
    resolved: dict[str, FieldSpec] = {}
    for field in wanted:
        if field not in dataset.variables:
            with findings.collect():
                raise StoreError(_missing(field, dataset, name, declarer))
            continue
        found = conform(
            dataset[field],
            fields[field],
            axes=axes,
            where=f"{field!r} in {name}",
            findings=findings,
            declarer=declarer,
        )
        if found is not None:
            arrays[field], resolved[field] = found
    for field, array in arrays.items():
        if grid is not None and resolved[field].closure == "solenoidal":
            with findings.collect():
                check_balance(
                    array,
                    resolved[field],
                    grid,
                    where=f"{field!r} in {name}",
                    declarer=declarer,
                )
    findings.refuse()
    if grid is None:
        raise AssertionError("a dataset without a grid passed")
    return Samples(_assembled(dataset, arrays, grid), grid, resolved, name)


def grid_of(dataset: xr.Dataset, *, name: str) -> Grid:
    """Read the grid of a dataset off its dims and attributes.

    Parameters
    ----------
    dataset
        Variables with dims x, x y, or x y z.
    name
        Names the dataset in messages.

    Raises
    ------
    GridError
        If it has no grid, or its attributes do not describe one.
    """
    grid = _grid(dataset, _axes(dataset, [], None, name), None, name)
    if grid is None:
        raise AssertionError("a dataset with axes has no grid")
    return grid


def concatenate(parts: Sequence[Samples]) -> Samples:
    """Join samples of several stores, in their order.

    Sample coordinates that only some of them have are kept, missing (NaN) in the others.

    Parameters
    ----------
    parts
        Samples of the same fields on the same grid.

    Raises
    ------
    GridError
        If a grid differs from the first one's.
    StoreError
        If fields have other components than the first one's.
    """
    first, *others = parts
    if not others:
        return first
    findings = Findings()
    for part in others:
        with findings.collect():
            difference = first.grid.difference(part.grid)
            if difference:
                raise GridError(
                    f"{part.name} has another grid than {first.name}: {difference}; stores of a "
                    "task share one grid"
                )
        for name, field in first.fields.items():
            found = part.fields[name].labels
            if set(found) != set(field.labels):
                with findings.collect():
                    raise StoreError(
                        f"{name!r} in {part.name} has the components {', '.join(found)}; "
                        f"{first.name} has {', '.join(field.labels)}"
                    )
    findings.refuse()
    known = sorted({str(c) for part in parts for c in _sample_coordinates(part.dataset)})
    datasets = [_with_coordinates(_labeled_as(part, first), known, parts) for part in parts]
    joined = xr.concat(
        datasets,
        dim=SAMPLE,
        coords="minimal",
        join="exact",
        compat="override",
        data_vars="all",
        combine_attrs="override",
    )
    return Samples(joined, first.grid, first.fields, ", ".join(part.name for part in parts))


def _labeled_as(part: Samples, first: Samples) -> xr.Dataset:
    """Name and order the components of a part as the first one does."""
    renamed = {}
    for name in part.fields:
        ours, theirs = (component_dimension(s.dataset[name]) for s in (part, first))
        array = part.dataset[name].sel({ours: list(first.fields[name].labels)})
        renamed[name] = array.rename({ours: theirs}) if ours != theirs else array
    return xr.Dataset(renamed, attrs=part.dataset.attrs)


def _with_coordinates(
    dataset: xr.Dataset, known: Sequence[str], parts: Sequence[Samples]
) -> xr.Dataset:
    """Give a dataset every sample coordinate that any part has, missing where it lacks one."""
    for name in known:
        if name in dataset.coords:
            continue
        example = next(p.dataset[name] for p in parts if name in p.dataset.coords)
        absent: float | str = np.nan if example.dtype.kind in "fiub" else ""
        kind = float if example.dtype.kind in "fiub" else object
        filled = np.full(dataset.sizes[SAMPLE], absent, dtype=kind)
        dataset = dataset.assign_coords({name: (SAMPLE, filled)})
    return dataset


def _check_version(dataset: xr.Dataset, name: str) -> None:
    version = dataset.attrs.get("fieldvae_store", STORE_VERSION)
    if version != STORE_VERSION:
        raise StoreError(
            f"{name} has the store format {version!r}; this fieldvae reads {STORE_VERSION}: "
            "update fieldvae, or write the store again"
        )


def _axes(
    dataset: xr.Dataset, fields: Sequence[FieldSpec], grid: Grid | None, name: str
) -> tuple[str, ...]:
    """The axes of the fields on a grid; of the whole dataset where all are on samples."""
    on_grid = [f.name for f in fields if f.on == "grid" and f.name in dataset.variables]
    names = on_grid or [str(name) for name in dataset.variables]
    axes = tuple(axis for axis in AXES if any(axis in dataset[n].dims for n in names))
    if not axes and not on_grid and grid is not None:
        return grid.axes
    if not axes:
        found = ", ".join(sorted(map(str, dataset.dims))) or "none"  # zarr lists them in any order
        raise GridError(
            f"{name} has no grid, its dims are {found}; expected fields with dims x, x y, or "
            "x y z: rename them"
        )
    if axes != AXES[: len(axes)]:
        raise GridError(
            f"{name} has a grid along {', '.join(axes)}; a grid of {len(axes)} dimensions "
            f"is along {', '.join(AXES[: len(axes)])}: rename its dims"
        )
    return axes


def _grid(dataset: xr.Dataset, axes: Sequence[str], given: Grid | None, name: str) -> Grid | None:
    if not axes or (given is not None and axes[0] not in dataset.sizes):
        return given
    try:
        return Grid.from_attributes(tuple(dataset.sizes[a] for a in axes), dataset.attrs)
    except (GridError, TypeError, ValueError) as error:
        raise GridError(f"{name}: {error}; correct the group's attributes") from None


def _missing(field: str, dataset: xr.Dataset, name: str, declarer: Declarer) -> str:
    known = sorted(str(variable) for variable in dataset.data_vars)
    found = f"{name} has no variable {field!r}; it holds {', '.join(known) or 'none'}"
    if meant := nearest(field, known):
        return f"{found}{meant}{f' Rename it to {field!r}' if declarer.fixed else ''}"
    other = "give the variable that holds it this name" if declarer.fixed else None
    return f"{found}; add it, or {other or 'mend the names in the task'}"


def _sample_coordinates(dataset: xr.Dataset) -> list[str]:
    return [str(name) for name, c in dataset.coords.items() if c.dims == (SAMPLE,)]


def _assembled(dataset: xr.Dataset, arrays: Mapping[str, xr.DataArray], grid: Grid) -> xr.Dataset:
    """One dataset of the checked variables; a component dim in two orders becomes two dims."""
    labels: dict[str, tuple[str, ...]] = {}
    variables: dict[str, xr.DataArray] = {}
    for name, array in arrays.items():
        dim = component_dimension(array)
        found = tuple(str(label) for label in array[dim].values)
        if labels.setdefault(str(dim), found) != found:
            array = array.rename({dim: f"{name}_component"})
        variables[name] = array.reset_coords(drop=True)
    coordinates = {
        name: dataset[name].variable for name in _sample_coordinates(dataset) if name not in arrays
    }
    attributes = {
        **dataset.attrs,
        "fieldvae_store": STORE_VERSION,
        **grid.attributes(),
    }
    return xr.Dataset(variables, attrs=attributes).assign_coords(coordinates)
