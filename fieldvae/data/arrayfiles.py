"""Files of arrays opened as labeled datasets: npy, npz, and what xarray opens."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae.data.conform import SAMPLE
from fieldvae.errors import OptionError, StoreError

COMPONENT = "component"
"""Stands among the axes of arrays for the component dim of whatever field."""


@dataclass(frozen=True)
class ArrayFile:
    """A file of all fields, or npy files that hold a field each and belong together.

    Parameters
    ----------
    paths
        One path, or those of npy files.
    """

    paths: tuple[Path, ...]

    def __str__(self) -> str:
        """Name the file, or the first and how many there are."""
        more = f" and {len(self.paths) - 1} more" if len(self.paths) > 1 else ""
        return f"{self.paths[0]}{more}"


def grouped(paths: Sequence[Path]) -> tuple[ArrayFile, ...]:
    """Put npy files together; every other file stands alone.

    Raises
    ------
    OptionError
        If npy files stand beside others, or two of them bear one name.
    """
    single = [path for path in paths if path.suffix == ".npy"]
    if not single:
        return tuple(ArrayFile((path,)) for path in paths)
    if len(single) < len(paths):
        other = next(path for path in paths if path not in single)
        raise OptionError(
            f"{single[0].name} holds one field and {other.name} all of them; import npy files "
            "alone, or the others"
        )
    stems = [path.stem for path in single]
    twice = next((stem for stem in stems if stems.count(stem) > 1), None)
    if twice is not None:
        raise OptionError(
            f"two files are named {twice}.npy; every npy file is the field of its name, and holds "
            "all samples: join them first, or write npz files"
        )
    return (ArrayFile(tuple(single)),)


@contextmanager
def opened(file: ArrayFile, axes: Sequence[str]) -> Iterator[xr.Dataset]:
    """Open a file; what is not taken of it is not read, but for packed npz.

    Parameters
    ----------
    file
        The file or files.
    axes
        What the axes of arrays are in npy and npz files.

    Yields
    ------
    xr.Dataset
        Arrays by name, with dims. The component dim of an array of npy or npz files is
        ``<name>_component``.

    Raises
    ------
    StoreError
        If it cannot be read, or an array has other axes.
    """
    first = file.paths[0]
    if first.suffix == ".npy":
        yield _labeled({path.stem: _mapped(path) for path in file.paths}, axes, str(file))
    elif first.suffix == ".npz":
        status = _status(first)
        yield _labeled(_unpacked(first, *status), axes, str(file))
    else:
        try:
            dataset = xr.open_dataset(first)
        except Exception as error:  # xarray and its engines raise many kinds
            words = " ".join(str(error).split())
            raise StoreError(
                f"{first} is no file that xarray opens ({type(error).__name__}: {words[:300]}); "
                "expected npy, npz, netCDF or HDF5; HDF5 and netCDF 4 need: "
                'pip install "fieldvae[netcdf]"'
            ) from error
        with dataset:
            yield dataset


def _labeled(found: Mapping[str, NDArray[Any]], axes: Sequence[str], where: str) -> xr.Dataset:
    variables = {}
    for name, array in found.items():
        variables[name] = (_dims(name, array, axes, where), array)
    try:
        return xr.Dataset(variables)
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in found.items())
        raise StoreError(
            f"{where}: the arrays differ in their samples or grid: {shapes}; their axes are "
            f"{', '.join(axes)} (axes), or without component"
        ) from error


def _dims(name: str, array: NDArray[Any], axes: Sequence[str], where: str) -> tuple[str, ...]:
    own = tuple(f"{name}_{COMPONENT}" if axis == COMPONENT else axis for axis in axes)
    without = tuple(axis for axis in axes if axis != COMPONENT)
    for dims in (own, without, (SAMPLE,) if SAMPLE in axes else (), ()):
        if array.ndim == len(dims):
            return dims
    raise StoreError(
        f"{name!r} in {where} has shape {array.shape}; expected the axes {', '.join(axes)} (axes), "
        "or these without component"
    )


def _mapped(path: Path) -> NDArray[Any]:
    """Open an npy file without reading it."""
    try:
        return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise _unreadable(path, error) from error


@lru_cache(maxsize=1)
def _unpacked(path: Path, modified: int, size: int) -> Mapping[str, NDArray[Any]]:
    """Read an npz file; kept for the next sample, as only all of it can be unpacked."""
    try:
        # opened here, as numpy leaves a damaged file open
        with path.open("rb") as file, np.load(file, allow_pickle=False) as packed:
            return {name: packed[name] for name in packed.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error


def _status(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from error
    return status.st_mtime_ns, status.st_size


def _unreadable(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{path} cannot be read ({type(error).__name__}: {error}); expected what numpy.save or "
        "numpy.savez writes, no objects; write it again, or leave it out"
    )
