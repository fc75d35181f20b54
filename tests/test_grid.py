import pytest

from fieldvae.errors import GridError
from fieldvae.grid import Grid

CUBE = Grid((4, 4, 4), (14.2,) * 3, "angstrom", (True,) * 3)


class TestGrid:
    def test_survives_a_round_through_attributes(self):
        assert Grid.from_attributes((4, 4, 4), CUBE.attributes()) == CUBE

    def test_takes_stated_defaults_where_a_store_is_silent(self):
        assert Grid.from_attributes((3, 5), {}) == Grid((3, 5), (1.0, 1.0), "1", (False, False))

    def test_has_one_cell_along_absent_axes_inside_the_model(self):
        assert Grid((7,)).shape3 == (7, 1, 1)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"shape": ()}, "one to three dimensions"),
            ({"shape": (4, 0)}, "without cells"),
            ({"shape": (4, 4), "spacing": (1.0,)}, "spacing has 1 values"),
            ({"shape": (4,), "spacing": (-1.0,)}, "not positive"),
            ({"shape": (4,), "frame": (2.0,) + (0.0,) * 8}, "not orthonormal"),
        ],
    )
    def test_refuses(self, options, message):
        with pytest.raises(GridError, match=message):
            Grid(**options)


class TestDifference:
    def test_is_empty_for_the_same_grid_up_to_rounding(self):
        assert CUBE.difference(Grid((4, 4, 4), (14.2 + 1e-9,) * 3, "angstrom", (True,) * 3)) == ""

    def test_names_all_that_differs(self):
        other = Grid((8, 4, 4), (7.1,) * 3, "angstrom", (True, True, False))
        told = CUBE.difference(other)
        assert "shape (8, 4, 4) instead of (4, 4, 4)" in told
        assert "spacing (7.1, 7.1, 7.1) instead of" in told
        assert "periodic (True, True, False) instead of" in told

    def test_forgives_the_shape_where_asked(self):
        assert CUBE.difference(CUBE.with_shape((8, 4, 4)), shape=False) == ""
