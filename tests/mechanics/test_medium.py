import numpy as np
import pytest
import torch
from fieldvae_atomistic.elasticity import CubicStiffness
from torch.testing import assert_close

from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import block_response, medium

EDGES = (1.0, 1.5, 2.0)
AXES = (-3, -2, -1)


def cubic(c11=250.0, c12=155.0, c44=140.0):
    stiffness = torch.diag(torch.tensor([c11 - c12] * 3 + [c44] * 3, dtype=torch.float64))
    stiffness[:3, :3] += c12
    return stiffness


def triclinic(seed=0):
    factor = torch.randn(6, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return factor @ factor.mT + torch.eye(6, dtype=torch.float64)


def stress_of(strain, stiffness, spacing=EDGES):
    shape = tuple(strain.shape[-3:])
    response = block_response(stiffness, shape, spacing).to(torch.complex128)
    waves = torch.einsum("xyzab,...bxyz->...axyz", response, torch.fft.rfftn(strain, dim=AXES))
    return torch.fft.irfftn(waves, s=shape, dim=AXES)


def noise(shape, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(6, *shape, generator=chance, dtype=torch.float64)


class TestBlockResponse:
    def test_is_the_fourier_solution_where_blocks_fold_nothing(self, monkeypatch):
        """Another implementation, in another plugin, of Mura's response to a plane wave."""
        monkeypatch.setattr(medium, "FOLDS", 0)
        medium._waves.cache_clear()
        found = block_response(cubic(), (5, 5, 5), EDGES)
        medium._waves.cache_clear()
        turns = np.stack(np.meshgrid(*[np.fft.fftfreq(5)] * 3, indexing="ij"), -1)[:, :, :3]
        expected = CubicStiffness(250.0, 155.0, 140.0).response(turns / np.array(EDGES))
        assert_close(found, torch.tensor(expected))

    def test_a_layered_cell_has_the_stress_of_clamped_layers(self):
        """Layers across x that swell freely along x alone: Hooke's law, in closed form."""
        c11, c12 = 250.0, 155.0
        swelling = torch.tensor([0.01, -0.02, 0.015, -0.005], dtype=torch.float64)
        strain = torch.zeros(6, 4, 3, 2, dtype=torch.float64)
        strain[:3] = swelling[:, None, None]
        found = stress_of(strain, cubic())
        across = -(c11 + c12 - 2 * c12**2 / c11) * swelling
        assert_close(found[1], across[:, None, None].expand(4, 3, 2))
        assert_close(found[2], found[1])
        for row in (0, 3, 4, 5):
            assert_close(found[row], torch.zeros_like(found[row]))

    def test_takes_energy_and_gives_none(self):
        """The stress does negative work on every eigenstrain, whatever the medium."""
        twice = torch.tensor([1, 1, 1, 2, 2, 2], dtype=torch.float64).reshape(6, 1, 1, 1)
        for seed in range(5):
            strain = noise((4, 3, 6), seed)
            assert (twice * strain * stress_of(strain, triclinic(seed))).sum() < 0

    def test_is_symmetric(self):
        twice = torch.tensor([1, 1, 1, 2, 2, 2], dtype=torch.float64).reshape(6, 1, 1, 1)
        some, other, stiffness = noise((4, 5, 2), 1), noise((4, 5, 2), 2), triclinic()
        assert_close(
            (twice * some * stress_of(other, stiffness)).sum(),
            (twice * other * stress_of(some, stiffness)).sum(),
        )

    def test_a_tiled_cell_has_the_tiled_stress(self):
        strain = noise((4, 2, 3))
        longer = torch.cat([strain, strain], -3)
        found = stress_of(longer, triclinic())
        assert_close(found, torch.cat([stress_of(strain, triclinic())] * 2, -3))

    def test_turns_with_the_cell(self):
        """Axes by turns x -> y -> z -> x: so do the components, in a cubic medium."""
        strain = noise((4, 4, 4))
        turned = strain.permute(0, 3, 1, 2)[[VOIGT.index(c) for c in _turned()]]
        found = stress_of(turned, cubic(), (1.0, 1.0, 1.0))
        expected = stress_of(strain, cubic(), (1.0, 1.0, 1.0))
        assert_close(found, expected.permute(0, 3, 1, 2)[[VOIGT.index(c) for c in _turned()]])

    def test_the_mean_is_zero_and_gradients_pass(self):
        stiffness = cubic().requires_grad_()
        found = stress_of(noise((4, 4, 4)) + 1.0, stiffness)
        assert_close(found.mean(AXES), torch.zeros(6, dtype=torch.float64))
        found.square().sum().backward()
        assert (stiffness.grad[:3, :3] != 0).all()

    def test_one_cell_has_no_waves(self):
        assert (block_response(cubic(), (1, 1, 1), EDGES) == 0).all()


def _turned():
    """Component of the cell before that each component of the turned one is."""
    before = {"x": "z", "y": "x", "z": "y"}
    return ["".join(sorted(before[a] for a in label)) for label in VOIGT]


@pytest.mark.parametrize("labels", [("xx", "yy", "xy"), VOIGT])
def test_stays_with_the_components(labels):
    """A field may have some of the components; the others have no eigenstrain."""
    from fieldvae.model.elastic import Medium

    field = FieldSpec(name="s", units="GPa", tensor_kind="symmetric", components=labels)
    grid = Grid((3, 4), periodic=(True, True))
    found = Medium(field, grid).given((3, 4, 1))(torch.randn(2, len(labels), 3, 4, 1))
    assert found.shape == (2, len(labels), 3, 4, 1)
