"""The solver against closed forms, and the laws that every solution keeps."""

import numpy as np
import pytest
from fieldvae_elastic_moduli.balance import (
    PAIRS,
    WEIGHT,
    Projector,
    divergence,
    equilibrium,
    stress_of,
    wave_vectors,
)
from fieldvae_elastic_moduli.medium import PHASES, block_means, draw_phases
from scipy import fft

SHAPE = (6, 4, 5)
LOADS = np.eye(6)


def random_medium(seed=0, shape=SHAPE):
    phase = draw_phases(np.random.default_rng(seed), shape, phases=3, size=0.8)
    return np.moveaxis(np.array([*PHASES.values()])[phase], -1, 0)


def random_tensors(seed=0):
    return np.random.default_rng(seed).standard_normal((6, *SHAPE))


def stiffness(moduli):
    """Matrix from strain to stress, (6, 6), of one phase."""
    columns = [stress_of(e.reshape(6, 1, 1, 1), np.reshape(moduli, (3, 1, 1, 1))) for e in LOADS]
    return np.stack([c.ravel() for c in columns], axis=1)


@pytest.fixture(scope="module", params=range(3), ids=["stretch", "shear", "both"])
def solved(request):
    load = [LOADS[0], LOADS[4], LOADS[0] - 0.5 * LOADS[5]][request.param]
    return load, equilibrium(random_medium(), load, tolerance=1e-9)


class TestEquilibrium:
    def test_a_homogeneous_medium_is_strained_evenly(self):
        moduli = np.broadcast_to(np.reshape(PHASES["W"], (3, 1, 1, 1)), (3, *SHAPE))
        found = equilibrium(moduli, LOADS[0])
        assert found.iterations == 0
        np.testing.assert_allclose(found.strain, LOADS[0].reshape(6, 1, 1, 1) + np.zeros(SHAPE))
        assert found.stress[0] == pytest.approx(523)
        assert found.stress[1] == pytest.approx(205)

    @pytest.mark.parametrize("axis", range(3), ids="xyz")
    @pytest.mark.parametrize("component", range(6))
    def test_a_laminate_follows_the_closed_form(self, axis, component):
        """Across layers tractions are one and the same, along them strains are."""
        layers = ["Nb", "W", "W", "Ta", "Nb", "W"]
        across = [i for i, pair in enumerate(PAIRS) if axis in pair]
        along = [i for i in range(6) if i not in across]
        matrices = [stiffness(PHASES[name]) for name in layers]
        # the traction t of every layer: e_across = A^-1 (t - B e_along), of mean E_across
        soft = [np.linalg.inv(c[np.ix_(across, across)]) for c in matrices]
        pulled = [s @ c[np.ix_(across, along)] for s, c in zip(soft, matrices, strict=True)]
        load = LOADS[component]
        traction = np.linalg.solve(
            np.mean(soft, axis=0), load[across] + np.mean(pulled, axis=0) @ load[along]
        )
        expected = np.zeros((6, len(layers)))
        for n, (s, p) in enumerate(zip(soft, pulled, strict=True)):
            expected[across, n] = s @ traction - p @ load[along]
            expected[along, n] = load[along]
        shape = [2, 2, 2]
        shape[axis] = len(layers)
        view = [3, 1, 1, 1]
        view[axis + 1] = len(layers)
        moduli = np.array([PHASES[name] for name in layers]).T.reshape(view) + np.zeros(shape)
        found = np.moveaxis(equilibrium(moduli, load, tolerance=1e-12).strain, axis + 1, 1)
        np.testing.assert_allclose(found[:, :, 0, 0], expected, atol=1e-9)
        np.testing.assert_allclose(found, found[:, :, :1, :1] + np.zeros(found.shape), atol=1e-9)

    def test_forces_are_in_balance(self, solved):
        _, found = solved
        waves = fft.rfftn(found.stress, axes=(-3, -2, -1))
        force = divergence(waves, wave_vectors(SHAPE))
        assert np.abs(force).max() < 1e-6 * np.abs(waves).max()

    def test_strains_are_compatible_about_their_mean(self, solved):
        load, found = solved
        mean = load.reshape(6, 1, 1, 1)
        np.testing.assert_allclose(found.strain.mean((1, 2, 3)), load, atol=1e-12)
        np.testing.assert_allclose(Projector(SHAPE)(found.strain), found.strain - mean, atol=1e-9)

    def test_the_mean_work_is_the_work_of_the_means(self, solved):
        """Hill's condition."""
        _, found = solved
        work = (WEIGHT * found.stress * found.strain).sum(axis=0).mean()
        means = WEIGHT * found.stress.mean((1, 2, 3), keepdims=True)
        assert work == pytest.approx((means[:, 0, 0, 0] * found.strain.mean((1, 2, 3))).sum())

    def test_energy_lies_between_the_bounds_of_voigt_and_reuss(self, solved):
        load, found = solved
        matrices = [stiffness(m) for m in random_medium().reshape(3, -1).T]
        weight = WEIGHT.ravel()
        voigt = load * weight @ np.mean(matrices, axis=0) @ load
        reuss = load * weight @ np.linalg.inv(np.mean([*map(np.linalg.inv, matrices)], 0)) @ load
        energy = load * weight @ found.stress.mean((1, 2, 3))
        assert reuss < energy < voigt

    def test_what_is_not_reached_is_told(self):
        found = equilibrium(random_medium(), LOADS[0], tolerance=1e-12, most=2)
        assert found.iterations == 2
        assert found.residual > 1e-12


class TestProjector:
    def test_projects(self):
        project = Projector(SHAPE)
        once = project(random_tensors())
        np.testing.assert_allclose(project(once), once, atol=1e-12)

    def test_is_orthogonal(self):
        project, (one, other) = Projector(SHAPE), (random_tensors(0), random_tensors(1))
        left, right = (WEIGHT * project(one) * other).sum(), (WEIGHT * one * project(other)).sum()
        assert left == pytest.approx(right)

    def test_keeps_the_strain_of_a_displacement(self):
        """Differences of corners, averaged over a cell's edges along each axis."""
        u = np.random.default_rng(2).standard_normal((3, *SHAPE))

        def slope(values, axis):
            difference = np.roll(values, -1, axis) - values
            for other in {0, 1, 2} - {axis}:
                difference = (difference + np.roll(difference, -1, other)) / 2
            return difference

        strain = np.stack([(slope(u[i], j) + slope(u[j], i)) / 2 for i, j in PAIRS])
        np.testing.assert_allclose(Projector(SHAPE)(strain), strain, atol=1e-12)


def test_block_means_keep_the_mean_and_the_place():
    cells = random_medium(shape=(4, 4, 8))
    means = block_means(cells, (2, 1, 4))
    assert means.shape == (3, 2, 1, 4)
    np.testing.assert_allclose(means.mean((1, 2, 3)), cells.mean((1, 2, 3)))
    np.testing.assert_allclose(means[:, 1, 0, 3], cells[:, 2:, :, 6:].mean((1, 2, 3)))
