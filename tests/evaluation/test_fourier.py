import numpy as np
import pytest

from fieldvae.errors import GridError
from fieldvae.evaluation.fourier import FourierBasis, power_spectrum, shells
from fieldvae.grid import Grid

GRIDS = [
    Grid((4, 4, 4), periodic=(True, True, True)),
    Grid((5, 4, 3), periodic=(True, False, True)),
    Grid((6, 4), spacing=(2.0, 1.0)),
    Grid((7,), periodic=(True,)),
]


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
class TestFourierBasis:
    def test_inverse_undoes_transform(self, grid, generator):
        basis = FourierBasis(grid)
        field = generator.standard_normal((3, 2, *grid.shape3))
        np.testing.assert_allclose(basis.inverse(basis.transform(field)), field, atol=1e-12)

    def test_power_sums_to_the_mean_square(self, grid, generator):
        field = generator.standard_normal((3, 2, *grid.shape3))
        power = power_spectrum(field, FourierBasis(grid))
        assert power.sum() == pytest.approx((field**2).sum() / 3)

    def test_every_wave_but_the_mean_has_a_shell(self, grid):
        wavenumber, member = shells(FourierBasis(grid))
        assert member[0] == -1
        assert (member[1:] >= 0).all()
        assert (np.diff(wavenumber) > 0).all()


class TestSymmetry:
    def test_the_power_of_a_mirrored_field_is_the_mirrored_power(self, generator):
        basis = FourierBasis(Grid((4, 4, 4), periodic=(True, True, False)))
        operation = np.array([[0, -1, 0], [1, 0, 0], [0, 0, -1.0]])
        field = generator.standard_normal((1, 4, 4, 4))
        turned = field.reshape(1, -1)[:, basis.cell_images(operation)].reshape(field.shape)
        expected = power_spectrum(field, basis).ravel()[basis.wave_images(operation)]
        np.testing.assert_allclose(power_spectrum(turned, basis).ravel(), expected)

    def test_refuses_to_swap_axes_that_differ(self):
        basis = FourierBasis(Grid((4, 4, 4), periodic=(True, True, False)))
        with pytest.raises(GridError, match="does not map the grid"):
            basis.wave_images(np.array([[0, 0, 1], [0, 1, 0], [1, 0, 0.0]]))


class TestWavenumbers:
    def test_count_waves_over_the_length_of_the_cell(self):
        basis = FourierBasis(Grid((4,), spacing=(0.5,), periodic=(True,)))
        expected = 2 * np.pi * np.array([0, 1, 2, 1]) / 2.0
        np.testing.assert_allclose(basis.wavenumbers().ravel(), expected)
