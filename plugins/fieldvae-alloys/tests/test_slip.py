import math

import numpy as np
import pytest
import torch
from fieldvae_alloys import slip
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from fieldvae import VOIGT, FieldSpec, Grid, OptionError, PhysicalFields, named_quantity

SPEC = FieldSpec(name="residual_stress", units="GPa", tensor_kind="symmetric")
PAPER_CELL = np.array([[1, -1, 0], [1, 1, -2], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])
"""Axes of the paper's cell, <110>, <112>, <111>, in crystal coordinates."""

seeds = st.integers(0, 2**32 - 1)


def fields_of(matrices, frame=None):
    axes = {} if frame is None else {"frame": tuple(np.ravel(frame))}
    index = [("xyz".index(a), "xyz".index(b)) for a, b in VOIGT]
    values = np.stack([matrices[..., i, j] for i, j in index], axis=-1)[..., None, None, None]
    grid = Grid(shape=(1, 1, 1), **axes)
    return PhysicalFields({SPEC.name: torch.from_numpy(values)}, {SPEC.name: SPEC}, grid)


def random_stresses(seed, count=4):
    matrices = np.random.default_rng(seed).standard_normal((count, 3, 3))
    return matrices + matrices.swapaxes(-1, -2)


def shear(fields, **options):
    return slip.resolved_shear_stress(fields, **options).values[..., 0, 0, 0].numpy()


def all_shears(fields, **options):
    return slip.fcc_slip_systems(fields, **options).values[..., 0, 0, 0].numpy()


class TestResolvedShearStress:
    def test_is_equation_6_in_cube_axes(self):
        stress = random_stresses(0)
        parts = stress[:, 0, 0] - stress[:, 1, 1] + stress[:, 0, 2] - stress[:, 1, 2]
        np.testing.assert_allclose(shear(fields_of(stress)), parts / math.sqrt(6), atol=1e-14)

    def test_is_one_shear_component_in_the_cell_of_the_paper(self):
        stress = random_stresses(1)
        found = shear(fields_of(stress, frame=PAPER_CELL))
        np.testing.assert_allclose(found, stress[:, 0, 2], atol=1e-14)

    def test_of_tension_along_an_axis_has_the_schmid_factor_of_fcc(self):
        tension = np.zeros((1, 3, 3))
        tension[0, 0, 0] = 1.0
        np.testing.assert_allclose(shear(fields_of(tension)), 1 / math.sqrt(6))

    @given(tensors=seeds, turn=seeds)
    @settings(deadline=None, max_examples=25)
    def test_is_the_same_where_tensor_and_frame_turn_together(self, tensors, turn):
        stress = random_stresses(tensors)
        frame = Rotation.random(random_state=turn).as_matrix()
        turned = fields_of(frame @ stress @ frame.T, frame=frame)
        np.testing.assert_allclose(shear(turned), shear(fields_of(stress)), atol=1e-12)

    def test_changes_sign_with_the_plane_or_the_direction_and_not_with_both(self):
        fields = fields_of(random_stresses(2))
        one = shear(fields)
        np.testing.assert_allclose(shear(fields, direction=(-1, 1, 0)), -one)
        np.testing.assert_allclose(shear(fields, plane=(-1, -1, -1)), -one)
        both = shear(fields, plane=(-1, -1, -1), direction=(-1, 1, 0))
        np.testing.assert_allclose(both, one)

    def test_knows_directions_and_not_lengths(self):
        fields = fields_of(random_stresses(3))
        longer = shear(fields, plane=(3, 3, 3), direction=(0.5, -0.5, 0))
        np.testing.assert_allclose(longer, shear(fields), rtol=1e-12)

    def test_exchanges_plane_and_direction_freely(self):
        fields = fields_of(random_stresses(4))
        swapped = shear(fields, plane=(1, -1, 0), direction=(1, 1, 1))
        np.testing.assert_allclose(swapped, shear(fields), rtol=1e-12)

    def test_vanishes_under_pressure(self):
        np.testing.assert_allclose(shear(fields_of(-5.0 * np.eye(3)[None])), 0, atol=1e-14)

    def test_has_a_magnitude(self):
        fields = fields_of(random_stresses(5))
        np.testing.assert_array_equal(shear(fields, magnitude=True), abs(shear(fields)))

    def test_has_the_gradient_of_finite_differences(self):
        fields = fields_of(random_stresses(6), frame=PAPER_CELL)

        def of(values):
            some = PhysicalFields({SPEC.name: values}, fields.specs, fields.grid)
            return slip.resolved_shear_stress(some, plane=(1, -1, 1), direction=(0, 1, 1)).values

        assert torch.autograd.gradcheck(of, fields[SPEC.name].clone().requires_grad_())

    def test_refuses_a_direction_that_leaves_the_plane(self):
        words = r"direction \[1, 1, 0\] does not lie in plane \[1, 1, 1\]: it is at 35\.3 degrees"
        with pytest.raises(OptionError, match=words):
            shear(fields_of(random_stresses(0)), direction=(1, 1, 0))

    @pytest.mark.parametrize("option", ["plane", "direction"])
    def test_refuses_indices_without_direction(self, option):
        with pytest.raises(OptionError, match=rf"{option} \[0, 0, 0\] has no direction"):
            shear(fields_of(random_stresses(0)), **{option: (0, 0, 0)})

    def test_is_named_in_a_task_by_its_indices(self):
        choice = {"use": "resolved_shear_stress", "plane": [1, 1, 1], "direction": [0, 1, -1]}
        found = named_quantity(choice)(fields_of(random_stresses(0)))
        assert (found.units, found.title) == ("GPa", "resolved shear stress (111)[01-1]")


class TestFccSlipSystems:
    def test_are_twelve_of_one_kind(self):
        assert len(set(slip.FCC_SLIP_SYSTEMS)) == 12
        kinds = {
            (tuple(sorted(map(abs, n))), tuple(sorted(map(abs, b))))
            for n, b in slip.FCC_SLIP_SYSTEMS
        }
        assert kinds == {((1, 1, 1), (0, 1, 1))}
        lines = {
            (frozenset({n, tuple(-i for i in n)}), frozenset({b, tuple(-i for i in b)}))
            for n, b in slip.FCC_SLIP_SYSTEMS
        }
        assert len(lines) == 12

    def test_hold_each_system_as_the_one_system_has_it(self):
        fields = fields_of(random_stresses(7), frame=PAPER_CELL)
        found = all_shears(fields)
        for number, (plane, direction) in enumerate(slip.FCC_SLIP_SYSTEMS):
            one = shear(fields, plane=plane, direction=direction)
            np.testing.assert_allclose(found[:, number], one, atol=1e-14)

    def test_are_labeled_by_plane_and_direction(self):
        found = slip.fcc_slip_systems(fields_of(random_stresses(0)))
        assert found.dimension == "slip_system"
        number = slip.FCC_SLIP_SYSTEMS.index(((1, 1, 1), (1, -1, 0)))
        assert found.components[number] == "(111)[1-10]"

    def test_eight_are_active_alike_in_tension_along_a_cube_axis(self):
        tension = np.zeros((1, 3, 3))
        tension[0, 2, 2] = 1.0
        found = np.sort(all_shears(fields_of(tension), magnitude=True)[0])
        np.testing.assert_allclose(found, [0] * 4 + [1 / math.sqrt(6)] * 8, atol=1e-14)

    @given(tensors=seeds, chosen=st.integers(0, 23))
    @settings(deadline=None, max_examples=24)
    def test_are_permuted_by_the_rotations_of_a_cube(self, tensors, chosen):
        stress = random_stresses(tensors, count=1)
        turn = Rotation.create_group("O").as_matrix()[chosen]
        here = np.sort(all_shears(fields_of(stress), magnitude=True))
        there = np.sort(all_shears(fields_of(turn @ stress @ turn.T), magnitude=True))
        np.testing.assert_allclose(there, here, atol=1e-12)
