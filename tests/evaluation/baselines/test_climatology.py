import numpy as np
import pytest

from fieldvae.evaluation.baselines import Climatology
from fieldvae.grid import Grid
from fieldvae.testing.linear_gaussian_field import LinearGaussianField


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.fixture
def medium():
    return LinearGaussianField(Grid((4, 4, 4), periodic=(True,) * 3))


@pytest.fixture
def training(medium, generator):
    return medium.simulate(10, generator=generator)


@pytest.fixture
def climatology(medium, training):
    return Climatology.fit(training, outputs=medium.outputs, grid=medium.grid)


class TestClimatology:
    def test_draws_every_training_sample_once(self, climatology, training, generator):
        drawn = climatology.realize(training.isel(sample=[0, 1]), count=10, generator=generator)
        assert drawn["stress"].dims == (
            "sample", "realization", "stress_component", "x", "y", "z"
        )  # fmt: skip
        for sample in drawn["stress"].values:
            np.testing.assert_allclose(
                np.sort(sample[:, 0, 0, 0, 0]),
                np.sort(training["stress"].values[:, 0, 0, 0, 0]),
                rtol=1e-6,
            )

    def test_repeats_samples_where_more_are_asked_for(self, climatology, training, generator):
        drawn = climatology.realize(training, count=25, generator=generator)
        assert drawn.sizes["realization"] == 25
