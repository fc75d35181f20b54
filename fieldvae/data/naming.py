"""Names, units and labels that a user gives to arrays which do not say them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from fieldvae.data.conform import SAMPLE
from fieldvae.errors import OptionError, StoreError, nearest
from fieldvae.grid import AXES


@dataclass(frozen=True)
class Naming:
    """How arrays become fields.

    Parameters
    ----------
    fields
        What to take, by the names in the store; everything on the grid where empty.
    units, labels
        Units and labels of components by field.
    rename
        Names of dims and variables in the store by those in the files.
    """

    fields: tuple[str, ...]
    units: Mapping[str, str]
    labels: Mapping[str, tuple[str, ...]]
    rename: Mapping[str, str]

    def named(self, found: xr.Dataset, *, where: str) -> xr.Dataset:
        """Return the fields with names, units and labels, and what else samples have one of.

        Parameters
        ----------
        found
            Arrays of a file.
        where
            The file, for messages.

        Raises
        ------
        StoreError
            If the file lacks a field, or one has dims that a store has not.
        OptionError
            If units or labels of a field are not known, or are given for nothing.
        """
        unknown = [name for name in self.rename if name not in {*found.variables, *found.dims}]
        if unknown:
            known = list(map(str, dict.fromkeys((*found.variables, *found.dims))))
            raise StoreError(
                f"{where} has no dim or variable {unknown[0]!r}"
                f"{nearest(unknown[0], known, aside=True)}; mend rename"
            )
        dataset = found.rename(dict(self.rename)).drop_vars(SAMPLE, errors="ignore").reset_coords()
        names = self._fields(dataset, where)
        for option, given in (("units", self.units), ("labels", self.labels)):
            strange = next((name for name in given if name not in dataset.variables), None)
            if strange is not None:
                raise OptionError(
                    f"{option}: {where} has no field {strange!r}{nearest(strange, names)}"
                )
        fields = {name: self._field(dataset[name], where) for name in names}
        others = {
            str(name): self._with_units(variable)
            for name, variable in dataset.data_vars.items()
            if name not in names and variable.dims in ((SAMPLE,), ())
        }
        grid = {axis: dataset[axis] for axis in AXES if axis in dataset.coords}
        return xr.Dataset(fields).assign_coords({**others, **grid})

    def _fields(self, dataset: xr.Dataset, where: str) -> list[str]:
        grid = {axis for axis in AXES if axis in dataset.dims}
        names = list(self.fields) or [
            str(name) for name, v in dataset.data_vars.items() if grid and grid <= {*v.dims}
        ]
        there = [str(name) for name in dataset.data_vars]
        for name in names:
            if name not in there:
                raise StoreError(
                    f"{where} has no field {name!r}{nearest(name, there, aside=True)}; it holds "
                    f"{', '.join(there) or 'nothing'}"
                )
        if not names:
            told = ", ".join(f"{n} ({', '.join(map(str, dataset[n].dims))})" for n in there)
            raise StoreError(
                f"{where} has nothing on a grid; it holds {told or 'nothing'}: rename dims to x, "
                "y, z and sample, such as rename time=sample,lon=x,lat=y"
            )
        return names

    def _field(self, field: xr.DataArray, where: str) -> xr.DataArray:
        name = str(field.name)
        others = [str(dim) for dim in field.dims if dim not in (SAMPLE, *AXES)]
        if len(others) > 1:
            raise StoreError(
                f"{name!r} in {where} has the dims {', '.join(map(str, field.dims))}; expected "
                "sample, at most one of components, and x, y, z: rename dims, or take other fields"
            )
        field = self._with_units(field)
        if "units" not in field.attrs:
            raise OptionError(
                f"units: those of {name!r} are not known; give such as units {name}=1"
            )
        order = [dim for dim in (SAMPLE, *others, *AXES) if dim in field.dims]
        field = field.transpose(*order)
        return self._with_labels(field, others[0], where) if others else field

    def _with_units(self, variable: xr.DataArray) -> xr.DataArray:
        name = str(variable.name)
        return variable.assign_attrs(units=self.units[name]) if name in self.units else variable

    def _with_labels(self, field: xr.DataArray, dim: str, where: str) -> xr.DataArray:
        name, size = str(field.name), field.sizes[dim]
        labels = self.labels.get(name)
        if labels is None and dim in field.coords:
            return field.assign_coords({dim: field[dim].astype(str).astype(object)})
        if labels is None and size == 1:
            return field.isel({dim: 0}, drop=True)
        if labels is None:
            raise OptionError(
                f"labels: the {size} components of {name!r} have none; give such as labels {name}="
                + ",".join("abcdefgh"[: min(size, 8)])
            )
        if len(labels) != size or len(set(labels)) < size:
            raise OptionError(
                f"labels: {name!r} in {where} has {size} components; found {len(labels)} labels, "
                f"{','.join(labels)}; expected a distinct one for each"
            )
        own = f"{name}_component"
        field = field.drop_vars(dim, errors="ignore").rename({dim: own} if dim != own else {})
        return field.assign_coords({own: np.array(labels, dtype=object)})


def by_name(option: str, words: str | Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read ``a=1,2,b=3``: what is meant for which name.

    Raises
    ------
    OptionError
        If a value stands before the first name, or a name has none.

    Examples
    --------
    >>> by_name("labels", ["heat=hot", "cold", "flux=x"])
    {'heat': ('hot', 'cold'), 'flux': ('x',)}
    """
    found: dict[str, list[str]] = {}
    name = ""
    parts = words.split(",") if isinstance(words, str) else words
    for part in (piece.strip() for piece in parts):
        value = part
        if "=" in part:
            name, _, value = part.partition("=")
            if name in found:
                raise OptionError(f"{option}: {name!r} stands twice")
            found[name] = []
        if not name or not value:
            raise OptionError(f"{option}: {part!r}; expected such as name=value")
        found[name].append(value)
    return {name: tuple(values) for name, values in found.items()}


def one_by_name(option: str, words: str | Sequence[str]) -> dict[str, str]:
    """Read ``a=1,b=2``: one value for each name.

    Raises
    ------
    OptionError
        If a name has several.
    """
    found = by_name(option, words)
    for name, values in found.items():
        if len(values) > 1:
            raise OptionError(
                f"{option}: {name!r} has {len(values)} values, {','.join(values)}; expected one"
            )
    return {name: values[0] for name, values in found.items()}
