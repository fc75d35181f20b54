"""Inputs that vary keep what they must, and the nearest such values are found."""

import pytest
import torch

from fieldvae import FieldSpec, OptionError
from fieldvae.data.scaling import FieldScaling
from fieldvae.design.variables import make_variable


def scaling_of(field, *, log=False):
    channels = field.channels
    ramp = torch.arange(1, channels + 1, dtype=torch.float64).reshape(-1, 1, 1, 1)
    return FieldScaling(field, "component", log, 0.1 * ramp, 0.05 * ramp)


SHARES = FieldSpec(
    name="shares",
    units="1",
    tensor_kind="set",
    components=("a", "b", "c"),
    bounds=(0.0, 1.0),
    closure="simplex",
)
HEAT = FieldSpec(name="heat", units="K", tensor_kind="scalar")
STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="zero-mean")


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(3)


def draw(generator, *shape, width=0.3):
    return width * torch.randn(*shape, generator=generator, dtype=torch.float64)


class TestSharesWithAGivenMean:
    @pytest.fixture
    def variable(self):
        return make_variable(
            scaling_of(SHARES), mean=[0.2, 0.3, 0.5], exact=True, bounds=(None, None)
        )

    def test_sum_to_one_have_the_mean_and_stay_between_zero_and_one(self, variable, generator):
        kept = variable.project(1 / 3 + draw(generator, 20, 3, 4, 4, 4))
        assert torch.allclose(kept.sum(1), torch.ones(20, 4, 4, 4, dtype=kept.dtype))
        expected = torch.tensor([0.2, 0.3, 0.5], dtype=kept.dtype).expand(20, 3)
        assert torch.allclose(kept.mean((2, 3, 4)), expected, atol=1e-12)
        assert kept.min() > -1e-6
        assert kept.max() < 1 + 1e-6

    def test_are_left_alone_where_they_fit(self, variable, generator):
        once = variable.project(1 / 3 + draw(generator, 5, 3, 4, 4, 4))
        assert torch.allclose(variable.project(once), once, atol=1e-8)

    def test_are_the_nearest_that_fit(self, variable, generator):
        """No other values of the set are nearer: the projection's variational inequality."""
        given = 1 / 3 + draw(generator, 1, 3, 4, 4, 4)
        nearest = variable.project(given)
        for _ in range(20):
            other = variable.project(1 / 3 + draw(generator, 1, 3, 4, 4, 4))
            assert float(((given - nearest) * (other - nearest)).sum()) < 1e-4

    def test_have_gradients_that_keep_sums_and_means(self, variable, generator):
        tangent = variable.tangent(draw(generator, 2, 3, 4, 4, 4))
        assert tangent.sum(1).abs().max() < 1e-12
        assert tangent.mean((2, 3, 4)).abs().max() < 1e-12

    def test_come_back_from_coordinates(self, variable, generator):
        physical = variable.project(1 / 3 + draw(generator, 2, 3, 4, 4, 4))
        assert torch.allclose(variable.physical(variable.coordinates(physical)), physical)

    def test_reach_the_networks_as_their_scaling_says(self, variable, generator):
        physical = variable.project(1 / 3 + draw(generator, 2, 3, 4, 4, 4))
        seen = variable.model(variable.coordinates(physical))
        assert seen.shape == (2, 2, 4, 4, 4)
        assert torch.allclose(seen, variable.scaling.scaled(physical).float())


class TestOtherFields:
    def test_a_zero_mean_field_keeps_its_mean(self, generator):
        variable = make_variable(scaling_of(STRESS), mean=None, exact=False, bounds=(None, None))
        kept = variable.project(draw(generator, 3, 6, 4, 4, 4))
        assert kept.mean((2, 3, 4)).abs().max() < 1e-12

    def test_a_mean_and_bounds_of_a_scalar_are_kept_together(self, generator):
        variable = make_variable(scaling_of(HEAT), mean=2.0, exact=True, bounds=(1.5, 3.0))
        kept = variable.project(2 + draw(generator, 3, 1, 4, 4, 4, width=2.0))
        assert torch.allclose(kept.mean((2, 3, 4)), torch.full((3, 1), 2.0, dtype=kept.dtype))
        assert kept.min() > 1.5 - 1e-6
        assert kept.max() < 3.0 + 1e-6

    def test_a_mean_left_to_a_penalty_is_not_projected(self, generator):
        variable = make_variable(scaling_of(HEAT), mean=2.0, exact=False, bounds=(None, None))
        given = draw(generator, 3, 1, 4, 4, 4)
        assert torch.equal(variable.project(given), given)


class TestRefusals:
    @pytest.mark.parametrize(
        ("mean", "words"),
        [
            ([0.5, 0.5, 0.5], r"0.5, 0.5, 0.5 sum to 1.5; shares of a simplex sum to 1"),
            ([1.2, -0.1, -0.1], "1.2 of a is outside 0 to 1"),
            ([0.5, 0.5], "has 2 numbers; expected one number, or one for each of a, b, c"),
            ({"a": 0.5, "d": 0.5}, "names a, d; expected one number, or one for each of a, b, c"),
        ],
    )
    def test_of_shares_that_cannot_be(self, mean, words):
        with pytest.raises(OptionError, match=words):
            make_variable(scaling_of(SHARES), mean=mean, exact=True, bounds=(None, None))

    def test_of_equal_shares_of_what_has_none(self):
        with pytest.raises(OptionError, match="'equal' is for shares that sum to one"):
            make_variable(scaling_of(HEAT), mean="equal", exact=True, bounds=(None, None))

    def test_of_an_exact_mean_on_a_logarithmic_scale(self):
        with pytest.raises(OptionError, match="keep its mean by a penalty, with mean_weight"):
            make_variable(scaling_of(HEAT, log=True), mean=1.0, exact=True, bounds=(None, None))

    def test_of_bounds_with_nothing_between(self):
        with pytest.raises(OptionError, match=r"nothing lies between 1 and 0\.5"):
            make_variable(scaling_of(SHARES), mean=None, exact=True, bounds=(1.0, 0.5))


class TestTheRangeOfTraining:
    TRAINED = torch.tensor([[0.1, 0.1, 0.1], [0.6, 0.7, 0.8], [0.05, 0.06, 0.07]]).double()

    def test_is_kept_with_sums_and_means(self, generator):
        variable = make_variable(
            scaling_of(SHARES), mean="equal", exact=True, bounds=(None, None), trained=self.TRAINED
        )
        kept = variable.project(1 / 3 + draw(generator, 20, 3, 4, 4, 4))
        assert torch.allclose(kept.sum(1), torch.ones(20, 4, 4, 4, dtype=kept.dtype))
        assert torch.allclose(kept.mean((2, 3, 4)), torch.full((20, 3), 1 / 3).double())
        least, greatest, spread = (1 + 1e-9) * self.TRAINED.reshape(3, 3, 1)
        assert (kept.flatten(2).std(2, correction=0) <= spread[:, 0]).all()
        assert (kept.flatten(2) >= least - 1e-9).all()
        assert (kept.flatten(2) <= greatest).all()

    def test_changes_nothing_inside_it(self, generator):
        free, kept = (
            make_variable(
                scaling_of(SHARES), mean="equal", exact=True, bounds=(None, None), trained=trained
            )
            for trained in (None, self.TRAINED)
        )
        inside = free.project(1 / 3 + draw(generator, 5, 3, 4, 4, 4, width=0.01))
        assert torch.allclose(kept.project(inside), inside)
