import json
from pathlib import Path

import pytest

import fieldvae
from fieldvae.errors import RunError
from fieldvae.field import FieldSpec
from fieldvae.workflow.comparing.reading import distinct_names

from ...made_runs import made_run


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """One run that knows the mean, one that knows a tenth of it and has no encoder."""
    folder = tmp_path_factory.mktemp("runs")
    made_run(folder / "good", changes={"name": "good"})
    model = {"name": "half", "model": {"encoder": None, "latent": 4}}
    made_run(folder / "half", blind=0.9, seed=1, encoder=False, changes=model, cpu_seconds=None)
    return [folder / "good", folder / "half"]


@pytest.fixture(scope="module")
def found(runs):
    return fieldvae.compare(*runs)


class TestCompare:
    def test_names_runs_and_tells_what_differs(self, found):
        told = {run.name: dict(run.differs) for run in found.runs}
        assert told == {"good": {"encoder": "convolution"}, "half": {"encoder": "none"}}

    def test_is_told_in_a_line_a_run_and_as_a_table_in_a_notebook(self, found):
        assert repr(found).startswith("<Comparison of good, half>\n  On temperature rise half")
        assert found._repr_html_().count("<tr>") == 3

    def test_counts_weights_and_the_time_of_training(self, found):
        good, half = found.runs
        assert good.weights == 20
        assert good.training == {"device": "cpu", "seconds": 4.0, "cpu_seconds": 6.0}
        assert half.training == {"device": "cpu", "seconds": 4.0}

    def test_takes_scores_as_they_are_stored(self, found, runs):
        stored = json.loads((runs[0] / "metrics.json").read_text())["model"]
        scores = found.reference.scores["heat"]
        assert scores["energy_score"] == stored["prediction"]["heat"]["energy_score"]
        assert scores["reconstruction_r2"] == stored["reconstruction"]["heat"]["r2"]
        assert scores["self_check_auc"] == stored["self_check"]["all"]["auc"]

    def test_leaves_out_what_a_run_has_not(self, found):
        assert {"reconstruction_r2", "self_check_auc"}.isdisjoint(found.runs[1].scores["heat"])

    def test_difference_is_that_of_the_scores(self, found):
        ours, theirs = (run.scores["heat"]["crps"] for run in (found.runs[1], found.runs[0]))
        pair = found.differences["half"]["heat"]["crps"]
        assert pair["difference"] == pytest.approx(ours - theirs)
        assert pair["relative"] == pytest.approx(ours / theirs - 1)

    def test_says_who_falls_behind(self, found):
        (sentence,) = found.sentences
        assert sentence.startswith("On temperature rise half falls behind good: energy score ")
        assert "% higher (95 % interval of the paired difference +" in sentence

    def test_turns_around_with_the_reference(self, runs, found):
        turned = fieldvae.compare(*runs, reference=runs[1])
        assert turned.reference.name == "half"
        (sentence,) = turned.sentences
        assert "good beats half" in sentence
        ours = turned.differences["good"]["heat"]["energy_score"]["difference_interval"]
        theirs = found.differences["half"]["heat"]["energy_score"]["difference_interval"]
        assert ours == pytest.approx([-theirs[1], -theirs[0]])

    def test_pairs_nothing_where_the_held_out_samples_are_others(self, runs, tmp_path):
        made_run(tmp_path / "other", first=60, changes={"name": "other"})
        found = fieldvae.compare(runs[0], tmp_path / "other")
        assert found.differences == {}
        (note,) = found.notes
        assert note.startswith("No paired difference of other and good: the held-out samples")

    def test_says_which_run_was_trained_further_from_which(self, runs, tmp_path):
        made_run(tmp_path / "tuned", changes={"name": "tuned"}, start=runs[0])
        further = "tuned was trained further from the weights of"
        both = fieldvae.compare(runs[0], tmp_path / "tuned")
        assert [run.start for run in both.runs] == ["", "good"]
        assert both.notes[0].startswith(f"{further} good: its scores are of both trainings")
        assert both.metrics()["runs"]["tuned"]["start"] == "good"
        assert both.metrics()["runs"]["good"]["start"] is None
        apart = fieldvae.compare(runs[1], tmp_path / "tuned")
        assert apart.notes[0].startswith(f"{further} good ({runs[0].resolve()}): ")

    def test_refuses_runs_of_different_outputs(self, runs, tmp_path):
        made_run(tmp_path / "cold", field=FieldSpec(name="cold", units="K"))
        with pytest.raises(RunError, match=r"good predicts heat; .*cold predicts cold"):
            fieldvae.compare(runs[0], tmp_path / "cold")

    def test_names_every_run_whose_scores_are_damaged(self, runs, tmp_path):
        for name in ("one", "two"):
            made_run(tmp_path / name)
            (tmp_path / name / "evaluation.zarr" / "zarr.json").write_text("{")
        with pytest.raises(RunError, match=r"(?s)one cannot be read.*two cannot be read"):
            fieldvae.compare(runs[0], tmp_path / "one", tmp_path / "two")

    def test_writes_a_page_and_numbers(self, runs, found, tmp_path):
        fieldvae.compare(*runs, out=tmp_path / "out")
        written = json.loads((tmp_path / "out" / "comparison.json").read_text())
        assert written == json.loads(json.dumps(found.metrics()))
        assert (tmp_path / "out" / "comparison.html").stat().st_size > 10_000


class TestDistinctNames:
    def test_are_as_much_of_the_paths_as_it_takes(self):
        paths = [Path("a/run"), Path("b/run")]
        assert distinct_names(["stress", "stress"], paths) == ["a/run", "b/run"]
