import dataclasses
import math
from importlib.metadata import entry_points

import pytest
import torch
from fieldvae_flow import FlowDecoder, flow_matching
from torch import nn
from torch.testing import assert_close

from fieldvae import DiagonalGaussian, ForwardPass, Grid, OptionError

CUBE = Grid((4, 4, 4), periodic=(True, True, True))


@pytest.fixture
def passing(draw):
    """Make a forward pass of standard-normal outputs under conditions that tell nothing."""

    def make(decoder: nn.Module, batch: int = 6, seed: int = 4) -> ForwardPass:
        outputs, conditions = draw(CUBE, batch=batch)
        return ForwardPass(
            inputs={},
            outputs={"heat": outputs[:, 6:], "stress": outputs[:, :6]},
            conditions=conditions,
            prior=DiagonalGaussian.standard(outputs),
            encoding=None,
            reconstruction=None,
            realize=lambda count: {},
            log_density=lambda name: torch.zeros(batch),
            decoder=decoder,
            generator=torch.Generator().manual_seed(seed),
        )

    return make


class TestFlowMatching:
    def test_refuses_outputs_that_may_miss_values(self, build, passing):
        forward = passing(build(CUBE))
        masked = dataclasses.replace(forward, known={"heat": torch.ones(6, 1, 4, 4, 4)})
        with pytest.raises(OptionError, match="'mask: true' is declared by heat: remove it"):
            flow_matching(masked)

    def test_is_an_entry_point(self):
        (found,) = entry_points(group="fieldvae.losses", name="flow_matching")
        assert found.load() is flow_matching

    def test_is_half_of_pi_for_standard_normal_outputs_at_the_start(self, build, passing):
        """The integral over t of 2 - (2t - 1)^2 / s^2 = 1 / s^2, from 0 to 1."""
        loss = flow_matching(passing(build(CUBE, at_start=True), batch=400))
        assert loss.item() == pytest.approx(math.pi / 2, rel=0.02)

    def test_vanishes_for_the_exact_velocity_of_a_known_output(self, passing):
        """All outputs are one field: then v(x, t) = (y - x) / (1 - t)."""
        forward = passing(nn.Identity())
        one = {name: field[:1].expand_as(field) for name, field in forward.outputs.items()}
        target = torch.cat([one["stress"], one["heat"]], 1)

        class Known(FlowDecoder):
            def __init__(self):
                nn.Module.__init__(self)
                self.split = {"stress": 6, "heat": 1}

            def velocity(self, conditions):
                return lambda x, t: (target - x) / (1 - t.view(-1, 1, 1, 1, 1))

        loss = flow_matching(dataclasses.replace(forward, outputs=one, decoder=Known()))
        assert_close(loss, torch.zeros(()), atol=1e-20, rtol=0)

    def test_draws_from_the_generator_alone(self, build, passing):
        decoder = build(CUBE)
        torch.manual_seed(1)
        first = flow_matching(passing(decoder))
        torch.manual_seed(2)
        assert_close(flow_matching(passing(decoder)), first, rtol=0, atol=0)
        assert flow_matching(passing(decoder, seed=5)) != first

    def test_scatters_less_with_more_draws(self, build, passing):
        decoder = build(CUBE)
        spread = {
            draws: torch.stack(
                [flow_matching(passing(decoder, seed=s), draws=draws).detach() for s in range(20)]
            ).std()
            for draws in (1, 8)
        }
        assert spread[8] < 0.6 * spread[1]

    def test_trains_every_weight_and_the_conditions(self, build, passing):
        decoder = build(CUBE)
        forward = passing(decoder)
        for condition in forward.conditions.values():
            condition.requires_grad_()
        flow_matching(forward).backward()
        trained = [*decoder.parameters(), *forward.conditions.values()]
        assert all(p.grad.abs().sum() > 0 for p in trained)

    def test_leaves_the_prior_alone(self, build, passing):
        forward = passing(build(CUBE))
        mean = forward.prior.mean.requires_grad_()
        flow_matching(forward).backward()
        assert mean.grad is None

    def test_refuses_another_decoder(self, passing):
        with pytest.raises(OptionError, match=r"decoder is a Identity; set model.decoder: .use: f"):
            flow_matching(passing(nn.Identity()))
