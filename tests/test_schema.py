import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fieldvae.document import read_document
from fieldvae.schema import schema_of

ROOT = Path(__file__).parent.parent
KINDS = ("task", "field", "store")


@pytest.fixture(scope="module")
def task():
    return Draft202012Validator(schema_of("task"))


class TestSchemaOf:
    @pytest.mark.parametrize("kind", KINDS)
    def test_is_a_schema(self, kind):
        Draft202012Validator.check_schema(schema_of(kind))

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_committed_one_is_current(self, kind):
        """Write them anew with ``make schemas``."""
        committed = json.loads((ROOT / "schemas" / f"{kind}.schema.json").read_text())
        assert committed == schema_of(kind)

    @pytest.mark.parametrize(
        "path", sorted(ROOT.glob("examples/*/task.yaml")), ids=lambda p: p.parent.name
    )
    def test_every_example_is_valid(self, task, path):
        assert list(task.iter_errors(read_document(path).data)) == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_refers_to_what_it_defines(self, kind):
        schema = schema_of(kind)
        named = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
        assert named <= set(schema.get("$defs", {}))

    @pytest.mark.parametrize(
        "path", sorted(ROOT.glob("examples/design/*.yaml")), ids=lambda path: path.stem
    )
    def test_every_design_is_valid(self, task, path):
        design = read_document(path).data
        data = {"data": {"store": "s"}, "design": design}
        assert list(task.iter_errors(data)) == []
        wrong = {**design, "goal": {**design["goal"], "of": {"use": "resolved_shear_stres"}}}
        assert list(task.iter_errors({**data, "design": wrong}))

    @pytest.mark.parametrize("path", sorted(ROOT.glob("fieldvae/presets/*.yaml")), ids=str)
    def test_every_preset_is_valid_but_for_its_data(self, task, path):
        errors = [e.message for e in task.iter_errors(read_document(path).data)]
        assert [e for e in errors if "'store' is a required" not in e] == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"modle": {}},
            {"model": {"smoother": "convolutional"}},
            {"model": {"smoother": {"use": "convolution", "chanels": 3}}},
            {"model": {"encoder": {"use": "convolution", "channels": "many"}}},
            {"losses": [{"use": "kl", "reduction": "product"}]},
            {"fields": {"p": {"tensor_kind": "scalar"}}},
            {"training": {"epochs": 0}},
        ],
    )
    def test_refuses(self, task, wrong):
        assert list(task.iter_errors({"data": {"store": "s"}, **wrong}))

    @pytest.mark.parametrize(
        "right",
        [
            {"task": "stress"},
            {"symmetry": ["cubic", "translations"]},
            {"model": {"encoder": "none"}},
            {"model": {"smoothers": {"p": {"use": "pointwise", "channels": 8}}}},
            {"losses": ["kl", {"use": "condition", "weight": {"0": 1, "300": 1e4}}]},
            {"fields": {"p": {"units": "m"}, "q": "q.yaml"}, "inputs": "p"},
            {"prediction": {"tolerance": 0.04}},
            {"prediction": {"tolerance": {"quantile": 0.9}}},
        ],
    )
    def test_accepts(self, task, right):
        assert [e.message for e in task.iter_errors({"data": {"store": "s"}, **right})] == []
