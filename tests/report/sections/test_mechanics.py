from pathlib import Path

import pytest

from fieldvae.field import FieldSpec
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.mechanics import section

STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")
BALANCED = STRESS.model_copy(update={"closure": "solenoidal", "derivative": "central"})
HEAT = FieldSpec(name="heat", units="K")


def scores(residual, imbalance):
    return {
        "equilibrium_residual": residual,
        "equilibrium_residual_interval": [0.9, 1.3] if residual else [None, None],
        "equilibrium_imbalance": imbalance,
        "equilibrium_imbalance_data": 0.52,
    }


def record(field=STRESS, **models) -> RunRecord:
    metrics = {
        name: {
            "prediction": {"stress": {}, "heat": {}},
            **({"mechanics": {"stress": found}} if found else {}),
        }
        for name, found in models.items()
    }
    fields = {field.name: field.model_dump(mode="json") for field in (field, HEAT)}
    return RunRecord(Path("run"), {"fields": fields}, "", {}, [], metrics, None, None)


@pytest.fixture
def table():
    found = record(model=scores(1.22, 0.62), climatology=scores(0.99, 0.51))
    (one,) = section(found).tables
    return one


def test_the_data_stand_in_the_last_row(table):
    name, cells = table.rows[-1]
    assert name == "the data"
    assert [cell.value for cell in cells] == ["1.000", "0.520"]
    assert not any(cell.best for cell in cells)


def test_what_is_nearest_to_the_data_is_marked(table):
    best = {name: [cell.best for cell in cells] for name, cells in table.rows}
    assert best["model"] == [False, False]
    assert best["climatology"] == [True, True]


def test_a_residual_has_its_interval(table):
    assert table.rows[0][1][0].interval == "0.900 … 1.300"


def test_data_in_balance_leave_nothing_to_divide_by():
    found = section(record(model=scores(None, 0.3)))
    (table,) = found.tables
    assert [column.key for column in table.columns] == ["equilibrium_imbalance"]
    told = " ".join(found.notes)
    assert "The data of stress obey this law, so that there is no residual" in told
    assert "Averages over blocks" not in told
    assert "construction" not in told


class TestClosure:
    def test_holds_by_construction(self):
        found = section(record(model=scores(3e-5, 1e-7), field=BALANCED))
        (table,) = found.tables
        assert [column.key for column in table.columns] == ["equilibrium_imbalance"]
        told = " ".join(found.notes)
        assert "realizations by construction: the closure solenoidal" in told
        assert "the derivative central" in told
        assert "Averages over blocks" not in told

    def test_is_not_claimed_of_realizations_that_are_not_projected(self):
        told = " ".join(section(record(model=scores(None, 0.2), field=BALANCED)).notes)
        assert "The data of stress obey this law" in told
        assert "construction" not in told


def test_only_the_laws_that_were_measured_are_explained():
    told = " ".join(section(record(model=scores(1.0, 0.5))).notes)
    assert "Forces on a cell balance" in told
    assert "displacement" not in told


def test_a_run_without_such_fields_has_no_section():
    assert section(record(model=None)) is None
    assert section(RunRecord(Path("run"), {}, "", {}, [], {}, None, None)) is None
