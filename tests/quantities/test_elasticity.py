import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldvae import OptionError, PhysicalFields
from fieldvae.quantities.elasticity import elastic_energy_density

COCRNI = {"c11": 245.0, "c12": 150.0, "c44": 140.0}
"""Stiffness of the size of CoCrNi's, GPa."""

seeds = st.integers(0, 2**32 - 1)


def energy(fields, **moduli):
    return elastic_energy_density(fields, **moduli).values[..., 0, 0, 0].numpy()


def half_stress_strain(stress, *, c11, c12, c44):
    """Half of stress times strain, by the inverse of Voigt's matrix, in crystal axes, GPa."""
    stiffness = np.diag([c11 - c12] * 3 + [c44] * 3)
    stiffness[:3, :3] += c12
    pairs = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
    voigt = np.stack([stress[..., i, j] for i, j in pairs], axis=-1)
    strain = np.linalg.solve(stiffness, voigt[..., None])[..., 0]  # engineering shear
    return (voigt * strain).sum(-1) / 2


class TestElasticEnergyDensity:
    @given(tensors=seeds)
    @settings(deadline=None, max_examples=25)
    def test_is_half_of_stress_times_strain(self, tensors, make_fields, make_symmetric):
        stress = make_symmetric(4, seed=tensors)
        expected = 1000 * half_stress_strain(stress, **COCRNI)
        np.testing.assert_allclose(energy(make_fields(stress), **COCRNI), expected, rtol=1e-10)

    @given(tensors=seeds, turn=seeds)
    @settings(deadline=None, max_examples=25)
    def test_is_the_same_where_tensor_and_frame_turn_together(
        self, tensors, turn, make_fields, make_symmetric, make_rotation
    ):
        stress, frame = make_symmetric(4, seed=tensors), make_rotation(turn)
        turned = make_fields(frame @ stress @ frame.T, frame=frame)
        expected = energy(make_fields(stress), **COCRNI)
        np.testing.assert_allclose(energy(turned, **COCRNI), expected, rtol=1e-9)

    def test_knows_the_frame_only_where_the_crystal_is_anisotropic(
        self, make_fields, make_symmetric, make_rotation
    ):
        stress, frame = make_symmetric(4, seed=0), make_rotation(1)
        here, there = make_fields(stress), make_fields(stress, frame=frame)
        isotropic = {"c11": 250.0, "c12": 100.0, "c44": 75.0}
        np.testing.assert_allclose(energy(there, **isotropic), energy(here, **isotropic))
        assert not np.allclose(energy(there, **COCRNI), energy(here, **COCRNI), rtol=0.01)

    def test_is_in_megajoules_a_cubic_meter_whatever_the_stress_is_in(
        self, make_fields, make_symmetric
    ):
        stress = make_symmetric(3, seed=5)
        giga, mega = (make_fields(f * stress, units=u) for f, u in ((1, "GPa"), (1000, "MPa")))
        np.testing.assert_allclose(energy(mega, **COCRNI), energy(giga, **COCRNI), rtol=1e-12)
        assert elastic_energy_density(mega, **COCRNI).units == "MJ/m^3"

    def test_has_the_gradient_of_finite_differences(self, make_fields, make_symmetric):
        fields = make_fields(make_symmetric(2, seed=6))

        def of(values):
            some = PhysicalFields({"stress": values}, fields.specs, fields.grid)
            return elastic_energy_density(some, **COCRNI).values

        assert torch.autograd.gradcheck(of, fields["stress"].clone().requires_grad_())

    @pytest.mark.parametrize(
        ("moduli", "words"),
        [
            ({"c11": 100.0, "c12": 120.0, "c44": 50.0}, "C11 - C12 is not positive"),
            ({"c11": 100.0, "c12": -60.0, "c44": 50.0}, "C11 \\+ 2 C12 is not positive"),
        ],
    )
    def test_refuses_a_crystal_that_is_not_stable(self, moduli, words, make_fields):
        with pytest.raises(OptionError, match=words):
            energy(make_fields(np.eye(3)), **moduli)

    def test_refuses_a_tensor_that_is_no_stress(self, make_fields):
        with pytest.raises(OptionError, match="'stress' is in 1; expected units that convert to G"):
            energy(make_fields(np.eye(3), units="1"), of="stress", **COCRNI)
