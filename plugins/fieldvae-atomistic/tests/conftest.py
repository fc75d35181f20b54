"""What the tests of this distribution share."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(20260)


def dump_text(columns, rows, *, bounds=("0 8", "0 8", "0 8"), tilt="", flags="pp pp pp", step=0):
    """Write a snapshot as LAMMPS does; numbers with all their digits."""
    lines = [
        "ITEM: TIMESTEP",
        str(step),
        "ITEM: NUMBER OF ATOMS",
        str(len(rows)),
        f"ITEM: BOX BOUNDS {tilt + ' ' if tilt else ''}{flags}",
        *bounds,
        f"ITEM: ATOMS {columns}",
    ]
    words = (" ".join(v if isinstance(v, str) else repr(v) for v in row) for row in rows)
    return "\n".join([*lines, *words]) + "\n"


@pytest.fixture(name="dump_text")
def dump_text_fixture():
    return dump_text


@pytest.fixture
def crystal():
    """Return a function that makes fcc positions a quarter lattice constant off the faces."""

    def make(cells, constant=3.5):
        corners = np.stack(np.meshgrid(*map(np.arange, cells), indexing="ij"), -1)
        basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
        return ((corners.reshape(-1, 1, 3) + basis + 0.25) * constant).reshape(-1, 3)

    return make
