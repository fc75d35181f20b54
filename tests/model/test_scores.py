import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import ForwardPass, PhysicalOutputs
from fieldvae.errors import OptionError
from fieldvae.evaluation import scores
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.model.scores import energy_score, local_score, spectral_score

CUBE = Grid((4, 4, 4), periodic=(True, True, True))
ALL = [energy_score, local_score, spectral_score]


def passing(truth, drawn, grid=CUBE):
    """A forward pass of which only realizations are looked at."""
    return ForwardPass(
        inputs={},
        outputs=truth,
        conditions={},
        prior=DiagonalGaussian(torch.zeros(1)),
        encoding=None,
        reconstruction=None,
        realize=lambda count: {name: values[:count] for name, values in drawn.items()},
        log_density=lambda name: torch.zeros(1),
        physical=grid and PhysicalOutputs(fields={}, grid=grid, scales={}),
    )


def fields(members=4, samples=3, shape=(4, 4, 4), seed=0):
    """Two outputs of one and of two components."""
    chance = torch.Generator().manual_seed(seed)
    truth = {n: torch.randn(samples, c, *shape, generator=chance) for n, c in [("a", 1), ("b", 2)]}
    drawn = {n: torch.randn(members, *v.shape, generator=chance) for n, v in truth.items()}
    return truth, drawn


def joined(truth, drawn):
    """All components together, as evaluation wants them."""
    y = torch.cat([*truth.values()], 1).numpy()
    x = torch.cat([*drawn.values()], 2).transpose(0, 1).numpy()
    return y, x


class TestEnergyScore:
    def test_is_that_of_evaluation(self):
        truth, drawn = fields()
        expected = scores.energy_score(*joined(truth, drawn)).mean() / math.sqrt(3 * 64)
        assert energy_score(passing(truth, drawn), members=4).item() == pytest.approx(expected)

    def test_is_least_at_the_true_law(self):
        chance = torch.Generator().manual_seed(0)
        truth = {"a": torch.randn(200_000, 1, 1, 1, 1, generator=chance)}
        noise = torch.randn(2, 200_000, 1, 1, 1, 1, generator=chance)

        def score(mean, deviation):
            return energy_score(passing(truth, {"a": mean + deviation * noise}), members=2)

        right = score(0.0, 1.0)
        assert all(score(*wrong) > right for wrong in [(0.2, 1.0), (0.0, 0.8), (0.0, 1.2)])


class TestLocalScore:
    def test_is_the_energy_score_of_every_cell(self):
        truth, drawn = fields()
        y, x = joined(truth, drawn)
        cells = np.moveaxis(y.reshape(3, 3, -1), 2, 1).reshape(-1, 3, 1, 1, 1)
        members = np.moveaxis(x.reshape(3, 4, 3, -1), 3, 1).reshape(-1, 4, 3, 1, 1, 1)
        expected = scores.energy_score(cells, members).mean() / math.sqrt(3)
        assert local_score(passing(truth, drawn), members=4).item() == pytest.approx(expected)


class TestSpectralScore:
    @pytest.mark.parametrize("shape", [(4, 4, 4), (5, 4, 3), (6, 1, 1)])
    def test_is_the_energy_score_of_every_wave(self, shape):
        truth, drawn = fields(shape=shape)
        y, x = joined(truth, drawn)
        whole = [np.fft.fftn(v, axes=(-3, -2, -1), norm="ortho") for v in (y, x)]
        found = []
        for k in np.ndindex(*shape):
            if k > tuple(-np.array(k) % shape):
                continue
            y_k, x_k = (np.concatenate([v[..., *k].real, v[..., *k].imag], -1) for v in whole)
            found.append(
                scores.energy_score(y_k[..., None, None, None], x_k[..., None, None, None])
            )
        expected = np.mean(found) / math.sqrt(6)
        assert spectral_score(passing(truth, drawn), members=4).item() == pytest.approx(expected)

    def test_of_fields_that_do_not_repeat_is_that_of_their_mirrored_extension(self):
        truth, drawn = fields(shape=(4, 3, 2))
        grid = Grid((4, 3, 2), periodic=(True, False, True))
        doubled = [{n: torch.cat([v, v.flip(-2)], -2) for n, v in part.items()}
                   for part in (truth, drawn)]  # fmt: skip
        y, x = joined(*doubled)
        whole = [np.fft.fftn(v, axes=(-3, -2, -1), norm="ortho") for v in (y, x)]
        found = []
        for k in np.ndindex(4, 3, 2):
            if (k[0], k[2]) > (-k[0] % 4, -k[2] % 2) and k[1] >= 0:
                continue
            y_k, x_k = (np.concatenate([v[..., *k].real, v[..., *k].imag], -1) for v in whole)
            found.append(
                scores.energy_score(y_k[..., None, None, None], x_k[..., None, None, None])
            )
        assert spectral_score(passing(truth, drawn, grid), members=4).item() == pytest.approx(
            np.mean(found) / math.sqrt(6)
        )

    def test_weighs_waves_alike_where_asked(self):
        """Smooth fields, also with a little noise in every cell."""
        chance = torch.Generator().manual_seed(0)
        grid = Grid((32,), periodic=(True,))
        fade = 1 / (1 + 32 * torch.fft.rfftfreq(32).view(-1, 1, 1)) ** 2

        def smooth(*leading):
            white = torch.randn(*leading, 64, 1, 32, 1, 1, generator=chance)
            return torch.fft.irfft(fade * torch.fft.rfft(white, dim=-3), n=32, dim=-3)

        truth, drawn = {"a": smooth()}, {"a": smooth(8)}
        noise = torch.randn(drawn["a"].shape, generator=chance)
        rough = {"a": drawn["a"] + 0.05 * drawn["a"].std() * noise}

        def lost(**options):
            found = [spectral_score(passing(truth, f, grid), **options) for f in (rough, drawn)]
            return (found[0] / found[1]).item() - 1

        assert lost(whiten=True) > 10 * lost(whiten=False)
        assert lost(whiten=True) > 0.05

    def test_keeps_its_unit_where_waves_weigh_alike(self):
        truth, drawn = fields()
        larger = [{n: 10 * v for n, v in part.items()} for part in (truth, drawn)]
        of_larger = spectral_score(passing(*larger), members=4, whiten=True)
        assert_close(of_larger, 10 * spectral_score(passing(truth, drawn), members=4, whiten=True))

    def test_of_one_sample_is_as_it_is(self):
        only = fields(samples=1)
        found = [spectral_score(passing(*only), members=4, whiten=w) for w in (True, False)]
        assert_close(*found)

    def test_says_that_it_needs_the_grid(self):
        with pytest.raises(OptionError, match="'spectral_score' needs a model that knows"):
            spectral_score(passing(*fields(), grid=None), members=2)


def test_parts_see_a_covariance_that_whole_fields_do_not():
    """Six components of unlike variance, drawn with the variances of each other."""
    chance = torch.Generator().manual_seed(0)
    deviation = torch.linspace(0.4, 1.3, 6).view(-1, 1, 1, 1)
    truth = {"a": deviation * torch.randn(200, 6, 4, 4, 4, generator=chance)}
    noise = torch.randn(8, 200, 6, 4, 4, 4, generator=chance)

    def loss(score, by):
        return score(passing(truth, {"a": by * noise}), members=8).item()

    lost = {s: loss(s, deviation.flip(0)) / loss(s, deviation) - 1 for s in ALL}
    assert lost[local_score] > 0.02
    assert lost[spectral_score] > 0.01
    assert lost[energy_score] < 0.002


@pytest.mark.parametrize("score", ALL)
def test_has_a_gradient_where_distances_vanish(score):
    drawn = torch.zeros(2, 3, 1, 2, 2, 2, requires_grad=True)
    truth = {"a": torch.zeros(3, 1, 2, 2, 2)}
    score(passing(truth, {"a": drawn}), members=2).backward()
    assert torch.isfinite(drawn.grad).all()


@pytest.mark.parametrize("score", ALL)
def test_does_not_change_when_fields_are_shifted(score):
    truth, drawn = fields()
    moved = [{n: v.roll((1, 2), (-3, -1)) for n, v in part.items()} for part in (truth, drawn)]
    assert_close(score(passing(*moved)), score(passing(truth, drawn)))
