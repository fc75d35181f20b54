"""Realizations of the outputs, self-checked: Algorithm 1 of arXiv:2604.02281."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

if TYPE_CHECKING:
    from fieldvae.contract import Batch
    from fieldvae.model.cvae import ConditionalVAE

VALUES_AT_ONCE = 2**22
"""Output values drawn in one pass; keeps a pass within some hundred megabytes."""

SMALLEST_CONDITION = 0.01
"""Below this a condition does not count as a reference of a relative error (authors' code)."""


@dataclass(frozen=True)
class SelfCheck:
    r"""When a realization agrees with its conditions.

    The error of a condition is the mean over its values of
    :math:`|\hat c - \bar c| / s`, with the recovered condition :math:`\hat c`, the smoothed one
    :math:`\bar c`, and the scale :math:`s`: ``relative``: :math:`\max(|\bar c|, 0.01)`, as in the
    paper, for conditions in [0, 1]; ``spread``: the standard deviation of each channel of
    :math:`\bar c` over the training part.

    Parameters
    ----------
    measure
        ``relative`` or ``spread``.
    tolerance
        Largest error that is accepted, by condition.
    spread
        Standard deviation of every channel by condition, shape ``(width,)``.
    """

    measure: Literal["relative", "spread"]
    tolerance: Mapping[str, float]
    spread: Mapping[str, Tensor]

    def at(self, tolerance: float) -> SelfCheck:
        """Return the same check with one tolerance for every condition."""
        return replace(self, tolerance=dict.fromkeys(self.tolerance, tolerance))

    def errors(self, recovered: Mapping[str, Tensor], smoothed: Mapping[str, Tensor]) -> Tensor:
        """Error of every condition.

        Parameters
        ----------
        recovered, smoothed
            Conditions by input field, each ``(batch, width, ...)``.

        Returns
        -------
        Tensor
            Shape ``(batch, condition)``, conditions in the order of ``tolerance``.
        """
        columns = []
        for name in self.tolerance:
            distance = (recovered[name] - smoothed[name]).abs()
            if self.measure == "relative":
                scale = smoothed[name].abs().clamp_min(SMALLEST_CONDITION)
            else:
                spread = self.spread[name].to(distance)
                scale = spread.reshape(-1, *[1] * (distance.ndim - 2)).clamp_min(1e-12)
            columns.append((distance / scale).flatten(1).mean(1))
        return torch.stack(columns, dim=1)

    def limits(self) -> Tensor:
        """Tolerances, shape ``(condition,)``."""
        return torch.tensor(list(self.tolerance.values()))


@dataclass(frozen=True)
class Realizations:
    """Drawn outputs and how they fared in the self-check.

    Parameters
    ----------
    outputs
        Scaled fields by name, each ``(sample, realization, component, x, y, z)``.
    accepted
        Whether a realization passes, ``(sample, realization)``; ``None`` without self-check.
    errors
        Error of every condition, ``(sample, realization, condition)``; ``None`` without.
    tried
        Realizations drawn for every sample, ``(sample,)``.
    """

    outputs: Batch
    accepted: Tensor | None
    errors: Tensor | None
    tried: Tensor


def realize(
    network: ConditionalVAE,
    inputs: Batch,
    *,
    realizations: int,
    generator: torch.Generator,
    check: SelfCheck | None = None,
) -> Realizations:
    """Draw realizations and keep them all: from the prior, through the decoder.

    Parameters
    ----------
    network
        A trained model in evaluation mode.
    inputs
        Scaled input fields, each ``(sample, component, x, y, z)``.
    realizations
        How many for every sample.
    generator
        The only source of chance, on the device of the inputs.
    check
        Tells which realizations would pass, without rejecting any.
    """
    parts: list[Batch] = []
    errors: list[Tensor] = []
    with torch.inference_mode():
        for rows in _chunks(network, inputs, realizations):
            conditions = network.smooth({name: x[rows] for name, x in inputs.items()})
            drawn = network.realize(conditions, realizations, generator)
            parts.append({name: y.transpose(0, 1).cpu() for name, y in drawn.items()})
            if check is not None:
                errors.append(_errors(network, check, drawn, conditions).transpose(0, 1))
    found = torch.cat(errors) if check is not None else None
    return Realizations(
        {name: torch.cat([part[name] for part in parts]) for name in parts[0]},
        None if check is None or found is None else (found <= check.limits()).all(-1),
        found,
        torch.full((_count(inputs),), realizations),
    )


def realize_checked(
    network: ConditionalVAE,
    inputs: Batch,
    *,
    check: SelfCheck,
    realizations: int,
    max_draws: int,
    generator: torch.Generator,
    follow: Callable[[Iterator[int]], Iterator[int]] | None = None,
) -> Realizations:
    """Draw realizations until enough pass the self-check, or ``max_draws`` are spent.

    Algorithm 1: smooth the inputs, draw a latent, decode, encode the drawn field back to
    conditions, accept it if every condition's error is within tolerance. All samples that still
    lack realizations are drawn for together. Where fewer than asked for pass, the nearest
    rejected ones fill up with ``accepted`` false; nearness is the largest ratio of an error to
    its tolerance.

    Parameters
    ----------
    network, inputs, realizations, generator
        As in :func:`realize`.
    check
        The self-check.
    max_draws
        Most realizations drawn for a sample; at least ``realizations``.
    follow
        Passes on what it is given, after every round how many samples are done; one that still
        lacks realizations counts by its share of ``max_draws``.
    """
    parts: list[_Best] = []

    def rounds() -> Iterator[int]:
        for rows in _chunks(network, inputs, realizations):
            conditions = network.smooth({name: x[rows] for name, x in inputs.items()})
            best = _Best(rows.stop - rows.start, realizations, len(check.tolerance))
            while (wanted := _next_round(network, inputs, best, max_draws)) > 0:
                pending = best.pending()
                some = {name: c[pending.to(c.device)] for name, c in conditions.items()}
                drawn = network.realize(some, wanted, generator)
                best.keep(pending, drawn, _errors(network, check, drawn, some), check.limits())
                left = len(best.pending()) * (1 - best.drawn / max_draws)
                yield rows.stop - math.ceil(left)
            parts.append(best)

    with torch.inference_mode():
        for _ in rounds() if follow is None else follow(rounds()):
            pass
    return Realizations(
        {name: torch.cat([part.outputs[name] for part in parts]) for name in parts[0].outputs},
        torch.cat([part.rank == 0 for part in parts]),
        torch.cat([part.errors for part in parts]),
        torch.cat([part.tried for part in parts]),
    )


class _Best:
    """The realizations kept so far: accepted ones in the order drawn, then the nearest others.

    ``rank`` is zero for an accepted realization, else how far its worst condition lies beyond
    the tolerance: a stable sort then keeps the first to pass and not the nearest, which would
    bend the law that is sampled.
    """

    def __init__(self, samples: int, realizations: int, conditions: int) -> None:
        self.drawn = 0
        self.tried = torch.zeros(samples, dtype=torch.long)
        self.rank = torch.full((samples, realizations), torch.inf)
        self.errors = torch.full((samples, realizations, conditions), torch.inf)
        self.outputs: Batch = {}

    def pending(self) -> Tensor:
        """Positions of the samples that lack accepted realizations."""
        return (self.rank[:, -1] > 0).nonzero().flatten()

    def keep(self, samples: Tensor, drawn: Batch, errors: Tensor, limits: Tensor) -> None:
        """Merge new realizations ``(new, sample, ...)`` into those kept."""
        errors = errors.transpose(0, 1)
        excess = (errors / limits).amax(-1).nan_to_num(nan=torch.inf)
        rank = torch.where(excess <= 1, torch.zeros_like(excess), excess)
        count = self.rank.shape[1]
        order = torch.cat([self.rank[samples], rank], dim=1).argsort(dim=1, stable=True)[:, :count]
        self.rank[samples] = _merged(self.rank[samples], rank, order)
        self.errors[samples] = _merged(self.errors[samples], errors, order)
        for name, y in drawn.items():
            new = y.transpose(0, 1).cpu()
            if name not in self.outputs:
                self.outputs[name] = new.new_zeros(len(self.tried), count, *new.shape[2:])
            self.outputs[name][samples] = _merged(self.outputs[name][samples], new, order)
        self.tried[samples] += errors.shape[1]
        self.drawn += errors.shape[1]


def _errors(
    network: ConditionalVAE, check: SelfCheck, drawn: Batch, conditions: Mapping[str, Tensor]
) -> Tensor:
    """Encode realizations again and compare; shape ``(realization, sample, condition)``."""
    count = len(next(iter(drawn.values())))
    recovered = network.encode({name: y.flatten(0, 1) for name, y in drawn.items()}).recovered
    repeated = {n: c.repeat(count, *[1] * (c.ndim - 1)) for n, c in conditions.items()}
    errors = check.errors(recovered, repeated)
    return errors.reshape(count, -1, errors.shape[-1]).cpu()


def _merged(kept: Tensor, new: Tensor, order: Tensor) -> Tensor:
    """Pick ``order`` (sample, realization) from kept and new realizations side by side."""
    rows = torch.arange(len(order)).unsqueeze(1)
    return torch.cat([kept, new], dim=1)[rows, order]


def _next_round(network: ConditionalVAE, inputs: Batch, best: _Best, max_draws: int) -> int:
    """How many realizations to draw next for every pending sample; zero when done.

    As many again as were drawn so far, so that a rare acceptance costs few rounds.
    """
    pending = len(best.pending())
    if pending == 0:
        return 0
    fits = max(1, VALUES_AT_ONCE // (pending * _values(network, inputs)))
    wanted = max(best.rank.shape[1], min(best.drawn, fits))
    return min(wanted, max_draws - best.drawn)


def _values(network: ConditionalVAE, inputs: Batch) -> int:
    """Number of output values of one realization."""
    cells = next(iter(inputs.values())).shape[2:].numel()
    return cells * sum(field.channels for field in network.outputs.values())


def _count(fields: Mapping[str, Tensor]) -> int:
    return len(next(iter(fields.values())))


def _chunks(network: ConditionalVAE, inputs: Batch, realizations: int) -> Iterator[slice]:
    """Rows of the inputs that can be drawn for in one pass."""
    samples = _count(inputs)
    step = max(1, VALUES_AT_ONCE // (realizations * _values(network, inputs)))
    for start in range(0, samples, step):
        yield slice(start, min(start + step, samples))
