"""The one loop that changes weights."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from fieldvae.checkpoint import load_checkpoint, save_checkpoint
from fieldvae.contract import Batch, ForwardPass
from fieldvae.data.batches import batches, place, steps, take
from fieldvae.errors import OptionError, TrainingError
from fieldvae.model.scores import energy_score
from fieldvae.spec import Schedule, TrainingSpec

Pair = tuple[Batch, Batch]
"""Inputs and outputs of the same samples, scaled."""

Augment = Callable[[Batch, torch.Generator], Batch]

SCORE = "score of realizations"
"""Name of what ``keep: best`` goes by, which no term of the loss has."""

MARGIN = 0.005
"""By how much of it a score must be better, for earlier weights to be kept: less is chance, and the
last weights have seen the most."""

VALIDATION_BATCH = 256
"""Samples in a batch that is only looked at."""


@dataclass(frozen=True)
class Term:
    """One term of the loss.

    Parameters
    ----------
    name
        What records and errors call it; no two terms have one name.
    loss
        Function of a forward pass.
    weight
        Factor, or factors by the epoch from which they hold.
    """

    name: str
    loss: Callable[[ForwardPass], Tensor]
    weight: Schedule = 1.0


@dataclass(frozen=True)
class Losses:
    """Means of the loss over one part of the data: every term without its weight, and their sum.

    Parameters
    ----------
    terms
        Unweighted, by name.
    total
        With the weights of the epoch.
    """

    terms: Mapping[str, float]
    total: float


@dataclass(frozen=True)
class EpochRecord:
    """What one epoch did.

    Parameters
    ----------
    epoch, of
        Number of this epoch, from 1, and of all epochs.
    train
        Losses while the weights changed.
    validation
        Losses of the held-out part after the epoch, of the averaged weights where there are any;
        ``None`` without such a part.
    learning_rate
        Step size of the last step.
    seconds
        Time the epoch took on the clock.
    cpu_seconds
        Time that processors spent on it, of all threads of this process together; ``None`` in a
        checkpoint of an earlier version.
    score
        Energy score of realizations for the held-out part, as the loss of this name gives it, by
        which ``keep: best`` judges; ``None`` where it does not.
    restored
        Epochs done at the checkpoint that this record was read from; ``None`` where the epoch was
        trained just now.
    """

    epoch: int
    of: int
    train: Losses
    validation: Losses | None
    learning_rate: float
    seconds: float
    cpu_seconds: float | None = None
    score: float | None = None
    restored: int | None = field(default=None, compare=False)


def kept_epoch(records: Sequence[EpochRecord]) -> int | None:
    """Number of the epoch whose weights ``keep: best`` keeps; ``None`` where none was scored.

    Parameters
    ----------
    records
        Of every epoch.
    """
    scores = [record.score for record in records if record.score is not None]
    if not scores or len(scores) < len(records):
        return None
    best = min(scores)
    last = scores[-1] <= best * (1 + MARGIN)
    return len(scores) if last else scores.index(best) + 1


def scheduled(schedule: Schedule, epoch: int) -> float:
    """Return what a schedule says at an epoch, counted from 0.

    Before the first epoch that it names, its first value holds.

    Examples
    --------
    >>> [scheduled({0: 1.0, 300: 1e4}, epoch) for epoch in (0, 299, 300)]
    [1.0, 1.0, 10000.0]
    """
    if not isinstance(schedule, Mapping):
        return float(schedule)
    begun = [start for start in schedule if start <= epoch]
    return float(schedule[max(begun) if begun else min(schedule)])


def train(
    model: nn.Module,
    terms: Sequence[Term],
    data: Pair,
    validation: Pair | None = None,
    *,
    settings: TrainingSpec,
    augment: Augment | None = None,
    device: torch.device | str = "cpu",
    checkpoints: Path | None = None,
    resume: bool = False,
) -> Generator[EpochRecord, None, None]:
    """Train a model in place, one record for each epoch as it ends.

    Order, augmentation and noise of an epoch follow from the seed and the epoch's number alone,
    so that a training that was killed and resumed ends, on the CPU, with the same bits as one
    that was not. When the iterator is exhausted the model holds the weights to keep: the averaged
    ones where there are any, of the last epoch or of that which validated best. ``keep: best``
    goes by the energy score of realizations, for a loss may rise while they get better, and takes
    earlier weights if their score is lower by half a percent (:func:`kept_epoch`);
    ``patience`` alone by the loss. Closing the iterator early writes a checkpoint of the last
    whole epoch.

    Parameters
    ----------
    model
        A :class:`~fieldvae.model.cvae.ConditionalVAE`.
    terms
        Terms of the loss.
    data, validation
        Inputs and outputs to learn from, and those to look at only; scaled tensors by field name.
    settings
        The optimisation.
    augment
        Maps a batch, inputs and outputs together, to another that is as likely.
    device
        Where to train; model and data move there.
    checkpoints
        Directory for checkpoints; none are written without.
    resume
        Go on from the last checkpoint, where there is one. The records of the epochs before it
        come first.

    Yields
    ------
    EpochRecord
        Of every epoch in turn.

    Raises
    ------
    TrainingError
        If a term is not finite; names epoch, step and term. Checkpoints are kept.
    OptionError
        If ``patience`` is set and there is nothing to validate on.
    """
    if settings.patience is not None and validation is None:
        raise OptionError(
            "training.patience needs held-out samples; give data.split.validation a share"
        )
    device = torch.device(device)
    model.to(device)
    data = _placed(data, device)
    validation = None if validation is None else _placed(validation, device)
    course = _Course(model, settings, _count(data), judged=validation is not None)
    if resume and checkpoints is not None:
        course.restore(load_checkpoint(checkpoints))
        yield from list(course.history)
    while not course.finished:
        record = _run_epoch(course, terms, data, validation, augment, device)
        course.history.append(record)
        course.epoch += 1
        due = course.finished or course.epoch % settings.checkpoint_every == 0
        if checkpoints is not None and due:
            save_checkpoint(checkpoints, course.state(), epoch=course.epoch)
        try:
            yield record
        except GeneratorExit:
            if checkpoints is not None and not due:
                save_checkpoint(checkpoints, course.state(), epoch=course.epoch)
            raise
    course.finish()


@dataclass
class _Course:
    """Where a training stands: all that a checkpoint has to hold."""

    model: nn.Module
    settings: TrainingSpec
    count: int
    judged: bool
    epoch: int = 0
    history: list[EpochRecord] = field(default_factory=list)
    best: float = math.inf
    waited: int = 0

    def __post_init__(self) -> None:
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[self.settings.optimizer]
        self.optimizer = kind(
            self.model.parameters(),
            lr=scheduled(self.settings.learning_rate, 0),
            weight_decay=self.settings.weight_decay,
            fused=True,
        )
        self.live = self.model.state_dict()  # shares storage with the model
        self.average = None if self.settings.average is None else _copy(self.live)
        chooses = self.judged and (self.by_score or self.settings.patience is not None)
        self.best_weights = _copy(self.live) if chooses else None
        self.per_epoch = steps(self.count, self.settings.batch)
        if self.settings.epochs is not None:
            self.epochs = self.settings.epochs
            self.steps = self.epochs * self.per_epoch
        else:
            assert self.settings.steps is not None  # a TrainingSpec has one of the two
            self.steps = self.settings.steps
            self.epochs = math.ceil(self.steps / self.per_epoch)

    @property
    def by_score(self) -> bool:
        """Whether weights are judged by the realizations that they give."""
        return self.judged and self.settings.keep == "best"

    @property
    def finished(self) -> bool:
        patience = self.settings.patience
        return self.epoch >= self.epochs or (patience is not None and self.waited >= patience)

    def rate(self, step: int) -> float:
        """Step size at a step, counted from 0 over the whole training."""
        rate = scheduled(self.settings.learning_rate, step // self.per_epoch)
        if self.settings.decay == "cosine":
            rate *= 0.5 * (1 + math.cos(math.pi * step / self.steps))
        return rate

    def descend(self, loss: Tensor, step: int) -> None:
        """Take one step down the gradient of a loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.settings.clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        if self.average is not None and self.settings.average is not None:
            # A short memory at first, so that the start is forgotten.
            decay = min(self.settings.average, (1 + step) / (10 + step))
            _mix(self.average, self.live, 1 - decay)

    @contextmanager
    def kept_weights(self) -> Iterator[None]:
        """Put the averaged weights, where there are any, into the model for a while."""
        if self.average is None:
            yield
            return
        last = _copy(self.live)
        self.model.load_state_dict(self.average)
        try:
            yield
        finally:
            self.model.load_state_dict(last)

    def judge(self, value: float) -> None:
        """Remember the best weights so far, by the least value."""
        if self.best_weights is None:
            return
        if value < self.best:
            kept = self.live if self.average is None else self.average
            self.best, self.waited, self.best_weights = value, 0, _copy(kept)
        else:
            self.waited += 1

    def finish(self) -> None:
        """Leave in the model the weights to keep."""
        kept = self.average if self.best_weights is None else self.best_weights
        if self.by_score and kept_epoch(self.history) == self.epoch:
            kept = self.average
        if kept is not None:
            self.model.load_state_dict(kept)

    def state(self) -> dict[str, Any]:
        """Return the state as tensors and plain values."""
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return {
            "model": self.live,
            "optimizer": self.optimizer.state_dict(),
            "average": self.average,
            "best": self.best,
            "best_weights": self.best_weights,
            "waited": self.waited,
            "epoch": self.epoch,
            "history": [asdict(record) for record in self.history],
            "generators": {"cpu": torch.get_rng_state(), "cuda": cuda},
        }

    def restore(self, state: dict[str, Any] | None) -> None:
        """Take up a state, where there is one."""
        if state is None:
            return
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        for kept in ("average", "best_weights"):
            values = state[kept]
            if values is not None:
                values = {name: v.to(self.live[name].device) for name, v in values.items()}
            setattr(self, kept, values)
        self.best, self.waited, self.epoch = state["best"], state["waited"], state["epoch"]
        self.history = [_record(values, restored=self.epoch) for values in state["history"]]
        torch.set_rng_state(state["generators"]["cpu"])
        if state["generators"]["cuda"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["generators"]["cuda"])


def _run_epoch(
    course: _Course,
    terms: Sequence[Term],
    data: Pair,
    validation: Pair | None,
    augment: Augment | None,
    device: torch.device,
) -> EpochRecord:
    """Train for one epoch, and judge the weights to keep by the held-out samples."""
    started, spent = time.perf_counter(), time.process_time()
    weights = _weights(terms, course.epoch)
    losses, rate = _train_epoch(course, terms, weights, data, augment, device)
    held_out = score = None
    if validation is not None:
        seen = [*terms, Term(SCORE, energy_score)] if course.by_score else terms
        with course.kept_weights():
            values = _validate(course.model, seen, validation, course.settings.seed, device)
        score = values.pop(SCORE, None)
        held_out = _losses(weights, values)
        last = _weights(terms, course.epochs - 1)
        course.judge(_losses(last, values).total if score is None else score)
    times = (time.perf_counter() - started, time.process_time() - spent)
    return EpochRecord(course.epoch + 1, course.epochs, losses, held_out, rate, *times, score)


def _train_epoch(
    course: _Course,
    terms: Sequence[Term],
    weights: Mapping[str, float],
    data: Pair,
    augment: Augment | None,
    device: torch.device,
) -> tuple[Losses, float]:
    settings, epoch, model = course.settings, course.epoch, course.model
    generator = _generator(settings.seed, epoch, device)
    step = epoch * course.per_epoch
    model.train()
    seen: list[Tensor] = []
    for indices in batches(course.count, settings.batch, seed=settings.seed, epoch=epoch):
        if step >= course.steps:
            break
        inputs, outputs = take(data[0], indices), take(data[1], indices)
        if augment is not None:
            moved = augment({**inputs, **outputs}, generator)
            inputs, outputs = ({n: moved[n] for n in part} for part in (inputs, outputs))
        forward = model(inputs, outputs, generator)
        values = torch.stack([term.loss(forward) for term in terms])
        if not bool(torch.isfinite(values.detach()).all()):
            raise TrainingError(_diverged(terms, values, epoch, course.epochs, step))
        factors = values.new_tensor([weights[term.name] for term in terms])
        course.descend(values @ factors, step)
        seen.append(values.detach())
        step += 1
    means = torch.stack(seen).mean(0).tolist()
    named = dict(zip((term.name for term in terms), means, strict=True))
    return _losses(weights, named), course.rate(step - 1)


def _validate(
    model: nn.Module,
    terms: Sequence[Term],
    data: Pair,
    seed: int,
    device: torch.device,
) -> dict[str, float]:
    """Average the losses over held-out samples, with the same noise at every epoch."""
    generator = _generator(seed, -1, device)
    count = _count(data)
    model.eval()
    total = torch.zeros(len(terms), dtype=torch.float64)
    with torch.no_grad():
        for indices in torch.split(torch.arange(count), VALIDATION_BATCH):
            forward = model(take(data[0], indices), take(data[1], indices), generator)
            values = torch.stack([term.loss(forward) for term in terms])
            total += len(indices) * values.to("cpu", torch.float64)
    return {t.name: float(value) / count for t, value in zip(terms, total, strict=True)}


def _weights(terms: Sequence[Term], epoch: int) -> dict[str, float]:
    return {term.name: scheduled(term.weight, epoch) for term in terms}


def _losses(weights: Mapping[str, float], values: Mapping[str, float]) -> Losses:
    return Losses(values, sum(weights[name] * value for name, value in values.items()))


def _diverged(terms: Sequence[Term], values: Tensor, epoch: int, epochs: int, step: int) -> str:
    found = zip(terms, values.tolist(), strict=True)
    name, value = next((t.name, v) for t, v in found if not math.isfinite(v))
    return (
        f"epoch {epoch + 1} of {epochs}, step {step + 1}: the loss term {name!r} is {value}; "
        "lower training.learning_rate or set training.clip. Checkpoints so far are kept"
    )


def _record(values: Mapping[str, Any], *, restored: int) -> EpochRecord:
    parts = {
        part: None if values[part] is None else Losses(**values[part])
        for part in ("train", "validation")
    }
    return EpochRecord(**{**values, **parts, "restored": restored})


def _generator(seed: int, epoch: int, device: torch.device) -> torch.Generator:
    """Make the source of chance of one epoch; validation counts as epoch -1."""
    words = np.random.SeedSequence([seed, epoch + 1]).generate_state(2, np.uint32).tolist()
    return torch.Generator(device).manual_seed(words[0] << 31 | words[1] >> 1)


def _placed(pair: Pair, device: torch.device) -> Pair:
    return place(pair[0], device), place(pair[1], device)


def _count(pair: Pair) -> int:
    return len(next(iter(pair[0].values())))


def _copy(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: values.clone() for name, values in weights.items()}


def _mix(average: Mapping[str, Tensor], live: Mapping[str, Tensor], share: float) -> None:
    """Move averages a share of the way; counters, such as batch normalization's, are copied."""
    with torch.no_grad():
        for name, values in live.items():
            if values.is_floating_point():
                average[name].lerp_(values, share)
            else:
                average[name].copy_(values)
