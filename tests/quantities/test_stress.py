import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldvae import VOIGT, FieldSpec, Grid, PhysicalFields
from fieldvae.quantities.stress import hydrostatic_pressure, principal_stresses, von_mises_stress

ISOTROPIC = (von_mises_stress, hydrostatic_pressure, principal_stresses)
seeds = st.integers(0, 2**32 - 1)


def cells(found):
    """Values of fields with one cell, components last."""
    return found.values[..., 0, 0, 0].numpy()


class TestEveryInvariant:
    @pytest.mark.parametrize("quantity", ISOTROPIC, ids=lambda q: q.__name__)
    @given(tensors=seeds, turn=seeds)
    @settings(deadline=None, max_examples=25)
    def test_is_the_same_however_the_tensor_is_turned(
        self, quantity, tensors, turn, make_fields, make_symmetric, make_rotation
    ):
        stress, turned = make_symmetric(4, seed=tensors), make_rotation(turn)
        before = cells(quantity(make_fields(stress)))
        after = cells(quantity(make_fields(turned @ stress @ turned.T)))
        np.testing.assert_allclose(after, before, rtol=1e-10, atol=1e-10)

    @pytest.mark.parametrize("quantity", ISOTROPIC, ids=lambda q: q.__name__)
    def test_has_the_units_of_its_field_and_scales_with_it(
        self, quantity, make_fields, make_symmetric
    ):
        stress = make_symmetric(3, seed=3)
        giga, mega = (
            quantity(make_fields(f * stress, units=u)) for f, u in ((1, "GPa"), (1000, "MPa"))
        )
        assert (giga.units, mega.units) == ("GPa", "MPa")
        np.testing.assert_allclose(cells(mega), 1000 * cells(giga), rtol=1e-12)

    @pytest.mark.parametrize("quantity", ISOTROPIC, ids=lambda q: q.__name__)
    def test_has_the_gradient_of_finite_differences(self, quantity, make_fields, make_symmetric):
        fields = make_fields(make_symmetric(3, seed=4))

        def of(values):
            return quantity(PhysicalFields({"stress": values}, fields.specs, fields.grid)).values

        assert torch.autograd.gradcheck(of, fields["stress"].clone().requires_grad_())

    @pytest.mark.parametrize("quantity", ISOTROPIC, ids=lambda q: q.__name__)
    @pytest.mark.parametrize("stress", [np.zeros((3, 3)), np.eye(3), np.diag([2.0, 2.0, -1.0])])
    def test_has_a_finite_gradient_where_eigenvalues_coincide(self, quantity, stress, make_fields):
        fields = make_fields(stress)
        fields["stress"].requires_grad_()
        quantity(fields).values.sum().backward()
        assert torch.isfinite(fields["stress"].grad).all()

    @pytest.mark.parametrize("quantity", ISOTROPIC, ids=lambda q: q.__name__)
    def test_takes_any_leading_dims_and_keeps_cells_apart(self, quantity):
        values = torch.randn(
            2, 3, 6, 4, 5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64
        )
        spec = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")
        grid = Grid(shape=(4, 5, 2))

        def of(tensor):
            return quantity(PhysicalFields({"stress": tensor}, {"stress": spec}, grid)).values

        everywhere = of(values)
        assert everywhere.shape[:2] == (2, 3)
        assert everywhere.shape[-3:] == (4, 5, 2)
        one = of(values[1, 2, :, 3:, 1:2, :1])
        torch.testing.assert_close(everywhere[1, 2, ..., 3:, 1:2, :1], one)


class TestVonMisesStress:
    def test_of_tension_is_the_tension(self, make_fields):
        assert cells(von_mises_stress(make_fields(np.diag([0.0, -0.7, 0.0])))) == 0.7

    def test_of_shear_is_the_shear_times_root_three(self, make_fields):
        shear = np.zeros((3, 3))
        shear[0, 2] = shear[2, 0] = 2.0
        np.testing.assert_allclose(cells(von_mises_stress(make_fields(shear))), 2 * np.sqrt(3))

    def test_vanishes_under_pressure(self, make_fields):
        assert cells(von_mises_stress(make_fields(-3.0 * np.eye(3)))) == 0

    def test_says_what_it_is_the_von_mises_measure_of(self):
        strain = FieldSpec(name="eigenstrain", units="1", tensor_kind="symmetric")
        tensors = {"eigenstrain": torch.ones(6, 1, 1, 1)}
        fields = PhysicalFields(tensors, {"eigenstrain": strain}, Grid(shape=(1, 1, 1)))
        found = von_mises_stress(fields, of="eigenstrain")
        assert (found.title, found.units) == ("von Mises eigenstrain", "1")


class TestHydrostaticPressure:
    def test_is_positive_under_compression(self, make_fields):
        np.testing.assert_allclose(cells(hydrostatic_pressure(make_fields(-3.0 * np.eye(3)))), 3.0)


class TestPrincipalStresses:
    @given(tensors=seeds)
    @settings(deadline=None, max_examples=25)
    def test_are_the_eigenvalues_greatest_first(self, tensors, make_fields, make_symmetric):
        stress = make_symmetric(5, seed=tensors)
        found = cells(principal_stresses(make_fields(stress)))
        np.testing.assert_allclose(found, np.linalg.eigvalsh(stress)[:, ::-1], atol=1e-12)

    def test_sum_has_the_gradient_of_the_trace_where_all_coincide(self, make_fields):
        fields = make_fields(2 * np.eye(3))
        fields["stress"].requires_grad_()
        principal_stresses(fields).values.sum().backward()
        slope = dict(zip(VOIGT, fields["stress"].grad.flatten().tolist(), strict=True))
        assert slope == pytest.approx({"xx": 1, "yy": 1, "zz": 1, "xy": 0, "xz": 0, "yz": 0})
