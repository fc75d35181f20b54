from __future__ import annotations

import itertools

import numpy as np
import pytest
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.moves import check_thick
from fieldvae_atomistic.ordering import BOLTZMANN, anneal, pair_counts
from fieldvae_atomistic.rearranging import block_pair_counts, rearrange

from fieldvae import OptionError

ELEMENTS = 3
PAPER = (1, -1, 0, 1, 1, -2, 1, 1, 1)


def block_atoms(lattice: Lattice, occupation: np.ndarray) -> np.ndarray:
    key = lattice.block * ELEMENTS + occupation
    return np.bincount(key, minlength=lattice.blocks * ELEMENTS)


def squared_error(lattice: Lattice, occupation: np.ndarray, wanted: np.ndarray) -> float:
    counts = block_pair_counts(lattice, occupation, elements=ELEMENTS)
    return float(np.sum((counts - wanted) ** 2))


@pytest.fixture(scope="module")
def lattice() -> Lattice:
    return Lattice(cells=(8, 8, 8), grid=(2, 2, 2))


@pytest.fixture(scope="module")
def occupation(lattice) -> np.ndarray:
    return np.random.default_rng(5).integers(ELEMENTS, size=lattice.size, dtype=np.int8)


@pytest.fixture(scope="module")
def rearranged(lattice, occupation) -> np.ndarray:
    return rearrange(
        lattice,
        occupation,
        elements=ELEMENTS,
        count=4,
        penalty=0.06,
        sweeps=8,
        generator=np.random.default_rng(6),
    )


class TestBlockPairCounts:
    def test_counts_every_bond_from_both_ends(self, lattice, occupation):
        counts = block_pair_counts(lattice, occupation, elements=ELEMENTS)
        assert counts.sum() == 12 * lattice.size
        np.testing.assert_array_equal(counts.sum(axis=0), counts.sum(axis=0).T)


class TestRearrange:
    def test_keeps_the_composition_of_every_block(self, lattice, occupation, rearranged):
        for cell in rearranged:
            np.testing.assert_array_equal(
                block_atoms(lattice, cell), block_atoms(lattice, occupation)
            )

    def test_keeps_pair_counts_nearly(self, lattice, occupation, rearranged):
        wanted = block_pair_counts(lattice, occupation, elements=ELEMENTS)
        errors = [
            block_pair_counts(lattice, cell, elements=ELEMENTS) - wanted for cell in rearranged
        ]
        # 1 / sqrt(2 * 0.06) = 2.9, less what sums over neighbors fix
        assert np.sqrt(np.mean(np.square(errors))) < 2.9
        assert np.abs(errors).max() < 16

    def test_forgets_the_cell_and_the_other_realizations(self, lattice, occupation, rearranged):
        shares = block_atoms(lattice, occupation).reshape(-1, ELEMENTS) / lattice.sites_per_block
        by_chance = np.mean(np.sum(shares**2, axis=1))
        for one, other in itertools.combinations([occupation, *rearranged], 2):
            # 2048 sites: a standard deviation of 0.01
            assert np.mean(one == other) == pytest.approx(by_chance, abs=0.04)

    def test_leaves_the_cell_as_it_is(self, lattice, occupation):
        before = occupation.copy()
        rearrange(
            lattice,
            occupation,
            elements=ELEMENTS,
            count=1,
            penalty=0.06,
            sweeps=1,
            generator=np.random.default_rng(1),
        )
        np.testing.assert_array_equal(occupation, before)

    def test_follows_the_generator_alone(self, lattice, occupation, rearranged):
        again = rearrange(
            lattice,
            occupation,
            elements=ELEMENTS,
            count=4,
            penalty=0.06,
            sweeps=8,
            generator=np.random.default_rng(6),
        )
        np.testing.assert_array_equal(again, rearranged)

    @pytest.mark.parametrize("grid", [(1, 1, 2), (1, 1, 3), (1, 1, 4), (1, 1, 5)])
    @pytest.mark.parametrize("neighbors", [False, True])
    def test_draws_from_its_law(self, grid, neighbors):
        check_law(Lattice(cells=(2, 2, 2 * grid[2]), grid=grid), neighbors=neighbors, axis=2)

    @pytest.mark.parametrize("grid", [(1, 1, 2), (1, 1, 3), (1, 1, 4)])
    def test_draws_from_its_law_with_energies(self, grid):
        energies = np.array(
            [[[0, 1, -1], [1, 0, 2], [-1, 2, 0]], [[0, -2, 1], [-2, 0, 1], [1, 1, 0]]]
        )
        lattice = Lattice(cells=(2, 2, 2 * grid[2]), grid=grid)
        check_law(lattice, neighbors=True, axis=2, reduced=0.2 * energies)

    @pytest.mark.parametrize(
        ("cells", "grid", "axis"),
        [((2, 2, 3), (1, 1, 3), 2), ((2, 6, 2), (1, 3, 1), 1), ((9, 2, 2), (3, 1, 1), 0)],
    )
    def test_draws_from_its_law_in_a_turned_cell(self, cells, grid, axis):
        check_law(Lattice(cells, grid, PAPER), neighbors=True, axis=axis)

    def test_refuses_blocks_too_thin_to_be_swapped_at_once(self):
        lattice = Lattice(cells=(2, 2, 4), grid=(1, 1, 4))
        with pytest.raises(OptionError, match="blocks of two unit cells at least"):
            check_thick(lattice)

    def test_says_how_thick_blocks_of_a_turned_cell_must_be(self):
        with pytest.raises(OptionError, match=r"blocks of \(3, 2, 1\) unit cells at least"):
            check_thick(Lattice((6, 6, 3), (3, 3, 3), PAPER))

    def test_refuses_blocks_that_are_not_alike(self):
        with pytest.raises(OptionError, match="rearranging needs blocks of whole unit cells"):
            check_thick(Lattice((4, 4, 10), (1, 1, 4), PAPER, uneven=True))


def energy(lattice: Lattice, occupation: np.ndarray, reduced: np.ndarray) -> float:
    return float(np.sum(reduced * pair_counts(lattice, occupation, ELEMENTS)) / 2)


def check_law(
    lattice: Lattice, *, neighbors: bool, axis: int, reduced: np.ndarray | None = None
) -> None:
    """Compare with the law of two blocks that hold one odd atom each, all places enumerated.

    Blocks that a third lies between share its counts; neighbors share their own.
    """
    along = lattice.grid[axis]
    blocks = (0, 1) if neighbors or along == 2 else (0, along // 2)
    first, second = (np.flatnonzero(lattice.block == block) for block in blocks)

    def placed(one: int, other: int) -> np.ndarray:
        cell = np.zeros(lattice.size, dtype=np.int8)
        cell[one], cell[other] = 1, 2
        return cell

    top = lattice.sites[:, axis]
    start = placed(first[np.argmax(top[first])], second[np.argmin(top[second])])
    wanted = block_pair_counts(lattice, start, elements=ELEMENTS)
    penalty = 0.03
    errors = np.array(
        [[squared_error(lattice, placed(a, b), wanted) for b in second] for a in first]
    )
    if reduced is not None:
        errors += np.round(
            [[energy(lattice, placed(a, b), reduced) / penalty for b in second] for a in first], 9
        )
    law = np.exp(-penalty * (errors - errors.min()))
    law /= law.sum()
    count = 3000
    cells = rearrange(
        lattice,
        start,
        elements=ELEMENTS,
        count=count,
        penalty=penalty,
        sweeps=20,
        generator=np.random.default_rng(7),
        reduced=reduced,
    )
    places = [np.searchsorted(first, np.argmax(cells == 1, axis=1))]
    places.append(np.searchsorted(second, np.argmax(cells == 2, axis=1)))
    found = np.zeros(law.shape)
    np.add.at(found, tuple(places), 1.0)
    for level in np.unique(errors):
        chance = law[errors == level].sum()
        deviation = np.sqrt(count * chance * (1 - chance))
        assert found[errors == level].sum() == pytest.approx(
            count * chance, abs=4.5 * deviation + 1
        )
    # and place by place: Pearson's statistic of a Poisson law has the variance 2 + 1 / mean
    often = law * count > 1.0
    chi = np.sum((found[often] - count * law[often]) ** 2 / (count * law[often]))
    assert abs(chi - often.sum()) < 4.5 * np.sqrt(3.0 * often.sum())


def test_energies_keep_the_pair_counts_of_an_ordered_cell_without_bias(lattice, occupation):
    reduced = np.zeros((2, ELEMENTS, ELEMENTS))
    reduced[0, 0, 1] = reduced[0, 1, 0] = -1.2
    ordered = anneal(
        lattice,
        occupation,
        reduced,
        temperature=1 / BOLTZMANN,
        sweeps=10,
        generator=np.random.default_rng(2),
    )
    wanted = block_pair_counts(lattice, ordered, elements=ELEMENTS)[:, 0, 1].sum()

    def missing(energies: np.ndarray | None) -> float:
        """Share of the unlike pairs that arrangements lack on average."""
        cells = rearrange(
            lattice,
            ordered,
            elements=ELEMENTS,
            count=3,
            penalty=0.06,
            sweeps=15,
            generator=np.random.default_rng(3),
            reduced=energies,
        )
        counts = [block_pair_counts(lattice, c, elements=ELEMENTS)[:, 0, 1].sum() for c in cells]
        return float(1 - np.mean(counts) / wanted)

    without = missing(None)
    assert without > 0.004
    assert abs(missing(reduced)) < without / 3
