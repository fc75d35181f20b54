import re
from dataclasses import replace

import pytest

from fieldvae.evaluation.alternatives import compare_alternatives
from fieldvae.report.alternatives import write_comparison
from fieldvae.report.tables import alternatives_table
from fieldvae.workflow.comparing.serving import compare

from ..made_runs import made_run


@pytest.fixture(scope="module", autouse=True)
def coarse_figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fieldvae.report.style.RESOLUTION", 30)
        yield


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    made_run(folder / "good", changes={"name": "good <b>"})
    model = {"name": "half", "model": {"encoder": None, "latent": 4}}
    made_run(folder / "half", blind=0.5, encoder=False, changes=model)
    made_run(folder / "other", first=90, changes={"name": "other"})
    return compare(folder / "good", folder / "half", folder / "other")


@pytest.fixture(scope="module")
def page(found, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "comparison.html"
    write_comparison(found, path)
    return path.read_text(encoding="utf-8")


class TestWriteComparison:
    def test_is_one_file_that_needs_no_network(self, page):
        assert not re.search(r"(src|href)=\"(?!data:|#)", page)
        assert "http" not in re.sub(r"data:image/png;base64,[^\"]*", "", page)

    def test_says_every_verdict_and_why_one_is_missing(self, page, found):
        (sentence,), (note,) = found.sentences, found.notes
        for told in (sentence, note):
            assert told.replace("<b>", "&lt;b&gt;") in page

    def test_tells_what_differs_beneath_the_names(self, page):
        assert "half<small>encoder none</small>" in page

    def test_praises_no_run_whose_ensemble_is_too_narrow(self, tmp_path):
        made_run(tmp_path / "bad", blind=0.9, changes={"name": "bad"})
        made_run(tmp_path / "narrow", width=0.6, changes={"name": "narrow"})
        found = compare(tmp_path / "bad", tmp_path / "narrow")
        write_comparison(found, tmp_path / "page.html")
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert '<li class="caution">On temperature rise narrow beats bad' in page

    def test_says_which_run_was_trained_further(self, found, tmp_path):
        cold = found.reference
        tuned = replace(cold, name="tuned", start=cold.name)
        write_comparison(compare_alternatives([cold, tuned], found.fields), tmp_path / "page.html")
        page = (tmp_path / "page.html").read_text(encoding="utf-8")
        assert page.count("trained further from the weights of good") == 2

    def test_shows_one_figure(self, page):
        assert page.count("<img") == 1

    def test_leaves_no_half_page_behind(self, found, tmp_path):
        write_comparison(found, tmp_path / "comparison.html")
        assert [path.name for path in tmp_path.iterdir()] == ["comparison.html"]


class TestAlternativesTable:
    def test_leaves_out_columns_that_no_run_fills(self, found):
        keys = [column.key for column in alternatives_table(found.fields[0], found).columns]
        assert "self_check_auc" in keys
        assert "replicates_excess" not in keys

    def test_marks_the_best_run_of_a_column(self, found):
        table = alternatives_table(found.fields[0], found)
        place = [column.key for column in table.columns].index("energy_score_difference")
        cells = {name: row[place] for name, row in table.rows}
        assert cells["good <b>"].value == "0.00"
        assert cells["good <b>"].best
        assert cells["other"].value == "\N{EN DASH}"
        assert cells["half"].interval != ""
