from __future__ import annotations

import numpy as np
import pytest
from fieldvae_atomistic.lattice import Lattice

from fieldvae import OptionError


@pytest.fixture
def lattice() -> Lattice:
    return Lattice(cells=(4, 6, 2), grid=(2, 3, 1))


class TestLattice:
    def test_has_four_sites_per_unit_cell_none_twice(self, lattice):
        assert lattice.size == 4 * 4 * 6 * 2
        assert len(np.unique(lattice.sites, axis=0)) == lattice.size

    def test_fills_every_block_alike(self, lattice):
        counts = np.bincount(lattice.block, minlength=lattice.blocks)
        assert set(counts) == {lattice.sites_per_block}

    def test_puts_faces_of_blocks_a_quarter_lattice_constant_from_atoms(self, lattice):
        position = lattice.fractions * lattice.cells  # lattice constants
        edge = np.array(lattice.cells) / np.array(lattice.grid)
        within = position % edge
        assert np.minimum(within, edge - within).min() == pytest.approx(0.25)

    def test_agrees_with_blocks_of_wrapped_displaced_positions(self, lattice, generator):
        shift = generator.uniform(-0.24, 0.24, size=(lattice.size, 3)) / lattice.cells
        wrapped = (lattice.fractions + shift) % 1.0
        along = (wrapped * lattice.grid).astype(int)
        expected = np.ravel_multi_index(tuple(along.T), lattice.grid)
        np.testing.assert_array_equal(lattice.block, expected)

    @pytest.mark.parametrize(("shell", "number", "distance"), [(0, 12, 0.5**0.5), (1, 6, 1.0)])
    def test_finds_the_neighbors_of_a_shell(self, lattice, shell, number, distance):
        apart = lattice.fractions[lattice.neighbors[shell]] - lattice.fractions
        apart = (apart - np.round(apart)) * lattice.cells
        assert apart.shape == (number, lattice.size, 3)
        np.testing.assert_allclose(np.linalg.norm(apart, axis=-1), distance)

    def test_finds_no_neighbor_twice_in_a_cell_that_is_large_enough(self):
        first, second = Lattice(cells=(4, 4, 4), grid=(1, 1, 1)).neighbors
        together = np.sort(np.concatenate([first, second]), axis=0)
        assert (np.diff(together, axis=0) > 0).all()

    @pytest.mark.parametrize(
        ("cells", "grid", "words"),
        [
            ((4, 4, 6), (4, 4, 4), r"\(4, 4, 6\) do not divide into a grid of \(4, 4, 4\) blocks"),
            ((4, 4, 1), (1, 1, 1), "at least 2 unit cells"),
            ((4, 4), (1, 1), "three numbers each"),
        ],
    )
    def test_refuses(self, cells, grid, words):
        with pytest.raises(OptionError, match=words):
            Lattice(cells=cells, grid=grid)
