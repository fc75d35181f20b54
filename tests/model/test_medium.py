import numpy as np
import pytest
import torch
from torch.testing import assert_close

from fieldvae.data.pointgroup import cubic
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import equilibrium
from fieldvae.mechanics.mandel import WEIGHTS, turning
from fieldvae.model import medium as module
from fieldvae.model.medium import Medium
from tests.model.conftest import STRESS

CUBE = Grid((4, 4, 4), periodic=(True,) * 3)
LOADED = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")
IDENTITY = np.eye(3)[None]


def stirred(medium, size=0.2, seed=0):
    """A medium that has learned something."""
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        medium.learned.add_(size * torch.randn(6, 6, generator=chance))
    return medium


def answered(medium, strain):
    return medium.given(strain.shape[2:])(strain)


class TestMedium:
    @pytest.mark.parametrize("field", [STRESS, LOADED], ids=["zero-mean", "loaded"])
    @pytest.mark.parametrize("periodic", [(True,) * 3, (True, False, True), (False,) * 3])
    def test_is_the_same_map_on_small_and_on_large_grids(self, field, periodic, monkeypatch):
        medium = stirred(Medium(field, Grid((4, 3, 5), periodic=periodic)))
        strain = torch.randn(2, 6, 4, 3, 5)
        small = answered(medium, strain)
        monkeypatch.setattr(module, "SMALL", 0)
        assert_close(answered(medium, strain), small)

    def test_a_shift_of_the_strain_shifts_the_stress(self):
        medium, strain = stirred(Medium(STRESS, CUBE)), torch.randn(1, 6, 4, 4, 4)
        shifted = answered(medium, strain.roll((1, 2), (2, 4)))
        assert_close(shifted, answered(medium, strain).roll((1, 2), (2, 4)))

    def test_long_waves_are_in_balance(self):
        """A wave eight blocks long, in any direction; folded waves have little of its power."""
        grid = Grid((8, 8, 8), periodic=(True,) * 3)
        field = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", derivative="corner")
        x, y, z = torch.meshgrid(*[torch.arange(8.0)] * 3, indexing="ij")
        wave = torch.cos(2 * torch.pi * (x + y - z) / 8)
        strain = torch.ones(1, 6, 1, 1, 1) * wave
        found = equilibrium(answered(Medium(STRESS, CUBE), strain), field, grid)
        assert (found.square < 5e-3 * found.terms).all()

    def test_stress_of_a_uniform_strain_is_that_of_a_box_held_fixed(self):
        strain = torch.zeros(1, 6, 4, 4, 4)
        strain[:, :3] = 0.1
        c11, c12, _ = module.ISOTROPIC
        held = answered(Medium(LOADED, CUBE), strain)
        assert_close(held[:, :3], torch.full_like(held[:, :3], -0.1 * (c11 + 2 * c12)))
        assert_close(held[:, 3:], torch.zeros_like(held[:, 3:]))
        free = answered(Medium(STRESS, CUBE), strain)
        assert_close(free, torch.zeros_like(free))

    def test_a_cell_cut_out_of_a_medium_is_a_part_of_a_larger_one(self):
        """Where axes do not repeat: as in a cell twice as long, empty in its other half."""
        strain, empty = torch.randn(1, 6, 4, 4, 4), torch.zeros(1, 6, 4, 4, 4)
        cut = answered(Medium(STRESS, Grid((4, 4, 4), periodic=(True, False, True))), strain)
        whole = answered(Medium(STRESS, CUBE), torch.cat([strain, empty], 3))
        assert_close(cut, whole[:, :, :, :4])

    def test_what_is_kept_for_prediction_follows_the_weights(self):
        medium, strain = Medium(STRESS, CUBE), torch.randn(1, 6, 4, 4, 4)
        with torch.no_grad():
            before = answered(medium, strain)
            assert answered(medium, strain).equal(before)
            longer = answered(medium, torch.cat([strain, strain], 2))
            stirred(medium)
            after = answered(medium, strain)
        assert_close(longer[:, :, :4], before)
        assert_close(after, answered(medium, strain).detach())
        assert (after - before).abs().max() > 1e-3

    def test_the_stiffness_stays_that_of_a_stable_medium(self):
        for seed in range(5):
            medium = stirred(Medium(STRESS, CUBE), size=1.0, seed=seed)
            assert torch.linalg.eigvalsh(medium.stiffness).min() > 0

    def test_starts_isotropic(self):
        c11, c12, c44 = module.ISOTROPIC
        stiffness = Medium(STRESS, CUBE).stiffness.detach()
        expected = torch.diag(torch.tensor([c11 - c12] * 3 + [c44] * 3))
        expected[:3, :3] += c12
        assert_close(stiffness, expected)

    def test_a_cubic_law_has_a_cubic_medium(self):
        medium = stirred(Medium(STRESS, CUBE))
        medium.informed_by(None, cubic())
        stiffness = medium.stiffness.detach()
        c11, c12, c44 = stiffness[0, 0], stiffness[0, 1], stiffness[3, 3]
        expected = torch.diag(torch.stack([c11 - c12] * 3 + [c44] * 3))
        expected[:3, :3] += c12
        assert_close(stiffness, expected)
        assert abs(2 * c44 / (c11 - c12) - 1) > 0.01

    def test_is_invariant_under_the_law_s_group_in_axes_that_are_not_the_grid_s(self):
        axis = np.ones(3) / 3**0.5
        cross = np.cross(np.eye(3), axis)
        third = np.eye(3) - 1.5 * (np.eye(3) - np.outer(axis, axis)) + 0.75**0.5 * cross
        group = np.stack([np.eye(3), third, third @ third])
        medium = stirred(Medium(STRESS, CUBE))
        medium.informed_by(None, group)
        weights = torch.from_numpy(np.outer(WEIGHTS, WEIGHTS))
        mandel = medium.stiffness.detach() * weights
        turn = torch.from_numpy(turning(third[None])[0])
        assert_close(turn @ mandel @ turn.T, mandel)

    def test_scaled_stress_is_stress_over_the_scales_of_its_components(self):
        medium, strain = stirred(Medium(STRESS, CUBE)), torch.randn(1, 6, 4, 4, 4)
        scale = torch.tensor([3.0, 3.0, 3.0, 1.0, 1.0, 1.0])
        before = answered(medium, strain)
        medium.informed_by(5 * scale.view(6, 1, 1, 1).expand(6, 4, 4, 4), IDENTITY)
        assert_close(answered(medium, strain), before * 2 / scale.view(6, 1, 1, 1))
