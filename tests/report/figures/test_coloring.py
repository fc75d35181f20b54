import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_rgba

from fieldvae.report.figures.coloring import MISSING, point_colors
from fieldvae.report.style import BLUE


def coordinate(values):
    return xr.DataArray(values, dims="point", attrs={"long_name": "bath_level", "units": "mm"})


class TestPointColors:
    def test_gives_equal_values_one_color_and_others_another(self):
        found = point_colors(coordinate(np.array([3.0, 1.0, 3.0, 2.0])), 4)
        np.testing.assert_array_equal(found.points[0], found.points[2])
        assert len(np.unique(found.points, axis=0)) == 3
        assert [words for words, _ in found.entries] == ["1", "2", "3"]
        assert found.title == "bath level (mm)"

    def test_legend_has_the_colors_of_the_points(self):
        found = point_colors(coordinate(np.array(["b", "a"])), 2)
        assert dict(found.entries)["b"] == tuple(found.points[0])
        assert [line.get_label() for line in found.handles()] == ["a", "b"]

    @pytest.mark.parametrize("values", [[1.0, np.nan], ["a", ""]], ids=["number", "text"])
    def test_grays_what_is_missing(self, values):
        found = point_colors(coordinate(np.array(values)), 2)
        assert tuple(found.points[1]) == to_rgba(MISSING)
        assert found.entries[-1] == ("none given", to_rgba(MISSING))

    def test_puts_many_numbers_on_a_scale(self):
        found = point_colors(coordinate(np.append(np.arange(30.0), np.nan)), 31)
        assert found.scale is not None
        assert found.scale.get_clim() == (0, 29)
        assert tuple(found.points[-1]) == to_rgba(MISSING)

    @pytest.mark.parametrize(
        "given",
        [
            None,
            coordinate(np.full(20, np.nan)),
            coordinate(np.array([f"run {i}" for i in range(20)])),
        ],
        ids=["absent", "missing", "names"],
    )
    def test_gives_one_color_where_nothing_is_said(self, given):
        found = point_colors(given, 20)
        assert (found.points == to_rgba(BLUE)).all()
        assert found.handles() == []
