from __future__ import annotations

import hashlib

import numpy as np
import pytest
from fieldvae_atomistic.coarse import block_stress, concentration, warren_cowley
from fieldvae_atomistic.lattice import Lattice

LATTICE = Lattice(cells=(8, 4, 4), grid=(4, 2, 1))


class TestConcentration:
    def test_conserves_atoms(self, generator):
        occupation = generator.integers(3, size=LATTICE.size)
        shares = concentration(LATTICE, occupation, elements=3)
        np.testing.assert_allclose(shares.sum(axis=0), 1.0)
        np.testing.assert_allclose(
            shares.sum(axis=(1, 2, 3)) * LATTICE.sites_per_block, np.bincount(occupation)
        )

    def test_sees_an_element_where_it_is(self):
        occupation = np.zeros(LATTICE.size, dtype=int)
        occupation[LATTICE.sites[:, 0] < 4] = 1  # two unit cells along x: the first block
        shares = concentration(LATTICE, occupation, elements=2)
        np.testing.assert_array_equal(shares[1, :, 0, 0], [1, 0, 0, 0])


class TestWarrenCowley:
    def test_is_zero_within_sampling_error_at_random(self, generator):
        lattice = Lattice(cells=(16, 16, 16), grid=(1, 1, 1))
        alpha = warren_cowley(lattice, generator.integers(3, size=lattice.size), elements=3)
        # a share of c = 1/3 among the bonds of a third of the atoms, divided by delta - c; bonds
        # of like atoms are counted twice and tell half as much
        error = np.sqrt(2 / 9 / (12 * lattice.size / 3)) / np.abs(np.eye(3) - 1 / 3)
        error[np.diag_indices(3)] *= np.sqrt(2)
        assert (np.abs(alpha[..., 0, 0, 0]) < 4 * error).all()

    def test_is_exact_in_an_l1_2_crystal(self):
        corner = (LATTICE.sites % 2 == 0).all(axis=1).astype(int)  # A3B with B on the corners
        alpha = warren_cowley(LATTICE, corner, elements=2)
        np.testing.assert_allclose(alpha, -1 / 3)

    def test_is_exact_in_a_separated_crystal(self):
        lattice = Lattice(cells=(16, 2, 2), grid=(4, 1, 1))
        occupation = (lattice.sites[:, 0] >= 16).astype(int)
        alpha = warren_cowley(lattice, occupation, elements=2)[:, :, :, 0, 0]
        # each block has 8 planes of atoms, one of them with 4 of 12 neighbors beyond the border
        across = 4 / 12 / 8
        np.testing.assert_allclose(alpha[0, 0], [1 - 2 * across] * 2 + [0, 0])
        np.testing.assert_allclose(alpha[0, 1], [1 - 2 * across] * 2 + [0, 0])
        np.testing.assert_allclose(alpha[1, 1], [0, 0] + [1 - 2 * across] * 2)

    def test_agrees_with_a_count_atom_by_atom(self, generator):
        occupation = generator.choice(3, size=LATTICE.size, p=[0.2, 0.3, 0.5])
        cell = np.bincount(occupation, minlength=3) / LATTICE.size
        bonds = np.zeros((LATTICE.blocks, 3, 3))
        edges = np.array(LATTICE.cells)
        for site, here in enumerate(LATTICE.fractions):
            apart = LATTICE.fractions - here
            distance = np.linalg.norm((apart - np.round(apart)) * edges, axis=1)
            for other in np.flatnonzero((distance > 0.5) & (distance < 0.85)):
                bonds[LATTICE.block[site], occupation[site], occupation[other]] += 1
        share = bonds / bonds.sum(axis=2, keepdims=True)
        expected = (share - cell) / (np.eye(3) - cell)
        np.testing.assert_allclose(
            warren_cowley(LATTICE, occupation, elements=3).reshape(3, 3, -1),
            expected.transpose(1, 2, 0),
        )

    @pytest.mark.parametrize("kinds", [0, 1])
    def test_is_zero_where_an_element_is_absent(self, generator, kinds):
        occupation = generator.integers(kinds + 1, size=LATTICE.size)
        alpha = warren_cowley(LATTICE, occupation, elements=3)
        assert np.isfinite(alpha).all()
        assert not alpha[2].any()
        assert not alpha[:, 2].any()


class TestBlockStress:
    def test_conserves_the_virial(self, generator):
        virial = generator.normal(size=(LATTICE.size, 6))
        volume = 5000.0
        stress = block_stress(LATTICE, virial, volume=volume)
        assert stress.shape == (6, 4, 2, 1)
        total = stress.sum(axis=(1, 2, 3)) * volume / LATTICE.blocks
        np.testing.assert_allclose(total, 1e-4 * virial.sum(axis=0))

    def test_divides_by_the_volume_of_the_block(self):
        virial = np.zeros((LATTICE.size, 6))
        virial[LATTICE.block == 5, 3] = 2.0
        stress = block_stress(LATTICE, virial, volume=8 * 100.0)
        expected = np.zeros((6, 8))
        expected[3, 5] = 2.0e-4 * LATTICE.sites_per_block / 100.0
        np.testing.assert_allclose(stress.reshape(6, -1), expected)

    def test_has_not_changed_since_the_shipped_store_was_made(self):
        generator = np.random.default_rng(7)
        occupation = generator.choice(3, size=LATTICE.size, p=[0.2, 0.3, 0.5]).astype(np.int8)
        virial = generator.normal(size=(LATTICE.size, 6))
        made = {
            "c": concentration(LATTICE, occupation, elements=3),
            "w": warren_cowley(LATTICE, occupation, elements=3),
            "s": block_stress(LATTICE, virial, volume=5000.0),
        }
        digests = {
            name: hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]
            for name, values in made.items()
        }
        assert digests == {
            "c": "372d4f279e2ad52b",
            "w": "58fc74173a16b8d1",
            "s": "81e50daec3b92ae0",
        }


class TestUnevenBlocks:
    """Blocks of equal size that hold different numbers of atoms."""

    LATTICE = Lattice((4, 3, 10), (2, 1, 4), (1, -1, 0, 1, 1, -2, 1, 1, 1), uneven=True)

    def test_see_a_uniform_stress_as_uniform(self):
        virial = np.tile(np.arange(1.0, 7.0), (self.LATTICE.size, 1))
        volume = 11.0 * self.LATTICE.size
        stress = block_stress(self.LATTICE, virial, volume=volume)
        expected = 1e-4 * np.arange(1.0, 7.0) / 11.0
        np.testing.assert_allclose(
            stress, np.broadcast_to(expected[:, None, None, None], stress.shape)
        )

    def test_have_shares_of_their_own_atoms(self, generator):
        occupation = generator.integers(3, size=self.LATTICE.size)
        shares = concentration(self.LATTICE, occupation, elements=3)
        np.testing.assert_allclose(shares.sum(axis=0), 1.0)
        sizes = self.LATTICE.block_sizes.reshape(self.LATTICE.grid)
        assert len(set(sizes.ravel())) == 2
        np.testing.assert_allclose((shares * sizes).sum(axis=(1, 2, 3)), np.bincount(occupation))
