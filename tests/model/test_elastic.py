import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.errors import OptionError
from fieldvae.grid import Grid
from fieldvae.model.elastic import ElasticDecoder
from fieldvae.model.medium import Medium
from tests.model.conftest import HEAT, STRESS

CUBE = Grid((4, 4, 4), periodic=(True,) * 3)


class TestElasticDecoder:
    @pytest.fixture
    def parts(self):
        return [STRESS, HEAT], CUBE, LatentSpec(3, "field"), {"a": ConditionSpec(4, "field")}

    @pytest.fixture
    def decoder(self, parts, scramble):
        """A decoder with nothing at zero, as everything is at the start."""
        decoder = scramble(ElasticDecoder(*parts, channels=8, blocks=1, hidden=4))
        for medium in (m for m in decoder.media if isinstance(m, Medium)):
            torch.nn.init.zeros_(medium.learned)
        return decoder

    def test_the_medium_answers_eigenstrains(self, decoder):
        handed = torch.randn(4, 3, 4, 4, 4), {"a": torch.randn(2, 4, 4, 4, 4)}
        before = decoder(*handed)
        with torch.no_grad():
            decoder.media[0].learned[3, 3] += 1.0
        after = decoder(*handed)
        assert (after["stress"].mean - before["stress"].mean).abs().max() > 1e-3

    def test_a_uniform_cell_has_a_uniform_stress(self, decoder):
        """It has neither faces nor eigenstrains that differ: all that is left is its mean."""
        uniform = {"a": torch.randn(2, 4, 1, 1, 1).expand(2, 4, 8, 4, 4)}
        found = decoder(torch.zeros(2, 3, 8, 4, 4), uniform)["stress"].mean
        assert_close(found, found[..., :1, :1, :1].expand_as(found))

    def test_tiled_inputs_have_the_tiled_stress(self, decoder):
        decoder.hidden = None  # its mean over the cell is scaled by the number of cells
        latent, condition = torch.randn(1, 3, 4, 4, 4), torch.randn(1, 4, 4, 4, 4)
        small = decoder(latent, {"a": condition})["stress"].mean
        tiled = decoder(latent.repeat(1, 1, 2, 1, 1), {"a": condition.repeat(1, 1, 2, 1, 1)})
        assert_close(tiled["stress"].mean, small.repeat(1, 1, 2, 1, 1))

    def test_a_cell_is_felt_everywhere(self, decoder):
        """Convolutions see the nearest cells; the medium carries their eigenstrain on."""
        condition = torch.randn(1, 4, 8, 8, 8)
        other = condition.clone()
        other[..., 0, 0, 0] += 1.0
        latent = torch.zeros(1, 3, 8, 8, 8)
        laws = [decoder(latent, {"a": c}) for c in (condition, other)]
        felt = (laws[1]["stress"].mean - laws[0]["stress"].mean).abs().amax((0, 1))
        assert (felt > 1e-12).all()

    def test_begins_with_the_stiffness_of_the_data(self, decoder):
        """And leaves alone what is no stress."""
        before = decoder.media[0].stiffness.detach()
        inputs = {"density": torch.randn(20, 1, 4, 4, 4)}
        strain = inputs["density"] * torch.tensor([1.0, 1, 1, 0, 0, 0]).view(6, 1, 1, 1)
        stiffer = Medium(STRESS, CUBE)
        with torch.no_grad():
            stiffer.learned[range(3, 6), range(3, 6)] += 1.0
            stress = stiffer.given((4, 4, 4))(strain)
        decoder.begin_with(inputs, {"stress": stress, "heat": torch.randn(20, 1, 4, 4, 4)})
        after = decoder.media[0].stiffness.detach()
        assert after[3, 3] / after[0, 0] > 1.2 * before[3, 3] / before[0, 0]

    def test_needs_a_stress(self):
        with pytest.raises(OptionError, match=r"no output \('heat'\) is a symmetric tensor"):
            ElasticDecoder([HEAT], CUBE, LatentSpec(3, "field"), {"a": ConditionSpec(4, "field")})
