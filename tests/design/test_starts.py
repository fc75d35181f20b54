"""Starts follow the law of the training part."""

import numpy as np

from fieldvae.design.starts import normal_starts, training_starts


def test_normal_starts_have_the_mean_and_covariance_of_training_cells():
    chance = np.random.default_rng(0)
    mixing = np.array([[1.0, 0.0], [0.8, 0.3]])
    training = 2 + np.einsum("ij,njxyz->nixyz", mixing, chance.standard_normal((50, 2, 4, 4, 4)))
    drawn = normal_starts(training, 400, chance)
    assert drawn.shape == (400, 2, 4, 4, 4)
    cells = np.moveaxis(drawn, 1, -1).reshape(-1, 2)
    np.testing.assert_allclose(cells.mean(0), [2, 2], atol=0.05)
    np.testing.assert_allclose(np.cov(cells.T), mixing @ mixing.T, atol=0.05)


def test_normal_starts_keep_a_closure():
    shares = np.random.default_rng(1).dirichlet([5, 5, 5], size=(20, 4, 4, 4))
    drawn = normal_starts(np.moveaxis(shares, -1, 1), 10, np.random.default_rng(2))
    np.testing.assert_allclose(drawn.sum(1), 1, atol=1e-6)


def test_training_starts_take_every_sample_before_one_twice():
    rows = training_starts(5, 12, np.random.default_rng(0))
    assert sorted(rows[:5]) == sorted(rows[5:10]) == [0, 1, 2, 3, 4]
