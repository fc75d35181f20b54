"""A configuration made of arrays that another library has read."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldvae import OptionError, StoreError
from fieldvae_atomistic.box import Box
from fieldvae_atomistic.importing.configuration import Configuration, Piece, kinds_of_names


def library(name: str, *, importer: str) -> ModuleType:
    """Import a library that is an extra of this plugin.

    Raises
    ------
    OptionError
        If it is not installed, with the remedy.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise OptionError(
            f"the importer {importer!r} needs {name.partition('.')[0]}, which is not installed: "
            f'pip install "fieldvae-atomistic[{importer}]"'
        ) from None


def boxed(
    edges: ArrayLike,
    periodic: Sequence[bool],
    *,
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    error: Callable[[str], StoreError],
) -> Box:
    """Return the box of a configuration.

    Parameters
    ----------
    edges
        The edges as rows, Angstrom, shape ``(3, 3)``.
    periodic
        Whether it repeats along each.
    origin
        Lower corner, Angstrom.
    error
        Makes the error that names the configuration's place.

    Raises
    ------
    StoreError
        If its volume is zero.
    """
    a, b, c = (tuple(map(float, edge)) for edge in np.asarray(edges, dtype=np.float64))
    x, y, z = map(bool, periodic)
    try:
        return Box(tuple(map(float, origin)), (a, b, c), (x, y, z))  # type: ignore[arg-type]
    except ValueError as flat:
        raise error(
            f"{flat}; expected the three edges of a cell, in a file that keeps it (no plain xyz)"
        ) from None


def configuration(
    box: Box,
    positions: NDArray[np.floating[Any]],
    symbols: Sequence[str] | NDArray[np.str_],
    elements: Sequence[str],
    *,
    virial: NDArray[np.float64] | None = None,
    place: str,
    labels: Mapping[str, tuple[Any, Mapping[str, str]]] | None = None,
) -> Configuration:
    """Return a configuration of arrays.

    Parameters
    ----------
    box
        The box.
    positions
        Cartesian, Angstrom, shape ``(atom, 3)``.
    symbols
        Element of every atom, shape ``(atom,)``.
    elements
        The elements in the store's order.
    virial
        Stress times volume, tension positive, components as in :data:`fieldvae.VOIGT`, shape
        ``(atom, 6)``.
    place
        Where it stands, which opens every error: ``relaxed.extxyz, image 3``.
    labels
        Coordinates of the sample.

    Raises
    ------
    StoreError
        If a number is not finite, or an atom is of no known element.
    """

    def error_of_atom(row: int, message: str) -> StoreError:
        return StoreError(f"{place}, atom {row + 1}: {message}")

    for name, values in (("position", positions), ("stress", virial)):
        if values is not None and not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values).all(axis=1)))
            raise error_of_atom(
                row,
                f"the {name} is {np.asarray(values)[row].tolist()}; expected finite numbers: the "
                "calculation went wrong here; leave the file out",
            )
    names, codes = np.unique(np.asarray(symbols, dtype=str), return_inverse=True)
    piece = Piece(
        positions=np.array(np.asarray(positions, dtype=np.float64).T),
        scaled=False,
        kind=kinds_of_names(codes, names.tolist(), elements, error_of_atom),
        stress=[] if virial is None else list(np.ascontiguousarray(virial.T)),
        order=[],
        error=error_of_atom,
    )
    return Configuration(
        box=box,
        atoms=len(positions),
        room=len(positions),
        ordered=False,
        pieces=[piece],
        place=place,
        error=partial(error_at, place),
        labels=labels or {},
    )


def error_at(place: str, message: str) -> StoreError:
    """Make the error that names the place of a configuration."""
    return StoreError(f"{place}: {message}")
