import numpy as np
import pytest

from fieldvae.grid import Grid
from fieldvae.report.sections.projections import section

GRID = Grid((4, 3, 3))


class TestSection:
    @pytest.mark.parametrize(
        "color",
        [
            None,
            [600.0, 900.0, np.nan],
            np.linspace(0, 1, 30),
            ["hot", "cold", ""],
            list("abc" * 10),
        ],
        ids=["none", "groups", "scale", "text", "letters"],
    )
    def test_shows_inputs_and_outputs(self, record, color):
        found = section(record(GRID, color=color))
        assert [plot.name for plot in found.plots] == [
            "components-of-inputs",
            "components-of-outputs",
        ]

    def test_tells_what_lies_between_groups(self, record):
        run = record(GRID, color=[600.0, 900.0])
        (told,) = section(run).notes
        names, kinds = (run.details[f"projection_{name}"].values for name in ("field", "kind"))
        rows = list(zip(names, kinds, strict=True))
        raw, smoothed = (
            float(run.details["pca.group_share"][rows.index(("*", kind)), 0])
            for kind in ("raw", "smoothed")
        )
        assert f"of all inputs together, {100 * raw:.1f} % of the variance" in told
        assert f"groups of equal bath temperature, and {100 * smoothed:.1f} % of that" in told

    def test_tells_of_recovered_conditions_and_nothing_of_groups_where_there_are_none(self, record):
        found = section(record(GRID))
        assert "in blue those that the encoder recovers" in found.plots[0].caption
        assert found.notes == ()

    def test_of_a_model_without_encoder_tells_of_no_recovered_conditions(self, record):
        assert "encoder" not in section(record(GRID, layout="none")).plots[0].caption

    def test_is_absent_from_earlier_runs(self, record):
        run = record(GRID)
        kept = [name for name in run.details.data_vars if not name.startswith("pca.")]
        object.__setattr__(run, "details", run.details[kept])
        assert section(run) is None
