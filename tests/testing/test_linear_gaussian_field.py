import numpy as np
import pytest

from fieldvae.grid import Grid
from fieldvae.testing.linear_gaussian_field import LinearGaussianField

GRID = Grid((4, 4, 4), spacing=(2.0, 2.0, 2.0), spacing_units="nm", periodic=(True, True, True))


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.fixture
def medium():
    return LinearGaussianField(GRID)


def _divergence(stress):
    """Central differences of the six components xx yy zz xy xz yz, (..., 6, x, y, z)."""
    rows = ((0, 3, 4), (3, 1, 5), (4, 5, 2))

    def step(f, axis):
        return (np.roll(f, -1, axis) - np.roll(f, 1, axis)) / (2 * GRID.spacing[0])

    return np.stack(
        [sum(step(stress[..., c, :, :, :], i - 3) for i, c in enumerate(row)) for row in rows], -4
    )


class TestLinearGaussianField:
    def test_is_in_equilibrium_with_the_force(self, medium, generator):
        data = medium.simulate(3, generator=generator)
        # A force on which the operator of central differences is blind meets no resistance.
        force = data["force"].values
        waves = np.fft.fftn(force, axes=(-3, -2, -1))
        waves[..., ::2, ::2, ::2] = 0
        force = np.fft.ifftn(waves, axes=(-3, -2, -1)).real
        np.testing.assert_allclose(_divergence(data["stress"].values), -force, atol=1e-12)

    def test_has_zero_mean_stress(self, medium, generator):
        stress = medium.simulate(3, generator=generator)["stress"]
        np.testing.assert_allclose(stress.mean(("x", "y", "z")), 0, atol=1e-12)

    def test_realizations_follow_the_stated_law(self, medium, generator):
        inputs = medium.simulate(1, generator=generator)
        drawn = medium.realize(inputs, count=4000, generator=generator)["stress"].values[0]
        rest = drawn - medium.expectation(inputs)
        waves = np.fft.fftn(rest, axes=(-3, -2, -1), norm="ortho")
        found = np.einsum("naxyz,nbxyz->xyzab", waves, waves.conj()) / len(waves)
        exact = medium.covariance()
        scale = np.abs(exact).max()
        np.testing.assert_allclose(found / scale, exact / scale, atol=0.1)
        np.testing.assert_allclose(rest.mean(0), 0, atol=5 * rest.std() / np.sqrt(4000))

    def test_refuses_a_grid_with_walls(self):
        with pytest.raises(ValueError, match="periodic grid"):
            LinearGaussianField(Grid((4, 4, 4)))
