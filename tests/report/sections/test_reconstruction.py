import pytest

from fieldvae.grid import Grid
from fieldvae.report.sections.reconstruction import section


class TestSection:
    @pytest.mark.parametrize("grid", [Grid((6,)), Grid((5, 9)), Grid((4, 3, 3))], ids=str)
    def test_shows_fields_values_and_errors(self, record, grid):
        assert [plot.name for plot in section(record(grid)).plots] == [
            "reconstruction-flux",
            "parity-flux",
            "reconstruction-errors-flux",
        ]

    def test_of_a_single_sample_tells_the_accuracy_under_the_fields(self, record):
        told = section(record(Grid((5, 4)), shown=[2])).plots[0].caption
        assert "mean relative error (MRE) is 7.0 % on the min-max scale and R² 0.900" in told
