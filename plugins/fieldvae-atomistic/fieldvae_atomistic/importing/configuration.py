"""What every reader of atoms gives: one configuration, whole or in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol, TypeVar

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae import StoreError
from fieldvae_atomistic.box import Box

Field = Literal["concentration", "warren_cowley", "residual_stress"]

FIELDS: tuple[Field, ...] = ("concentration", "warren_cowley", "residual_stress")


@dataclass(frozen=True)
class Piece:
    """Some successive atoms of a configuration.

    Parameters
    ----------
    positions
        Cartesian, Angstrom, or shares of the box's edges, shape ``(3, atom)``; may be overwritten.
    scaled
        Whether they are shares.
    kind
        Number of every atom's element, from 0, shape ``(atom,)``.
    stress
        Stress times volume in the reader's unit, tension positive, ``(atom,)`` for each of xx, yy,
        zz, xy, xz, yz; none where no stress is wanted.
    order
        The atoms' own Warren-Cowley parameters, ``(atom,)`` for each ordered pair of elements;
        none where they are computed.
    error
        Makes the error that names the place of one of the atoms, from its row and a message.
    """

    positions: NDArray[np.float64]
    scaled: bool
    kind: NDArray[np.integer]
    stress: Sequence[NDArray[np.float64]]
    order: Sequence[NDArray[np.float64]]
    error: Callable[[int, str], StoreError]


@dataclass(frozen=True)
class Configuration:
    """Atoms in a box.

    Parameters
    ----------
    box
        The box.
    atoms
        Number of atoms.
    room
        Most atoms that pieces can give; less than ``atoms`` where a file is shorter than it says.
    ordered
        Whether the pieces have Warren-Cowley parameters of their own.
    pieces
        The atoms; to be gone through once.
    place
        Where it stands, which opens every warning: ``relaxed.extxyz, image 3``.
    error
        Makes the error that names the configuration's place.
    labels
        Coordinates of the sample: values and attributes by name.
    """

    box: Box
    atoms: int
    room: int
    ordered: bool
    pieces: Iterable[Piece]
    place: str
    error: Callable[[str], StoreError]
    labels: Mapping[str, tuple[Any, Mapping[str, str]]] = field(default_factory=dict)


class Snapshot(Protocol):
    """One configuration of a file, not read yet; can be pickled."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def number(self) -> int:
        """Which of the file's configurations it is, from 0."""
        ...

    def read(self, elements: Sequence[str], fields: Sequence[Field]) -> Configuration:
        """Read it, with what the fields need.

        Raises
        ------
        StoreError
            If it cannot be read; names the place in the file.
        """
        ...


@dataclass(frozen=True)
class Unreadable:
    """A file in which no configuration could be found: one sample, whose error comes with it.

    So a bad file among good ones neither ends the call before the first sample is made nor shifts
    the numbers of other samples when it is mended.
    """

    path: Path
    message: str
    number: int = 0

    def read(self, elements: Sequence[str], fields: Sequence[Field]) -> NoReturn:
        """Raise what was wrong with the file."""
        raise StoreError(self.message)


Readable = TypeVar("Readable", bound=Snapshot)
Found = TypeVar("Found")


def first_readable(
    snapshots: Iterable[Readable | Unreadable], look: Callable[[Readable], Found]
) -> Found:
    """Return what is found in the first snapshot that can be read.

    Raises
    ------
    StoreError
        That of the first snapshot, if none can be read.
    """
    trouble: StoreError | None = None
    for snapshot in snapshots:
        try:
            if isinstance(snapshot, Unreadable):
                raise StoreError(snapshot.message)
            return look(snapshot)
        except StoreError as error:
            trouble = trouble or error
    assert trouble is not None
    raise trouble


def kinds_of_names(
    codes: NDArray[np.integer],
    names: Sequence[str],
    elements: Sequence[str],
    error: Callable[[int, str], StoreError],
) -> NDArray[np.int64]:
    """Return the number of every atom's element.

    Parameters
    ----------
    codes
        Number of the atom's name in ``names``, shape ``(atom,)``.
    names
        Names of elements.
    elements
        The elements in the store's order.
    error
        Makes the error for one of the atoms.

    Raises
    ------
    StoreError
        If an atom is of another element.
    """
    known = {name: number for number, name in enumerate(elements)}
    table = np.array([*(known.get(name, -1) for name in names), -1])
    kind: NDArray[np.int64] = table[codes]
    if len(kind) and kind.min() < 0:
        row = int(np.argmax(kind < 0))
        raise error(
            row,
            f"element {names[codes[row]]!r} is none of {', '.join(elements)}; name "
            "every element of the files in elements",
        )
    return kind


def coordinates(
    labels: Mapping[str, tuple[Any, Mapping[str, str]]],
) -> dict[str, xr.Variable]:
    """Return labels of a sample as its coordinates."""
    return {
        name: xr.Variable((), value, dict(attributes))
        for name, (value, attributes) in labels.items()
    }
