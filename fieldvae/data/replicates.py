"""Replicates: conditions of which a store holds several true outputs each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from fieldvae.data.conform import REALIZATION
from fieldvae.data.declarer import TASK, Declarer
from fieldvae.data.findings import Findings
from fieldvae.data.samples import Samples
from fieldvae.data.store import open_realizations, read_dataset, read_samples
from fieldvae.errors import GridError, StoreError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid


@dataclass(frozen=True)
class Replicates:
    """Inputs, and several true outputs of each.

    Parameters
    ----------
    inputs
        The input fields, a sample a condition.
    outputs
        The output fields, dims ``(sample, realization, <component dim>, x, y, z)``, in the units
        and order of components that are declared.
    """

    inputs: Samples
    outputs: xr.Dataset

    def __len__(self) -> int:
        """Return the number of conditions."""
        return len(self.inputs)

    @property
    def count(self) -> int:
        """Replicates of every condition."""
        return int(self.outputs.sizes[REALIZATION])


def has_replicates(path: Path | str, outputs: Sequence[str]) -> bool:
    """Whether a store holds several realizations of any of the outputs.

    Raises
    ------
    StoreError
        If there is no store.
    """
    dataset = read_dataset(path)
    return any(REALIZATION in dataset[n].dims for n in outputs if n in dataset.variables)


def open_replicates(
    path: Path | str,
    fields: Mapping[str, FieldSpec],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    grid: Grid | None = None,
    declarer: Declarer = TASK,
) -> Replicates:
    """Read a store of replicates, checked as :func:`~fieldvae.data.store.open_store` checks.

    Parameters
    ----------
    path
        The store; messages name it as it is given.
    fields
        What is declared, by name.
    inputs, outputs
        Names of the fields that are the same in all realizations, and of those that have several.
    grid
        The grid that the store must have, shape included; any where ``None``.
    declarer
        Who declares the fields; says in messages what can be changed.

    Raises
    ------
    StoreError
        With every mistake, one a line.
    GridError
        If the grid is another one.
    """
    name = str(path)
    dataset = read_dataset(path, lost=declarer.lost)
    findings = Findings()
    for field in inputs:
        with findings.collect():
            _check_shared(dataset, field, name)
    for field in outputs:
        with findings.collect():
            _check_several(dataset, field, name)
    findings.refuse()
    found: list[Samples] = []
    given: Samples | None = None
    with findings.collect():
        several = {field: fields[field] for field in outputs}
        found += open_realizations(path, several, declarer=declarer)
    if not any(isinstance(problem, GridError) for problem in findings.problems):
        with findings.collect():
            given = read_samples(
                path,
                fields,
                require=inputs,
                grid=found[0].grid if found else grid,
                declarer=declarer,
            )
    findings.refuse()
    if given is None:
        raise AssertionError("inputs that were refused passed")
    difference = "" if grid is None else grid.difference(given.grid)
    if difference:
        raise GridError(
            f"{name} has another grid than the data to learn from: {difference}; replicates are "
            "compared on one grid: average them over the same blocks, or leave them out"
        )
    joined = xr.concat(
        [one.dataset for one in found], dim=REALIZATION, join="exact", combine_attrs="override"
    )
    return Replicates(given, joined.transpose("sample", REALIZATION, ...))


def _check_shared(dataset: xr.Dataset, field: str, name: str) -> None:
    if field in dataset.variables and REALIZATION in dataset[field].dims:
        raise StoreError(
            f"{field!r} in {name} has a dim 'realization', and is an input: replicates share "
            "their inputs; store it once a sample, or each realization as a sample of its own"
        )


def _check_several(dataset: xr.Dataset, field: str, name: str) -> None:
    if field not in dataset.variables:
        return  # told by what reads the store, with the nearest name
    array = dataset[field]
    if REALIZATION not in array.dims:
        raise StoreError(
            f"{field!r} in {name} has dims ({', '.join(map(str, array.dims))}), one true output of "
            "each input; expected replicates, with a dim 'realization' of two or more. To score on "
            "such a store give it as data.test_store, or to fieldvae evaluate"
        )
    if array.sizes[REALIZATION] < 2:
        raise StoreError(
            f"{field!r} in {name} has one realization of each sample; expected replicates, two or "
            "more: one alone does not show how outputs of one input differ"
        )
