import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import AffineScale
from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.mechanics import equilibrium
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.model.solenoidal import Solenoidal

FIELD = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="solenoidal")
SMALL = Grid((3, 2, 4), (1.0, 1.5, 1.0), periodic=(True,) * 3)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def scale():
    """Scales that differ between components, as those of normal and shear stresses do."""
    factor = torch.tensor([2.0, 1.0, 3.0, 0.5, 0.7, 0.4]).reshape(6, 1, 1, 1)
    return AffineScale(noise(6, 1, 1, 1, seed=9), factor)


@pytest.fixture
def closure(scale):
    return Solenoidal(FIELD, SMALL, scale)


class TestProject:
    def test_gives_balance_in_physical_values(self, closure, scale):
        stress = scale.physical(closure.project(noise(2, 3, 6, 3, 2, 4)))
        left = equilibrium(stress, FIELD, SMALL)
        assert (left.square < 1e-24 * left.terms).all()
        assert_close(stress.mean((-3, -2, -1)), torch.zeros(2, 3, 6))

    def test_twice_is_once(self, closure):
        once = closure.project(noise(2, 6, 3, 2, 4))
        assert_close(closure.project(once), once)

    def test_serves_other_numbers_of_cells(self, closure, scale):
        stress = scale.physical(closure.project(noise(2, 6, 6, 4, 5)))
        left = equilibrium(stress, FIELD, SMALL)
        assert (left.square < 1e-24 * left.terms).all()

    def test_has_the_gradient_of_a_linear_map(self, closure):
        field = noise(1, 6, 3, 2, 4).requires_grad_()
        assert torch.autograd.gradcheck(closure.project, (field,))

    def test_made_without_gradients_serves_passes_with_them(self, scale):
        grid = Grid((2, 5, 3), periodic=(True,) * 3)
        with torch.inference_mode():
            closure = Solenoidal(FIELD, grid, scale)
            closure.project(noise(1, 6, 2, 5, 3))
        field = noise(1, 6, 2, 5, 3).requires_grad_()
        closure.project(field).square().sum().backward()
        assert field.grad is not None


class TestLogDensity:
    def test_is_the_density_of_projected_noise_on_its_subspace(self, closure):
        """Against the pseudo-determinant and pseudo-inverse of the whole covariance."""
        values = 6 * 24
        identity = torch.eye(values).reshape(values, 6, 3, 2, 4)
        offset = closure.project(torch.zeros(1, 6, 3, 2, 4))
        matrix = (closure.project(identity) - offset).reshape(values, values).T
        log_variance = noise(2, 6, 1, 1, 1, seed=3)
        mean = closure.project(noise(2, 6, 3, 2, 4, seed=4))
        value = closure.project(noise(2, 6, 3, 2, 4, seed=5))
        expected = []
        for law, at, center in zip(log_variance, value, mean, strict=True):
            spread = law.exp().expand(6, 3, 2, 4).reshape(-1)
            covariance = matrix @ (spread[:, None] * matrix.T)
            own = torch.linalg.eigvalsh(covariance)
            own = own[own > 1e-10 * own.max()]
            rest = (at - center).reshape(-1)
            inverse = torch.linalg.pinv(covariance, hermitian=True, rtol=1e-10)
            constant = len(own) * torch.log(torch.tensor(2 * torch.pi))
            expected.append(-0.5 * (rest @ inverse @ rest + own.log().sum() + constant))
        found = closure.log_density(DiagonalGaussian(mean, log_variance), value)
        assert_close(found, torch.stack(expected))

    def test_takes_one_variance_for_the_whole_batch(self, closure):
        mean, value = (closure.project(noise(2, 6, 3, 2, 4, seed=s)) for s in (4, 5))
        one = noise(6, 1, 1, 1, seed=3)
        each = one.expand(2, 6, 1, 1, 1)
        assert_close(
            closure.log_density(DiagonalGaussian(mean, one), value),
            closure.log_density(DiagonalGaussian(mean, each), value),
        )

    def test_is_greatest_at_the_true_variance(self, closure):
        value = closure.project(0.7 * noise(4000, 6, 3, 2, 4))
        mean = closure.project(torch.zeros(4000, 6, 3, 2, 4))
        log_variance = torch.zeros(6, 1, 1, 1, requires_grad=True)
        optimizer = torch.optim.LBFGS([log_variance], max_iter=60)

        def loss():
            optimizer.zero_grad()
            found = -closure.log_density(DiagonalGaussian(mean, log_variance), value).mean()
            found.backward()
            return found

        optimizer.step(loss)
        stddev = (0.5 * log_variance.detach()).exp().flatten()
        assert_close(stddev, torch.full((6,), 0.7), rtol=0.03, atol=0)

    def test_refuses_noise_that_differs_between_cells(self, closure):
        law = DiagonalGaussian(torch.zeros(1, 6, 3, 2, 4), torch.zeros(1, 6, 3, 2, 4))
        with pytest.raises(OptionError, match="squared_error or energy_score in the place of"):
            closure.log_density(law, law.mean)

    def test_refuses_a_point_with_the_remedy(self, closure):
        point = DiagonalGaussian(torch.zeros(1, 6, 3, 2, 4))
        with pytest.raises(OptionError, match="squared_error"):
            closure.log_density(point, point.mean)


class TestModel:
    @pytest.fixture
    def model(self, build, cube, scale, scramble) -> ConditionalVAE:
        network = scramble(build(cube))
        network.closures["of_stress"] = Solenoidal(FIELD, cube, scale)
        network.scales["of_stress"].load_state_dict({})
        return network

    def test_means_realizations_and_designs_are_in_balance(self, model, draw, cube, scale):
        inputs, outputs = draw(cube)
        chance = torch.Generator().manual_seed(0)
        forward = model(inputs, outputs, chance)
        epsilon = torch.randn(2, 5, 3, 4, 4, 4, generator=chance)
        white = {"stress": noise(2, 5, 6, 4, 4, 4), "heat": noise(2, 5, 1, 4, 4, 4)}
        for values in (
            forward.reconstruction["stress"].mean,
            forward.realize(3)["stress"],
            model.realize_from(model.smooth(inputs), epsilon, white)["stress"],
            model.realize_from(model.smooth(inputs), epsilon)["stress"],
        ):
            left = equilibrium(scale.physical(values), FIELD, cube)
            assert (left.square < 1e-20 * left.terms).all()

    def test_adds_no_weights(self, model, build, cube):
        assert model.state_dict().keys() == build(cube).state_dict().keys()
