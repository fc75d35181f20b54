import pytest
import torch
from torch.testing import assert_close

from fieldvae.errors import GridError
from fieldvae.grid import Grid
from fieldvae.mechanics import difference, wave_vectors

AXES = (-3, -2, -1)
BOX = Grid((5, 4, 6), (1.0, 2.0, 1.5), periodic=(True,) * 3)


def noise(shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("scheme", ["corner", "central", "spectral"])
class TestWaveVectors:
    def test_are_those_of_the_differences_but_for_a_common_phase(self, scheme):
        """Products of two derivatives know no phase: D_i f times the conjugate of D_j f."""
        field = noise(BOX.shape)
        wave = torch.fft.fftn(field, dim=AXES)
        kappa = wave_vectors(BOX, scheme)
        found = [
            torch.fft.fftn(difference(field, i, grid=BOX, derivative=scheme), dim=AXES)
            for i in range(3)
        ]
        for i in range(3):
            for j in range(3):
                expected = kappa[i] * kappa[j] * wave.abs().square()
                assert_close(found[i] * found[j].conj(), expected + 0j)

    def test_are_the_true_ones_where_waves_are_long(self, scheme):
        grid = Grid((64, 64, 64), (0.5,) * 3, periodic=(True,) * 3)
        true = 2 * torch.pi * torch.tensor([1, 2, -1]) / 32
        found = wave_vectors(grid, scheme)[:, 1, 2, -1]
        assert_close(found, true.double(), rtol=0.02, atol=0)


class TestDifference:
    @pytest.mark.parametrize("scheme", ["corner", "central"])
    def test_of_a_slope_is_exact_where_the_grid_ends(self, scheme):
        grid = Grid((4, 5, 3), (0.5, 2.0, 1.0))
        x, y, z = torch.meshgrid(
            *[h * torch.arange(n).double() for n, h in zip(grid.shape, grid.spacing, strict=True)],
            indexing="ij",
        )
        field = 3 * x - 2 * y + z + 5
        for axis, slope in enumerate((3.0, -2.0, 1.0)):
            found = difference(field, axis, grid=grid, derivative=scheme)
            assert_close(found, torch.full_like(found, slope))

    def test_needs_both_neighbors_if_central(self):
        with pytest.raises(GridError, match="two cells that does not repeat"):
            difference(noise((2, 4, 4)), 0, grid=Grid((2, 4, 4)), derivative="central")

    def test_along_an_axis_that_is_not_there_is_zero(self):
        plane = Grid((4, 4))
        for scheme in ("corner", "central"):
            found = difference(noise((4, 4, 1)), 2, grid=plane, derivative=scheme)
            assert not found.any()

    def test_refuses_waves_where_the_grid_ends(self):
        with pytest.raises(GridError, match="it must repeat along every axis"):
            difference(noise((4, 4, 4)), 0, grid=Grid((4, 4, 4)), derivative="spectral")
