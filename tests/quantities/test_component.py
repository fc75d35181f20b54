import numpy as np
import pytest
import torch

from fieldvae import FieldSpec, Grid, OptionError, PhysicalFields
from fieldvae.quantities.component import component
from fieldvae.testing import check_quantity

GRID = Grid(shape=(2, 1, 1))
HEAT = FieldSpec(name="heat", units="K", symbol="T", long_name="temperature rise")
FLOW = FieldSpec(name="flow", units="m/s", tensor_kind="vector", symbol="u")
ELEMENTS = FieldSpec(name="elements", units="1", tensor_kind="set", components=("1", "2"))
ALL = (HEAT, FLOW, ELEMENTS)


def made(*specs, outputs=()):
    chance = torch.Generator().manual_seed(0)
    tensors = {
        spec.name: torch.randn(
            3, len(spec.labels), 2, 1, 1, generator=chance, dtype=torch.float64
        ).requires_grad_()
        for spec in specs
    }
    return PhysicalFields(tensors, {spec.name: spec for spec in specs}, GRID, outputs)


class TestComponent:
    @pytest.mark.parametrize(
        "options",
        [
            {"of": "heat"},
            {"of": "heat", "magnitude": True},
            {"of": "flow", "component": "y"},
            {"of": "flow", "magnitude": True},
            {"of": "stress", "component": "xz"},
            {"of": "stress"},
        ],
    )
    def test_keeps_the_contract_of_quantities(self, options):
        check_quantity(component, **options)

    def test_of_a_scalar_is_the_scalar(self):
        fields = made(HEAT)
        found = component(fields)
        assert torch.equal(found.values, fields["heat"][:, 0])
        assert (found.units, found.symbol, found.title) == ("K", "T", "temperature rise")
        assert found.components is None

    def test_of_a_label_is_that_component(self):
        fields = made(FLOW)
        found = component(fields, component="z")
        assert torch.equal(found.values, fields["flow"][:, 2])
        assert (found.units, found.title) == ("m/s", "flow z")

    def test_takes_a_label_that_yaml_reads_as_a_number(self):
        fields = made(ELEMENTS)
        assert torch.equal(component(fields, component=2).values, fields["elements"][:, 1])

    def test_without_label_is_every_component(self):
        fields = made(FLOW)
        found = component(fields)
        assert torch.equal(found.values, fields["flow"])
        assert (found.components, found.dimension) == (("x", "y", "z"), "flow_component")

    def test_magnitude_is_the_length_of_a_vector(self):
        fields = made(FLOW)
        found = component(fields, magnitude=True)
        expected = np.linalg.norm(fields["flow"].detach().numpy(), axis=1)
        np.testing.assert_allclose(found.values.detach().numpy(), expected)

    def test_magnitude_is_the_absolute_value_of_one_component(self):
        fields = made(FLOW)
        found = component(fields, component="x", magnitude=True)
        assert torch.equal(found.values, fields["flow"][:, 0].abs())

    def test_length_has_a_finite_gradient_where_it_is_zero(self):
        still = torch.zeros(3, 2, 1, 1, requires_grad=True)
        fields = PhysicalFields({"flow": still}, {"flow": FLOW}, GRID)
        component(fields, magnitude=True).values.sum().backward()
        assert torch.equal(still.grad, torch.zeros_like(still))

    def test_takes_the_only_output_beside_inputs(self):
        fields = made(HEAT, FLOW, outputs=("heat",))
        assert torch.equal(component(fields).values, fields["heat"][:, 0])

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({}, "several fields, heat, flow, elements; name one by the option 'of'"),
            ({"of": "heta"}, "no field 'heta'; did you mean 'heat'"),
            ({"of": "flow", "component": "u"}, r"no component 'u'\. There are: x, y, z"),
            ({"of": "elements", "magnitude": True}, "is a set; a magnitude is of a vector, a sca"),
        ],
    )
    def test_says_what_there_is(self, options, words):
        with pytest.raises(OptionError, match=words):
            component(made(*ALL), **options)
