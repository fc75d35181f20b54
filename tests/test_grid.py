import numpy as np
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

    @pytest.mark.parametrize("units", ["kPa", "s", "1/nm", "voxel", "pixel"])
    def test_refuses_a_spacing_that_is_no_length(self, units):
        with pytest.raises(GridError, match=f"{units}'.* expected a length such as angstrom"):
            Grid((4,), spacing_units=units)

    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("periodik", "periodic"),
            ("Periodic", "periodic"),
            ("period", "periodic"),
            ("grid_spacing", "spacing"),
            ("spacing_unit", "spacing_units"),
            ("frames", "frame"),
        ],
    )
    def test_refuses_a_misspelled_attribute(self, name, meant):
        with pytest.raises(GridError, match=rf"{name!r} is unknown \(did you mean {meant!r}"):
            Grid.from_attributes((4, 4), {name: [1, 1]})

    @pytest.mark.parametrize("name", ["name", "time_units", "title", "source", "provenance"])
    def test_leaves_other_attributes_alone(self, name):
        assert Grid.from_attributes((4, 4), {name: "x"}) == Grid((4, 4))

    def test_takes_no_attribute_for_one_that_is_there(self):
        assert Grid.from_attributes((4,), {"spacing": [2], "cell_spacing": 2}).spacing == (2.0,)

    @pytest.mark.parametrize("value", ["yes", ["yes", "no"], True, [2, 0], [None, None]])
    def test_refuses_a_periodicity_that_is_no_list_of_booleans(self, value):
        with pytest.raises(GridError, match="expected a list of booleans, one for each axis"):
            Grid.from_attributes((4, 4), {"periodic": value})

    @pytest.mark.parametrize("value", [[True, False], [1, 0], [1.0, 0.0], np.array([True, False])])
    def test_reads_booleans_as_zero_and_one_too(self, value):
        assert Grid.from_attributes((4, 4), {"periodic": value}).periodic == (True, False)

    def test_refuses_text_for_numbers(self):
        with pytest.raises(GridError, match="'spacing' is '12'; expected a list of numbers"):
            Grid.from_attributes((4, 4), {"spacing": "12"})
        with pytest.raises(GridError, match="'spacing_units' is 1; expected a unit"):
            Grid.from_attributes((4, 4), {"spacing_units": 1})


class TestDifference:
    def test_is_empty_for_the_same_grid_up_to_rounding(self):
        assert CUBE.difference(Grid((4, 4, 4), (14.2 + 1e-9,) * 3, "angstrom", (True,) * 3)) == ""

    @pytest.mark.parametrize(
        ("spacing", "units"), [(1.42, "nm"), (14.2e-10, "m"), (14.2, "Å"), (0.00142, "micron")]
    )
    def test_is_empty_for_the_same_lengths_in_other_units(self, spacing, units):
        other = Grid((4, 4, 4), (spacing,) * 3, units, (True,) * 3)
        assert CUBE.difference(other) == other.difference(CUBE) == ""

    @pytest.mark.parametrize(("share", "same"), [(0.003, True), (0.02, False)])
    def test_forgives_what_blocks_of_as_many_atoms_differ_by(self, share, same):
        other = Grid((4, 4, 4), (14.2 * (1 + share),) * 3, "angstrom", (True,) * 3)
        assert (CUBE.difference(other) == "") is same

    def test_names_other_lengths_with_their_units(self):
        other = Grid((4, 4, 4), (14.2,) * 3, "nm", (True,) * 3)
        told = CUBE.difference(other)
        assert told == "spacing (14.2, 14.2, 14.2) nm instead of (14.2, 14.2, 14.2) angstrom"

    def test_tells_lengths_from_numbers(self):
        other = Grid((4, 4, 4), (14.2,) * 3, "1", (True,) * 3)
        assert CUBE.difference(other) == "spacing in 1 instead of angstrom"

    def test_names_all_that_differs(self):
        other = Grid((8, 4, 4), (7.1,) * 3, "angstrom", (True, True, False))
        told = CUBE.difference(other)
        assert "shape (8, 4, 4) instead of (4, 4, 4)" in told
        assert "spacing (7.1, 7.1, 7.1) instead of" in told
        assert "periodic (True, True, False) instead of" in told

    def test_forgives_the_shape_where_asked(self):
        assert CUBE.difference(CUBE.with_shape((8, 4, 4)), shape=False) == ""
