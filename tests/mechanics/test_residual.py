import numpy as np
import pytest
import torch
from torch.testing import assert_close

from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import compatibility, difference, equilibrium, kind_of
from fieldvae.testing.linear_gaussian_field import LinearGaussianField

BOX = Grid((5, 4, 6), (1.0, 2.0, 1.5), periodic=(True,) * 3)
ENDS = Grid((6, 7, 5), (1.0, 2.0, 1.5), periodic=(False, True, False))
PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def tensor(units="1", derivative="corner", **other) -> FieldSpec:
    return FieldSpec(
        name="tensor", units=units, tensor_kind="symmetric", derivative=derivative, **other
    )


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def strain_of(displacement, grid, derivative):
    def slope(i, j):
        return difference(displacement[:, i], j, grid=grid, derivative=derivative)

    return torch.stack([(slope(i, j) + slope(j, i)) / 2 for i, j in PAIRS], 1)


class TestCompatibility:
    @pytest.mark.parametrize("scheme", ["corner", "central", "spectral"])
    def test_is_exact_for_the_gradient_of_a_displacement(self, scheme):
        strain = strain_of(noise(2, 3, *BOX.shape), BOX, scheme)
        left = compatibility(strain, tensor(derivative=scheme), BOX)
        assert strain.std() > 0.1
        assert (left.square < 1e-24 * left.terms).all()

    def test_is_exact_where_the_grid_ends_too(self):
        strain = strain_of(noise(2, 3, *ENDS.shape), ENDS, "corner")
        left = compatibility(strain, tensor(), ENDS)
        assert (left.square < 1e-24 * left.terms).all()

    def test_sees_a_strain_in_one_cell(self):
        strain = torch.zeros(1, 6, 5, 4, 6, dtype=torch.float64)
        strain[0, 0, 2, 2, 2] = 1.0
        found = compatibility(strain, tensor(), BOX)
        assert found.square > 0.5 * found.terms

    def test_on_a_plane_is_the_one_equation_of_saint_venant(self):
        plane = Grid((6, 5), (1.0, 0.5), periodic=(True, True))
        strain = noise(2, 3, 6, 5, 1)
        field = tensor(components=("xx", "yy", "xy"))

        def second(c, i, j):
            once = difference(strain[:, c], i, grid=plane, derivative="corner")
            return difference(once, j, grid=plane, derivative="corner")

        expected = second(0, 1, 1) + second(1, 0, 0) - 2 * second(2, 0, 1)
        found = compatibility(strain, field, plane).square
        assert_close(found, expected.square().mean((-3, -2, -1)))


class TestEquilibrium:
    def test_is_the_divergence(self):
        stress, field = noise(2, 6, *ENDS.shape), tensor("GPa")

        def slope(c, j):
            return difference(stress[:, c], j, grid=ENDS, derivative="corner")

        x = slope(0, 0) + slope(3, 1) + slope(4, 2)
        y = slope(3, 0) + slope(1, 1) + slope(5, 2)
        z = slope(4, 0) + slope(5, 1) + slope(2, 2)
        expected = sum(part.square().mean((-3, -2, -1)) for part in (x, y, z))
        assert_close(equilibrium(stress, field, ENDS).square, expected)

    def test_of_terms_that_know_nothing_of_each_other_is_their_sum(self):
        found = equilibrium(noise(400, 6, *BOX.shape), tensor("GPa"), BOX)
        assert_close((found.square.mean() / found.terms.mean()).item(), 1.0, rtol=0.02, atol=0)

    def test_is_zero_under_a_uniform_stress(self):
        stress = noise(1, 6, 1, 1, 1).expand(1, 6, *ENDS.shape)
        assert equilibrium(stress, tensor("GPa"), ENDS).square.item() == 0

    def test_names_the_components_that_it_misses(self):
        field = tensor("GPa", components=("xx", "yy", "xy"))
        with pytest.raises(OptionError, match="components xx, yy, xy on a grid along x, y, z"):
            equilibrium(noise(1, 3, *BOX.shape), field, BOX)


@pytest.mark.parametrize(
    ("units", "kind"),
    [("MPa", "stress"), ("eV/angstrom^3", "stress"), ("1", "strain"), ("percent", "strain"),
     ("K", None), ("nonsense", None)],
)  # fmt: skip
def test_units_tell_stress_from_strain(units, kind):
    assert kind_of(tensor(units)) == kind


class TestElasticMedium:
    """A law whose stress is in balance with known forces, in central differences."""

    @pytest.fixture
    def medium(self):
        return LinearGaussianField(Grid((5, 5, 5), (2.0,) * 3, periodic=(True,) * 3))

    @pytest.fixture
    def dataset(self, medium):
        return medium.simulate(40, generator=np.random.default_rng(0))

    def test_the_hidden_part_is_in_balance(self, medium, dataset):
        drawn = medium.realize(dataset, count=1, generator=np.random.default_rng(1))
        hidden = drawn["stress"].values[:, 0] - medium.expectation(dataset)
        field = medium.outputs[0].model_copy(update={"derivative": "central"})
        left = equilibrium(torch.from_numpy(hidden), field, medium.grid)
        assert (left.square < 1e-12 * left.terms).all()

    def test_the_residual_is_the_force(self, medium, dataset):
        field = medium.outputs[0].model_copy(update={"derivative": "central"})
        stress = torch.from_numpy(dataset["stress"].values.astype(float))
        force = dataset["force"].values.astype(float)
        force -= force.mean((-3, -2, -1), keepdims=True)  # a uniform one has no stress
        expected = torch.from_numpy((force**2).sum(1).mean((-3, -2, -1)))
        assert_close(equilibrium(stress, field, medium.grid).square, expected, rtol=1e-4, atol=0)
