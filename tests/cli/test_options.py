from typing import Annotated, Literal

import pytest
from annotated_types import Len
from pydantic import BaseModel, Field, PositiveInt

from fieldvae.cli.options import describe_options, parse_options, summary
from fieldvae.errors import OptionError


class Options(BaseModel):
    """Options of a toy.

    They serve nothing.
    """

    samples: PositiveInt
    cell_size: tuple[int, int, int] = (4, 4, 4)
    elements: tuple[str, ...] = Field(("Ni",), description="In the order of labels.")
    verbose: bool = False
    style: Literal["a", "b"] = "a"
    share: float = 1 / 6
    sizes: Annotated[tuple[PositiveInt, ...], Len(min_length=1)] = (1,)
    weights: tuple[float, ...] = ()


class Words(BaseModel):
    units: str
    labels: tuple[str, ...] = ()
    note: str | None = None


def parse(*words):
    return parse_options(Options, words, of="toy")


class TestParseOptions:
    def test_reads_values_lists_and_flags(self):
        assert parse("--samples", "3", "--cell-size=8,4,4", "--elements", "Ni,Co", "--verbose") == {
            "samples": 3,
            "cell_size": (8, 4, 4),
            "elements": ("Ni", "Co"),
            "verbose": True,
            "style": "a",
            "share": 1 / 6,
            "sizes": (1,),
            "weights": (),
        }

    def test_one_value_makes_a_list_of_one(self):
        assert parse("--samples", "3", "--elements", "Ni")["elements"] == ("Ni",)

    @pytest.mark.parametrize(
        ("words", "found"),
        [
            (["--units", "1"], {"units": "1", "labels": (), "note": None}),
            (["--units", "no", "--labels", "1,02,x"], {"labels": ("1", "02", "x"), "units": "no"}),
            (["--units", '"1"', "--labels", "7"], {"units": "1", "labels": ("7",)}),
            (["--units", "m", "--note", "null"], {"units": "m", "note": None}),
        ],
    )
    def test_text_stays_text(self, words, found):
        read = parse_options(Words, words, of="tables")
        assert {name: read[name] for name in found} == found

    def test_text_that_is_not_given_is_none(self):
        with pytest.raises(OptionError, match="--units"):
            parse_options(Words, ["--units"], of="tables")

    def test_an_element_named_no_is_no_boolean(self):
        assert parse("--samples", "3", "--elements", "No")["elements"] == ("No",)

    def test_tells_every_wrong_value_at_once(self):
        with pytest.raises(OptionError) as caught:
            parse("--cell-size", "4,4")
        assert "toy needs --samples" in str(caught.value)
        assert "--cell-size takes 3 values; found 4,4" in str(caught.value)

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--cell-size", "4"), "--cell-size takes 3 values; found 4"),
            (("--cell-size", "4,4,4,4"), "--cell-size takes 3 values; found 4,4,4,4"),
            (("--sizes=-1",), "--sizes: input should be greater than 0; found -1"),
            (("--style", "x"), "--style: input should be 'a' or 'b'; found 'x'"),
        ],
    )
    def test_tells_one_mistake_an_option(self, words, told):
        with pytest.raises(OptionError) as caught:
            parse("--samples", "3", *words)
        assert str(caught.value) == told

    def test_refuses_an_option_given_twice(self):
        with pytest.raises(OptionError) as caught:
            parse("--elements", "Ni", "--elements", "Co", "--samples", "3", "--samples=4")
        assert str(caught.value) == (
            "--elements is given twice; give it once, values with commas between\n"
            "--samples is given twice; give it once"
        )

    def test_names_the_nearest_option(self):
        with pytest.raises(
            OptionError, match="toy has no option --sample; did you mean '--samples"
        ):
            parse("--sample", "3")

    def test_names_a_stray_word(self):
        with pytest.raises(OptionError, match="'stray' belongs to no option of toy"):
            parse("stray", "--samples", "3")


def test_describe_options_lists_defaults_and_words():
    told = describe_options(Options, of="toy")
    assert "--samples  (required)" in told
    assert "--elements  (default Ni)\n      In the order of labels." in told
    assert "--style a|b  (default a)\n" in told
    assert "--share  (default 0.166667)\n" in told
    assert "--verbose\n" in told
    assert told.endswith("--weights")


def test_summary_is_the_first_sentence():
    assert summary(Options) == "Options of a toy."
