from __future__ import annotations

import io

import numpy as np
import pytest
from fieldvae_atomistic.dump.header import Mistake, read_header

HEAD = "ITEM: TIMESTEP\n7\nITEM: NUMBER OF ATOMS\n2\n"


def header_of(text):
    text = HEAD + text + "ITEM: ATOMS id x y z\n"
    return read_header(io.BytesIO(text.encode()), 0, len(text))


class TestReadHeader:
    def test_gives_one_box_for_lammps_three_forms(self):
        tilted = header_of("ITEM: BOX BOUNDS xy xz yz pp pp ff\n-2 10 1\n0 7.5 -1\n1 4 0.5\n").box
        general = header_of(
            "ITEM: BOX BOUNDS abc origin pp pp ff\n10 0 0 -1\n1 7 0 0\n-1 0.5 3 1\n"
        ).box
        np.testing.assert_allclose(tilted.matrix, general.matrix)
        np.testing.assert_allclose(tilted.origin, general.origin)
        assert tilted.periodic == general.periodic == (True, True, False)
        upright = header_of("ITEM: BOX BOUNDS pp ss fm\n0 2\n1 4\n2 6\n").box
        np.testing.assert_allclose(upright.matrix, np.diag([2, 3, 4]))
        assert upright.origin == (0.0, 1.0, 2.0)
        assert upright.periodic == (True, False, False)

    def test_says_where_atoms_start(self):
        header = header_of("ITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n")
        assert (header.timestep, header.atoms) == (7, 2)
        assert header.columns == ("id", "x", "y", "z")
        assert header.data - header.line == len("ITEM: ATOMS id x y z\n")

    def test_names_the_byte_of_a_mistake(self):
        with pytest.raises(Mistake) as told:
            header_of("ITEM: BOX BOUNDS pp pp pp\n0 1\n0 one\n0 1\n")
        assert told.value.byte == len(HEAD) + len("ITEM: BOX BOUNDS pp pp pp\n")
        assert str(told.value) == (
            "could not convert string to float: 'one'; expected the bounds of a box, as LAMMPS "
            "writes them"
        )
