from fieldvae.field import FieldSpec
from fieldvae.report.tables import prediction_table

HEAT = FieldSpec(name="heat", units="K")


def scores(**values):
    return {"prediction": {"heat": {"crps": None, **values}}}


class TestPredictionTable:
    def test_marks_what_is_nearest_to_its_aim(self):
        table = prediction_table(
            HEAT,
            {"model": scores(coverage_90=0.95), "climatology": scores(coverage_90=0.89)},
        )
        place = [column.key for column in table.columns].index("coverage_90")
        best = {name: cells[place].best for name, cells in table.rows}
        assert best == {"model": False, "climatology": True}

    def test_writes_a_dash_where_there_is_no_number(self):
        table = prediction_table(HEAT, {"model": scores()})
        assert {cell.value for cell in table.rows[0][1]} == {"\N{EN DASH}"}

    def test_names_units(self):
        table = prediction_table(HEAT, {"model": scores()})
        assert "CRPS (K)" in [column.title for column in table.columns]
