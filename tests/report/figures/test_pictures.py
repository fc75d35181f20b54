import numpy as np
import pytest
from matplotlib.colors import LogNorm

from fieldvae.report.figures.pictures import color_scale, far_apart, round_ticks


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


class TestFarApart:
    def test_tells_tension_from_the_shear_that_it_causes(self):
        tension, shear = np.linspace(300.0, 340.0, 50), np.linspace(-5.0, 5.0, 50)
        assert far_apart([tension, shear])

    def test_components_of_zero_mean_share_a_scale(self):
        """Even those that hardly vary: that is what the picture is to show."""
        assert not far_apart([np.linspace(-1.0, 1.0, 50), np.linspace(-0.01, 0.01, 50)])
        assert not far_apart([np.linspace(300.0, 340.0, 50)])
