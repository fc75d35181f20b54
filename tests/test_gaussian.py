import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.testing import assert_close

from fieldvae.gaussian import DiagonalGaussian


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)

    def law():
        return DiagonalGaussian(
            torch.randn(5, 3, generator=generator, dtype=torch.float64),
            torch.randn(5, 3, generator=generator, dtype=torch.float64),
        )

    return law(), law()


class TestDiagonalGaussian:
    def test_divergence_is_that_of_torch(self, pair):
        one, two = pair
        expected = kl_divergence(Normal(one.mean, one.stddev), Normal(two.mean, two.stddev))
        assert_close(one.kl(two), expected)

    def test_divergence_from_itself_vanishes(self, pair):
        assert_close(pair[0].kl(pair[0]), torch.zeros(5, 3, dtype=torch.float64))

    def test_density_is_that_of_torch(self, pair):
        one, two = pair
        assert_close(one.log_prob(two.mean), Normal(one.mean, one.stddev).log_prob(two.mean))

    def test_samples_have_the_moments(self):
        law = DiagonalGaussian(torch.full((200_000,), 2.0), torch.tensor(0.5).square().log())
        drawn = law.sample(torch.Generator().manual_seed(1))
        assert drawn.mean().item() == pytest.approx(2.0, abs=0.01)
        assert drawn.std().item() == pytest.approx(0.5, abs=0.01)

    def test_the_same_generator_gives_the_same_sample(self, pair):
        draws = [pair[0].sample(torch.Generator().manual_seed(3)) for _ in range(2)]
        assert torch.equal(*draws)

    def test_a_point_mass_is_its_mean_and_has_no_density(self):
        law = DiagonalGaussian(torch.ones(2))
        assert torch.equal(law.sample(), torch.ones(2))
        with pytest.raises(ValueError, match="no density"):
            law.log_prob(torch.ones(2))
