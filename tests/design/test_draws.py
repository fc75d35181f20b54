"""The numbers behind realizations belong to a start, whoever is drawn with it."""

import torch

from fieldvae.design.draws import Shapes, draw, renew

SHAPES = Shapes((4, 2, 2, 2), {"stress": (6, 2, 2, 2)})
CPU = torch.device("cpu")


def drawn(starts, **changes):
    options = {"count": 3, "seed": 1, "stream": 0, "noise": True, "device": CPU, **changes}
    return draw(SHAPES, starts, **options)


def test_a_start_has_its_numbers_in_any_batch():
    whole, part = drawn(range(5)), drawn([3])
    assert torch.equal(whole.latent[:, 3:4], part.latent)
    assert torch.equal(whole.noise["stress"][:, 3:4], part.noise["stress"])


def test_starts_streams_and_seeds_are_independent():
    first = drawn(range(2)).latent
    assert not torch.equal(first[:, 0], first[:, 1])
    assert not torch.equal(first, drawn(range(2), stream=1).latent)
    assert not torch.equal(first, drawn(range(2), seed=2).latent)


def test_shared_numbers_are_those_of_the_first_start():
    shared = drawn(range(3), shared=True).latent
    assert torch.equal(shared[:, 0], shared[:, 2])
    assert torch.equal(shared[:, 0], drawn([0]).latent[:, 0])


def test_numbers_are_standard_normal():
    latent = drawn(range(100)).latent
    assert abs(float(latent.mean())) < 0.02
    assert abs(float(latent.var()) - 1) < 0.03


def test_renewed_numbers_are_others():
    draws = drawn(range(2))
    before = draws.latent.clone(), draws.noise["stress"].clone()
    renew(draws, torch.Generator().manual_seed(0))
    assert not torch.equal(before[0], draws.latent)
    assert not torch.equal(before[1], draws.noise["stress"])
