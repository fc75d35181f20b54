import numpy as np
import pytest

from fieldvae import OptionError, PluginError, Quantity, named_quantity
from fieldvae.quantities.naming import quantity_of
from fieldvae.spec import PluginChoice

MODULI = {"c11": 245.0, "c12": 150.0, "c44": 140.0}
ENERGY = {"use": "elastic_energy_density", **MODULI}


class TestNamedQuantity:
    def test_takes_a_name_for_all_defaults(self):
        assert named_quantity("von_mises_stress").options == {"of": None}

    @pytest.mark.parametrize("choice", [ENERGY, PluginChoice(**ENERGY)])
    def test_takes_a_name_with_options(self, choice, make_fields):
        chosen = named_quantity(choice)
        assert chosen.options == {**MODULI, "of": None}
        assert chosen(make_fields(np.eye(3))).units == "MJ/m^3"

    def test_names_the_nearest_quantity(self):
        with pytest.raises(
            PluginError, match="no quantity is named 'von_mises'; did you mean 'von"
        ):
            named_quantity("von_mises")

    def test_tells_every_mistake_in_the_options(self):
        with pytest.raises(OptionError) as caught:
            named_quantity({"use": "elastic_energy_density", "c11": -1.0, "c_12": 3.0, "c44": 1.0})
        told = str(caught.value)
        assert "quantity 'elastic_energy_density': c11: expected a number above 0" in told
        assert "c12 is missing" in told
        assert "unknown key 'c_12'; did you mean 'c12'?" in told

    def test_refuses_a_mapping_without_name(self):
        with pytest.raises(OptionError, match="expected its name, or its name and options as in"):
            named_quantity({"plane": [1, 1, 1]})


class TestQuantityOf:
    def test_takes_the_name_of_a_field_for_the_field(self, make_fields):
        chosen = quantity_of({"use": "stress", "component": "xx"}, ["stress"])
        assert (chosen.name, chosen.called) == ("component", "stress")
        found = chosen(make_fields(np.diag([2.0, 0.0, 0.0])))
        assert found.values.flatten().tolist() == [2.0]

    def test_prefers_the_quantity_of_the_name(self):
        assert quantity_of("von_mises_stress", ["von_mises_stress"]).name == "von_mises_stress"

    def test_refuses_the_name_of_no_field_as_ever(self):
        with pytest.raises(PluginError, match="no quantity is named 'heat'"):
            quantity_of("heat", ["stress"])


class TestQuantity:
    def test_opens_an_error_with_its_name(self, make_fields):
        chosen = named_quantity({"use": "von_mises_stress", "of": "strain"})
        with pytest.raises(
            OptionError, match="quantity 'von_mises_stress': there is no field 'str"
        ):
            chosen(make_fields(np.eye(3)))

    def test_refuses_a_plugin_that_returns_something_else(self, make_fields):
        chosen = Quantity("bare", {}, lambda fields: fields["stress"])
        with pytest.raises(PluginError, match="'bare' returned a Tensor; expected a fieldvae"):
            chosen(make_fields(np.eye(3)))
