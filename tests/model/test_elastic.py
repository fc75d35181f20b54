import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import equilibrium
from fieldvae.model import elastic
from fieldvae.model.elastic import ElasticDecoder, Medium
from tests.model.conftest import HEAT, STRESS

CUBE = Grid((4, 4, 4), periodic=(True,) * 3)
LOADED = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")
AXES = (-3, -2, -1)


def stirred(medium, seed=0):
    """A medium that has learned something."""
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        medium.moved.add_(0.02 * torch.randn(6, 6, generator=chance))
    return medium


def answered(medium, strain):
    return medium.given(strain.shape[2:])(strain)


class TestMedium:
    @pytest.mark.parametrize("field", [STRESS, LOADED], ids=["zero-mean", "loaded"])
    @pytest.mark.parametrize("periodic", [(True,) * 3, (True, False, True), (False,) * 3])
    def test_is_the_same_map_on_small_and_on_large_grids(self, field, periodic, monkeypatch):
        medium = stirred(Medium(field, Grid((4, 3, 5), periodic=periodic)))
        strain = torch.randn(2, 6, 4, 3, 5)
        small = answered(medium, strain)
        monkeypatch.setattr(elastic, "SMALL", 0)
        assert_close(answered(medium, strain), small)

    def test_a_shift_of_the_strain_shifts_the_stress(self):
        medium, strain = stirred(Medium(STRESS, CUBE)), torch.randn(1, 6, 4, 4, 4)
        shifted = answered(medium, strain.roll((1, 2), (2, 4)))
        assert_close(shifted, answered(medium, strain).roll((1, 2), (2, 4)))

    def test_long_waves_are_in_balance(self):
        """A wave eight blocks long, in any direction; folded waves have little of its power."""
        grid = Grid((8, 8, 8), periodic=(True,) * 3)
        field = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", derivative="corner")
        x, y, z = torch.meshgrid(*[torch.arange(8.0)] * 3, indexing="ij")
        wave = torch.cos(2 * torch.pi * (x + y - z) / 8)
        strain = torch.ones(1, 6, 1, 1, 1) * wave
        found = equilibrium(answered(Medium(STRESS, CUBE), strain), field, grid)
        assert (found.square < 5e-3 * found.terms).all()

    def test_stress_of_a_uniform_strain_is_that_of_a_box_held_fixed(self):
        strain = torch.zeros(1, 6, 4, 4, 4)
        strain[:, :3] = 0.1
        c11, c12, _ = elastic.START
        held = answered(Medium(LOADED, CUBE), strain)
        assert_close(held[:, :3], torch.full_like(held[:, :3], -0.1 * (c11 + 2 * c12)))
        assert_close(held[:, 3:], torch.zeros_like(held[:, 3:]))
        free = answered(Medium(STRESS, CUBE), strain)
        assert_close(free, torch.zeros_like(free))

    def test_a_cell_cut_out_of_a_medium_is_a_part_of_a_larger_one(self):
        """Where axes do not repeat: as in a cell twice as long, empty in its other half."""
        strain, empty = torch.randn(1, 6, 4, 4, 4), torch.zeros(1, 6, 4, 4, 4)
        cut = answered(Medium(STRESS, Grid((4, 4, 4), periodic=(True, False, True))), strain)
        whole = answered(Medium(STRESS, CUBE), torch.cat([strain, empty], 3))
        assert_close(cut, whole[:, :, :, :4])

    def test_what_is_kept_for_prediction_follows_the_weights(self):
        medium, strain = Medium(STRESS, CUBE), torch.randn(1, 6, 4, 4, 4)
        with torch.no_grad():
            before = answered(medium, strain)
            assert answered(medium, strain).equal(before)
            longer = answered(medium, torch.cat([strain, strain], 2))
            stirred(medium)
            after = answered(medium, strain)
        assert_close(longer[:, :, :4], before)
        assert_close(after, answered(medium, strain).detach())
        assert (after - before).abs().max() > 1e-3

    def test_the_stiffness_stays_that_of_a_stable_medium(self):
        for seed in range(5):
            medium = Medium(STRESS, CUBE)
            with torch.no_grad():
                medium.moved.add_(
                    0.1 * torch.randn(6, 6, generator=torch.Generator().manual_seed(seed))
                )
            assert torch.linalg.eigvalsh(medium.stiffness).min() > 0

    def test_learns_the_stiffness_that_made_the_stress(self):
        """From fields alone, but for the unit."""
        true = Medium(STRESS, CUBE)
        with torch.no_grad():
            true.moved[3, 3] += 0.05
            true.moved[4, 4] += 0.05
            true.moved[5, 5] += 0.05
        learned = Medium(STRESS, CUBE)
        optimizer = torch.optim.Adam(learned.parameters(), 1.5e-3)
        strain = torch.randn(8, 6, 4, 4, 4)
        target = answered(true, strain).detach()
        media = [learned, true]
        first = (answered(learned, strain) - target).square().mean()
        for _ in range(60):
            optimizer.zero_grad()
            error = (answered(learned, strain) - target).square().mean()
            error.backward()
            optimizer.step()
        assert error < 0.05 * first
        anisotropy = [m.stiffness[3, 3] / (m.stiffness[0, 0] - m.stiffness[0, 1]) for m in media]
        assert_close(*anisotropy, rtol=0.1, atol=0)

    def test_scaled_stress_is_stress_over_the_scales_of_its_components(self):
        medium, strain = stirred(Medium(STRESS, CUBE)), torch.randn(1, 6, 4, 4, 4)
        scale = torch.tensor([3.0, 3.0, 3.0, 1.0, 1.0, 1.0])
        before = answered(medium, strain)
        medium.scaled_by(5 * scale.view(6, 1, 1, 1).expand(6, 4, 4, 4))
        assert_close(answered(medium, strain), before * 2 / scale.view(6, 1, 1, 1))


class TestElasticDecoder:
    @pytest.fixture
    def parts(self):
        return [STRESS, HEAT], CUBE, LatentSpec(3, "field"), {"a": ConditionSpec(4, "field")}

    @pytest.fixture
    def decoder(self, parts, scramble):
        """A decoder with nothing at zero, as everything is at the start."""
        decoder = scramble(ElasticDecoder(*parts, channels=8, blocks=1, hidden=4))
        for medium in (m for m in decoder.media if isinstance(m, Medium)):
            torch.nn.init.zeros_(medium.moved)
        return decoder

    def test_the_medium_answers_eigenstrains(self, decoder):
        handed = torch.randn(4, 3, 4, 4, 4), {"a": torch.randn(2, 4, 4, 4, 4)}
        before = decoder(*handed)
        with torch.no_grad():
            decoder.media[0].moved[3, 3] += 0.1
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

    def test_needs_a_stress(self):
        with pytest.raises(OptionError, match=r"no output \('heat'\) is a symmetric tensor"):
            ElasticDecoder([HEAT], CUBE, LatentSpec(3, "field"), {"a": ConditionSpec(4, "field")})
