"""Statistics of realizations against their definitions in numpy, and their gradients."""

import numpy as np
import pytest
import torch

from fieldvae.design.statistics import Statistic

PLAIN = {
    "mean": lambda v: v.mean(),
    "second_moment": lambda v: (v**2).mean(),
    "variance": lambda v: v.reshape(len(v), -1).var(axis=1).mean(),
    "quantile": lambda v: np.quantile(v, 0.9),
    "cvar": lambda v: np.sort(v.ravel())[-v.size // 10 :].mean(),
    "exceedance": lambda v: (v > 0.5).mean(),
}


@pytest.fixture
def values():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(5, 3, 4, 4, 5, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("name", PLAIN)
def test_is_what_its_definition_says(name, values):
    found = Statistic(name, probability=0.9, level=0.5)(values)
    expected = [PLAIN[name](values[:, start].numpy()) for start in range(3)]
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("name", [name for name in PLAIN if name != "exceedance"])
def test_is_smooth_but_for_exceedance(name, values):
    statistic = Statistic(name, probability=0.9)
    assert torch.equal(statistic(values), statistic.smooth(values))


@pytest.mark.parametrize("name", PLAIN)
def test_has_the_gradient_of_finite_differences(name):
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(2, 2, 2, 2, 2, generator=generator, dtype=torch.float64)
    statistic = Statistic(name, probability=0.7, level=0.1, width=0.5)
    assert torch.autograd.gradcheck(statistic.smooth, values.requires_grad_())


def test_smooth_exceedance_tends_to_the_share(values):
    sharp = Statistic("exceedance", level=0.5, width=1e-6)
    assert torch.allclose(sharp.smooth(values), sharp(values), atol=1e-3)


def test_cvar_counts_its_last_value_in_part():
    """Of ten values the worst 15 % are the worst and half of the second worst."""
    values = torch.arange(10.0, dtype=torch.float64).reshape(1, 1, 10, 1, 1)
    found = Statistic("cvar", probability=0.85)(values)
    assert torch.allclose(found, torch.tensor([(9 + 0.5 * 8) / 1.5], dtype=torch.float64))


def test_the_lower_tail_mirrors_the_upper_one(values):
    upper = Statistic("cvar", probability=0.9)(values)
    lower = Statistic("cvar", probability=0.9, tail="lower")(-values)
    assert torch.allclose(upper, -lower)
