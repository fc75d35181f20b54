from itertools import permutations, product

import numpy as np
import pytest
import xarray as xr

from fieldvae.errors import GridError
from fieldvae.evaluation.baselines import LinearGaussian
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.testing.linear_gaussian_field import LinearGaussianField

GRID = Grid((4, 4, 4), periodic=(True, True, True))
CUBIC = [
    np.eye(3)[list(order)] * np.array(signs)[:, None]
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]


@pytest.fixture
def generator():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def medium():
    return LinearGaussianField(GRID)


@pytest.fixture(scope="module")
def training(medium):
    return medium.simulate(300, generator=np.random.default_rng(1))


def fitted(medium, training, **options):
    return LinearGaussian.fit(
        training, inputs=medium.inputs, outputs=medium.outputs, grid=GRID, **options
    )


@pytest.fixture(scope="module")
def symmetric(medium, training):
    return fitted(medium, training, operations=CUBIC)


class TestLinearGaussian:
    def test_recovers_the_mean_of_a_known_law(self, medium, symmetric, generator):
        inputs = medium.simulate(20, generator=generator)
        exact = medium.expectation(inputs)
        error = symmetric.expectation(inputs) - exact
        assert error.std() < 0.03 * exact.std()

    def test_recovers_the_covariance_of_a_known_law(self, medium, symmetric):
        exact = medium.covariance().reshape(64, 6, 6)
        error = np.abs(symmetric.covariance - exact).max() / np.abs(exact).max()
        assert error < 0.08

    def test_symmetry_makes_the_fit_better(self, medium, training, symmetric, generator):
        inputs = medium.simulate(20, generator=generator)
        exact = medium.expectation(inputs)
        plain = fitted(medium, training)
        error = [(law.expectation(inputs) - exact).std() for law in (symmetric, plain)]
        assert error[0] < error[1] / 2

    def test_is_unbiased_in_the_variance_with_few_samples(self, medium, generator):
        few = fitted(medium, medium.simulate(20, generator=generator))
        trace = [
            np.trace(c, axis1=-2, axis2=-1).sum().real
            for c in (few.covariance, medium.covariance().reshape(64, 6, 6))
        ]
        assert trace[0] / trace[1] == pytest.approx(1, abs=0.06)

    def test_realizations_have_the_fitted_law(self, medium, symmetric, generator):
        inputs = medium.simulate(1, generator=generator)
        drawn = symmetric.realize(inputs, count=4000, generator=generator)["stress"].values[0]
        rest = drawn - symmetric.expectation(inputs)
        waves = np.fft.fftn(rest, axes=(-3, -2, -1), norm="ortho").reshape(4000, 6, 64)
        found = np.einsum("nak,nbk->kab", waves, waves.conj()) / 4000
        scale = np.abs(symmetric.covariance).max()
        np.testing.assert_allclose(found / scale, symmetric.covariance / scale, atol=0.1)

    def test_respects_zero_mean_closure(self, medium, symmetric, generator):
        inputs = medium.simulate(2, generator=generator)
        drawn = symmetric.realize(inputs, count=3, generator=generator)["stress"]
        np.testing.assert_allclose(drawn.mean(("x", "y", "z")), 0, atol=1e-6)

    @pytest.mark.parametrize("operation", CUBIC[::7])
    def test_mean_turns_with_the_inputs(self, medium, symmetric, generator, operation):
        inputs = medium.simulate(2, generator=generator)
        cells = symmetric._basis.cell_images(operation)

        def turned(name, field):
            values = inputs[name].values if name in inputs else field
            flat = values.reshape(*values.shape[:2], -1)[:, :, cells]
            spec = {f.name: f for f in (*medium.inputs, *medium.outputs)}[name]
            return (spec.rotation(operation) @ flat).reshape(values.shape)

        rotated = inputs.copy()
        for name in ("misfit", "force"):
            rotated[name] = inputs[name].dims, turned(name, None)
        expected = symmetric.expectation(inputs).reshape(2, 6, -1)[:, :, cells]
        expected = medium.outputs[0].rotation(operation) @ expected
        found = symmetric.expectation(rotated).reshape(2, 6, -1)
        np.testing.assert_allclose(found, expected, atol=1e-10)

    def test_redundant_inputs_change_nothing(self, medium, training, generator):
        inputs = medium.simulate(3, generator=generator)
        copy = medium.inputs[0].model_copy(update={"name": "copy"})

        def doubled(data):
            return data.assign(copy=3 * data["misfit"] + 1)

        twice = LinearGaussian.fit(
            doubled(training), inputs=(*medium.inputs, copy), outputs=medium.outputs, grid=GRID
        )
        np.testing.assert_allclose(
            twice.expectation(doubled(inputs)),
            fitted(medium, training).expectation(inputs),
            atol=1e-9,
        )

    def test_stays_sound_with_fewer_samples_than_inputs(self, medium, generator):
        law = fitted(medium, medium.simulate(3, generator=generator))
        drawn = law.realize(medium.simulate(2, generator=generator), count=2, generator=generator)
        assert np.isfinite(drawn["stress"]).all()
        assert drawn["stress"].std() > 0

    def test_refuses_inputs_on_another_grid(self, medium, symmetric, generator):
        other = LinearGaussianField(Grid((8, 4, 4), periodic=(True,) * 3))
        with pytest.raises(GridError, match=r"fitted on \(4, 4, 4\).*\(8, 4, 4\)"):
            symmetric.expectation(other.simulate(1, generator=generator))

    def test_refuses_an_operation_that_the_grid_has_not(self, medium, generator):
        grid = Grid((8, 4, 4), periodic=(True,) * 3)
        medium = LinearGaussianField(grid)
        with pytest.raises(GridError, match="does not map the grid"):
            LinearGaussian.fit(
                medium.simulate(2, generator=generator),
                inputs=medium.inputs,
                outputs=medium.outputs,
                grid=grid,
                operations=CUBIC,
            )


class TestOnAGridWithWalls:
    """Cosines along x, waves along y; an input with one value a sample; a log-normal output."""

    grid = Grid((6, 5), periodic=(False, True))
    inputs = (
        FieldSpec(name="source", units="1"),
        FieldSpec(name="temperature", units="K", on="sample"),
    )
    outputs = (FieldSpec(name="density", units="kg/m^3", scaling="log"),)

    @pytest.fixture
    def data(self, generator):
        source = generator.standard_normal((400, 6, 5))
        temperature = 300 + 10 * generator.standard_normal(400)
        wall = np.linspace(0, 2, 6)[:, None]
        log = 0.5 * source + wall + 0.1 * (temperature - 300)[:, None, None]
        log += 0.3 * generator.standard_normal(log.shape)
        return xr.Dataset(
            {
                "source": (("sample", "x", "y"), source),
                "temperature": ("sample", temperature),
                "density": (("sample", "x", "y"), np.exp(log)),
            }
        )

    @pytest.fixture
    def law(self, data):
        return LinearGaussian.fit(data, inputs=self.inputs, outputs=self.outputs, grid=self.grid)

    def test_recovers_the_mean(self, data, law):
        source = data["source"].values - data["source"].values.mean()
        expected = 0.5 * source + np.linspace(0, 2, 6)[:, None]
        expected += 0.1 * (data["temperature"].values - 300)[:, None, None]
        found = law.expectation(data)[:, 0, :, :, 0]
        assert np.abs(found - expected).mean() < 0.1

    def test_recovers_the_variance(self, data, law, generator):
        drawn = law.realize(data.isel(sample=[0]), count=2000, generator=generator)["density"]
        assert drawn.dims == ("sample", "realization", "density_component", "x", "y")
        assert (drawn > 0).all()
        assert np.log(drawn).std("realization").mean() == pytest.approx(0.3, rel=0.05)
