from __future__ import annotations

import numpy as np
import pytest
from fieldvae_atomistic.lattice import Lattice

from fieldvae import OptionError

PAPER = (1, -1, 0, 1, 1, -2, 1, 1, 1)
"""Axes of the box in arXiv:2604.02281."""


@pytest.fixture
def lattice() -> Lattice:
    return Lattice(cells=(4, 6, 2), grid=(2, 3, 1))


@pytest.fixture(params=[PAPER, (1, 1, 0, -1, 1, 0, 0, 0, 1), (2, -1, 0, 1, 2, 0, 0, 0, 3)], ids=str)
def turned(request) -> Lattice:
    return Lattice(cells=(4, 6, 2), grid=(2, 3, 1), orientation=request.param)


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

    def test_is_the_same_with_the_cube_axes_written_out(self, lattice):
        same = Lattice(cells=(4, 6, 2), grid=(2, 3, 1), orientation=(2, 0, 0, 0, 1, 0, 0, 0, 3))
        np.testing.assert_array_equal(same.sites, lattice.sites)
        np.testing.assert_array_equal(same.fractions, lattice.fractions)
        np.testing.assert_array_equal(same.neighbors[0], lattice.neighbors[0])
        np.testing.assert_array_equal(same.block, lattice.block)

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

    @pytest.mark.parametrize(
        ("orientation", "words"),
        [
            ((1, -1, 0, 1, 1, -2, 1, 1), "expected nine integers"),
            ((1, -1, 0, 1, 1, -2, 0, 0, 0), r"z = \[0 0 0\] has no direction"),
            ((1, -1, 0, 1, 1, -2, 1, 1, 0), r"y = \[1 1 -2\] and z = \[1 1 0\] are not at right"),
            ((1, 1, -2, 1, -1, 0, 1, 1, 1), r"is left-handed: .*such as z = \[-1 -1 -1\]"),
        ],
    )
    def test_refuses_axes_that_are_not_a_boxs(self, orientation, words):
        with pytest.raises(OptionError, match=words):
            Lattice(cells=(4, 4, 4), grid=(1, 1, 1), orientation=orientation)


class TestTurnedLattice:
    def test_is_the_crystal_seen_along_other_axes(self, turned):
        """Turned back, positions are those of the cubic crystal, and none is missing."""
        frame = np.reshape(turned.frame, (3, 3))
        np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(frame) == pytest.approx(1.0)
        from_first = (turned.fractions - turned.fractions[0]) * turned.edges
        crystal = from_first @ frame * 2.0  # half lattice constants
        np.testing.assert_allclose(crystal, np.rint(crystal), atol=1e-9)
        assert (np.rint(crystal).sum(axis=1) % 2 == 0).all()
        assert len(np.unique(turned.sites, axis=0)) == turned.size
        assert turned.size == pytest.approx(4 * np.prod(turned.edges))

    @pytest.mark.parametrize(("shell", "number", "distance"), [(0, 12, 0.5**0.5), (1, 6, 1.0)])
    def test_finds_the_neighbors_of_a_shell(self, turned, shell, number, distance):
        apart = turned.fractions[turned.neighbors[shell]] - turned.fractions
        apart = (apart - np.round(apart)) * turned.edges
        assert apart.shape == (number, turned.size, 3)
        np.testing.assert_allclose(np.linalg.norm(apart, axis=-1), distance)

    def test_fills_blocks_of_whole_unit_cells_alike(self, turned):
        assert set(turned.block_sizes) == {turned.sites_per_block}
        along = (turned.fractions * turned.grid).astype(int)
        expected = np.ravel_multi_index(tuple(along.T), turned.grid)
        np.testing.assert_array_equal(turned.block, expected)

    def test_has_the_size_of_the_papers_cell(self):
        lattice = Lattice((120, 70, 50), (4, 5, 5), PAPER)
        assert lattice.size == 2_520_000
        # 302.1 x 305.2 x 308.3 Angstrom with a lattice constant of 3.56
        np.testing.assert_allclose(3.56 * lattice.edges, [302.1, 305.2, 308.3], atol=0.05)


class TestUnevenLattice:
    """30 planes over 4 blocks, as the paper has 150: faces on planes, were they not moved."""

    @pytest.fixture
    def uneven(self) -> Lattice:
        return Lattice((4, 3, 10), (2, 1, 4), PAPER, uneven=True)

    def test_gives_blocks_7_or_8_planes(self, uneven):
        planes = uneven.block_sizes / (uneven.size / 30 / 2)
        np.testing.assert_allclose(planes, [8, 7, 8, 7] * 2)
        assert not uneven.whole

    def test_keeps_planes_as_far_from_faces_as_can_be(self, uneven):
        height = uneven.fractions[:, 2] * 30  # in distances of planes
        apart = np.abs(height[:, None] - np.array([0.0, 7.5, 15.0, 22.5, 30.0])).min()
        assert apart == pytest.approx(0.25)

    def test_puts_every_site_in_the_block_it_lies_in(self, uneven):
        along = (uneven.fractions * uneven.grid).astype(int)
        expected = np.ravel_multi_index(tuple(along.T), uneven.grid)
        np.testing.assert_array_equal(uneven.block, expected)

    def test_is_to_be_asked_for(self):
        with pytest.raises(OptionError, match="do not divide into a grid of"):
            Lattice((4, 3, 10), (2, 1, 4), PAPER)

    def test_leaves_no_block_empty(self):
        with pytest.raises(OptionError, match="a block without atoms"):
            Lattice((2, 2, 2), (1, 1, 5), uneven=True)
