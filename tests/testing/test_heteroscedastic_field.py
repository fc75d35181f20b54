import numpy as np
import pytest
from numpy.testing import assert_allclose

from fieldvae.data.samples import Samples
from fieldvae.evaluation.scores import crps
from fieldvae.grid import Grid
from fieldvae.testing import HeteroscedasticField
from fieldvae.testing.periodic import Blend

LEVEL = 0.01
"""Of the tests of calibration."""


@pytest.fixture
def medium(grid):
    return HeteroscedasticField(grid)


def values(dataset) -> np.ndarray:
    return dataset["response"].values


def homoscedastic(medium, inputs, count, generator):
    """Realizations of one variance for all inputs and cells, the mean of the exact ones."""
    mean, variance = medium.expectation(inputs)[:, None], medium.variance(inputs).mean()
    noise = generator.standard_normal((len(mean), count, *medium.grid.shape))
    return (mean + np.sqrt(variance) * medium.blend(noise))[:, :, None]


class TestHeteroscedasticField:
    def test_variance_is_exponential_in_the_load_of_the_cell(self, medium, generator):
        data = medium.simulate(3, generator=generator)
        load = data["load"].values[:, 0]
        assert_allclose(np.log(medium.variance(data) / medium.noise**2), medium.contrast * load)

    def test_covariance_has_that_diagonal_and_is_one_of_a_law(self, medium, generator):
        data = medium.simulate(3, generator=generator)
        found = medium.covariance(data)
        diagonal = np.diagonal(found, axis1=1, axis2=2).reshape(3, *medium.grid.shape)
        assert_allclose(diagonal, medium.variance(data))
        assert_allclose(found, found.swapaxes(1, 2), atol=1e-12)
        assert (np.linalg.eigvalsh(found) > -1e-10 * np.abs(found).max()).all()

    def test_realizations_follow_the_stated_law(self, medium, generator):
        data = medium.simulate(2, generator=generator)
        count = 20_000
        drawn = values(medium.realize(data, count=count, generator=generator))[:, :, 0]
        rest = (drawn - medium.expectation(data)[:, None]).reshape(2, count, -1)
        exact = medium.covariance(data)
        deviation = np.sqrt(np.diagonal(exact, axis1=1, axis2=2))
        assert (np.abs(rest.mean(axis=1)) < 4.5 * deviation / np.sqrt(count)).all()
        found = np.einsum("snx,sny->sxy", rest, rest) / count
        scale = deviation[:, :, None] * deviation[:, None, :]
        # a correlation found of n draws errs by at most sqrt(2/n), on the diagonal
        assert (np.abs(found - exact) / scale).max() < 5 * np.sqrt(2 / count)

    def test_noise_is_correlated(self, medium, generator):
        neighbor = (1,) + (0,) * (medium.grid.dimensions - 1)
        assert medium.blend.correlation()[neighbor] > 0.2

    def test_whitened_outputs_are_standard_normal(self, medium, generator):
        medium = HeteroscedasticField(Grid((5, 5), periodic=(True, True)))
        data = medium.simulate(800, generator=generator)
        rest = (values(data)[:, 0] - medium.expectation(data)).reshape(800, -1, 1)
        factor = np.linalg.cholesky(medium.covariance(data))
        white = np.linalg.solve(factor, rest).ravel()
        assert abs(white.mean()) < 4.5 / np.sqrt(white.size)
        assert abs(white.var() - 1) < 4.5 * np.sqrt(2 / white.size)
        assert abs((white**4).mean() - 3) < 4.5 * np.sqrt(96 / white.size)

    def test_law_moves_with_the_grid(self, medium, generator):
        data = medium.simulate(3, generator=generator)
        moved = data.roll(dict.fromkeys(medium.grid.axes, 1))
        ends = tuple(range(1, 1 + medium.grid.dimensions))
        for law in (medium.expectation, medium.variance):
            assert_allclose(law(moved), np.roll(law(data), 1, ends), atol=1e-12)

    def test_contrast_of_zero_is_one_variance(self, grid, generator):
        medium = HeteroscedasticField(grid, contrast=0)
        data = medium.simulate(2, generator=generator)
        assert_allclose(medium.variance(data), medium.noise**2)

    def test_exact_realizations_are_calibrated(self, medium, generator, rank_chances):
        data = medium.simulate(1500, generator=generator)
        drawn = medium.realize(data, count=19, generator=generator)
        assert rank_chances(values(data), values(drawn), generator) > LEVEL

    def test_one_variance_for_all_is_not(self, medium, generator, rank_chances):
        data = medium.simulate(1500, generator=generator)
        drawn = homoscedastic(medium, data, 19, generator)
        assert rank_chances(values(data), drawn, generator) < LEVEL

    def test_scores_tell_it_from_one_variance_for_all(self, medium, generator):
        data = medium.simulate(300, generator=generator)
        shape = (300, 1, *medium.grid.shape3)
        truth = values(data).reshape(shape)
        exact = values(medium.realize(data, count=40, generator=generator))
        blurred = homoscedastic(medium, data, 40, generator)
        better, worse = (
            crps(truth, each.reshape(300, 40, *shape[1:])) for each in (exact, blurred)
        )
        gain = better - worse
        assert gain.mean() < -3 * gain.std() / np.sqrt(len(gain))

    def test_makes_samples_as_a_store_has_them(self, medium, generator):
        data = medium.simulate(3, generator=generator)
        fields = {field.name: field for field in (*medium.inputs, *medium.outputs)}
        samples = Samples.from_dataset(data, fields)
        assert samples.grid == medium.grid
        assert_allclose(medium.variance(samples.dataset), medium.variance(data))

    def test_refuses_walls_and_silence(self):
        with pytest.raises(ValueError, match="periodic along all axes"):
            HeteroscedasticField(Grid((4, 4), periodic=(True, False)))
        with pytest.raises(ValueError, match="noise is -1; expected"):
            HeteroscedasticField(Grid((4,), periodic=(True,)), noise=-1)


class TestBlend:
    def test_keeps_the_variance_of_white_noise(self, grid):
        assert_allclose((Blend(grid).kernel ** 2).sum(), 1)
        assert_allclose(Blend(grid).correlation().flat[0], 1)

    def test_is_the_convolution_with_its_kernel(self, grid, generator):
        noise = generator.standard_normal(grid.shape)
        waves = np.fft.fftn(noise) * np.fft.fftn(Blend(grid).kernel)
        assert_allclose(Blend(grid)(noise), np.fft.ifftn(waves).real, atol=1e-12)

    def test_correlation_is_that_of_blended_noise(self, grid, generator):
        blend = Blend(grid)
        drawn = blend(generator.standard_normal((20_000, *grid.shape)))
        first = drawn[(slice(None), *(0,) * grid.dimensions)]
        found = np.einsum("n,n...->...", first, drawn) / len(drawn)
        assert_allclose(found, blend.correlation(), atol=5 * np.sqrt(2 / 20_000))
