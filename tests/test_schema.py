import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from fieldvae.document import read_document
from fieldvae.schema import schema_of

ROOT = Path(__file__).parent.parent
KINDS = ("task", "field", "store", "design")
WRITTEN = sorted(
    path
    for path in [*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("plugins/**/*.yaml")]
    if not {"runs", "node_modules", ".venv"} & {*path.parts}
)
"""Every YAML file that a user may open in an editor."""


def without_words(schema, definitions, at="") -> list[str]:
    """Keys that a schema describes in no words, where they stand or where they are defined."""
    if isinstance(schema, list):
        return [
            k
            for i, item in enumerate(schema)
            for k in without_words(item, definitions, f"{at}/{i}")
        ]
    if not isinstance(schema, dict):
        return []
    silent = []
    for key, value in schema.get("properties", {}).items():
        defined = definitions.get(value.get("$ref", "").rpartition("/")[2], {})
        if not (value.get("description") or defined.get("description")):
            silent.append(f"{at}/{key}")
    for name, value in schema.items():
        if name != "if":
            silent += without_words(value, definitions, f"{at}/{name}")
    return silent


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

    @pytest.mark.parametrize("path", WRITTEN, ids=lambda p: str(p.relative_to(ROOT)))
    def test_every_shipped_file_names_its_schema_and_is_valid(self, path):
        named = re.search(r"^# yaml-language-server: \$schema=(\S+)$", path.read_text(), re.M)
        assert named, f"{path} has no line '# yaml-language-server: $schema=...'"
        schema = (path.parent / named[1]).resolve()
        assert schema.parent == ROOT / "schemas"
        validator = Draft202012Validator(json.loads(schema.read_text()))
        assert [e.message for e in validator.iter_errors(read_document(path).data)] == []

    @pytest.mark.parametrize("kind", KINDS)
    def test_describes_every_key_in_plain_words(self, kind):
        schema = schema_of(kind)
        assert without_words(schema, schema.get("$defs", {})) == []
        assert not re.search(r":\w+:`|``", json.dumps(schema))

    @pytest.mark.parametrize("kind", KINDS)
    def test_refers_to_what_it_defines(self, kind):
        schema = schema_of(kind)
        named = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
        assert named <= set(schema.get("$defs", {}))

    @pytest.mark.parametrize(
        "path", sorted(ROOT.glob("examples/design/*.yaml")), ids=lambda path: path.stem
    )
    def test_every_design_may_stand_in_a_task(self, task, path):
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
