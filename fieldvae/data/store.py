"""A Zarr group of labeled fields: written whole or not at all, checked when it is read."""

from __future__ import annotations

import glob
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import xarray as xr
import zarr
from zarr.codecs import BloscCodec, BloscShuffle, Crc32cCodec
from zarr.errors import ContainsArrayError

from fieldvae.data.conform import REALIZATION, SAMPLE
from fieldvae.data.declarer import MODEL, TASK, Declarer
from fieldvae.data.manifest import verify_manifest, write_manifest
from fieldvae.data.samples import STORE_VERSION, Samples, checked_samples
from fieldvae.durability import synchronize
from fieldvae.errors import StoreError
from fieldvae.field import FieldSpec
from fieldvae.grid import AXES, Grid

CHUNK_BYTES = 4 * 2**20
"""Size aimed at for a chunk: large enough for few files, small enough to read one sample."""

LIKE = 0.6
"""Likeness of names, from 0 to 1, above which one is taken for the other misspelled."""

_METADATA_FILES = ("zarr.json", ".zgroup")


def write_store(
    dataset: xr.Dataset,
    path: Path | str,
    *,
    attributes: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a dataset as a store, whole or not at all.

    The store is written beside ``path`` under the name ``<path>.partial-<process>``, brought to
    the disk with checksums of every file, and renamed. Chunks hold whole grids, about 4 MB of
    samples each, compressed (blosc, lz4, shuffle) and checked (crc32c); what is missing reads NaN.

    Parameters
    ----------
    dataset
        Fields with dims ``(sample, [realization,] <component dim>, x, y, z)`` in any order and
        the attribute ``units``.
    path
        Directory to make.
    attributes
        Group attributes beside the dataset's own: spacing, periodic, frame, provenance.
    overwrite
        Whether a store at ``path`` is replaced, once the new one is complete.

    Raises
    ------
    StoreError
        If something is at ``path`` already and may not be replaced, or the dataset is empty.
    """
    path = Path(path)
    check_absent(path, overwrite=overwrite)
    if not dataset.data_vars or not all(dataset.sizes.values()):
        raise StoreError(
            f"{path}: there is nothing to write; the dataset's dims are {dict(dataset.sizes)}"
        )
    group = {**dataset.attrs, "fieldvae_store": STORE_VERSION, **(attributes or {})}
    dataset = _storable(dataset).assign_attrs(group)
    staging = path.with_name(f"{path.name}.partial-{os.getpid()}")
    shutil.rmtree(staging, ignore_errors=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        encoding = {str(n): _encoding(v) for n, v in dataset.variables.items()}
        dataset.to_zarr(
            staging,
            mode="w-",
            zarr_format=3,
            consolidated=False,
            encoding=encoding,
            write_empty_chunks=True,
        )
        check_chunks(staging, [str(n) for n in dataset.variables], name=str(path))
        write_manifest(staging)
        _put_in_place(staging, path)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def open_store(
    path: Path | str,
    fields: Mapping[str, FieldSpec],
    *,
    require: Sequence[str] | None = None,
    grid: Grid | None = None,
) -> Samples:
    """Read a store into memory, checked against the fields that a task declares.

    Any Zarr group that xarray reads will do, ours or not: dims in any order, components in any
    order of their labels, any units of the same dimension. A manifest is verified where present.

    Parameters
    ----------
    path
        The store; messages name it as it is given.
    fields
        What the task declares, by name.
    require
        Names of the fields to read; all of ``fields`` where ``None``.
    grid
        The grid where all fields to read are on samples, and none can be read off them.

    Returns
    -------
    Samples
        The fields as they are declared, and their grid.

    Raises
    ------
    StoreError
        With every mistake, one a line.
    """
    return read_samples(path, fields, require=require, grid=grid)


def read_samples(
    path: Path | str,
    fields: Mapping[str, FieldSpec],
    *,
    require: Sequence[str] | None = None,
    grid: Grid | None = None,
    declarer: Declarer = TASK,
) -> Samples:
    """Read a store as :func:`open_store` does.

    Parameters
    ----------
    path, fields, require, grid
        As there.
    declarer
        Who declares the fields; says in messages what can be changed.

    Raises
    ------
    StoreError
        With every mistake, one a line.
    """
    wanted = tuple(fields) if require is None else tuple(require)
    return checked_samples(
        _loaded(path, wanted, declarer),
        fields,
        require=wanted,
        grid=grid,
        name=str(path),
        declarer=declarer,
    )


def open_realizations(
    path: Path | str, fields: Mapping[str, FieldSpec], *, declarer: Declarer = TASK
) -> Iterator[Samples]:
    """Read a store of which fields have several realizations, one realization after the other.

    Each is read and checked as by :func:`open_store`. A field without the dim ``realization``
    is the same in all of them.

    Parameters
    ----------
    path
        The store; messages name it as it is given, with the number of the realization.
    fields
        What is declared, by name.
    declarer
        Who declares them.

    Yields
    ------
    Samples
        One realization of every sample.

    Raises
    ------
    StoreError
        With every mistake of the first realization that has one.
    """
    dataset = _loaded(path, tuple(fields), declarer)
    for number in range(dataset.sizes.get(REALIZATION, 0)):
        one = dataset.isel({REALIZATION: number}, drop=True)
        yield checked_samples(one, fields, name=f"{path}, realization {number}", declarer=declarer)


def _loaded(path: Path | str, wanted: Sequence[str], declarer: Declarer) -> xr.Dataset:
    """Read fields into memory, the rest left on the disk: messages tell what a store holds."""
    name = str(path)
    dataset = read_dataset(path, lost=declarer.lost)
    present = [field for field in wanted if field in dataset.variables]
    check_chunks(Path(path), present, name=name)
    others = [v for v in dataset.data_vars if v not in present and dataset[v].dims != (SAMPLE,)]
    try:
        loaded = dataset.drop_vars(others).load()
    except Exception as error:  # a codec's own error, which may be of any kind
        which = _unreadable(dataset.drop_vars(others))
        raise StoreError(
            f"{which} in {name} cannot be read: {error}; copy or make the store again"
        ) from error
    return loaded.assign({v: dataset[v] for v in others})


def _unreadable(dataset: xr.Dataset) -> str:
    """Name the first variable that cannot be read."""
    for name, variable in dataset.variables.items():
        try:
            variable.load()
        except Exception:  # see above
            return repr(str(name))
    return "something"


def read_dataset(path: Path | str, *, lost: str = MODEL.lost) -> xr.Dataset:
    """Open a Zarr group as it is, on the disk, its manifest verified; nothing else is checked.

    Parameters
    ----------
    path
        The group; messages name it as it is given.
    lost
        What to do where nothing is there, and nothing beside it looks as if it were meant.

    Raises
    ------
    StoreError
        If there is nothing, no Zarr group, or a damaged one.
    """
    place, name = Path(path), str(path)
    if not place.exists():
        raise StoreError(f"{name}: there is no such store; {_meant(place) or lost}")
    if place.is_file():
        raise StoreError(
            f"{name} is a file; expected a Zarr group, which is a directory: what xarray opens "
            "(NetCDF among others) its Dataset.to_zarr writes as one"
        )
    if not _is_group(place):
        raise StoreError(
            f"{name} is no Zarr group: it has no {' or '.join(_METADATA_FILES)}; "
            "expected a directory that xarray.open_zarr reads"
        )
    verify_manifest(place, name=name)
    try:
        dataset: xr.Dataset = xr.open_zarr(place, consolidated=False, chunks=None)
    except ContainsArrayError:
        raise StoreError(
            f"{name} is one Zarr array without a name; expected a group of named arrays with named "
            "dims, as xarray's Dataset.to_zarr writes it"
        ) from None
    except Exception as error:  # zarr and xarray raise many kinds for metadata they cannot read
        raise StoreError(
            f"{name} is no Zarr group that xarray reads: {error}; copy or make it again"
        ) from error
    return dataset


def _meant(place: Path) -> str:
    """What is meant where a store is not: one of a like name, or one that was not finished."""
    begun = sorted(p.name for p in place.parent.glob(f"{glob.escape(place.name)}.partial*"))
    if begun:
        return f"{begun[0]} beside it was not finished: repeat the command that makes the store"
    beside = {p.stem: p.name for p in sorted(place.parent.glob("*")) if _is_group(p)}
    close = get_close_matches(place.stem, list(beside), n=1, cutoff=LIKE)
    return f"did you mean {beside[close[0]]!r}?" if close else ""


def _is_group(place: Path) -> bool:
    return any((place / file).is_file() for file in _METADATA_FILES)


def check_absent(path: Path, *, overwrite: bool) -> None:
    """Refuse a path where something is, unless it is a store that may be replaced.

    Raises
    ------
    StoreError
        With the remedy.
    """
    if not path.exists():
        return
    if not _is_group(path):
        raise StoreError(f"{path} exists and is no store; choose another path")
    if not overwrite:
        raise StoreError(f"{path} exists; choose another path, or replace it (--force)")


def _storable(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset in the store's order of dims, text as objects, without earlier encodings."""
    dataset = dataset.drop_encoding().transpose(
        SAMPLE, REALIZATION, ..., *AXES, missing_dims="ignore"
    )
    text = [name for name, variable in dataset.variables.items() if variable.dtype.kind == "U"]
    return dataset.assign({name: dataset[name].astype(object) for name in text})


def _encoding(variable: xr.Variable) -> dict[str, Any]:
    blosc = BloscCodec(cname="lz4", shuffle=BloscShuffle.shuffle)
    encoding: dict[str, Any] = {"compressors": (blosc, Crc32cCodec())}
    if variable.dtype.kind == "f":
        encoding |= {"_FillValue": None, "fill_value": math.nan}
    if variable.ndim:
        encoding["chunks"] = _chunks(variable)
    return encoding


def _chunks(variable: xr.Variable) -> tuple[int, ...]:
    """Whole grids, as many samples (and realizations of one sample) as fit into a chunk."""
    sizes = {str(dim): size for dim, size in variable.sizes.items()}
    left = CHUNK_BYTES // variable.dtype.itemsize
    for dim, size in sizes.items():
        if dim not in (SAMPLE, REALIZATION):
            left //= size
    for dim in (REALIZATION, SAMPLE):
        if dim in sizes:
            sizes[dim] = min(sizes[dim], max(1, left))
            left //= sizes[dim]
    return tuple(sizes.values())


def check_chunks(store: Path, variables: Sequence[str], *, name: str) -> None:
    """Refuse arrays of which a chunk's file is missing: it would read as the fill value."""
    group = zarr.open_group(store, mode="r", use_consolidated=False)
    for variable in variables:
        array = group[variable]
        if isinstance(array, zarr.Array) and array.nchunks_initialized < array.nchunks:
            raise StoreError(
                f"{variable!r} in {name} has {array.nchunks_initialized} of its {array.nchunks} "
                "chunks: the files of the others are missing; copy or make the store again "
                "(with zarr's write_empty_chunks where a chunk is all zeros)"
            )


def _put_in_place(staging: Path, path: Path) -> None:
    """Rename a finished store to its place, what was there out of the way first."""
    if path.exists():
        old = path.with_name(f"{path.name}.old-{os.getpid()}")
        os.replace(path, old)
        try:
            os.replace(staging, path)
        except BaseException:
            os.replace(old, path)
            raise
        shutil.rmtree(old)
    else:
        os.replace(staging, path)
    synchronize(path.parent)
