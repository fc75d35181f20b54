"""Attributes of the store that an importer of atoms makes, with the provenance."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldvae import Grid
from fieldvae_atomistic.box import Box
from fieldvae_atomistic.importing.averaging import BONDS, COLUMNS, METHOD, Averaging
from fieldvae_atomistic.versions import version

TILTED = (
    "the box is tilted, and a store's grid has right angles: of the symmetries that a task may "
    "declare only shifts hold for these blocks; write 'symmetry: translations' in the task"
)

SIGN = "tension positive; minus a third of the trace, averaged, is the pressure"


def described_files(
    counts: Mapping[Path, int], *, sha256: bool
) -> list[dict[str, str | int | None]]:
    """Return name, number of snapshots and, where wanted, checksum of every file."""
    return [
        {
            "name": path.name,
            "snapshots": count,
            **({"sha256": _checksum(path)} if sha256 else {}),
        }
        for path, count in counts.items()
    ]


def attributes(
    averaging: Averaging,
    box: Box,
    *,
    importer: str,
    frame: Sequence[float],
    files: Sequence[Mapping[str, Any]],
    ordered: bool = False,
    options: Mapping[str, Any],
    more: Mapping[str, Any],
    libraries: Sequence[str] = ("fieldvae-atomistic", "numpy"),
) -> dict[str, Any]:
    """Return the group attributes of a store.

    Parameters
    ----------
    averaging
        What was asked for.
    box
        That of the first snapshot.
    importer
        Its name.
    frame
        Axes x, y, z in crystal coordinates, of any length, nine numbers.
    files
        What is told of every file (:func:`described_files`).
    ordered
        Whether Warren-Cowley parameters are the file's own.
    options
        The importer's own options; those of the averaging are added.
    more
        Further entries of the provenance.
    libraries
        Distributions whose versions are kept.

    Raises
    ------
    GridError
        If the frame is no orthonormal one.

    Warns
    -----
    UserWarning
        If the box is tilted.
    """
    if box.tilted:
        warnings.warn(TILTED, stacklevel=3)
    rows = np.array(frame).reshape(3, 3)
    with np.errstate(invalid="ignore"):
        axes = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).ravel().tolist()
    spacing = (box.lengths / averaging.grid).round(6).tolist()
    Grid(averaging.grid, tuple(spacing), "angstrom", box.periodic, axes)  # checks the frame
    search = "warren_cowley" in averaging.fields and not ordered
    provenance = {
        "importer": importer,
        "method": METHOD + (BONDS.format(reference=averaging.reference) if search else COLUMNS),
        "files": list(files),
        "elements": list(averaging.elements),
        **more,
        "first_shell": _shell(averaging.cutoff, averaging.neighbors) if search else None,
        "box_of_first_snapshot": {"edges": box.matrix.tolist(), "origin": list(box.origin)},
        "options": {
            "grid": averaging.grid,
            "offset": averaging.offset,
            "reference": averaging.reference,
            **options,
        },
        "versions": {name: version(name) for name in libraries},
    }
    return {
        "fieldvae_store": 1,
        "spacing": spacing,
        "spacing_units": "angstrom",
        "periodic": list(box.periodic),
        "frame": axes,
        "provenance": json.dumps(provenance),
    }


def _shell(cutoff: float | None, neighbors: int | None) -> str:
    if neighbors is not None:
        return f"the {neighbors} nearest atoms"
    if cutoff is not None:
        return f"atoms within {cutoff:g} angstrom"
    return "atoms within (1 + 1/sqrt 2) / 2 lattice constants of an fcc crystal of equal density"


def _checksum(path: Path) -> str | None:
    """Return the SHA-256 of a file in hexadecimal, or nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
