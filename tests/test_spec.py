import pytest

from fieldvae.document import dump_yaml, parse_document
from fieldvae.errors import SpecError
from fieldvae.spec import TaskSpec, parse_task

WHOLE = """\
name: foreign
fields:
  permeability: {name: permeability, units: m^2}
inputs: [permeability]
outputs: [flux]
data: {store: store.zarr}
losses: [reconstruction]
training: {epochs: 3}
"""


def parse(text: str) -> TaskSpec:
    document = parse_document(text, name="task.yaml")
    return parse_task(document, document.data)


class TestParseTask:
    def test_fills_in_every_default(self):
        spec = parse(WHOLE)
        assert (spec.data.split.test, spec.data.split.validation) == (0.1, 0.1)
        assert spec.prediction.realizations == 3
        assert spec.evaluation.realizations == 100

    def test_is_frozen(self):
        with pytest.raises(ValueError, match="frozen"):
            parse(WHOLE).name = "other"

    def test_survives_a_round_through_yaml(self):
        spec = parse(WHOLE)
        assert parse(dump_yaml(spec.model_dump(mode="json"))) == spec

    def test_tells_every_mistake_at_once(self):
        text = WHOLE.replace("epochs: 3", "epoch: 3") + "modle: {}\nsymmetry: hexagonal\n"
        with pytest.raises(SpecError) as caught:
            parse(text)
        told = str(caught.value)
        assert "task.yaml:8:12: unknown key 'epoch' in 'training'; did you mean 'epochs'?" in told
        assert "task.yaml:9:1: unknown key 'modle'; did you mean 'model'?" in told
        assert "task.yaml:10:1: symmetry" in told

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("outputs: [flux]", "outputs: [permeability]", "is both an input and an output"),
            ("outputs: [flux]", "outputs: [flux, flux]", "field 'flux' is named twice"),
            ("outputs: [flux]", "outputs: []", r"task\.yaml:5:1: outputs: expected one or more"),
            ("epochs: 3", "epochs: 0", r"task\.yaml:8:12: training\.epochs: .*found 0"),
            ("epochs: 3", "batch: 3", r"task\.yaml:8:1: training: give epochs"),
            ("store: store.zarr", "split: {test: 0.1}", r"task\.yaml:6:1: data\.store is missing"),
            (
                "store: store.zarr",
                "store: s, split: {test: 0.6, validation: 0.5}",
                "leave nothing to train on",
            ),
            ("units: m^2", "tensor_kind: scalar", r"fields\.permeability\.units is missing"),
            ("name: foreign", "name: a/b", r"task\.yaml:1:1: name: "),
        ],
    )
    def test_refuses(self, old, new, message):
        with pytest.raises(SpecError, match=message):
            parse(WHOLE.replace(old, new))


class TestWords:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("{store: store.zarr}", "../perm.zarr", r"data: expected keys with values.*'\.\./perm"),
            ("[reconstruction]", "{energy_score: 1}", r"losses: expected a list, as in \[a, b\]"),
            ("units: m^2", "units: 1", r"units: expected text; write a number in quotes; found 1"),
            ("name: foreign", "name: my task", "name: expected letters, digits"),
            (
                "training:",
                "symmetry: [cubic, translation]\ntraining:",
                "no symmetry is named 'translation'; did you mean 'translations'",
            ),
            (
                "training:",
                "symmetry: [[1, 0, 0], [0, 1, 0], [0, 0, 1]]\ntraining:",
                "a matrix stands in a list of operations",
            ),
        ],
    )
    def test_say_what_a_yaml_file_should_hold_in_one_line(self, old, new, message):
        with pytest.raises(SpecError, match=message) as caught:
            parse(WHOLE.replace(old, new, 1))
        assert len(caught.value.problems) == 1

    def test_accept_matrices_and_names(self):
        matrix = [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
        spec = parse(WHOLE + f"symmetry: [translations, {matrix}]\n")
        assert spec.symmetry[0] == "translations"
        assert spec.symmetry[1] == tuple(map(tuple, matrix))
