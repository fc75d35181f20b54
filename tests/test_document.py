from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldvae.document import dump_yaml, merge, override, parse_document, read_document
from fieldvae.errors import SpecError

TEXT = """\
name: t
model:
  latent: 12
  smoother: {use: convolution, channels: 64}
losses: [reconstruction, {use: kl, weight: 1e-3}]
"""

KEYS = st.text("abcdefg", min_size=1, max_size=3)
SCALARS = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.none(),
    st.floats(-1e6, 1e6),
    st.sampled_from(["no", "1e3", "yes", "x y", "", "3", "null", "a: b", "2026-11-22"]),
)
DATA = st.dictionaries(
    KEYS,
    st.recursive(SCALARS, lambda s: st.lists(s, max_size=3) | st.dictionaries(KEYS, s, max_size=3)),
    max_size=4,
)


class TestParseDocument:
    def test_knows_where_every_key_and_item_stands(self):
        document = parse_document(TEXT, name="t.yaml")
        assert document.place(("model", "smoother", "channels")) == "t.yaml:4:32"
        assert document.place(("losses", 1, "weight")) == "t.yaml:5:36"

    def test_gives_an_absent_key_the_place_of_its_parent(self):
        assert parse_document(TEXT, name="t.yaml").place(("model", "prior")) == "t.yaml:2:1"

    def test_reads_numbers_and_words_as_yaml_1_2(self):
        data = parse_document("rate: 1e-3\nflag: no\n", name="t.yaml").data
        assert data == {"rate": 0.001, "flag": "no"}

    def test_returns_plain_python_types(self):
        data = parse_document("a: 1.50\nb: 0x10\nc: 'q'\n", name="t").data
        assert [type(value) for value in data.values()] == [float, int, str]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("a: 1\na: 2\n", r"t\.yaml:2:1: this is no valid YAML: the key 'a' stands twice"),
            ("a: [1, 2\n", r"t\.yaml:1:4: .*the bracket '\[' is not closed"),
            ("a: {b: 1\n  c: 2}\n", r"t\.yaml:2:4: .*is a comma missing before it"),
            ("name:foreign\n", r"t\.yaml:1:1: .*; write name: foreign, with a blank"),
            ("a: 1\n# b:2\n\nc:3\n# d\ne: 4\n", r"t\.yaml:4:1: .*found 'c:3', with no blank"),
            ("a: 1\n\tb: 2\n", r"t\.yaml:2:1: .*found a tab; replace it by blanks"),
            ("  a: 1\nb: 2\n", r"t\.yaml:2:1: .*indented less than the first one"),
            ("a:\n  b: 1\n  - c\n", r"t\.yaml:3:3: .*an item of a list among keys"),
            ("a:\n  - b\n  c: 3\n", r"t\.yaml:3:3: .*a key among the items of a list"),
            ("a: 'b' c\n", r"t\.yaml:1:8: .*behind a value; remove it"),
            ("a: *b\n", r"t\.yaml:1:4: .*found '\*' where a value begins; put .* in quotes"),
            ('a: "C:\\data"\n', r"t\.yaml:1:8: .*a backslash in double quotes"),
            ("a: !b 3\n", r"t\.yaml:1:1: found the tag !b, which nobody reads"),
            ("a: \x00\n", r"t\.yaml:1:4: .*found the character U\+0000; remove it"),
            ("a: 1\n---\nb: 2\n", r"t\.yaml:2:1: .*'---' begins a second document"),
            ("- a\n- b\n", r"t\.yaml:1:1: expected keys with values"),
        ],
    )
    def test_refuses(self, text, message):
        with pytest.raises(SpecError, match=message):
            parse_document(text, name="t.yaml")

    @given(st.text("ab:-[]{},'\"\t\n #*&!?|>%", max_size=24))
    def test_says_of_any_text_that_it_is_wrong_or_reads_it(self, text):
        with suppress(SpecError):
            parse_document(text, name="t.yaml")

    def test_names_a_missing_file(self, tmp_path):
        with pytest.raises(SpecError, match=r"absent\.yaml: there is no such file"):
            read_document(tmp_path / "absent.yaml")

    @given(DATA)
    def test_reads_back_what_dump_yaml_wrote(self, data):
        assert parse_document(dump_yaml(data), name="t").data == data


class TestOverride:
    def test_sets_nested_keys_and_items_and_says_so(self):
        document = override(
            parse_document(TEXT, name="t"),
            ["model.latent=3", "losses.1.weight=2", "training.seed=1"],
        )
        assert document.data["model"]["latent"] == 3
        assert document.data["losses"][1]["weight"] == 2
        assert document.data["training"] == {"seed": 1}
        assert document.place(("training", "seed")) == "--set #3"

    def test_leaves_the_original_alone(self):
        document = parse_document(TEXT, name="t")
        override(document, ["model.smoother.channels=1"])
        assert document.data["model"]["smoother"]["channels"] == 64

    def test_opens_the_short_form_of_a_choice(self):
        document = parse_document("encoder: convolution\n", name="t")
        assert override(document, ["encoder.channels=8"]).data["encoder"] == {
            "use": "convolution",
            "channels": 8,
        }

    @pytest.mark.parametrize(
        "setting", ["model.latent", "=3", "losses.7.weight=1", "outputs.0=q", "name.x.y=[1"]
    )
    def test_names_the_setting_it_refuses(self, setting):
        with pytest.raises(SpecError, match=r"--set #1: "):
            override(parse_document(TEXT, name="t"), [setting])


class TestMerge:
    @given(DATA)
    def test_keeps_the_lower_where_the_upper_is_silent(self, data):
        assert merge(data, {}) == data
        assert merge({}, data) == data

    def test_replaces_a_choice_with_its_options(self):
        lower = {"model": {"smoother": {"use": "a", "width": 1}, "latent": 3}}
        merged = merge(lower, {"model": {"smoother": {"use": "b"}}})
        assert merged == {"model": {"smoother": {"use": "b"}, "latent": 3}}

    def test_replaces_a_schedule_as_a_whole(self):
        assert merge({"rate": {0: 1.0, 5: 0.1}}, {"rate": {0: 2.0}}) == {"rate": {0: 2.0}}
