import pytest
import torch
from torch.testing import assert_close

from fieldvae.errors import OptionError
from fieldvae.model.deterministic import DeterministicNetwork
from fieldvae.model.losses import squared_error


@pytest.fixture
def network(build, scramble, cube):
    return DeterministicNetwork(scramble(build(cube, encoder=None)))


class TestDeterministicNetwork:
    def test_gives_the_mean_of_the_law_at_latent_zero(self, network, draw, cube):
        inputs, _ = draw(cube)
        vae = network.network
        laws = vae.decode(torch.zeros(5, 3, *cube.shape3), vae.smooth(inputs))
        found = network.estimate(inputs)
        for name in ("stress", "heat"):
            assert_close(found[name], laws[name].mean)

    def test_keeps_the_closure(self, network, draw, cube):
        stress = network.estimate(draw(cube)[0])["stress"]
        assert_close(stress.mean((2, 3, 4)), torch.full((5, 6), 0.25))

    def test_is_learned_by_the_squared_error_of_its_estimate(self, network, draw, cube):
        inputs, outputs = draw(cube)
        found = network.estimate(inputs)
        errors = torch.cat([(found[name] - outputs[name]).flatten() for name in outputs])
        loss = squared_error(network(inputs, outputs))
        assert_close(loss, errors.square().mean())
        loss.backward()
        for part in (network.network.smoothers[0], network.network.decoder):
            assert any(w.grad is not None and w.grad.abs().max() > 0 for w in part.parameters())

    def test_realizes_one_field(self, network, draw, cube):
        drawn = network(*draw(cube)).realize(4)["heat"]
        assert drawn.shape == (4, 5, 1, 4, 4, 4)
        assert_close(drawn, drawn[:1].expand_as(drawn))

    def test_has_no_density(self, network, draw, cube):
        with pytest.raises(OptionError, match="gives heat no density"):
            network(*draw(cube)).log_density("heat")
