import numpy as np
import pytest
from matplotlib.colors import LogNorm

from fieldvae.report.figures.pictures import color_scale, round_ticks


class TestColorScale:
    def test_has_zero_in_the_middle_of_fields_of_both_signs(self):
        norm, colors = color_scale(np.linspace(-2.0, 1.0, 100))
        assert norm(0.0) == pytest.approx(0.5)
        assert colors == "RdBu_r"

    def test_follows_the_logarithm_of_fields_that_are_scaled_by_it(self):
        """One permeable block of a hundred would leave all others black."""
        permeability = np.geomspace(1e-15, 1e-11, 101)
        norm, _ = color_scale(permeability, logarithmic=True)
        assert norm(1e-13) == pytest.approx(0.5, abs=0.01)
        ticks = round_ticks(4, norm).tick_values(norm.vmin, norm.vmax)
        np.testing.assert_allclose(np.log10(ticks), np.round(np.log10(ticks)), atol=1e-9)

    @pytest.mark.parametrize(
        "values", [np.linspace(0.0, 1.0, 9), np.ones(9), np.linspace(-1, 1, 9)]
    )
    def test_has_no_logarithm_of_what_is_not_positive_or_all_the_same(self, values):
        norm, _ = color_scale(values, logarithmic=True)
        assert not isinstance(norm, LogNorm)
