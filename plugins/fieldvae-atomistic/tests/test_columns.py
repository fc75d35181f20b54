from __future__ import annotations

import pytest
from fieldvae_atomistic.columns import MissingColumn, lay_out, parse_columns

from fieldvae import OptionError

HEADER = "id type x y z " + " ".join(f"c_s[{n}]" for n in range(1, 7))


class TestParseColumns:
    def test_writes_ranges_of_components_out(self):
        assert parse_columns(["stress=c_s[1..6]"])["stress"] == tuple(
            f"c_s[{n}]" for n in range(1, 7)
        )

    def test_reads_several_roles_as_the_command_line_splits_them(self):
        found = parse_columns(["x=a", "b", "c", "type=2"])
        assert found == {"x": ("a", "b", "c"), "type": ("2",)}

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("stres=c_s[1..6]", "'stres' .* is nothing .*did you mean 'stress'"),
            ("stress=c_s[1..5]", "stress has 5 columns .*; expected 6"),
            ("stress=9..13", "stress has 5 columns"),
            ("stress=14..9", "14..9 is no range of places"),
            ("c_s[1]", "expected role=column"),
            ("warren_cowley=", "expected one for each ordered pair"),
        ],
    )
    def test_refuses(self, words, message):
        with pytest.raises(OptionError, match=message):
            parse_columns([words])


class TestLayOut:
    def test_finds_what_lammps_names(self):
        layout = lay_out(HEADER.split(), {}, stress=True)
        assert layout.positions == (2, 3, 4)
        assert layout.stress == (5, 6, 7, 8, 9, 10)
        assert not layout.named
        assert not layout.scaled

    def test_prefers_names_of_elements_to_types(self):
        layout = lay_out(["type", "element", "xs", "ys", "zs"], {}, stress=False)
        assert (layout.species, layout.named, layout.scaled) == (1, True, True)

    def test_counts_places_from_both_ends(self):
        columns = [f"q{n}" for n in range(23)]
        words = ["type=2", "x=3..5", "stress=9..14", "warren_cowley=-9..-1"]
        layout = lay_out(columns, parse_columns(words), stress=True)
        assert layout.species == 1
        assert layout.positions == (2, 3, 4)
        assert layout.stress == tuple(range(8, 14))
        assert layout.warren_cowley == tuple(range(14, 23))

    @pytest.mark.parametrize(
        ("columns", "words", "message"),
        [
            ("id type c_s[1]", [], "no positions"),
            ("id x y z", [], "neither type nor element"),
            ("type x y z", [], "no stress: dump"),
            (HEADER, ["stress=c_t[1..6]"], r"no column 'c_t\[1\]' for stress; did you mean"),
            (HEADER, ["stress=9..14"], "no column 9..14 for stress: there are 11"),
        ],
    )
    def test_names_what_is_missing(self, columns, words, message):
        with pytest.raises(MissingColumn, match=message):
            lay_out(columns.split(), parse_columns(words), stress=True)
