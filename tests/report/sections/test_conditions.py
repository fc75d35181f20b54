import pytest

from fieldvae.grid import Grid
from fieldvae.report.sections.conditions import section

GRIDS = [Grid((6,)), Grid((5, 9)), Grid((4, 3, 3))]


def captions(record):
    return {plot.name: plot.caption for plot in section(record).plots}


class TestSection:
    @pytest.mark.parametrize("grid", GRIDS, ids=str)
    @pytest.mark.parametrize("layout", ["field", "vector"])
    def test_shows_every_figure_on_every_grid(self, record, grid, layout):
        assert list(captions(record(grid, layout=layout))) == [
            "inputs",
            "conditions",
            "condition-examples",
            "realizations-with-conditions",
        ]

    def test_of_a_single_sample_gives_what_holds_for_all_of_it_in_words(self, record):
        told = captions(record(GRIDS[2], shown=[8]))
        assert len(told) == 4
        assert "Sample 8, the one of median energy score, in the layer z = 1" in told["inputs"]
        assert "Given for the whole sample: time 8.5 s." in told["inputs"]

    @pytest.mark.parametrize(
        ("measure", "words"),
        [
            ("spread", "counted from their channel's mean in its standard deviations"),
            ("relative", "the mean distance over the smoothed condition"),
        ],
    )
    def test_says_what_errors_are_divided_by(self, record, measure, words):
        told = captions(record(GRIDS[0], layout="vector", measure=measure))
        assert words in told["conditions"]
        assert words in told["realizations-with-conditions"]

    def test_shows_the_inputs_of_a_model_without_encoder(self, record):
        found = section(record(GRIDS[0], layout="none"))
        assert found.notes == (
            "The model has no encoder, so no conditions are recovered from its outputs.",
        )
        assert [plot.name for plot in found.plots] == ["inputs"]

    def test_is_absent_from_earlier_runs(self, record):
        run = record(GRIDS[0])
        kept = [name for name in run.details.data_vars if not name.endswith(".input")]
        object.__setattr__(run, "details", run.details[kept])
        assert section(run) is None
