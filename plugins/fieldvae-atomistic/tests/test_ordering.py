from __future__ import annotations

import itertools

import numpy as np
import pytest
from fieldvae_atomistic.coarse import warren_cowley
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.ordering import (
    BOLTZMANN,
    anneal,
    check_even,
    fit_pair_energies,
    pair_counts,
    supercell,
)

from fieldvae import OptionError

SMALL = Lattice(cells=(4, 4, 4), grid=(1, 1, 1))
PAPER = (1, -1, 0, 1, 1, -2, 1, 1, 1)
LEAST = [
    Lattice(cells=(2, 2, 2), grid=(1, 1, 1)),
    Lattice(cells=(2, 2, 2), grid=(1, 1, 1), orientation=PAPER),
    Lattice(cells=(2, 2, 3), grid=(1, 1, 1), orientation=(1, 1, 0, -1, 1, 0, 0, 0, 1)),
]


def symmetric(generator: np.random.Generator, elements: int) -> np.ndarray:
    """Pair energies of unlike neighbors, eV."""
    drawn = generator.normal(0.0, 0.02, size=(2, elements, elements))
    return (drawn + drawn.transpose(0, 2, 1)) * (1 - np.eye(elements))


def energy(lattice: Lattice, occupation: np.ndarray, energies: np.ndarray) -> float:
    """Energy of an arrangement; every bond is counted from both its ends."""
    return 0.5 * float((energies * pair_counts(lattice, occupation, energies.shape[1])).sum())


class TestPairCounts:
    def test_counts_every_bond_from_both_ends(self, generator):
        counts = pair_counts(SMALL, generator.integers(3, size=SMALL.size), 3)
        np.testing.assert_array_equal(counts, counts.transpose(0, 2, 1))
        np.testing.assert_array_equal(counts.sum(axis=(1, 2)), [12 * SMALL.size, 6 * SMALL.size])


class TestFitPairEnergies:
    def test_recovers_the_energies_that_made_the_cells(self, generator):
        truth = symmetric(generator, 3)
        cells = generator.integers(3, size=(30, SMALL.size))
        chemical = np.array([-4.0, -4.1, -4.4])
        energies = [energy(SMALL, cell, truth) + chemical[cell].sum() for cell in cells]
        fit = fit_pair_energies(SMALL, cells, np.array(energies), elements=3)
        np.testing.assert_allclose(fit.values, truth, atol=1e-10)
        assert fit.r2 == pytest.approx(1.0)
        assert fit.r2_ordering == pytest.approx(1.0)

    def test_tells_noise_from_order(self, generator):
        cells = generator.integers(3, size=(60, SMALL.size))
        energies = np.array([-4.0, -4.1, -4.4])[cells].sum(axis=1)
        noisy = energies + generator.normal(0.0, 0.1, size=60)
        fit = fit_pair_energies(SMALL, cells, noisy, elements=3)
        assert fit.r2 > 0.9
        assert fit.r2_ordering < 0.2

    def test_refuses_too_few_cells(self, generator):
        cells = generator.integers(3, size=(9, SMALL.size))
        with pytest.raises(OptionError, match="9 training cells cannot fix 9 numbers"):
            fit_pair_energies(SMALL, cells, np.zeros(9), elements=3)


class TestAnneal:
    def test_keeps_the_composition_and_the_start(self, generator):
        start = generator.integers(3, size=SMALL.size, dtype=np.int8)
        kept = start.copy()
        end = anneal(
            SMALL,
            start,
            symmetric(generator, 3),
            temperature=800.0,
            sweeps=3,
            generator=generator,
        )
        np.testing.assert_array_equal(start, kept)
        np.testing.assert_array_equal(np.bincount(end), np.bincount(start))
        assert (end != start).any()

    @pytest.mark.parametrize("lattice", LEAST)
    def test_samples_the_canonical_law_of_two_atoms(self, lattice, generator):
        energies = np.zeros((2, 2, 2))
        energies[0, 0, 1] = energies[0, 1, 0] = 0.02
        energies[1, 0, 1] = energies[1, 1, 0] = -0.015
        temperature = 400.0

        def state(pair: tuple[int, ...]) -> np.ndarray:
            occupation = np.zeros(lattice.size, dtype=np.int8)
            occupation[list(pair)] = 1
            return occupation

        level = {
            pair: round(energy(lattice, state(pair), energies), 9)
            for pair in itertools.combinations(range(lattice.size), 2)
        }
        weight = {pair: np.exp(-e / (BOLTZMANN * temperature)) for pair, e in level.items()}
        total = sum(weight.values())
        law = {
            e: sum(w for pair, w in weight.items() if level[pair] == e) / total
            for e in set(level.values())
        }
        # neighbors of the first shell, of the second, neither; or both ways around a small cell
        assert len(law) >= 3

        draws = 1500
        seen = dict.fromkeys(law, 0)
        occupation = state((0, 1))
        for _ in range(draws):
            occupation = anneal(
                lattice,
                occupation,
                energies,
                temperature=temperature,
                sweeps=1,
                generator=generator,
            )
            seen[level[tuple(np.flatnonzero(occupation).tolist())]] += 1
        for e, probability in law.items():
            error = np.sqrt(probability * (1 - probability) / draws)
            assert seen[e] / draws == pytest.approx(probability, abs=5 * error)

    @pytest.mark.parametrize("lattice", LEAST)
    def test_moves_every_atom_anywhere(self, lattice, generator):
        occupation = np.zeros(lattice.size, dtype=np.int8)
        occupation[0] = 1
        visited = set()
        for _ in range(600):
            occupation = anneal(
                lattice,
                occupation,
                np.zeros((2, 2, 2)),
                temperature=np.inf,
                sweeps=1,
                generator=generator,
            )
            visited.add(int(np.argmax(occupation)))
        assert visited == set(range(lattice.size))

    def test_is_random_at_infinite_temperature(self, generator):
        lattice = Lattice(cells=(8, 8, 8), grid=(1, 1, 1))
        separated = (np.arange(lattice.size) * 2 // lattice.size).astype(np.int8)
        end = anneal(
            lattice,
            separated,
            symmetric(generator, 2),
            temperature=np.inf,
            sweeps=5,
            generator=generator,
        )
        # alpha of one cell has the standard deviation 1/sqrt(bonds) at random
        bonds = 6 * lattice.size
        alpha = warren_cowley(lattice, end, elements=2)
        assert np.abs(alpha).max() < 5 / np.sqrt(bonds)

    @pytest.mark.parametrize(("bond", "sign"), [(-0.05, -1), (0.05, 1)])
    def test_orders_as_the_energies_say(self, generator, bond, sign):
        energies = np.zeros((2, 2, 2))
        energies[0, 0, 1] = energies[0, 1, 0] = bond
        start = generator.integers(2, size=SMALL.size, dtype=np.int8)
        end = anneal(SMALL, start, energies, temperature=1000.0, sweeps=10, generator=generator)
        alpha = warren_cowley(SMALL, end, elements=2)[0, 1]
        assert sign * alpha.item() > 0.1
        assert energy(SMALL, end, energies) < energy(SMALL, start, energies)

    def test_refuses_an_odd_number_of_unit_cells(self, generator):
        lattice = Lattice(cells=(4, 3, 4), grid=(1, 1, 1))
        with pytest.raises(OptionError, match=r"\(4, 3, 4\): annealing needs an even number"):
            anneal(
                lattice,
                np.zeros(lattice.size, dtype=np.int8),
                np.zeros((2, 1, 1)),
                temperature=600.0,
                sweeps=1,
                generator=generator,
            )

    def test_names_the_multiples_that_a_turned_cell_needs(self):
        lattice = Lattice(cells=(4, 3, 5), grid=(1, 1, 1), orientation=PAPER)
        with pytest.raises(OptionError, match=r"annealing needs multiples of \(2, 1, 2\) unit"):
            check_even(lattice)


class TestSupercell:
    def test_is_2x2x2_with_cube_axes(self):
        assert supercell((1, 0, 0, 0, 1, 0, 0, 0, 1)) == (2, 2, 2)
