import numpy as np
import pytest
from numpy.testing import assert_allclose

from fieldvae.data.samples import Samples
from fieldvae.data.store import open_store, write_store
from fieldvae.evaluation.scores import energy_score
from fieldvae.grid import Grid
from fieldvae.testing import BimodalField

LEVEL = 0.01
"""Of the tests of calibration."""


@pytest.fixture
def medium(grid):
    return BimodalField(grid)


def values(dataset) -> np.ndarray:
    return dataset["response"].values


def gaussian(medium, inputs, count, generator):
    """Realizations of the Gaussian with the exact mean and covariance."""
    (down, up), modes = medium.weights(inputs).T, medium.modes(inputs)
    shape = (len(up), count, *[1] * medium.grid.dimensions)
    swing = 2 * np.sqrt(up * down).reshape(len(up), *[1] * (len(shape) - 1))
    along = swing * modes[:, 1:] * generator.standard_normal(shape)
    noise = medium.noise * generator.standard_normal((*shape[:2], *medium.grid.shape))
    return (medium.expectation(inputs)[:, None] + along + noise)[:, :, None]


class TestBimodalField:
    def test_weights_are_the_logistic_of_the_mean_drive(self, medium, generator):
        data = medium.simulate(4, generator=generator)
        drive = data["drive"]
        mean = drive.mean([d for d in drive.dims if d != "sample"]).values
        down, up = medium.weights(data).T
        assert_allclose(down + up, 1)
        assert_allclose(np.log(up / down), medium.steepness * mean)

    def test_modes_are_opposite_and_linear_in_the_drive(self, medium, generator):
        data, other = (medium.simulate(3, generator=generator) for _ in range(2))
        both = data.assign(drive=2 * data["drive"] - other["drive"])
        modes = medium.modes(data)
        assert_allclose(modes[:, 0], -modes[:, 1])
        assert_allclose(medium.modes(both), 2 * modes - medium.modes(other), atol=1e-12)

    def test_realizations_have_the_stated_moments(self, medium, generator):
        data = medium.simulate(3, generator=generator)
        count = 20_000
        drawn = values(medium.realize(data, count=count, generator=generator))[:, :, 0]
        mean, variance = medium.expectation(data), medium.variance(data)
        error = (drawn.mean(axis=1) - mean) / np.sqrt(variance / count)
        assert np.abs(error).max() < 4.5
        fourth = ((drawn - drawn.mean(axis=1, keepdims=True)) ** 4).mean(axis=1)
        found = drawn.var(axis=1)
        assert (np.abs(found - variance) / np.sqrt((fourth - found**2) / count)).max() < 5

    def test_realizations_lie_about_the_modes_with_their_weights(self, medium, generator):
        data = medium.simulate(5, generator=generator)
        count = 20_000
        drawn = medium.realize(data, count=count, generator=generator)
        weights = medium.weights(data)
        error = np.sqrt(weights * (1 - weights) / count)
        wrong = 0.01 if medium.grid.dimensions == 1 else 0  # modes of few cells may overlap
        assert (np.abs(medium.shares(data, drawn) - weights) < 4.5 * error + wrong).all()
        apart = values(drawn)[:, :, None, 0] - medium.modes(data)[:, None]
        nearest = (apart.reshape(5, count, 2, -1) ** 2).mean(axis=3).min(axis=2)
        assert_allclose(nearest.mean(axis=1), medium.noise**2, rtol=0.02 + 2 * wrong)

    def test_one_sign_holds_for_the_whole_sample(self, generator):
        medium = BimodalField(Grid((6, 6), periodic=(True, True)), noise=1e-9)
        data = medium.simulate(30, generator=generator)
        sign = values(data)[:, 0] / medium.modes(data)[:, 1]
        assert_allclose(np.abs(sign), 1, atol=1e-5)
        assert_allclose(sign.std(axis=(1, 2)), 0, atol=1e-5)
        assert set(np.sign(sign[:, 0, 0])) == {-1, 1}

    def test_steepness_of_zero_is_a_fair_coin(self, grid, generator):
        medium = BimodalField(grid, steepness=0)
        assert_allclose(medium.weights(medium.simulate(3, generator=generator)), 0.5)

    def test_law_moves_with_the_grid(self, medium, generator):
        data = medium.simulate(3, generator=generator)
        moved = data.roll(dict.fromkeys(medium.grid.axes, 1))
        ends = tuple(range(2, 2 + medium.grid.dimensions))
        assert_allclose(medium.modes(moved), np.roll(medium.modes(data), 1, ends), atol=1e-12)
        assert_allclose(medium.weights(moved), medium.weights(data))

    def test_law_is_even_in_the_drive(self, medium, generator):
        data = medium.simulate(3, generator=generator)
        turned = data.assign(drive=-data["drive"])
        assert_allclose(medium.modes(turned), medium.modes(data)[:, ::-1])
        assert_allclose(medium.weights(turned), medium.weights(data)[:, ::-1])
        assert_allclose(medium.expectation(turned), medium.expectation(data))

    def test_exact_realizations_are_calibrated(self, medium, generator, rank_chances):
        data = medium.simulate(1500, generator=generator)
        drawn = medium.realize(data, count=19, generator=generator)
        assert rank_chances(values(data), values(drawn), generator) > LEVEL

    def test_swapped_weights_are_not(self, medium, generator, rank_chances):
        data = medium.simulate(1500, generator=generator)
        other = BimodalField(medium.grid, steepness=-medium.steepness)
        drawn = other.realize(data, count=19, generator=generator)
        assert rank_chances(values(data), values(drawn), generator) < LEVEL

    def test_scores_tell_it_from_the_gaussian_of_its_moments(self, medium, generator):
        data = medium.simulate(400, generator=generator)
        shape = (400, 1, *medium.grid.shape3)
        truth = values(data).reshape(shape)
        exact = values(medium.realize(data, count=40, generator=generator))
        blurred = gaussian(medium, data, 40, generator)
        better, worse = (
            energy_score(truth, each.reshape(400, 40, *shape[1:])) for each in (exact, blurred)
        )
        gain = better - worse
        assert gain.mean() < -3 * gain.std() / np.sqrt(len(gain))

    def test_shares_find_a_lost_mode(self, medium, generator):
        data = medium.simulate(6, generator=generator)
        drawn = medium.realize(data, count=8, generator=generator)
        kept = drawn.assign(response=drawn["response"] * 0 + medium.noise**2)
        kept["response"].values[:, :, 0] += medium.modes(data)[:, 1:]
        assert_allclose(medium.shares(data, kept), [[0, 1]] * 6)

    def test_makes_samples_as_a_store_has_them(self, medium, generator, tmp_path):
        data = medium.simulate(3, generator=generator)
        fields = {field.name: field for field in (*medium.inputs, *medium.outputs)}
        assert len(Samples.from_dataset(data, fields)) == 3
        write_store(data, tmp_path / "store.zarr")
        read = open_store(tmp_path / "store.zarr", fields).dataset
        assert_allclose(medium.weights(read), medium.weights(data))

    def test_repeats_itself_with_the_same_chance(self, medium):
        one, two = (medium.simulate(2, generator=np.random.default_rng(3)) for _ in range(2))
        assert one.identical(two)

    def test_refuses_walls_and_silence(self):
        with pytest.raises(ValueError, match="periodic along all axes"):
            BimodalField(Grid((4, 4), periodic=(True, False)))
        with pytest.raises(ValueError, match="noise is 0; expected"):
            BimodalField(Grid((4,), periodic=(True,)), noise=0)
