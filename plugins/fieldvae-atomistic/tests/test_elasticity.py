from __future__ import annotations

import itertools

import numpy as np
import pytest
from fieldvae_atomistic.elasticity import (
    CubicStiffness,
    lattice_response,
    site_stress,
    wave_vectors,
)
from fieldvae_atomistic.lattice import Lattice

from fieldvae import VOIGT, OptionError

CUBIC = CubicStiffness(250.0, 155.0, 140.0)
LAME, SHEAR = 120.0, 80.0
ISOTROPIC = CubicStiffness(LAME + 2 * SHEAR, LAME, SHEAR)
PLANE = 2 * SHEAR * (3 * LAME + 2 * SHEAR) / (LAME + 2 * SHEAR)
"""2 mu (1 + nu) / (1 - nu): in-plane stress of a unit misfit in a layer of an isotropic medium."""

LATTICE = Lattice(cells=(4, 4, 4), grid=(2, 2, 2))
OBLONG = Lattice(cells=(6, 4, 2), grid=(3, 2, 1))
PLACES = [("xyz".index(label[0]), "xyz".index(label[1])) for label in VOIGT]
WEIGHTS = np.array([1.0, 1, 1, 2, 2, 2])  # of a component in a double contraction


def tensors(voigt):
    """(6, ...) to (3, 3, ...)."""
    full = np.empty((3, 3, *voigt.shape[1:]))
    for value, (i, j) in zip(voigt, PLACES, strict=True):
        full[i, j] = full[j, i] = value
    return full


def voigt(full):
    return np.stack([full[i, j] for i, j in PLACES])


def stress(lattice, stiffness, eigenstrain):
    return site_stress(lattice, lattice_response(lattice, stiffness), eigenstrain)


def isotropic(misfit):
    """Eigenstrain of equal misfit along every axis."""
    return np.stack([misfit] * 3 + [np.zeros_like(misfit)] * 3)


@pytest.fixture
def eigenstrain(generator):
    return 0.01 * generator.standard_normal((6, LATTICE.size))


@pytest.fixture
def directions(generator):
    return generator.standard_normal((20, 3))


class TestCubicStiffness:
    def test_has_cubic_constants(self):
        c = CUBIC.tensor
        assert (c[0, 0, 0, 0], c[0, 0, 1, 1], c[0, 1, 0, 1]) == (250.0, 155.0, 140.0)
        np.testing.assert_array_equal(c, c.transpose(2, 3, 0, 1))
        np.testing.assert_array_equal(c, c.transpose(1, 0, 2, 3))

    @pytest.mark.parametrize("wrong", [(100, 100, 50), (100, -60, 50), (100, 50, 0)])
    def test_refuses_an_unstable_crystal(self, wrong):
        with pytest.raises(OptionError, match="no stable cubic crystal"):
            CubicStiffness(*wrong)


class TestResponse:
    def test_is_in_equilibrium(self, directions):
        columns = tensors(np.moveaxis(CUBIC.response(directions), -2, 0))
        forces = np.einsum("wi,ijwc->jwc", directions, columns)
        np.testing.assert_allclose(forces, 0.0, atol=1e-10)

    def test_gives_no_stress_for_a_compatible_eigenstrain(self, directions, generator):
        displaced = generator.standard_normal(directions.shape)
        gradient = np.einsum("wi,wj->ijw", directions, displaced)
        strain = voigt((gradient + gradient.swapaxes(0, 1)) / 2)
        found = np.einsum("wij,jw->iw", CUBIC.response(directions), strain)
        np.testing.assert_allclose(found, 0.0, atol=1e-10)

    def test_is_reciprocal_and_dissipates(self, directions):
        metric = WEIGHTS[:, None] * CUBIC.response(directions)
        np.testing.assert_allclose(metric, metric.swapaxes(-1, -2), atol=1e-10)
        assert np.linalg.eigvalsh(metric).max() < 1e-10

    def test_is_the_closed_form_in_an_isotropic_medium(self, directions):
        n = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        found = ISOTROPIC.response(directions)[:, :, :3].sum(axis=-1)
        expected = -PLANE * (np.eye(3)[:, :, None] - np.einsum("wi,wj->ijw", n, n))
        np.testing.assert_allclose(found, voigt(expected).T, atol=1e-10)

    def test_turns_with_the_crystal(self, directions, generator):
        strain = generator.standard_normal(6)
        for rotation in cube_operations():
            turned = voigt(rotation @ tensors(strain) @ rotation.T)
            before = np.moveaxis(CUBIC.response(directions) @ strain, -1, 0)
            after = np.moveaxis(CUBIC.response(directions @ rotation.T) @ turned, -1, 0)
            expected = np.einsum("ai,bj,ijw->abw", rotation, rotation, tensors(before))
            np.testing.assert_allclose(tensors(after), expected, atol=1e-10)


def cube_operations():
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            yield np.array(signs)[:, None] * np.eye(3)[list(order)]


class TestWaveVectors:
    @pytest.mark.parametrize("lattice", [LATTICE, OBLONG])
    def test_fill_the_zone_twice(self, lattice):
        # every wave of the lattice is met twice; half of them stand in a real transform
        for vectors, shortest in wave_vectors(lattice):
            inside = vectors[shortest]
            assert np.abs(inside).max() <= 1.0 + 1e-9
            assert np.abs(inside).sum(axis=-1).max() <= 1.5 + 1e-9  # the truncated octahedron


class TestSiteStress:
    def test_has_no_mean(self, eigenstrain):
        found = stress(LATTICE, CUBIC, eigenstrain + 0.02)
        np.testing.assert_allclose(found.mean(axis=1), 0.0, atol=1e-12)

    def test_is_linear(self, eigenstrain, generator):
        other = generator.standard_normal(eigenstrain.shape)
        together = stress(LATTICE, CUBIC, 2 * eigenstrain - 3 * other)
        apart = 2 * stress(LATTICE, CUBIC, eigenstrain) - 3 * stress(LATTICE, CUBIC, other)
        np.testing.assert_allclose(together, apart, atol=1e-10)

    @pytest.mark.parametrize("lattice", [LATTICE, OBLONG])
    def test_has_no_divergence_inside_the_zone(self, lattice, generator):
        eigenstrain = 0.01 * generator.standard_normal((6, lattice.size))
        found = stress(lattice, CUBIC, eigenstrain)
        boxed = np.zeros((6, *lattice.layers))
        boxed[:, *lattice.sites.T] = found
        waves = np.fft.rfftn(boxed, axes=(1, 2, 3))
        candidates = wave_vectors(lattice)
        several = sum(shortest.astype(int) for _, shortest in candidates)
        size = np.abs(waves).max()
        checked = 0
        for vectors, shortest in candidates:
            single = shortest & (several == 1)
            part = waves[:, single]
            full = np.stack(
                [[part[VOIGT.index("".join(sorted(a + b)))] for b in "xyz"] for a in "xyz"]
            )
            force = np.einsum("wi,ijw->jw", vectors[single], full)
            assert np.abs(force).max(initial=0.0) < 1e-12 * size
            checked += single.sum()
        assert checked > 0.5 * several.size

    @pytest.mark.parametrize("wave", [(1, 0, 0), (1, 1, 0), (1, -1, 1), (0, 0, -1)])
    def test_is_the_closed_form_of_a_plane_wave(self, wave):
        n = np.array(wave) / np.linalg.norm(wave)
        phase = np.cos(2 * np.pi * LATTICE.sites @ np.array(wave) / LATTICE.layers[0])
        found = stress(LATTICE, ISOTROPIC, isotropic(0.01 * phase))
        amplitude = -PLANE * 0.01 * voigt(np.eye(3) - np.outer(n, n))
        np.testing.assert_allclose(found, amplitude[:, None] * phase, atol=1e-12)

    def test_leaves_no_pressure_around_an_inclusion_in_an_isotropic_medium(self):
        misfit = np.zeros(LATTICE.size)
        misfit[17] = 0.02
        found = stress(LATTICE, ISOTROPIC, isotropic(misfit))
        # Bitter and Crum: the trace is local, here after the mean is taken off
        expected = -2 * PLANE * (misfit - misfit.mean())
        np.testing.assert_allclose(found[:3].sum(axis=0), expected, atol=1e-12)

    def test_stores_energy(self, eigenstrain):
        energy = -0.5 * np.einsum(
            "i,is,is", WEIGHTS, stress(LATTICE, CUBIC, eigenstrain), eigenstrain
        )
        assert energy > 0.0

    def test_is_reciprocal(self, eigenstrain, generator):
        other = generator.standard_normal(eigenstrain.shape)
        there = np.einsum("i,is,is", WEIGHTS, stress(LATTICE, CUBIC, eigenstrain), other)
        back = np.einsum("i,is,is", WEIGHTS, stress(LATTICE, CUBIC, other), eigenstrain)
        assert there == pytest.approx(back, rel=1e-10)

    def test_turns_with_the_crystal(self, eigenstrain):
        response = lattice_response(LATTICE, CUBIC)
        before = tensors(site_stress(LATTICE, response, eigenstrain))
        table = {tuple(site): number for number, site in enumerate(LATTICE.sites.tolist())}
        for rotation in cube_operations():
            images = (LATTICE.sites @ rotation.T.astype(int)) % LATTICE.layers
            image = np.array([table[tuple(site)] for site in images.tolist()])
            turned = np.empty_like(eigenstrain)
            turned[:, image] = voigt(
                np.einsum("ai,bj,ijs->abs", rotation, rotation, tensors(eigenstrain))
            )
            after = tensors(site_stress(LATTICE, response, turned))
            expected = np.einsum("ai,bj,ijs->abs", rotation, rotation, before)
            np.testing.assert_allclose(after[:, :, image], expected, atol=1e-10)
