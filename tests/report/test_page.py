import json
import re

import numpy as np
import pytest
import xarray as xr

from fieldvae.data.store import write_store
from fieldvae.errors import RunError
from fieldvae.evaluation import ConditionErrors, Strata, component_scales, evaluate
from fieldvae.evaluation.baselines import Climatology
from fieldvae.evaluation.replicates import score_replicates
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.report import write_report
from fieldvae.report.figures.calibration import coverage_plot, rank_plot
from fieldvae.report.record import read_run

EPOCH = {"total": 3.0, "reconstruction": 2.0, "kl": 1.0}


@pytest.fixture(scope="module", autouse=True)
def coarse_figures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fieldvae.report.style.RESOLUTION", 30)
        yield


def fields():
    return (
        FieldSpec(name="heat", units="K", long_name="temperature rise"),
        FieldSpec(
            name="share", units="1", symbol="c", tensor_kind="set", components=("Ni-Co", "Cr")
        ),
    )


def dataset(grid, generator, *leading):
    names = ("sample", "realization")[: len(leading)]
    return xr.Dataset(
        {
            "heat": ((*names, *grid.axes), generator.standard_normal((*leading, *grid.shape))),
            "share": (
                (*names, "pair", *grid.axes),
                generator.random((*leading, 2, *grid.shape)),
            ),
        },
        coords={"pair": ["Ni-Co", "Cr"]},
    )


def store_run(path, grid, *, encoder=True):
    """Write what the stages before the report leave behind."""
    generator = np.random.default_rng(0)
    path.mkdir()
    training, truth = dataset(grid, generator, 20), dataset(grid, generator, 8)
    climatology = Climatology.fit(training, outputs=fields(), grid=grid)
    errors = generator.random((8, 1))
    found = evaluate(
        truth,
        {
            "model": dataset(grid, generator, 8, 5),
            "climatology": climatology.realize(truth, count=5, generator=generator),
            "deterministic": dataset(grid, generator, 8, 1),
        },
        fields=fields(),
        grid=grid,
        scales=component_scales(training, fields(), grid),
        reconstruction=truth * 1.1 if encoder else None,
        condition_errors=ConditionErrors({"source": 0.5}, errors, errors + 1) if encoder else None,
        strata=Strata("bath_temperature", "K", {"300": np.arange(5), "none": np.arange(5, 8)}),
        resamples=20,
    )
    found = found.joined(
        score_replicates(
            dataset(grid, generator, 4, 6),
            {name: dataset(grid, generator, 4, 5) for name in found.metrics},
            fields=fields(),
            grid=grid,
            scales=component_scales(training, fields(), grid),
            strata=Strata("bath_temperature", "K", {"300": np.arange(3), "none": np.array([3])}),
            resamples=20,
        )
    )
    write_store(found.details, path / "evaluation.zarr")
    (path / "metrics.json").write_text(json.dumps(found.metrics))
    summary = {
        "name": "flow <b>",
        "samples": {"train": 20, "validation": 4, "test": 8},
        "grid": {"shape": list(grid.shape), **grid.attributes()},
        "fields": {
            each.name: each.model_dump(mode="json")
            for each in (FieldSpec(name="source", units="W/m^3"), *fields())
        },
        "symmetry": "no symmetry is declared",
        "provenance": json.dumps(
            {"method": "word " * 60, "options": {"cells": [4, 3], "seed": None}, "done": True}
        ),
    }
    (path / "run.json").write_text(json.dumps(summary))
    epochs = [
        {"epoch": i, "train": EPOCH, "validation": None, "learning_rate": 0.1, "seconds": 1.0}
        for i in (1, 2)
    ]
    (path / "history.jsonl").write_text("\n".join(map(json.dumps, epochs)) + "\n")
    (path / "task.filled.yaml").write_text("name: flow\n")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    grid = Grid((4, 3, 3), spacing_units="nm", periodic=(True, True, False))
    return store_run(tmp_path_factory.mktemp("runs") / "flow", grid)


@pytest.fixture(scope="module")
def page(run):
    return write_report(run).read_text(encoding="utf-8")


class TestWriteReport:
    def test_is_one_file_that_needs_no_network(self, page):
        assert not re.search(r"(src|href)=\"(?!data:|#)", page)
        assert "http" not in re.sub(r"data:image/png;base64,[^\"]*", "", page)

    @pytest.mark.parametrize(
        "figure",
        [
            "comparison",
            "training",
            "samples-heat",
            "components-share",
            "samples-share",
            "blocks-heat",
            "blocks-share",
            "replicates-heat",
            "replicates-share",
            "replicate-cells-heat",
            "strata-heat",
            "replicate-strata-share",
            "coverage",
            "ranks",
            "histogram-heat",
            "histogram-share",
            "spectrum",
            "parity-heat",
            "parity-share",
            "self-check-errors",
        ],
    )
    def test_shows_and_keeps_every_figure(self, run, page, figure):
        assert f'<figure id="{figure}">' in page
        assert (run / "report" / "figures" / f"{figure}.png").read_bytes().startswith(b"\x89PNG")

    def test_says_first_whether_the_model_beats_its_baseline(self, page):
        assert re.search(r"<li class=\"\w+\">On temperature rise the model .* climatology", page)

    def test_says_whether_the_ensemble_is_calibrated(self, page):
        assert re.search(r'<li class="\w+">On temperature rise the model&#39;s ensemble', page)

    def test_says_how_far_the_model_is_from_what_replicates_allow(self, page):
        told = r"On temperature rise the model scores [\d.]+ % \w+ the limit set by true replicates"
        assert re.search(rf"<li class=\"\w+\">{told}", page)
        assert "the replicates&#39; own" in page

    def test_tells_scores_by_stratum_with_counts(self, page):
        assert "<h2>Scores by bath temperature</h2>" in page
        rows = re.findall(
            r"<tr><td>([^<]+: [^<]+)(?:<small>[^<]*</small>)?</td>\s*<td>(\d*)<", page
        )
        expected = [
            ("300 K: model", "5"),
            ("300 K: climatology", ""),
            ("no bath temperature: model", "3"),
            ("no bath temperature: climatology", ""),
        ]
        assert [row for row in rows if "300 K" in row[0] or "bath" in row[0]][:4] == expected

    def test_says_which_stratum_is_nearest_to_the_limit(self, page):
        words = r"lies above the limit set by replicates by .[\d.]+ % \([^)]+\) to .?[\d.]+ %"
        assert re.search(rf"On temperature rise the model&#39;s energy score {words}", page)

    def test_says_what_the_deterministic_network_lacks(self, page):
        assert re.search(r"its fields have \d+ % of the true variance over the grid", page)

    def test_judges_no_calibration_of_a_single_realization(self, run):
        record = read_run(run)
        told = [coverage_plot(fields(), record.metrics), rank_plot(fields(), record.details)]
        without = {n: m for n, m in record.metrics.items() if n != "deterministic"}
        others = record.details.sel(model=list(without))
        assert told == [coverage_plot(fields(), without), rank_plot(fields(), others)]

    def test_spells_out_abbreviations(self, page):
        for words in ("continuous ranked probability", "area under the ROC", "Kullback-Leibler"):
            assert words in page

    def test_names_the_unit_of_the_energy_score(self, page):
        assert re.search(r"<small>[0-9.]+ K; lower is better</small>", page)

    def test_shows_the_baselines_energy_score_beside_the_models(self, run, page):
        scores = read_run(run).metrics["climatology"]["prediction"]["heat"]
        assert f"<small>climatology: {scores['energy_score']:.2f}</small>" in page

    def test_tells_a_short_training_in_seconds(self, page):
        assert "over 2 epochs (2.0 seconds)" in page

    def test_writes_provenance_in_lines(self, page):
        assert "\noptions: cells 4, 3, seed none\ndone: yes\n" in page
        assert re.search(r"<dd>method: (word )+\u2026", page)

    def test_lists_its_sections(self, page):
        anchors = re.findall(r'<a href="#([a-z-]+)">', page)
        assert anchors == re.findall(r'<section id="([a-z-]+)">', page)
        assert len(anchors) == 11

    def test_shows_what_the_user_named_as_text(self, page):
        assert "flow &lt;b&gt;" in page
        assert "flow <b>" not in page

    def test_shows_the_task(self, page):
        assert "<pre>name: flow" in page

    def test_can_be_written_again(self, run, page):
        assert write_report(run).read_text(encoding="utf-8") == page

    def test_refuses_what_is_no_run(self, tmp_path):
        with pytest.raises(RunError, match=r"no run directory: it has no run\.json"):
            write_report(tmp_path)


@pytest.mark.parametrize("grid", [Grid((6,)), Grid((4, 3))], ids=str)
class TestOnFewerDimensions:
    def test_says_what_a_model_without_encoder_lacks(self, tmp_path, grid):
        page = write_report(store_run(tmp_path / "run", grid, encoder=False)).read_text()
        assert "The model has no encoder, so there is nothing to reconstruct." in page
        assert "There is no self-check to report" in page
        assert 'id="samples-share"' in page
        assert 'id="blocks-share"' not in page


class TestOfAnUnfinishedRun:
    def test_says_that_nothing_was_evaluated(self, tmp_path):
        (tmp_path / "run.json").write_text(json.dumps({"name": "early"}))
        page = write_report(tmp_path).read_text(encoding="utf-8")
        assert "This run has not been evaluated" in page
        assert "No training history is stored." in page
