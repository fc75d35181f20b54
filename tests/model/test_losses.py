import math

import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import Encoding, ForwardPass
from fieldvae.errors import OptionError
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.model.losses import condition, energy_score, kl, reconstruction, squared_error


@pytest.fixture
def forward(cube, build, draw, scramble):
    return scramble(build(cube))(*draw(cube), torch.Generator().manual_seed(5))


def passing(outputs, drawn):
    """A forward pass of which only realizations are looked at."""
    return ForwardPass(
        inputs={},
        outputs=outputs,
        conditions={},
        prior=DiagonalGaussian(torch.zeros(1)),
        encoding=None,
        reconstruction=None,
        realize=lambda count: {name: values[:count] for name, values in drawn.items()},
        log_density=lambda name: torch.zeros(1),
    )


class TestReconstruction:
    def test_and_kl_are_the_negative_bound_for_each_value(self, forward):
        density = forward.log_density("stress") + forward.log_density("heat")
        divergence = forward.encoding.posterior.kl(forward.prior).flatten(1).sum(1)
        bound = (density - divergence).mean() / (7 * 64)
        assert_close(reconstruction(forward) + kl(forward), -bound)


class TestSquaredError:
    def test_weighs_all_values_alike(self, forward):
        total = sum(
            (forward.reconstruction[name].mean - output).square().sum()
            for name, output in forward.outputs.items()
        )
        assert_close(squared_error(forward), total / (5 * 7 * 64))


class TestKL:
    def test_is_the_divergence_of_torch(self, forward):
        q, p = forward.encoding.posterior, forward.prior
        expected = torch.distributions.kl_divergence(
            torch.distributions.Normal(q.mean, q.stddev),
            torch.distributions.Normal(p.mean, p.stddev),
        ).sum()
        assert_close(kl(forward, reduction="sum"), expected)
        assert_close(kl(forward), expected / (5 * 7 * 64))

    def test_is_positive(self, forward):
        assert kl(forward) > 0


class TestCondition:
    def test_sums_over_inputs(self, forward):
        parts = [condition(forward, field=name) for name in ("density", "flow")]
        assert_close(condition(forward), sum(parts))

    def test_squared_is_a_mean_over_the_values_of_a_condition(self, forward):
        difference = forward.encoding.recovered["flow"] - forward.conditions["flow"]
        found = condition(forward, field="flow", measure="squared")
        assert_close(found, difference.square().mean())

    def test_relative_is_one_for_who_knows_the_mean_only(self, forward):
        mean = forward.conditions["flow"].mean((0, 2, 3, 4), keepdim=True)
        blind = Encoding(
            forward.encoding.posterior,
            {"flow": mean.expand_as(forward.conditions["flow"])},
        )
        seen = ForwardPass(**{**vars(forward), "encoding": blind})
        assert_close(condition(seen, field="flow"), torch.tensor(1.0))

    def test_relative_leaves_the_smoothers_alone(self, cube, build, draw):
        model = build(cube)
        forward = model(*draw(cube))
        condition(forward).backward(retain_graph=True)
        assert all(weight.grad is None for weight in model.smoothers.parameters())
        condition(forward, measure="squared").backward()
        assert all(weight.grad is not None for weight in model.smoothers.parameters())

    def test_names_the_input_it_does_not_know(self, forward):
        with pytest.raises(OptionError, match="no input 'flux'; inputs: density, flow"):
            condition(forward, field="flux")


class TestEnergyScore:
    def test_is_the_sum_over_all_pairs(self):
        chance = torch.Generator().manual_seed(0)
        truth = {
            name: torch.randn(3, c, 2, 2, 1, generator=chance) for name, c in [("a", 1), ("b", 2)]
        }
        drawn = {n: torch.randn(4, *v.shape, generator=chance) for n, v in truth.items()}
        total = 0.0
        for sample in range(3):
            y = torch.cat([truth[n][sample].flatten() for n in truth])
            x = [torch.cat([drawn[n][i, sample].flatten() for n in truth]) for i in range(4)]
            total += sum((v - y).norm() for v in x) / 4
            total -= sum((v - w).norm() for v in x for w in x) / (2 * 4 * 3)
        expected = total / 3 / math.sqrt(3 * 4)
        assert_close(energy_score(passing(truth, drawn), members=4), expected)

    def test_is_least_at_the_true_law(self):
        chance = torch.Generator().manual_seed(0)
        truth = {"a": torch.randn(200_000, 1, 1, 1, 1, generator=chance)}
        noise = torch.randn(2, 200_000, 1, 1, 1, 1, generator=chance)

        def score(mean, deviation):
            return energy_score(passing(truth, {"a": mean + deviation * noise}), members=2)

        right = score(0.0, 1.0)
        assert all(score(*wrong) > right for wrong in [(0.2, 1.0), (0.0, 0.8), (0.0, 1.2)])

    def test_has_a_gradient_where_distances_vanish(self):
        drawn = torch.zeros(2, 3, 1, 2, 2, 2, requires_grad=True)
        truth = {"a": torch.zeros(3, 1, 2, 2, 2)}
        energy_score(passing(truth, {"a": drawn}), members=2).backward()
        assert torch.isfinite(drawn.grad).all()


@pytest.mark.parametrize("loss", [reconstruction, squared_error, kl, condition])
def test_a_loss_that_needs_an_encoder_says_so(loss):
    with pytest.raises(OptionError, match=f"'{loss.__name__}' needs an encoder"):
        loss(passing({}, {}))
