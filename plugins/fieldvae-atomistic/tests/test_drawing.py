from __future__ import annotations

import numpy as np
import pytest
from fieldvae_atomistic.drawing import atom_numbers, check_composition, draw

from fieldvae import OptionError


class TestDraw:
    def test_follows_the_composition_in_the_mean(self, generator):
        drawn = draw(20_000, elements=3, composition=(0.7, 0.2, 0.1), generator=generator)
        # four standard deviations of a share of one half
        np.testing.assert_allclose(
            np.bincount(drawn) / 20_000, [0.7, 0.2, 0.1], atol=4 * 0.5 / np.sqrt(20_000)
        )

    def test_draws_every_site_for_itself(self):
        numbers = [
            np.bincount(
                draw(400, elements=2, composition=(0.2, 0.8), generator=np.random.default_rng(seed))
            )[0]
            for seed in range(300)
        ]
        # binomial: 400 * 0.2 * 0.8, known to a twelfth from 300 draws
        assert np.var(numbers) == pytest.approx(64.0, rel=0.35)

    def test_holds_exact_numbers_in_random_places(self, generator):
        first, second = (
            draw(256, elements=3, exact=True, composition=(0.5, 0.3, 0.2), generator=generator)
            for _ in range(2)
        )
        assert np.bincount(first).tolist() == np.bincount(second).tolist() == [128, 77, 51]
        assert (first != second).any()

    def test_is_what_shipped_cells_were_drawn_with(self):
        drawn = draw(64, elements=3, generator=np.random.default_rng(3))
        expected = np.random.default_rng(3).integers(3, size=64, dtype=np.int8)
        np.testing.assert_array_equal(drawn, expected)


class TestAtomNumbers:
    @pytest.mark.parametrize("size", [1, 7, 100, 2048])
    def test_adds_up_and_lies_within_one_atom(self, size):
        shares = (1 / 3, 0.25, 5 / 12)
        numbers = atom_numbers(size, shares)
        assert numbers.sum() == size
        assert np.abs(numbers - size * np.array(shares)).max() < 1.0


class TestCheckComposition:
    @pytest.mark.parametrize(
        ("composition", "words"),
        [
            ((0.5, 0.5), "0.5,0.5 has 2 values; expected 3, one for each of Co, Cr, Ni"),
            ((0.5, 0.5, 0.5), "adds up to 1.5; expected 1"),
        ],
    )
    def test_refuses(self, composition, words):
        with pytest.raises(OptionError, match=words):
            check_composition(composition, ("Co", "Cr", "Ni"))
