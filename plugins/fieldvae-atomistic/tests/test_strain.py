import numpy as np
import pytest
from fieldvae_atomistic.strain import affine_map, stretch, tensor, voigt, volumetric
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

seeds = st.integers(0, 2**32 - 1)


def gradient(generator):
    return np.eye(3) + generator.uniform(-0.2, 0.2, size=(3, 3))


class TestVoigt:
    def test_is_undone_by_tensor(self):
        components = np.arange(6.0)
        np.testing.assert_array_equal(voigt(tensor(components)), components)

    def test_follows_the_order_of_lammps(self):
        assert tensor(np.arange(6.0))[0, 1] == 3.0
        assert tensor(np.arange(6.0))[1, 2] == 5.0


class TestStretch:
    @given(seeds)
    def test_leaves_a_rotation_out(self, seed):
        generator = np.random.default_rng(seed)
        deformation = gradient(generator)
        turned = Rotation.random(rng=generator).as_matrix() @ deformation
        np.testing.assert_allclose(stretch(turned), stretch(deformation), atol=1e-10)

    @given(seeds)
    def test_makes_a_deformation_with_a_rotation(self, seed):
        deformation = gradient(np.random.default_rng(seed))
        rotation = deformation @ np.linalg.inv(stretch(deformation))
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)

    def test_of_a_symmetric_map_is_that_map(self):
        symmetric = np.eye(3) + tensor(np.array([1.0, -2.0, 0.5, 0.3, 0.1, -0.4]) * 1e-2)
        np.testing.assert_allclose(stretch(symmetric), symmetric, atol=1e-14)


class TestAffineMap:
    @given(seeds)
    def test_finds_an_affine_map_whatever_the_shift(self, seed):
        generator = np.random.default_rng(seed)
        before = generator.normal(size=(2, 20, 3))
        deformation = np.stack([gradient(generator), gradient(generator)])
        after = before @ deformation.transpose(0, 2, 1) + generator.normal(size=(2, 1, 3))
        np.testing.assert_allclose(affine_map(before, after), deformation, atol=1e-9)


class TestVolumetric:
    def test_is_the_strain_of_an_isotropic_map(self):
        assert volumetric(1.01 * np.eye(3)) == pytest.approx(0.01)

    @given(seeds)
    def test_is_the_cube_root_of_the_volume_ratio(self, seed):
        deformation = gradient(np.random.default_rng(seed))
        ratio = np.prod(np.linalg.eigvalsh(stretch(deformation)))
        assert (1 + volumetric(deformation)) ** 3 == pytest.approx(ratio)
