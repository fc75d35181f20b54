from dataclasses import replace
from pathlib import Path

import pytest

from fieldvae.field import FieldSpec
from fieldvae.report.record import RunRecord
from fieldvae.report.sections.data import section

FIELDS = (
    FieldSpec(name="porosity", units="1", mask=True),
    FieldSpec(name="temperature", units="K", on="sample"),
    FieldSpec(name="flux", units="m/s", long_name="heat flux", mask=True),
)


@pytest.fixture
def record():
    return RunRecord(
        path=Path("run"),
        summary={"fields": {each.name: each.model_dump(mode="json") for each in FIELDS}},
        task="inputs: [porosity, temperature]\noutputs: [flux]\n",
        environment={},
        history=[],
        metrics={},
        details=None,
        predictions=None,
    )


class TestData:
    def test_tells_which_inputs_are_one_value_a_sample(self, record):
        told = [words for _, words in section(record).facts]
        assert "temperature: scalar, K, one value a sample" in told

    def test_tells_of_a_field_that_is_modeled_by_its_logarithm(self, record):
        grains = FieldSpec(name="grains", units="um", scaling=("log", "standardize"))
        fields = {**record.summary["fields"], "grains": grains.model_dump(mode="json")}
        facts = section(replace(record, summary={"fields": fields})).facts
        told = [words for _, words in facts if "logarithm" in words]
        assert told == ["grains: scalar, um, modeled by its logarithm"]

    def test_tells_how_much_of_a_field_is_missing(self, record):
        summary = {**record.summary, "missing": {"porosity": 0.0304, "flux": 0.6}}
        facts = dict(section(replace(record, summary=summary)).facts)
        assert facts["Missing values"] == "3 % of porosity, 60 % of heat flux"

    def test_writes_no_share_as_a_power_of_ten(self, record):
        summary = {**record.summary, "missing": {"porosity": 0.997, "flux": 2e-8}}
        facts = dict(section(replace(record, summary=summary)).facts)
        told = "100 % of porosity, less than 0.01 % of heat flux"
        assert facts["Missing values"] == told

    def test_is_silent_where_nothing_is_missing(self, record):
        assert "Missing values" not in dict(section(record).facts)
