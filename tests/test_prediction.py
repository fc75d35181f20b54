"""Algorithm 1 on a model whose acceptance is known: a condition recovered with known error."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from fieldvae.contract import Encoding
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.prediction import SelfCheck, realize, realize_checked

GRID = Grid((2, 2, 2))
GIVEN, DRAWN = FieldSpec(name="given", units="1"), FieldSpec(name="drawn", units="1")


class MeanSmoother(nn.Module):
    any_shape = True

    def forward(self, field):
        return field.mean(dim=(2, 3, 4))


class ShiftDecoder(nn.Module):
    """The drawn field is the condition plus a uniform shift, the latent."""

    any_shape = True

    def forward(self, latent, conditions):
        shifted = (conditions["given"] + latent).reshape(-1, 1, 1, 1, 1)
        return {"drawn": DiagonalGaussian(shifted.expand(-1, 1, 2, 2, 2))}


class MeanEncoder(nn.Module):
    """Recovers the condition with exactly the latent as error."""

    any_shape = True

    def forward(self, outputs):
        recovered = outputs["drawn"].mean(dim=(2, 3, 4))
        return Encoding(DiagonalGaussian.standard(recovered), {"given": recovered})


class NormalPrior(nn.Module):
    any_shape = True

    def forward(self, conditions):
        return DiagonalGaussian.standard(conditions["given"])


@pytest.fixture
def network():
    return ConditionalVAE(
        [GIVEN],
        [DRAWN],
        GRID,
        smoothers={"given": MeanSmoother()},
        encoder=MeanEncoder(),
        decoder=ShiftDecoder(),
        prior=NormalPrior(),
    ).eval()


@pytest.fixture
def inputs():
    return {"given": torch.linspace(-3, 3, 400).reshape(-1, 1, 1, 1, 1).expand(-1, 1, 2, 2, 2)}


def check(tolerance: float) -> SelfCheck:
    return SelfCheck("spread", {"given": tolerance}, {"given": torch.ones(1)})


def draw(network, inputs, **options):
    options = {"realizations": 3, "max_draws": 500, **options}
    return realize_checked(network, inputs, generator=torch.Generator().manual_seed(0), **options)


class TestRealizeChecked:
    def test_returns_exactly_the_number_asked_for(self, network, inputs):
        drawn = draw(network, inputs, check=check(0.5), realizations=7)
        assert drawn.outputs["drawn"].shape == (400, 7, 1, 2, 2, 2)
        assert drawn.accepted.all()

    def test_every_accepted_realization_is_within_tolerance(self, network, inputs):
        drawn = draw(network, inputs, check=check(0.3))
        errors = (drawn.outputs["drawn"].mean((2, 3, 4, 5)) - inputs["given"][:, 0, :1, 0, 0]).abs()
        assert (errors[drawn.accepted] <= 0.3 + 1e-5).all()
        assert_close(drawn.errors[..., 0], errors, atol=1e-5, rtol=0)

    def test_samples_the_prior_cut_at_the_tolerance(self, network, inputs):
        drawn = draw(network, inputs, check=check(1.0), realizations=50)
        shifts = drawn.outputs["drawn"].mean((2, 3, 4, 5)) - inputs["given"][:, 0, :1, 0, 0]
        cut_variance = 0.2911  # of a standard normal within one standard deviation
        assert shifts.var().item() == pytest.approx(cut_variance, rel=0.03)

    def test_is_never_endless_and_fills_up_with_the_nearest(self, network, inputs):
        drawn = draw(network, inputs, check=check(1e-9), max_draws=40)
        assert not drawn.accepted.any()
        assert (drawn.tried == 40).all()
        assert drawn.errors.median() < 0.1  # the nearest 3 of 40 standard normals
        assert (drawn.errors[:, 0] <= drawn.errors[:, 1]).all()

    def test_keeps_what_passed_where_some_fall_short(self, network, inputs):
        drawn = draw(network, inputs, check=check(0.02), max_draws=60)
        counts = drawn.accepted.sum(1)
        assert 0 < counts.float().mean() < 3
        ranked = drawn.accepted.int()
        assert (ranked[:, :-1] >= ranked[:, 1:]).all()

    def test_draws_no_more_for_samples_that_have_enough(self, network, inputs):
        drawn = draw(network, inputs, check=check(10.0))
        assert (drawn.tried == 3).all()

    def test_tells_after_every_round_how_many_samples_are_done(self, network, inputs):
        told = []

        def follow(rounds):
            for done in rounds:
                told.append(done)
                yield done

        draw(network, inputs, check=check(1e-9), max_draws=24, follow=follow)
        assert told == [50, 100, 200, 400]  # 3, 6, 12 and 24 of 24 draws, of 400 samples
        told.clear()
        draw(network, inputs, check=check(10.0), follow=follow)
        assert told == [400]

    def test_the_same_seed_gives_the_same_realizations(self, network, inputs):
        one, two = (draw(network, inputs, check=check(0.3)) for _ in range(2))
        assert torch.equal(one.outputs["drawn"], two.outputs["drawn"])


class TestRealize:
    def test_keeps_all_and_tells_which_would_pass(self, network, inputs):
        drawn = realize(
            network,
            inputs,
            realizations=200,
            generator=torch.Generator().manual_seed(0),
            check=check(1.0),
        )
        assert drawn.outputs["drawn"].shape == (400, 200, 1, 2, 2, 2)
        assert drawn.accepted.float().mean().item() == pytest.approx(0.6827, abs=0.01)


class TestSelfCheck:
    def test_relative_error_skips_division_by_small_conditions(self):
        relative = SelfCheck("relative", {"a": 0.04}, {})
        errors = relative.errors(
            {"a": torch.tensor([[0.51, 0.002]])}, {"a": torch.tensor([[0.5, 0.0]])}
        )
        assert_close(errors, torch.tensor([[(0.02 + 0.2) / 2]]))

    def test_spread_error_is_in_units_of_each_channel(self):
        spread = SelfCheck("spread", {"a": 1.0}, {"a": torch.tensor([1.0, 10.0])})
        errors = spread.errors({"a": torch.tensor([[1.0, 10.0]])}, {"a": torch.zeros(1, 2)})
        assert_close(errors, torch.ones(1, 1))
