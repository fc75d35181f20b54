import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from fieldvae.field import FieldSpec
from fieldvae.report.figures.comparison import comparison_figure
from fieldvae.report.style import house_style

HEAT = FieldSpec(name="heat", units="K")
DIFFERENCES = {"climatology": -0.43, "linear_gaussian": 0.51, "deterministic": 0.001}


def scored(value):
    return {"relative": value, "relative_interval": [value - 0.03, value + 0.03]}


@pytest.fixture
def panels():
    """Of a model that one baseline beats and another nearly equals, drawn."""
    comparison = {
        name: {"heat": {"energy_score": scored(value), "crps": scored(value)}}
        for name, value in DIFFERENCES.items()
    }
    with house_style():
        figure = comparison_figure([HEAT], comparison)
        FigureCanvasAgg(figure).draw()
    return figure.axes


class TestComparisonFigure:
    def test_titles_and_labels_of_neighbors_lie_apart(self, panels):
        for left, right in itertools.pairwise(panels):
            for words in (lambda panel: panel._left_title, lambda panel: panel.xaxis.label):
                first, second = (words(panel).get_window_extent() for panel in (left, right))
                assert first.x1 < second.x0

    def test_shows_the_line_at_zero_in_every_panel(self, panels):
        for panel in panels:
            low, high = panel.get_xlim()
            assert low < 0 < high

    def test_has_no_words_outside_its_panels(self, panels):
        assert not any(panel.texts for panel in panels)
        for panel in panels:
            label = panel.xaxis.label.get_window_extent()
            assert panel.bbox.x0 <= label.x0 < label.x1 <= panel.bbox.x1
