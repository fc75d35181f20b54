import pytest
from pydantic import BaseModel, Field, PositiveInt

from fieldvae.cli.options import describe_options, parse_options
from fieldvae.errors import OptionError


class Options(BaseModel):
    samples: PositiveInt
    cell_size: tuple[int, int, int] = (4, 4, 4)
    elements: tuple[str, ...] = Field(("Ni",), description="In the order of labels.")
    verbose: bool = False


def parse(*words):
    return parse_options(Options, words, of="toy")


class TestParseOptions:
    def test_reads_values_lists_and_flags(self):
        assert parse("--samples", "3", "--cell-size=8,4,4", "--elements", "Ni,Co", "--verbose") == {
            "samples": 3,
            "cell_size": (8, 4, 4),
            "elements": ("Ni", "Co"),
            "verbose": True,
        }

    def test_one_value_makes_a_list_of_one(self):
        assert parse("--samples", "3", "--elements", "Ni")["elements"] == ("Ni",)

    def test_an_element_named_no_is_no_boolean(self):
        assert parse("--samples", "3", "--elements", "No")["elements"] == ("No",)

    def test_tells_every_wrong_value_at_once(self):
        with pytest.raises(OptionError) as caught:
            parse("--cell-size", "4,4")
        assert "toy needs --samples" in str(caught.value)
        assert "--cell-size has too few values; found 4,4" in str(caught.value)

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
