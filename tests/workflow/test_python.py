"""The calls in Python: scores of a dataset, quantities of pint, and how records look."""

from __future__ import annotations

import pint
import pytest

import fieldvae
from fieldvae.workflow.directory import RunDirectory


@pytest.fixture(scope="module")
def model(trained_run):
    return fieldvae.load(trained_run)


class TestScore:
    def test_gives_every_sample_its_scores_in_the_units_of_the_field(self, model, foreign):
        scores = model.score(foreign(4), realizations=8)
        assert scores.flux.dims == ("score", "sample")
        assert scores.score.values.tolist() == ["energy_score", "crps"]
        assert scores.flux.attrs["units"] == "m/s"
        assert (scores.flux.sel(score="energy_score") > 0).all()
        assert "temperature" in scores.coords

    def test_is_better_with_the_outputs_that_belong_to_the_inputs(self, model, foreign):
        data = foreign(8)
        swapped = data.assign(flux=data.flux.copy(data=data.flux.values[::-1]))
        ours, theirs = (model.score(d, realizations=8).flux.mean() for d in (data, swapped))
        assert ours < theirs

    def test_needs_the_outputs(self, model, foreign):
        with pytest.raises(fieldvae.StoreError, match="has no variable 'flux'"):
            model.score(foreign(2).drop_vars("flux"))


class TestQuantitiesOfPint:
    def test_are_converted_as_units_in_attributes_are(self, model, foreign):
        data = foreign(2)
        registry = pint.UnitRegistry()
        other = data.copy()
        values = registry.Quantity(data.gradient.values / 1e3, "kPa/m")
        other["gradient"] = (data.gradient.dims, values)
        ours, theirs = (model.predict(d, realizations=2, self_check=False) for d in (data, other))
        assert abs(ours.flux - theirs.flux).max() < 1e-4

    def test_of_another_dimension_are_refused(self, model, foreign):
        data = foreign(2)
        data["gradient"] = (
            data.gradient.dims, pint.UnitRegistry().Quantity(data.gradient.values, "kelvin"),
        )  # fmt: skip
        with pytest.raises(fieldvae.UnitError, match="'gradient' in the dataset is in kelvin"):
            model.predict(data)


class TestRecords:
    def test_of_a_run_say_where_it_is_and_how_far(self, trained_run):
        run = fieldvae.Run(RunDirectory(trained_run))
        assert repr(run) == f"<Run {trained_run}: unfinished>"
        assert str(trained_run) in run._repr_html_()
        assert "permeability" in run._repr_html_()

    def test_of_a_model_give_units_components_and_weights(self, model):
        page = model._repr_html_()
        for words in ("flux (m/s): x, y, z", "4 x 4 x 4 cells; serves any shape", "decoder"):
            assert words in page

    def test_of_a_task_fit_one_line_and_fold_its_keys_away(self, model):
        assert repr(model.spec).startswith("<TaskSpec foreign: permeability, gradient, fraction ->")
        page = model.spec._repr_html_()
        assert "<details>" in page
        assert "checkpoint_every" in page

    def test_of_samples_give_fields_with_units(self, foreign_store, model):
        samples = fieldvae.open_store(foreign_store, model.fields)
        assert "48 on 4 x 4 x 4 cells; permeability (m^2)" in repr(samples)
        assert "sand, clay, silt" in samples._repr_html_()

    def test_show_what_is_no_html_as_it_is(self):
        from fieldvae.notebook import facts_html, table_html

        assert "&lt;b&gt;" in facts_html("a", [("b", "<b>")])
        assert "&lt;b&gt;" in table_html("a", ["b"], [["<b>"]])
