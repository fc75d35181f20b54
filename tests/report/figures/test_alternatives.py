import pytest

from fieldvae.report.figures.alternatives import alternatives_plot
from fieldvae.report.style import house_style
from fieldvae.workflow.comparing.serving import compare

from ...made_runs import made_run


@pytest.fixture
def panels(tmp_path, monkeypatch):
    """Of two runs, drawn."""
    figures = []
    monkeypatch.setattr(
        "fieldvae.report.figures.alternatives.png", lambda f: figures.append(f) or b""
    )
    for name in ("one", "other"):
        made_run(tmp_path / name, changes={"name": name})
    with house_style():
        alternatives_plot(compare(tmp_path / "one", tmp_path / "other"))
    return figures[0].axes


def test_no_line_of_the_grid_lies_over_what_is_right(panels):
    dashed = [line for panel in panels for line in panel.lines if line.is_dashed()]
    assert len(dashed) == 2  # coverage, and spread over error
    for line in dashed:
        assert line.zorder > line.axes.xaxis.get_zorder()
