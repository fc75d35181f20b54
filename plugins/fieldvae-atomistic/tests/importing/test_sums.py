import numpy as np
import pytest
from fieldvae_atomistic.importing.sums import BlockSums


class TestBlockSums:
    def test_pool_to_the_coarser_grid(self, generator):
        atoms = generator.integers(0, 9, size=(3, 4, 4, 2))
        bonds = generator.integers(0, 9, size=(3, 3, 4, 4, 2))
        virial = generator.normal(size=(6, 4, 4, 2))
        fine = BlockSums(atoms, 10.0, bonds=bonds, virial=virial)
        coarse = fine.pooled((2, 4, 1))
        assert coarse.volume == 80.0
        assert coarse.atoms[1, 1, 0, 1] == atoms[1, 2:, :, 1].sum()
        assert coarse.bonds[0, 2, 0, 0, 0] == bonds[0, 2, :2, :, 0].sum()
        mean = fine.stress(unit=1.0).reshape(6, 2, 2, 1, 4, 2).mean(axis=(2, 4))
        np.testing.assert_allclose(coarse.stress(unit=1.0), mean)

    def test_refuse_to_pool_what_does_not_divide(self):
        with pytest.raises(ValueError, match=r"\(4, 4, 2\) blocks cannot be pooled"):
            BlockSums(np.ones((1, 4, 4, 2), dtype=int), 1.0).pooled((3, 1, 1))

    def test_refer_to_the_block_where_asked(self):
        bonds = np.array([[6, 2], [2, 2]]).reshape(2, 2, 1, 1, 1)
        bonds = np.concatenate([bonds, 0 * bonds], axis=2)
        atoms = np.array([[3, 0], [1, 4]]).reshape(2, 2, 1, 1)
        sums = BlockSums(atoms, 1.0, bonds=bonds)
        block = sums.warren_cowley(reference="block")[..., 0, 0, 0]
        np.testing.assert_allclose(block, [[0.0, 0.0], [1 / 3, 1 / 3]])
        assert not sums.warren_cowley(reference="block")[..., 1, 0, 0].any()
        cell = sums.warren_cowley(reference="cell")[..., 0, 0, 0]
        np.testing.assert_allclose(cell, [[3 / 5, 3 / 5], [-1 / 3, -1 / 3]])
