"""The page's section on inverse design, from designs made by hand."""

import json
import re

import numpy as np
import pytest

from fieldvae.data.store import write_store
from fieldvae.grid import Grid
from fieldvae.report import write_report

from ...made_designs import FIELDS, STARTS, Made

FIGURES = (
    "design-histograms",
    "design-map",
    "design-courses",
    "design-fields-best",
    "design-fields-median",
)
CUBE = Grid((3, 3, 3), periodic=(True, True, True))


@pytest.fixture(scope="module", autouse=True)
def coarse_figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fieldvae.report.style.RESOLUTION", 30)
        yield


def page_of(path, made, designs=None, *, analysis=True) -> str:
    """Store what a run with designs has, and write its page."""
    designs = made.designs if designs is None else designs
    path.mkdir()
    summary = {
        "name": "made",
        "grid": {"shape": list(made.grid.shape), **made.grid.attributes()},
        "fields": {name: field.model_dump(mode="json") for name, field in FIELDS.items()},
    }
    (path / "run.json").write_text(json.dumps(summary))
    write_store(designs, path / "design.zarr")
    if analysis:
        write_store(made.analyzed(designs), path / "design_analysis.zarr")
    page = write_report(path).read_text(encoding="utf-8")
    return re.search(r'<section id="designs">.*?</section>', page, re.DOTALL)[0]


def shown(page) -> list[str]:
    return re.findall(r'<figure id="([a-z-]+)">', page)


def row(page, title) -> list[str]:
    """The cells of a table's row."""
    found = re.search(rf"<tr><td>{title}</td>(.*?)</tr>", page, re.DOTALL)[1]
    return re.findall(r"<td[^>]*>([^<]*)<", found)


@pytest.fixture(scope="module")
def made():
    return Made(CUBE)


@pytest.fixture(scope="module")
def page(made, tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("pages") / "run", made)


class TestSection:
    def test_shows_every_figure(self, page):
        assert shown(page) == list(FIGURES)

    def test_says_what_was_asked_for(self, page):
        assert "maximize the second moment of the von Mises stress" in page
        assert "200 starts, 300 iterations of Adam (lr 0.03), preset default" in page

    def test_tells_gains_by_fresh_realizations(self, made, page):
        before, after = (
            made.designs["statistic"].sel(stage=stage) for stage in ("start", "optimized")
        )
        better = int((after > before).sum())
        words = f"{float(before.mean()):#.4g} at the starts, {float(after.mean()):#.4g} GPa²"
        assert words in page
        assert f"better for {better} of {STARTS}." in page

    def test_has_the_means_of_every_component(self, made, page):
        means = made.designs["share"].mean(("sample", "x", "y", "z")).values
        assert row(page, "all designs")[:3] == [f"{mean:#.4g}" for mean in means]

    def test_tells_shares_outside_the_range_of_training(self, made, page):
        shares = 100 * made.designs["share_outside"].mean("sample").values
        assert row(page, "share") == [f"{share:.0f} %" for share in shares]

    def test_names_designs_outside_by_rule(self, made, page):
        flags = made.designs[["share_outside", "load_outside"]].sel(stage="optimized").to_array()
        first = np.flatnonzero(flags.any("variable"))[:12]
        assert f"are starts {', '.join(map(str, first))} and" in page


class TestWithLess:
    @pytest.mark.parametrize("grid", [Grid((5,)), Grid((4, 3))], ids=["line", "plane"])
    def test_grids_of_fewer_dimensions_show_the_same(self, tmp_path, grid):
        assert shown(page_of(tmp_path / "run", Made(grid))) == list(FIGURES)

    def test_a_design_of_values_on_no_grid_alone(self, tmp_path):
        made = Made(CUBE, vary={"load": {}}, hold={"share": 1 / 3, "force": 0.0})
        assert shown(page_of(tmp_path / "run", made)) == list(FIGURES)

    def test_few_starts_have_no_map_and_are_told_so(self, made, tmp_path):
        found = page_of(tmp_path / "run", made, made.designs.isel(sample=slice(0, 5)))
        assert "There is no map of the designs: 5 designs" in found
        assert shown(found) == [name for name in FIGURES if name != "design-map"]

    def test_one_start_is_shown(self, made, tmp_path):
        found = page_of(tmp_path / "run", made, made.designs.isel(sample=[0]))
        assert "design-fields-best" in shown(found)

    def test_failed_starts_are_told(self, made, tmp_path):
        designs = made.designs.copy(deep=True)
        for name in ("statistic", "share", "objective", "quantity", "statistic_course"):
            designs[name][:7] = np.nan
        assert f"7 of {STARTS} starts ended in" in page_of(tmp_path / "run", made, designs)

    def test_failed_starts_alone_still_make_a_page(self, made, tmp_path):
        designs = made.designs.copy(deep=True)
        designs["statistic"][:] = np.nan
        found = page_of(tmp_path / "run", made, designs)
        assert f"{STARTS} of {STARTS} starts ended in" in found
        assert shown(found) == ["design-histograms"]

    def test_a_model_without_encoder(self, made, tmp_path):
        checks = ["self_check_error", "self_check_course", "accepted"]
        designs = made.designs.drop_vars([*checks, "condition"])
        found = page_of(tmp_path / "run", made, designs)
        assert "elf-check" not in found
        assert shown(found) == list(FIGURES)

    def test_designs_that_were_not_analyzed_say_so(self, made, tmp_path):
        found = page_of(tmp_path / "run", made, analysis=False)
        assert "were not analyzed, or not to the end" in found
        assert shown(found) == []
