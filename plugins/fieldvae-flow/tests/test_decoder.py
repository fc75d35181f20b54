from importlib.metadata import entry_points

import pytest
import torch
from fieldvae_flow import FlowDecoder
from safetensors.torch import load_model, save_model
from torch.testing import assert_close

from fieldvae import ConditionSpec, FieldSpec, Grid, LatentSpec, OptionError

GRIDS = [
    Grid((4, 4, 4), periodic=(True, True, True)),
    Grid((6, 5), periodic=(True, False)),
    Grid((1,), periodic=(True,)),
]
CUBE = GRIDS[0]
FIELDS = [
    FieldSpec(name="stress", units="GPa", tensor_kind="symmetric"),
    FieldSpec(name="heat", units="K"),
]


class TestFlowDecoder:
    def test_is_an_entry_point(self):
        (found,) = entry_points(group="fieldvae.decoders", name="flow")
        assert found.load() is FlowDecoder
        assert found.dist.name == "fieldvae-flow"

    @pytest.mark.parametrize("grid", GRIDS, ids=str)
    def test_gives_a_point_for_every_output(self, build, draw, grid):
        latent, conditions = draw(grid)
        laws = build(grid)(latent, conditions)
        assert {name: tuple(law.mean.shape) for name, law in laws.items()} == {
            "stress": (3, 6, *grid.shape3),
            "heat": (3, 1, *grid.shape3),
        }
        assert all(law.log_variance is None for law in laws.values())

    def test_at_the_start_gives_the_latent(self, build, draw):
        latent, conditions = draw(CUBE)
        laws = build(CUBE, at_start=True, steps=50)(latent, conditions)
        joined = torch.cat([laws["stress"].mean, laws["heat"].mean], 1)
        assert_close(joined, latent, atol=1e-3, rtol=1e-3)

    def test_serves_grids_of_any_shape(self, build, draw):
        """A field that repeats is carried alike on the grid that holds it twice."""
        decoder = build(CUBE)
        latent, conditions = draw(CUBE)
        once = decoder(latent, conditions)
        twice = decoder(
            latent.repeat(1, 1, 2, 1, 1),
            {n: c.repeat(1, 1, 2, 1, 1) for n, c in conditions.items()},
        )
        assert decoder.any_shape
        for name, law in once.items():
            assert_close(twice[name].mean, law.mean.repeat(1, 1, 2, 1, 1))

    def test_commutes_with_shifts_of_a_periodic_grid(self, build, draw):
        decoder = build(CUBE)
        latent, conditions = draw(CUBE)
        straight = decoder(latent, conditions)
        shifted = decoder(
            latent.roll(1, dims=-1), {name: c.roll(1, dims=-1) for name, c in conditions.items()}
        )
        for name, law in straight.items():
            assert_close(shifted[name].mean, law.mean.roll(1, dims=-1))

    def test_carries_every_sample_by_itself(self, build, draw):
        decoder = build(CUBE)
        latent, conditions = draw(CUBE)
        together = decoder(latent, conditions)
        for row in range(3):
            alone = decoder(
                latent[row : row + 1], {n: c[row : row + 1] for n, c in conditions.items()}
            )
            for name, law in alone.items():
                assert_close(law.mean[0], together[name].mean[row])

    def test_takes_many_latents_under_the_same_conditions(self, build, draw):
        decoder = build(CUBE)
        latent, conditions = draw(CUBE, count=2)
        at_once = decoder.given(conditions)(latent)
        repeated = decoder(latent, {n: torch.cat([c, c]) for n, c in conditions.items()})
        for name, law in at_once.items():
            assert_close(law.mean, repeated[name].mean)

    def test_has_the_gradients_of_finite_differences(self, build, draw):
        grid = Grid((2,), periodic=(True,))
        decoder = build(grid, steps=2)
        latent, conditions = draw(grid, batch=2)
        values = [latent, *conditions.values()]

        def stress(z, *given):
            named = dict(zip(conditions, given, strict=True))
            return decoder(z, named)["stress"].mean

        assert torch.autograd.gradcheck(stress, [v.requires_grad_() for v in values])

    def test_trains_every_weight(self, build, draw):
        decoder = build(CUBE)
        laws = decoder(*draw(CUBE))
        sum(law.mean.square().sum() for law in laws.values()).backward()
        assert [n for n, p in decoder.named_parameters() if not p.grad.abs().sum() > 0] == []

    def test_is_the_same_after_saving(self, build, draw, tmp_path):
        decoder, other = build(CUBE), build(CUBE, at_start=True)
        save_model(decoder, tmp_path / "decoder.safetensors")
        load_model(other, tmp_path / "decoder.safetensors")
        batch = draw(CUBE)
        assert torch.equal(other(*batch)["stress"].mean, decoder(*batch)["stress"].mean)

    def test_names_the_width_that_the_latent_needs(self):
        with pytest.raises(OptionError, match=r"stress 6, heat 1.*not 12; set model.latent: 7"):
            FlowDecoder(
                FIELDS, CUBE, LatentSpec(12, "field"), {"density": ConditionSpec(4, "field")}
            )

    @pytest.mark.parametrize("vector", ["latent", "condition"])
    def test_refuses_vectors(self, vector):
        latent = LatentSpec(7, "vector" if vector == "latent" else "field")
        condition = ConditionSpec(4, "vector" if vector == "condition" else "field")
        with pytest.raises(OptionError, match=r"set model\.layout: field"):
            FlowDecoder(FIELDS, CUBE, latent, {"density": condition})
