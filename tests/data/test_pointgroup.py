import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from fieldvae import Grid, OptionError
from fieldvae.data.pointgroup import closed, cubic, declared, in_frame, on_grid

PAPER_FRAME = np.array([[1, -1, 0], [1, 1, -2], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])


def is_a_group(operations):
    products = np.einsum("aij,bjk->abik", operations, operations).reshape(-1, 3, 3)
    return all(np.abs(operations - p).max(axis=(1, 2)).min() < 1e-9 for p in products)


class TestGroups:
    def test_of_the_cube_has_48_operations(self):
        assert len(np.unique(cubic(), axis=0)) == 48
        assert len(closed(list(cubic()))) == 48

    @settings(max_examples=25, deadline=None)
    @given(chosen=st.lists(st.integers(0, 47), max_size=3))
    def test_are_closed(self, chosen):
        group = closed(list(cubic()[chosen]))
        np.testing.assert_array_equal(group[0], np.eye(3))
        assert is_a_group(group)
        assert 48 % len(group) == 0

    def test_of_a_sixfold_axis_written_to_four_digits_are_closed(self):
        turn = np.array([[0.5, -0.8660, 0], [0.8660, 0.5, 0], [0, 0, 1]])
        assert len(closed([turn])) == 6

    def test_refuse_a_shear(self):
        with pytest.raises(OptionError, match="is not orthogonal"):
            closed([np.array([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]])])

    def test_refuse_an_angle_that_never_comes_round(self):
        c, s = math.cos(1), math.sin(1)
        with pytest.raises(OptionError, match="do not close into a group"):
            closed([np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])])


class TestDeclared:
    def test_is_the_crystal_s_group_whatever_maps_the_grid_onto_itself(self):
        grid = Grid((4, 2, 3), frame=tuple(PAPER_FRAME.ravel()))
        group = declared(("cubic", "translations"), grid)
        assert len(group) == 48
        in_crystal = PAPER_FRAME.T @ group @ PAPER_FRAME
        assert_allclose(in_crystal, np.round(in_crystal), atol=1e-12)
        assert_allclose(group[0], np.eye(3), atol=1e-12)
        assert is_a_group(group)

    def test_of_no_symmetry_is_the_identity(self):
        assert_allclose(declared(("none",), Grid((4, 4, 4))), np.eye(3)[None])


class TestOnGrid:
    @pytest.mark.parametrize(
        ("grid", "left"),
        [
            (Grid((4, 4, 4)), 48),
            (Grid((4, 4, 2)), 16),
            (Grid((2, 3, 4)), 8),
            (Grid((4, 4, 4), spacing=(1.0, 1.0, 1.1)), 16),
            (Grid((4, 4, 4), periodic=(True, True, False)), 16),
            (Grid((4, 4)), 16),
            (Grid((4,)), 8),
        ],
    )
    def test_keeps_what_maps_the_grid_onto_itself(self, grid, left):
        operations = on_grid(cubic(), grid)
        assert len(operations) == left
        assert is_a_group(operations)

    def test_leaves_four_operations_in_the_frame_of_the_paper(self):
        operations = on_grid(in_frame(cubic(), PAPER_FRAME.ravel()), Grid((4, 4, 4)))
        assert len(operations) == 4
        assert is_a_group(operations)

    def test_leaves_all_in_a_frame_of_cube_axes_in_another_order(self):
        frame = [0, 1, 0, 0, 0, 1, 1, 0, 0]
        assert len(on_grid(in_frame(cubic(), frame), Grid((4, 4, 4)))) == 48
