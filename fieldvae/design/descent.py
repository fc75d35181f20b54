"""The loop of Algorithm 2 (arXiv:2604.02281): all starts of a batch at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from fieldvae.contract import Batch
from fieldvae.design.draws import Draws, renew
from fieldvae.design.objective import Judgment, Objective

MakeOptimizer = Callable[[Sequence[Tensor]], torch.optim.Optimizer]


@dataclass(frozen=True)
class Snapshot:
    """Fields at one iteration.

    Parameters
    ----------
    physical
        Inputs that vary, by name, ``(start, component, x, y, z)``.
    values
        The quantity of the first realization, ``(start, [component,] x, y, z)``.
    """

    physical: Mapping[str, Tensor]
    values: Tensor


@dataclass
class Course:
    """How a batch of starts went; iteration 0 is the start.

    Parameters
    ----------
    physical
        Inputs that vary at the end, by name.
    draws
        The numbers behind realizations at the end.
    total, statistic, errors
        What :class:`~fieldvae.design.objective.Judgment` has, of every iteration.
    snapshots
        By iteration.
    """

    physical: dict[str, Tensor]
    draws: Draws
    total: list[Tensor] = field(default_factory=list)
    statistic: list[Tensor] = field(default_factory=list)
    errors: list[Tensor] = field(default_factory=list)
    snapshots: dict[int, Snapshot] = field(default_factory=dict)

    def keep(self, judged: Judgment) -> None:
        """Add the judgment of one more iteration."""
        self.total.append(judged.total.detach())
        self.statistic.append(judged.statistic)
        if judged.errors is not None:
            self.errors.append(judged.errors)


def descend(
    objective: Objective,
    start: Mapping[str, Tensor],
    held: Batch,
    draws: Draws,
    *,
    optimizer: MakeOptimizer,
    iterations: Iterable[int],
    record: Sequence[int] = (),
    vary_latents: bool = False,
    renewed: torch.Generator | None = None,
) -> Course:
    """Optimize the inputs of many starts, and their latents where asked for.

    What is minimized is the sum over starts, so that a start's gradient, and with any optimizer
    that treats values one by one its whole course, does not depend on the others.

    Parameters
    ----------
    objective
        Judges starts; its network is in evaluation mode.
    start
        Physical values of the inputs that vary, ``(start, component, x, y, z)``, within their
        sets.
    held
        The other inputs, scaled, ``(start, component, x, y, z)``.
    draws
        The numbers behind realizations; overwritten where they vary or are renewed.
    optimizer
        Makes an optimizer of tensors.
    iterations
        What to count with: 0, 1, 2, ...
    record
        Iterations to keep fields of.
    vary_latents
        Whether latents are optimized too.
    renewed
        Source of chance of numbers drawn anew before every iteration; ``None`` keeps them.
    """
    variables = objective.variables
    leaves = {name: v.coordinates(start[name]).requires_grad_() for name, v in variables.items()}
    latent = draws.latent.requires_grad_(vary_latents)
    chosen = optimizer([*leaves.values(), *([latent] if vary_latents else [])])
    course = Course({}, draws)
    done = 0
    with frozen(objective.network):
        for _ in iterations:
            if renewed is not None:
                renew(draws, renewed)
            seen: list[Judgment] = []

            def judge(seen: list[Judgment] = seen) -> Tensor:
                chosen.zero_grad(set_to_none=True)
                judged = objective(leaves, held, draws)
                torch.autograd.backward(judged.total.sum())
                for name, leaf in leaves.items():
                    if leaf.grad is not None:
                        leaf.grad = variables[name].tangent(leaf.grad)
                seen.append(judged)
                return judged.total.detach().sum()

            before = _physical(objective, leaves) if done in record else {}
            chosen.step(judge)  # type: ignore[arg-type]  # torch wants a float and takes a tensor
            course.keep(seen[0])
            if done in record:
                course.snapshots[done] = Snapshot(before, seen[0].values[0])
            with torch.no_grad():
                kept = objective.confined(_physical(objective, leaves))
                for name, leaf in leaves.items():
                    leaf.copy_(variables[name].coordinates(kept[name]))
            done += 1
        latent.requires_grad_(False)
        with torch.no_grad():
            last = objective(leaves, held, draws)
        course.keep(last)
        course.physical = _physical(objective, leaves)
        if done in record:
            course.snapshots[done] = Snapshot(course.physical, last.values[0])
    return course


def _physical(objective: Objective, leaves: Mapping[str, Tensor]) -> dict[str, Tensor]:
    with torch.no_grad():
        return {n: objective.variables[n].physical(leaf.detach()) for n, leaf in leaves.items()}


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Keep gradients from a network's weights inside the block: half of a backward pass."""
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    for weight in learning:
        weight.requires_grad_(False)
    try:
        yield
    finally:
        for weight in learning:
            weight.requires_grad_(True)
