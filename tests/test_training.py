import math
from functools import partial
from itertools import islice

import pytest
import torch
from torch import nn

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.errors import OptionError, TrainingError
from fieldvae.field import FieldSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.grid import Grid
from fieldvae.model import losses, scores
from fieldvae.model.convolution import (
    ConvolutionDecoder,
    ConvolutionEncoder,
    ConvolutionSmoother,
)
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.model.priors import StandardPrior
from fieldvae.spec import TrainingSpec
from fieldvae.training import Term, kept_epoch, scheduled, train

GRID = Grid((4,), periodic=(True,))
SOURCE, TARGET = FieldSpec(name="source", units="1"), FieldSpec(name="target", units="1")
TERMS = [
    Term("reconstruction", losses.reconstruction),
    Term("kl", losses.kl, {0: 0.5, 2: 1.0}),
    Term("energy_score", partial(scores.energy_score, members=2)),
]


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Normalized(nn.Module):
    """A smoother with running statistics and with chance of torch's own."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm3d(1), nn.Dropout(0.1), nn.Conv3d(1, 2, 1))

    def forward(self, field):
        return self.layers(field)


def build(smoother=None):
    torch.manual_seed(0)
    conditions, latent = {"source": ConditionSpec(2, "field")}, LatentSpec(2, "field")
    small = {"channels": 4, "blocks": 1}
    parts = ([TARGET], GRID, latent, conditions)
    return ConditionalVAE(
        [SOURCE],
        [TARGET],
        GRID,
        smoothers={
            "source": smoother()
            if smoother
            else ConvolutionSmoother(SOURCE, GRID, conditions["source"], channels=4)
        },
        encoder=ConvolutionEncoder(*parts, **small),
        decoder=ConvolutionDecoder(*parts, **small, hidden=0),
        prior=StandardPrior(GRID, latent, conditions),
    )


def pair(samples=40, seed=0):
    chance = torch.Generator().manual_seed(seed)
    source = torch.randn(samples, 1, 4, 1, 1, generator=chance)
    target = source.roll(1, 2) + 0.3 * torch.randn(source.shape, generator=chance)
    return {"source": source}, {"target": target}


def settings(**changes):
    return TrainingSpec(**{"epochs": 4, "batch": 8, "learning_rate": 1e-2, **changes})


def flip(batch, generator):
    if torch.rand((), generator=generator) < 0.5:
        return batch
    return {name: values.flip(2) for name, values in batch.items()}


def weights(model):
    return {name: values.clone() for name, values in model.state_dict().items()}


def same(one, other):
    return all(torch.equal(one[name], other[name]) for name in one)


class TestTrain:
    def test_lowers_the_loss(self):
        model = build()
        records = list(train(model, TERMS[:2], pair(), pair(seed=1), settings=settings(epochs=10)))
        assert [record.epoch for record in records] == list(range(1, 11))
        assert records[-1].validation.total < records[0].validation.total - 0.1

    def test_tells_every_term_and_their_weighted_sum(self):
        records = list(train(build(), TERMS, pair(), pair(seed=1), settings=settings()))
        for record, weight in zip(records, (0.5, 0.5, 1.0, 1.0), strict=True):
            for part in (record.train, record.validation):
                terms = part.terms
                expected = terms["reconstruction"] + weight * terms["kl"] + terms["energy_score"]
                assert math.isclose(part.total, expected)

    @pytest.mark.parametrize(
        "changes",
        [
            {"average": 0.9, "clip": 1.0, "decay": "cosine"},
            {"patience": 3},
            {"keep": "best", "average": 0.9},
            {"optimizer": "adam", "learning_rate": {0: 1e-2, 3: 1e-3}},
        ],
        ids=["averaged", "patient", "best", "scheduled"],
    )
    def test_killed_and_resumed_ends_with_the_same_bits(self, tmp_path, changes):
        chosen = settings(checkpoint_every=1, **changes)
        whole, killed, resumed = (build(Normalized) for _ in range(3))
        data, held_out = pair(), pair(seed=1)
        torch.manual_seed(3)
        run = partial(train, settings=chosen, augment=flip, checkpoints=tmp_path / "a")
        records = list(run(whole, TERMS, data, held_out))
        torch.manual_seed(3)
        run = partial(train, settings=chosen, augment=flip, checkpoints=tmp_path / "b")
        started = run(killed, TERMS, data, held_out)
        list(islice(started, 2))
        del started
        torch.manual_seed(99)
        again = list(run(resumed, TERMS, data, held_out, resume=True))
        assert same(weights(whole), weights(resumed))
        for one, other in zip(records, again, strict=True):
            assert (one.train, one.validation) == (other.train, other.validation)
        assert {record.restored for record in records} == {None}
        assert [record.restored for record in again[:2]] == [2, 2]
        assert {record.restored for record in again[2:]} == {None}

    def test_closed_between_checkpoints_writes_one(self, tmp_path):
        run = partial(train, settings=settings(checkpoint_every=100), checkpoints=tmp_path)
        whole, killed, resumed = build(), build(), build()
        list(train(whole, TERMS, pair(), settings=settings()))
        started = run(killed, TERMS, pair())
        list(islice(started, 2))
        started.close()
        list(run(resumed, TERMS, pair(), resume=True))
        assert same(weights(whole), weights(resumed))

    def test_resumed_when_done_changes_nothing(self, tmp_path):
        model, other = build(), build()
        run = partial(train, settings=settings(average=0.5), checkpoints=tmp_path)
        records = list(run(model, TERMS, pair()))
        assert len(list(run(other, TERMS, pair(), resume=True))) == len(records)
        assert same(weights(model), weights(other))

    def test_counts_steps_where_no_epochs_are_given(self):
        seen = []
        term = Term("seen", lambda forward: seen.append(1) or losses.kl(forward))
        list(train(build(), [term], pair(40), settings=settings(epochs=None, steps=12)))
        assert len(seen) == 12  # five steps an epoch: two whole epochs and two steps

    def test_decays_the_step_size_to_nothing(self):
        records = list(train(build(), TERMS, pair(), settings=settings(decay="cosine")))
        rates = [record.learning_rate for record in records]
        assert rates == sorted(rates, reverse=True)
        assert rates[-1] < 1e-4

    def test_leaves_the_average_of_the_weights(self):
        averaged, last = build(), build()
        list(train(averaged, TERMS, pair(), settings=settings(average=0.999)))
        list(train(last, TERMS, pair(), settings=settings()))
        assert not same(weights(averaged), weights(last))

    def test_averages_running_statistics_and_copies_counters(self):
        model = build(Normalized)
        list(train(model, TERMS, pair(), settings=settings(average=0.9)))
        norm = model.smoothers[0].layers[0]
        assert norm.num_batches_tracked == 20
        assert 0.3 < norm.running_var.item() < 2

    def test_stops_when_patience_ends_and_keeps_the_best(self):
        model = build()
        worse = Term("kl", losses.kl)
        data, held_out = pair(8), pair(seed=1)
        chosen = settings(epochs=200, patience=3, learning_rate=0.05)
        records = list(train(model, [TERMS[0], worse], data, held_out, settings=chosen))
        totals = [record.validation.total for record in records]
        assert len(records) < 200
        assert totals.index(min(totals)) == len(totals) - 4

    @pytest.mark.parametrize("average", [None, 0.9])
    def test_keeps_the_weights_whose_realizations_score_best(self, average):
        data, held_out = pair(8), pair(seed=1)
        changes = {"learning_rate": 0.05, "average": average}
        model, stopped = build(), build()
        chosen = settings(epochs=60, keep="best", **changes)
        records = list(train(model, TERMS, data, held_out, settings=chosen))
        scores = [record.score for record in records]
        best = kept_epoch(records)
        assert scores[best - 1] == min(scores)
        assert best < 50
        assert all("score of realizations" not in record.validation.terms for record in records)
        list(train(stopped, TERMS, data, held_out, settings=settings(epochs=best, **changes)))
        assert same(weights(model), weights(stopped))

    def test_keeps_the_last_weights_where_they_are_as_good_but_for_chance(self):
        data, held_out = pair(400), pair(seed=1)
        model, last = build(), build()
        chosen = settings(epochs=12, average=0.9, decay="cosine", learning_rate=2e-3)
        best = chosen.model_copy(update={"keep": "best"})
        records = list(train(model, TERMS, data, held_out, settings=best))
        assert min(record.score for record in records) > 0.99 * records[-1].score
        list(train(last, TERMS, data, held_out, settings=chosen))
        assert kept_epoch(records) == 12
        assert same(weights(model), weights(last))

    def test_keeps_the_last_weights_where_nothing_validates(self):
        best, last = build(), build()
        list(train(best, TERMS, pair(), settings=settings(keep="best")))
        list(train(last, TERMS, pair(), settings=settings()))
        assert same(weights(best), weights(last))

    def test_needs_something_to_validate_for_patience(self):
        with pytest.raises(OptionError, match=r"data\.split\.validation"):
            next(train(build(), TERMS, pair(), settings=settings(patience=2)))

    def test_names_epoch_and_term_of_a_loss_that_is_not_finite(self, tmp_path):
        calls = []

        def explodes(forward):
            calls.append(1)
            return losses.kl(forward) * (math.inf if len(calls) > 7 else 1.0)

        terms = [TERMS[0], Term("explosion", explodes)]
        chosen = settings(checkpoint_every=1)
        with pytest.raises(TrainingError, match="epoch 2 of 4, step 8: the loss term 'explosion'"):
            list(train(build(), terms, pair(), settings=chosen, checkpoints=tmp_path))
        assert (tmp_path / "epoch-000001.pt").exists()

    def test_does_not_touch_the_data(self):
        data = pair()
        before = {name: values.clone() for part in data for name, values in part.items()}
        list(train(build(), TERMS, data, settings=settings(), augment=flip))
        assert all(torch.equal(before[n], v) for part in data for n, v in part.items())


class TestScheduled:
    def test_a_number_holds_always(self):
        assert scheduled(2.5, 7) == 2.5

    def test_before_the_first_epoch_named_its_value_holds(self):
        assert scheduled({5: 2.0, 9: 3.0}, 0) == 2.0


@pytest.mark.gpu
def test_trains_on_a_gpu():
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    model = build()
    records = list(train(model, TERMS, pair(), pair(seed=1), settings=settings(), device="cuda"))
    assert len(records) == 4
    law = model.decode(
        torch.zeros(1, 2, 4, 1, 1).cuda(), {"source": torch.zeros(1, 2, 4, 1, 1).cuda()}
    )
    assert isinstance(law["target"], DiagonalGaussian)
