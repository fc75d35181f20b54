"""A cell of 4x4x4 fcc unit cells in LAMMPS's text, and a way to put text into files."""

from __future__ import annotations

import pytest

STRESS = " ".join(f"c_s[{n}]" for n in range(1, 7))


@pytest.fixture
def cell(dump_text, crystal, generator):
    """Return a function that makes the text of a cell of 4x4x4 unit cells, and its rows."""
    positions = crystal((4, 4, 4), 2.0)

    def make(columns=f"id type x y z {STRESS}", step=0, edit=None, **header):
        rows = [
            [n + 1, int(kind), *map(float, place), *map(float, virial)]
            for n, (place, kind, virial) in enumerate(
                zip(
                    positions,
                    generator.integers(1, 3, 256),
                    generator.normal(size=(256, 6)),
                    strict=True,
                )
            )
        ]
        if edit is not None:
            edit(rows)
        return dump_text(columns, rows, step=step, **header)

    return make


@pytest.fixture
def write(tmp_path):
    def put(text, name="cell.dump"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put
