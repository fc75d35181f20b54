import pytest
import torch
from fieldvae_flow import VelocityNetwork, transport
from torch.testing import assert_close

from fieldvae import Grid

CUBE = Grid((4, 4, 4), periodic=(True, True, True))


@pytest.fixture
def network(double):
    torch.manual_seed(0)
    return VelocityNetwork(2, 3, CUBE, channels=8, blocks=1)


@pytest.fixture
def fields(double):
    chance = torch.Generator().manual_seed(1)
    return tuple(torch.randn(6, c, 4, 4, 4, generator=chance) for c in (2, 3))


class TestVelocityNetwork:
    def test_starts_as_the_regression_of_the_velocity_on_the_field(self, network):
        """For standard-normal ends of the path: cov(y - z, x) / var(x)."""
        chance = torch.Generator().manual_seed(2)
        latent, output = torch.randn(2, 400, 2, 4, 4, 4, generator=chance)
        for time in (0.1, 0.5, 0.8):
            points = (1 - time) * latent + time * output
            slope = ((output - latent) * points).sum() / points.square().sum()
            velocity = network.given(torch.zeros(400, 3, 4, 4, 4))(points, torch.tensor([time]))
            # 51,200 pairs of variance at most 2: the slope's standard error is below 0.01.
            assert_close(velocity, slope * points, atol=0.03 * points.abs().max().item(), rtol=0)

    def test_at_the_start_carries_every_point_to_itself(self, network, fields):
        start, conditions = fields
        carried = transport(network.given(conditions), start, steps=50)
        assert_close(carried, start, atol=1e-3, rtol=1e-3)

    def test_gives_each_point_its_own_time(self, network, fields):
        points, conditions = fields
        with torch.no_grad():
            for weight in network.parameters():
                weight.normal_(std=0.2)
        velocity = network.given(conditions)
        times = torch.linspace(0, 1, 6)
        together = velocity(points, times)
        for number, time in enumerate(times):
            alone = velocity(points, time[None])
            assert_close(together[number], alone[number])
        assert not torch.allclose(together, velocity(points, times.flip(0)))
