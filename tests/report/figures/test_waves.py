import numpy as np
import pytest

from fieldvae.field import FieldSpec
from fieldvae.report.figures.waves import wave_plot
from fieldvae.report.style import house_style

HEAT = FieldSpec(name="heat", units="K")


@pytest.fixture
def draw(monkeypatch):
    """Draw bands of waves: ``draw([0.0, 1.0])`` returns the panel and its caption."""
    figures = []
    monkeypatch.setattr("fieldvae.report.figures.waves.png", lambda f: figures.append(f) or b"")

    def drawn(wavenumbers, units="1"):
        waves = {
            "wavenumber": wavenumbers,
            "spread_skill": [1.0 for _ in wavenumbers],
            "spread_skill_interval": [[0.9, 1.1] for _ in wavenumbers],
            "error_share": [1 / len(wavenumbers) for _ in wavenumbers],
        }
        with house_style():
            plot = wave_plot([HEAT], {"model": {"waves": {"heat": waves}}}, units)
        return figures[-1].axes[0], plot.caption

    return drawn


def marks(panel):
    words = [text.get_text() for text in panel.get_xticklabels()]
    return dict(zip(words, panel.get_xticks(), strict=True))


class TestWavePlot:
    def test_has_an_axis_of_wavelengths(self, draw):
        panel, _ = draw([np.pi / 4, np.pi / 2, np.pi])
        assert panel.get_xlabel() == "wavelength (cells)"
        told = marks(panel)
        assert {"8", "4", "2"} <= set(told)
        assert all(float(length) * k == pytest.approx(2 * np.pi) for length, k in told.items())

    def test_names_the_units_of_lengths(self, draw):
        panel, _ = draw([0.11, 0.38], units="angstrom")
        assert panel.get_xlabel() == "wavelength (Å)"
        assert {"50", "20"} <= set(marks(panel))

    def test_tells_of_the_mean_where_it_is_drawn(self, draw):
        panel, caption = draw([0.0, 1.0, 2.0])
        assert marks(panel)["mean"] == 0
        assert "the mean over the grid" in caption
        panel, caption = draw([1.0, 2.0])
        assert "mean" not in marks(panel)
        assert "the mean over the grid" not in caption

    def test_draws_a_grid_whose_only_band_is_the_mean(self, draw):
        panel, _ = draw([0.0])
        assert marks(panel) == {"mean": 0}
