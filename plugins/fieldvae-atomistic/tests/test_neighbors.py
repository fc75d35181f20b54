from __future__ import annotations

import itertools
from unittest.mock import patch

import numpy as np
import pytest
from fieldvae_atomistic import neighbors
from fieldvae_atomistic.box import Box
from fieldvae_atomistic.neighbors import bonds_of_nearest, bonds_within, default_cutoff
from hypothesis import given, settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)


def scene(seed, tilted, periodic, edge=6.0, atoms=60):
    rng = np.random.default_rng(seed)
    edges = np.diag(rng.uniform(edge, 1.5 * edge, 3))
    if tilted:
        edges += np.tril(rng.uniform(-0.4, 0.4, (3, 3)) * edge, -1)
    box = Box(tuple(rng.normal(size=3)), tuple(map(tuple, edges)), periodic)
    return box, rng.random((atoms, 3)), rng.integers(0, 4, atoms), rng.integers(0, 3, atoms)


def images(box):
    return np.array(
        list(itertools.product(*([-2, -1, 0, 1, 2] if p else [0] for p in box.periodic)))
    )


def distances(box, fractions):
    apart = fractions[None] - fractions[:, None]
    return np.linalg.norm((apart[:, :, None] + images(box)) @ box.matrix, axis=-1)


def counted(block, kind, centers, others):
    bonds = np.zeros((4, 3, 3), dtype=int)
    np.add.at(bonds, (block[centers], kind[centers], kind[others]), 1)
    return bonds


FLAGS = st.tuples(st.booleans(), st.booleans(), st.booleans())


class TestBondsWithin:
    @settings(max_examples=60, deadline=None)
    @given(SEEDS, st.booleans(), FLAGS, st.sampled_from([1.4, 2.9, 3.6]), st.sampled_from([9, 999]))
    def test_agree_with_all_distances(self, seed, tilted, periodic, cutoff, slab):
        box, fractions, block, kind = scene(seed, tilted, periodic)
        apart = distances(box, fractions)
        centers, others, _ = np.nonzero((apart <= cutoff) & (apart > 0.0))
        with patch.object(neighbors, "SLAB", slab):
            found = bonds_within(box, fractions, block, kind, cutoff=cutoff, blocks=4, elements=3)
        np.testing.assert_array_equal(found, counted(block, kind, centers, others))

    def test_cut_a_crystal_into_slabs_without_losing_a_bond(self, crystal, monkeypatch):
        monkeypatch.setattr(neighbors, "SLAB", 500)
        cells = (4, 4, 20)
        box = Box((0.0, 0.0, 0.0), ((14.0, 0, 0), (0, 14.0, 0), (0, 0, 70.0)))
        places = crystal(cells) / box.lengths
        zeros = np.zeros(len(places), dtype=int)
        cutoff = default_cutoff(box, len(places))
        assert cutoff == pytest.approx(3.5 * (1 + np.sqrt(0.5)) / 2)
        found = bonds_within(box, places, zeros, zeros, cutoff=cutoff, blocks=1, elements=1)
        assert found.item() == 12 * len(places)


class TestBondsOfNearest:
    @settings(max_examples=40, deadline=None)
    @given(SEEDS, st.booleans(), FLAGS, st.sampled_from([1, 5, 12]))
    def test_agree_with_all_distances(self, seed, tilted, periodic, count):
        box, fractions, block, kind = scene(seed, tilted, periodic, edge=9.0)
        apart = distances(box, fractions)
        apart[apart == 0.0] = np.inf
        nearest = np.argsort(apart.reshape(len(fractions), -1), axis=1)[:, :count]
        others = nearest // len(images(box))
        centers = np.repeat(np.arange(len(fractions)), count).reshape(others.shape)
        found = bonds_of_nearest(box, fractions, block, kind, neighbors=count, blocks=4, elements=3)
        np.testing.assert_array_equal(found, counted(block, kind, centers, others))

    def test_refuse_a_box_with_too_few_atoms(self):
        box, fractions, block, kind = scene(0, False, (False,) * 3, atoms=5)
        with pytest.raises(ValueError, match="some of the 5 atoms have no 12 neighbors"):
            bonds_of_nearest(box, fractions, block, kind, neighbors=12, blocks=4, elements=3)
