from __future__ import annotations

import itertools

import numpy as np
import pytest
from fieldvae_atomistic.elasticity import CubicStiffness, lattice_response, site_stress
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.microelastic.response import BlockResponse

CUBIC = CubicStiffness(250.0, 155.0, 140.0)
LAME, SHEAR = 120.0, 80.0
ISOTROPIC = CubicStiffness(LAME + 2 * SHEAR, LAME, SHEAR)
PLANE = 2 * SHEAR * (3 * LAME + 2 * SHEAR) / (LAME + 2 * SHEAR)
"""2 mu (1 + nu) / (1 - nu): in-plane stress of a unit misfit in a layer of an isotropic medium."""

LATTICE = Lattice(cells=(4, 4, 4), grid=(2, 2, 2))
OBLONG = Lattice(cells=(6, 4, 2), grid=(3, 2, 1))


def stress(lattice, stiffness, eigenstrain):
    return site_stress(lattice, lattice_response(lattice, stiffness), eigenstrain)


def isotropic(misfit):
    """Eigenstrain of equal misfit along every axis."""
    return np.stack([misfit] * 3 + [np.zeros_like(misfit)] * 3)


class TestBlockResponse:
    @pytest.mark.parametrize("lattice", [LATTICE, OBLONG, Lattice((4, 4, 4), (1, 4, 2))])
    def test_is_the_mean_of_the_sites_stress(self, lattice, generator):
        misfit = 0.01 * generator.standard_normal(lattice.size)
        sites = stress(lattice, CUBIC, isotropic(misfit))
        sums = np.stack([np.bincount(lattice.block, weights=part) for part in sites])
        expected = sums.reshape(6, *lattice.grid) / lattice.sites_per_block
        np.testing.assert_allclose(
            BlockResponse(lattice, CUBIC).apply(misfit), expected, atol=1e-12
        )

    def test_is_that_of_centers_of_dilatation_far_from_an_inclusion(self):
        lattice = Lattice(cells=(16, 16, 16), grid=(8, 8, 8))
        misfit = np.zeros(lattice.grid)
        misfit[0, 0, 0] = 1.0
        found = BlockResponse(lattice, ISOTROPIC).apply_uniform(misfit)[:, 3, 0, 0]
        # a center of unit volume at each image: sigma = 2 mu s (1 / r^3 - 3 r r / r^5) with
        # 8 pi mu s = PLANE; and the uniform stress that takes the mean away
        images = 8 * np.array(list(itertools.product(range(-6, 7), repeat=3))) + [3, 0, 0]
        r = np.linalg.norm(images, axis=1)
        diagonal = PLANE / (4 * np.pi) * np.sum(1 / r**3 - 3 * images.T**2 / r**5, axis=1)
        expected = diagonal + 2 / 3 * PLANE / 8**3
        np.testing.assert_allclose(found[:3], expected, rtol=0.03)
        np.testing.assert_allclose(found[3:], 0.0, atol=1e-12)

    def test_agrees_with_itself_on_uniform_blocks(self, generator):
        response = BlockResponse(OBLONG, CUBIC)
        blocks = generator.standard_normal(OBLONG.grid)
        np.testing.assert_allclose(
            response.apply_uniform(blocks), response.apply(blocks.ravel()[OBLONG.block]), atol=1e-11
        )

    def test_moves_with_the_atoms(self, generator):
        response = BlockResponse(OBLONG, CUBIC)
        misfit = generator.standard_normal(OBLONG.size)
        moved = np.empty_like(misfit)
        moved[response.places] = np.roll(misfit[response.places], (1, 1), axis=(0, 1))
        np.testing.assert_allclose(
            response.apply(moved), np.roll(response.apply(misfit), (1, 1), axis=(1, 2)), atol=1e-11
        )

    def test_adds_up_the_covariance_of_shuffled_blocks(self, generator):
        response = BlockResponse(OBLONG, CUBIC)
        variance = generator.random(OBLONG.grid)
        n = OBLONG.sites_per_block
        columns = np.stack([response.apply(unit).ravel() for unit in np.eye(OBLONG.size)], axis=1)
        expected = np.zeros((36, 36))
        for places, spread in zip(response.places.reshape(-1, n), variance.ravel(), strict=True):
            part = columns[:, places]
            expected += spread * part @ (np.eye(n) - 1 / n) @ part.T
        found = response.shuffled_covariance(variance).reshape(36, 36)
        np.testing.assert_allclose(found, expected, atol=1e-10)
