import math

import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import AffineScale, ForwardPass, PhysicalOutputs
from fieldvae.errors import OptionError
from fieldvae.evaluation.fourier import FourierBasis, power_spectrum, shells
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.mechanics import equilibrium as balance
from fieldvae.model.physics import compatibility, equilibrium, spectrum
from fieldvae.model.solenoidal import Solenoidal

STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")
STRAIN = FieldSpec(name="strain", units="1", tensor_kind="symmetric")
HEAT = FieldSpec(name="heat", units="K")
CUBE = Grid((4, 4, 4), periodic=(True,) * 3)
ENDS = Grid((4, 5, 4), (1.0, 0.5, 1.0), periodic=(True, False, True))
SCALE = AffineScale(
    torch.zeros(6, 1, 1, 1), torch.tensor([1, 1, 1, 0.5, 0.5, 0.5]).reshape(6, 1, 1, 1)
)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def passing(field, truth, drawn, grid=CUBE, scale=SCALE):
    """A forward pass of which only one output and its realizations are looked at."""
    return ForwardPass(
        inputs={},
        outputs={field.name: truth},
        conditions={},
        prior=DiagonalGaussian(torch.zeros(1)),
        encoding=None,
        reconstruction=None,
        realize=lambda count: {field.name: drawn[:count]},
        log_density=lambda name: torch.zeros(1),
        physical=PhysicalOutputs(
            {field.name: field}, grid, {} if scale is None else {field.name: scale}
        ),
    )


@pytest.mark.parametrize(("loss", "field"), [(equilibrium, STRESS), (compatibility, STRAIN)])
class TestMismatch:
    def test_of_the_truth_with_itself_is_zero(self, loss, field):
        truth = noise(5, 6, 4, 4, 4)
        assert_close(loss(passing(field, truth, truth[None]), members=1).item(), 0.0)

    def test_of_realizations_twice_as_large_is_the_share_of_the_truth(self, loss, field):
        truth = noise(40, 6, 4, 4, 4)
        found = loss(passing(field, truth, 2 * truth[None]), members=1)
        assert_close(found.item(), 1.0, rtol=0.2, atol=0)  # white noise: R is near G

    def test_excess_costs_nothing_below_the_truth(self, loss, field):
        truth = noise(5, 6, 4, 4, 4)
        forward = passing(field, truth, 0.5 * truth[None])
        assert loss(forward, members=1, side="excess").item() == 0
        assert loss(forward, members=1).item() > 0.1

    def test_has_finite_gradients_at_zero(self, loss, field):
        drawn = torch.zeros(1, 5, 6, 4, 4, 4, requires_grad=True)
        loss(passing(field, torch.zeros(5, 6, 4, 4, 4), drawn), members=1).backward()
        assert torch.isfinite(drawn.grad).all()

    def test_serves_a_grid_that_ends(self, loss, field):
        truth = noise(5, 6, 4, 5, 4)
        found = loss(passing(field, truth, noise(2, 5, 6, 4, 5, 4, seed=1), grid=ENDS))
        assert 0 <= found.item() < 0.1

    def test_names_the_outputs_that_would_do(self, loss, field):
        truth = noise(2, 1, 4, 4, 4)
        forward = passing(HEAT, truth, truth[None])
        with pytest.raises(
            OptionError, match=r"no output is a symmetric tensor .*\(outputs: heat\)"
        ):
            loss(forward)
        with pytest.raises(OptionError, match="'heat' is no symmetric tensor output on the grid"):
            loss(forward, field="heat")

    def test_refuses_a_logarithm(self, loss, field):
        truth = noise(2, 6, 4, 4, 4)
        with pytest.raises(OptionError, match="logarithmic scale; remove 'log'"):
            loss(passing(field, truth, truth[None], scale=None))


class TestEquilibrium:
    def test_looks_at_physical_values(self):
        """In balance once unscaled, though not as scaled."""
        field = STRESS.model_copy(update={"closure": "solenoidal"})
        balanced = Solenoidal(field, CUBE, SCALE).project(noise(5, 6, 4, 4, 4))
        left = balance(balanced, STRESS, CUBE)
        assert (left.square > 1e-3 * left.terms).all()
        other = Solenoidal(field, CUBE, SCALE).project(noise(2, 5, 6, 4, 4, 4, seed=1))
        assert equilibrium(passing(STRESS, balanced, other)).item() < 1e-12

    def test_does_not_punish_the_truth_for_not_being_in_balance(self):
        truth, other = noise(200, 6, 4, 4, 4), noise(1, 200, 6, 4, 4, 4, seed=1)
        assert equilibrium(passing(STRESS, truth, other), members=1).item() < 1e-3

    def test_takes_a_tensor_of_any_unit_by_name(self):
        truth = noise(5, 6, 4, 4, 4)
        found = equilibrium(passing(STRAIN, truth, 2 * truth[None]), field="strain", members=1)
        assert found.item() > 0.5


class TestSpectrum:
    @pytest.mark.parametrize("grid", [CUBE, ENDS], ids=["periodic", "ends"])
    def test_is_that_of_the_evaluation(self, grid):
        truth = noise(50, 6, *grid.shape)
        smooth = truth + 0.5 * truth.roll(1, 2)
        basis = FourierBasis(grid)
        _, member = shells(basis)
        terms = []
        powers = [power_spectrum(f.numpy(), basis).ravel() for f in (smooth, truth)]
        for shell in range(member.max() + 1):
            inside = member == shell
            ratio = math.log(powers[0][inside].mean() / powers[1][inside].mean())
            terms += [ratio**2] * int(inside.sum())
        found = spectrum(passing(STRESS, truth, smooth[None], grid=grid), members=1)
        assert_close(found.item(), sum(terms) / len(terms))

    def test_knows_nothing_of_where_things_are(self):
        truth = noise(5, 6, 4, 4, 4)
        assert_close(spectrum(passing(STRESS, truth, truth.roll(2, 3)[None])).item(), 0.0)

    def test_of_twice_the_values_is_the_square_of_the_logarithm_of_four(self):
        truth = noise(5, 1, 4, 4, 4)
        found = spectrum(passing(HEAT, truth, 2 * truth[None]))
        assert_close(found.item(), math.log(4) ** 2)

    def test_names_the_outputs(self):
        truth = noise(2, 1, 4, 4, 4)
        with pytest.raises(OptionError, match="no output 'flow' on the grid; such outputs: heat"):
            spectrum(passing(HEAT, truth, truth[None]), field="flow")


def test_the_model_hands_over_what_the_losses_need(build, draw, cube, scramble):
    forward = scramble(build(cube))(*draw(cube), torch.Generator().manual_seed(5))
    total = equilibrium(forward) + spectrum(forward)
    assert torch.isfinite(total)
    with pytest.raises(OptionError, match="in units of strain"):
        compatibility(forward)
