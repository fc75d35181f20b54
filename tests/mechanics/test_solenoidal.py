import itertools

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from fieldvae.errors import GridError
from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import equilibrium, solenoidal_projector

AXES = (-3, -2, -1)
SCHEMES = ("corner", "central", "spectral")
CUBE = Grid((4, 4, 4), periodic=(True,) * 3)
BOX = Grid((5, 4, 6), (1.0, 2.0, 1.5), periodic=(True,) * 3)


def stress(derivative: str) -> FieldSpec:
    return FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", derivative=derivative)


def noise(grid, batch=3, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 6, *grid.shape3, generator=chance, dtype=torch.float64)


def project(values, field, grid):
    matrices = solenoidal_projector(field, grid).to(torch.complex128)
    waves = torch.einsum("xyzab,sbxyz->saxyz", matrices, torch.fft.fftn(values, dim=AXES))
    found = torch.fft.ifftn(waves, dim=AXES)
    assert_close(found.imag, torch.zeros_like(found.imag))
    return found.real


@pytest.mark.parametrize("grid", [CUBE, BOX], ids=["cube", "box"])
@pytest.mark.parametrize("scheme", SCHEMES)
class TestSolenoidalProjector:
    def test_leaves_neither_divergence_nor_mean(self, scheme, grid):
        found = project(noise(grid), stress(scheme), grid)
        left = equilibrium(found, stress(scheme), grid)
        assert (left.square < 1e-24 * left.terms).all()
        assert_close(found.mean(AXES), torch.zeros(3, 6, dtype=torch.float64))

    def test_twice_is_once(self, scheme, grid):
        once = project(noise(grid), stress(scheme), grid)
        assert_close(project(once, stress(scheme), grid), once)

    def test_leaves_what_it_takes_off_at_a_right_angle(self, scheme, grid):
        """Its symmetry in the norm of tensors makes it the nearest such field."""
        weight = torch.tensor([1, 1, 1, 2, 2, 2], dtype=torch.float64).reshape(6, 1, 1, 1)
        some, other = noise(grid, seed=1), noise(grid, seed=2)
        kept = project(some, stress(scheme), grid)
        angle = (weight * (some - kept) * project(other, stress(scheme), grid)).sum()
        assert abs(angle) < 1e-10

    def test_keeps_a_stress_of_a_potential(self, scheme, grid):
        """The curl of the curl of a symmetric potential is in balance (Beltrami)."""
        from fieldvae.mechanics.derivative import wave_vectors

        epsilon = torch.zeros(3, 3, 3, dtype=torch.float64)
        for p in itertools.permutations(range(3)):
            epsilon[p] = np.linalg.det(np.eye(3)[list(p)])
        potential = torch.fft.fftn(noise(grid), dim=AXES)
        rows = torch.tensor([[0, 3, 4], [3, 1, 5], [4, 5, 2]])
        kappa = wave_vectors(grid, scheme).to(torch.complex128)
        curl = torch.einsum(
            "ikl,jmn,kxyz,mxyz,slnxyz->sijxyz",
            *[epsilon.to(torch.complex128)] * 2, kappa, kappa, potential[:, rows],
        )  # fmt: skip
        pairs = torch.tensor([(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)]).T
        field = torch.fft.ifftn(curl[:, pairs[0], pairs[1]], dim=AXES).real
        assert field.std() > 0.1
        assert_close(project(field, stress(scheme), grid), field)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_projection_commutes_with_the_cubic_group(scheme):
    field, values = stress(scheme), noise(CUBE, batch=1)

    def turned(tensor, operation):
        axes = [int(np.abs(row).argmax()) for row in operation]
        moved = tensor.permute(0, 1, *(2 + a for a in axes))
        moved = moved.flip([2 + t for t, a in enumerate(axes) if operation[t][a] < 0])
        rotation = torch.from_numpy(field.rotation(np.array(operation)))
        return torch.einsum("ab,sbxyz->saxyz", rotation, moved)

    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            operation = [
                [s * (c == a) for c in range(3)] for a, s in zip(order, signs, strict=True)
            ]
            assert_close(
                project(turned(values, operation), field, CUBE),
                turned(project(values, field, CUBE), operation),
            )


def test_the_projection_serves_a_plane():
    plane = Grid((6, 5), periodic=(True, True))
    field = FieldSpec(
        name="stress", units="GPa", tensor_kind="symmetric", components=("xx", "yy", "xy")
    )
    chance = torch.Generator().manual_seed(0)
    values = torch.randn(2, 3, 6, 5, 1, generator=chance, dtype=torch.float64)
    left = equilibrium(project(values, field, plane), field, plane)
    assert (left.square < 1e-24 * left.terms).all()


def test_the_projection_refuses_a_grid_that_ends():
    with pytest.raises(GridError, match=r"periodic \[True, False, True\]: it must repeat"):
        solenoidal_projector(stress("corner"), Grid((4, 4, 4), periodic=(True, False, True)))


def test_the_order_of_components_is_the_labels():
    backward = FieldSpec(
        name="stress", units="GPa", tensor_kind="symmetric", components=VOIGT[::-1]
    )
    assert_close(
        solenoidal_projector(backward, CUBE),
        solenoidal_projector(stress("corner"), CUBE).flip(-1, -2),
    )
