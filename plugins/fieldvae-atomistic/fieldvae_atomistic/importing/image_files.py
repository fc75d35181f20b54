"""The images of files that ASE reads: how many there are, and each by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError, StoreError
from fieldvae_atomistic.dump import shown
from fieldvae_atomistic.importing.configuration import Configuration, Field, Unreadable
from fieldvae_atomistic.importing.stresses import StressConvention
from fieldvae_atomistic.importing.whole import boxed, configuration, error_at, library

TYPED = ("lammps-data", "lammps-dump-text", "lammps-dump-binary")
"""Formats of ASE whose atoms may have a type only, and which can be told its element."""


@dataclass(frozen=True)
class Image:
    """One image of a file that ASE reads.

    Parameters
    ----------
    path
        The file.
    number
        Which image it is, from 0; -1 is the last.
    format
        ASE's name of the format.
    types
        Elements by number of atom type, where the file has types only.
    stress
        How the file keeps stresses.
    """

    path: Path
    number: int
    format: str
    types: tuple[str, ...]
    stress: StressConvention

    @property
    def place(self) -> str:
        """What opens every error."""
        return f"{shown(self.path)}, {'last image' if self.number < 0 else f'image {self.number}'}"

    def atoms(self) -> Any:
        """Return ASE's Atoms.

        Raises
        ------
        StoreError
            If the image cannot be read.
        """
        read = library("ase.io", importer="ase").read
        try:
            return read(self.path, index=self.number, format=self.format, **_told(self))
        except Exception as error:  # ASE's readers raise whatever befalls them
            raise error_at(self.place, _trouble(self.format, error)) from error

    def read(self, elements: Sequence[str], fields: Sequence[Field]) -> Configuration:
        """Read it."""
        atoms = self.atoms()
        error = partial(error_at, self.place)
        box = boxed(atoms.cell, atoms.pbc, origin=atoms.get_celldisp().ravel(), error=error)
        virial = None
        if "residual_stress" in fields:
            try:
                virial = self.stress.virial(_stresses(atoms, self), volume=box.volume)
            except ValueError as wrong:
                raise error(str(wrong)) from None
        symbols = atoms.get_chemical_symbols()
        return configuration(
            box, atoms.positions, symbols, elements, virial=virial, place=self.place
        )


def images_of(
    paths: Sequence[Path],
    *,
    every: int,
    last: bool,
    file_format: str | None,
    types: tuple[str, ...],
    stress: StressConvention,
) -> tuple[tuple[Image | Unreadable, ...], dict[Path, int]]:
    """Find the images of files, and their number in each.

    Parameters
    ----------
    paths
        The files.
    every
        Take the first image of each so many.
    last
        Take the last image of each file alone, without counting the others.
    file_format
        ASE's name of the format, where the files' names do not tell.
    types
        Elements by number of atom type.
    stress
        How the files keep stresses.

    Raises
    ------
    OptionError
        If the format is none of ASE's, or types are for another one.
    """
    images: list[Image | Unreadable] = []
    counts: dict[Path, int] = {}
    for path in paths:
        try:
            known = _format(path, file_format)
            image = Image(path, 0, known, types, stress)
            if types and known not in TYPED:
                raise OptionError(
                    f"types {','.join(types)}, but {shown(path)} is of ASE's format {known}, which "
                    f"names elements itself; types are for {', '.join(TYPED)}"
                )
            numbers = [-1] if last else range(0, _count(image), every)
        except StoreError as error:
            images.append(Unreadable(path, str(error)))
            counts[path] = 1
            continue
        counts[path] = len(numbers)
        images += [Image(path, number, known, types, stress) for number in numbers]
    return tuple(images), counts


def _format(path: Path, file_format: str | None) -> str:
    """Return ASE's name of a file's format."""
    formats = library("ase.io.formats", importer="ase")
    try:
        found = file_format or formats.filetype(str(path))
    except Exception as error:
        raise StoreError(
            f"{shown(path)}: ASE does not know what kind of file this is ({error}); name the "
            "format (file_format), such as extxyz, vasp or lammps-data"
        ) from error
    if found not in formats.ioformats:
        if file_format:
            raise OptionError(
                f"file_format {file_format!r} is none of ASE's; known are extxyz, vasp, vasp-out, "
                "cif, lammps-data, traj and those that 'ase info --formats' lists"
            )
        raise StoreError(
            f"{shown(path)}: ASE does not know what kind of file this is; name the format "
            "(file_format), such as extxyz, vasp or lammps-data"
        )
    return str(found)


def _count(image: Image) -> int:
    """Count the images of a file; one that cannot be read counts, and ends the file."""
    formats = library("ase.io.formats", importer="ase")
    if formats.ioformats[image.format].single:
        return 1
    if image.format == "traj":
        trajectory = library("ase.io.trajectory", importer="ase").TrajectoryReader
        try:
            with trajectory(str(image.path)) as images:
                return len(images)
        except Exception as error:
            raise error_at(shown(image.path), _trouble(image.format, error)) from error
    count = 0
    for _ in _read_on(image):
        count += 1
    return count


def _read_on(image: Image) -> Iterator[None]:
    """Go through the images of a file, the last one being the first that cannot be read."""
    io = library("ase.io", importer="ase")
    images = io.iread(image.path, index=":", format=image.format, **_told(image))
    for number in range(2**31):
        try:
            if not list(islice(images, 1)):
                if not number:
                    raise error_at(shown(image.path), f"no image of ASE's format {image.format}")
                return
        except StoreError:
            raise
        except Exception as error:
            if not number:
                raise error_at(shown(image.path), _trouble(image.format, error)) from error
            yield
            return
        yield


def _told(image: Image) -> dict[str, Any]:
    """Return the arguments of ASE's readers that tell elements of types."""
    if not image.types:
        return {}
    if image.format == "lammps-data":
        numbers = library("ase.data", importer="ase").atomic_numbers
        unknown = [name for name in image.types if name not in numbers]
        if unknown:
            raise OptionError(f"types: {unknown[0]!r} is no element that ASE knows")
        return {"Z_of_type": {n + 1: numbers[name] for n, name in enumerate(image.types)}}
    return {"specorder": list(image.types)}


def _trouble(file_format: str, error: Exception) -> str:
    words = ": ".join(
        [type(error).__name__, *([" ".join(str(error).split())] if str(error) else [])]
    )
    return (
        f"ASE cannot read this as {file_format} ({words}); write the file again, leave it out, or "
        "name another format (file_format)"
    )


def _stresses(atoms: Any, image: Image) -> NDArray[np.floating]:
    """Return the stresses of atoms from ASE's arrays or the results kept with them."""
    name = image.stress.name
    results = atoms.calc.results if atoms.calc is not None else {}
    values = atoms.arrays.get(name, results.get(name))
    if values is None or np.ndim(values) < 2 or len(values) != len(atoms):
        there = [key for key, value in {**atoms.arrays, **results}.items() if np.ndim(value) > 1]
        raise ValueError(
            f"no stress of every atom is named {name!r}; arrays of several columns here: "
            f"{', '.join(there)}; name one (stress), or import the other fields alone: "
            "fields concentration,warren_cowley"
        )
    return np.asarray(values)
