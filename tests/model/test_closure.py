import math

import pytest
import torch
from torch.testing import assert_close

from fieldvae.errors import OptionError
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.model.closure import log_density, project


@pytest.fixture
def law():
    chance = torch.Generator().manual_seed(0)
    mean = torch.randn(2, 3, 2, 3, 2, generator=chance)
    return DiagonalGaussian(
        mean - mean.mean((2, 3, 4), keepdim=True), torch.randn(mean.shape, generator=chance)
    )


def zero_mean_basis(cells: int) -> torch.Tensor:
    """Orthonormal columns that span the vectors of zero mean."""
    ones = torch.ones(cells, 1) / math.sqrt(cells)
    return torch.linalg.qr(torch.cat([ones, torch.eye(cells)[:, : cells - 1]], 1)).Q[:, 1:]


class TestProject:
    def test_sets_the_mean(self):
        field = torch.randn(4, 2, 3, 3, 3, generator=torch.Generator().manual_seed(0))
        zero = torch.tensor([1.0, -2.0]).reshape(2, 1, 1, 1)
        means = project(field, zero).mean((2, 3, 4))
        assert_close(means, torch.tensor([1.0, -2.0]).expand(4, 2))

    def test_twice_is_once(self):
        field = torch.randn(4, 2, 3, 3, 3, generator=torch.Generator().manual_seed(0))
        once = project(field, torch.ones(2, 1, 1, 1))
        assert_close(project(once, torch.ones(2, 1, 1, 1)), once)


class TestLogDensity:
    def test_is_the_density_of_projected_noise_on_its_subspace(self, law):
        value = project(law.mean + 1, torch.zeros(3, 1, 1, 1)) * 1.7
        cells = 12
        basis = zero_mean_basis(cells)
        expected = torch.zeros(2)
        for sample in range(2):
            for component in range(3):
                covariance = basis.T @ law.log_variance[sample, component].flatten().exp().diag()
                normal = torch.distributions.MultivariateNormal(
                    basis.T @ law.mean[sample, component].flatten(), covariance @ basis
                )
                expected[sample] += normal.log_prob(basis.T @ value[sample, component].flatten())
        assert_close(log_density(law, value, projected=True), expected)

    def test_is_the_sum_over_cells_where_nothing_is_projected(self, law):
        normal = torch.distributions.Normal(law.mean, law.stddev)
        value = law.mean + 0.3
        expected = normal.log_prob(value).sum((1, 2, 3, 4))
        assert_close(log_density(law, value, projected=False), expected)

    def test_is_greatest_at_the_true_variance(self):
        chance = torch.Generator().manual_seed(0)
        zero = torch.zeros(1, 1, 1, 1)
        value = project(0.7 * torch.randn(20000, 1, 2, 2, 1, generator=chance), zero)
        log_variance = torch.zeros(1, 1, 1, 1, requires_grad=True)
        for _ in range(30):
            law = DiagonalGaussian(torch.zeros_like(value), log_variance)
            loss = -log_density(law, value, projected=True).mean()
            (slope,) = torch.autograd.grad(loss, log_variance)
            log_variance = (log_variance - 0.5 * slope).detach().requires_grad_()
        assert_close(log_variance.exp().sqrt().item(), 0.7, rtol=0.02, atol=0)

    def test_refuses_a_point_with_the_remedy(self):
        point = DiagonalGaussian(torch.zeros(1, 1, 2, 2, 2))
        with pytest.raises(OptionError, match="squared_error"):
            log_density(point, point.mean, projected=False)
