import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import Encoding, ForwardPass
from fieldvae.errors import OptionError
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.model.losses import condition, kl, reconstruction, squared_error


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


@pytest.mark.parametrize("loss", [reconstruction, squared_error, kl, condition])
def test_a_loss_that_needs_an_encoder_says_so(loss):
    with pytest.raises(OptionError, match=f"'{loss.__name__}' needs an encoder"):
        loss(passing({}, {}))
