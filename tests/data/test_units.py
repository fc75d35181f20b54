import pytest

from fieldvae import UnitError
from fieldvae.data.units import Conversion, conversion


class TestConversion:
    def test_of_the_same_words_changes_nothing(self):
        assert not conversion("GPa", "GPa", where="").changes

    @pytest.mark.parametrize(
        ("found", "declared", "value", "expected"),
        [
            ("MPa", "GPa", 2000.0, 2.0),
            ("eV/angstrom**3", "GPa", 1.0, 160.21766),
            ("degC", "K", 0.0, 273.15),
            ("percent", "1", 50.0, 0.5),
        ],
    )
    def test_turns_one_unit_into_another(self, found, declared, value, expected):
        rule = conversion(found, declared, where="")
        assert rule.factor * value + rule.offset == pytest.approx(expected, rel=1e-6)

    def test_is_written_out(self):
        assert conversion("m", "nm", where="") == Conversion(pytest.approx(1e9), 0.0)

    def test_names_what_the_units_are_not(self):
        with pytest.raises(UnitError, match="'c' is in GPa, which is no pure number; the task"):
            conversion("GPa", "1", where="'c'")
        with pytest.raises(UnitError, match="'k' is in GPa, which does not convert to m/s"):
            conversion("GPa", "m/s", where="'k'")

    def test_names_units_that_pint_cannot_read(self):
        with pytest.raises(UnitError, match="'c' is in 'smoots', which is no unit that pint"):
            conversion("smoots", "m", where="'c'")
