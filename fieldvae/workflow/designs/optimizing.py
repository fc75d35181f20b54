"""Inverse design with a trained model: optimize, judge by fresh realizations, label."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fieldvae.design.descent import Course, descend
from fieldvae.design.memory import fitting_starts
from fieldvae.spec import DesignSpec
from fieldvae.workflow.designs.composing import OPTIMIZED, RENEWED, Composition, compose
from fieldvae.workflow.designs.labeling import joined, judged, labeled
from fieldvae.workflow.progress import Progress, Silence
from fieldvae.workflow.trained import TrainedModel

SNAPSHOTS = 4
"""Equal parts of a course between the iterations that are recorded where none are named."""


def optimize(
    model: TrainedModel,
    spec: DesignSpec,
    training: xr.Dataset,
    *,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Optimize all starts of a design, batch by batch, and judge what came of them.

    Parameters
    ----------
    model
        A trained model.
    spec
        The design.
    training
        Inputs of the model's training part, in physical units.
    progress
        Shows how far the work has come; silent where ``None``.

    Raises
    ------
    OptionError
        If the design asks for what fields, quantities or model cannot give.
    """
    told = progress or Silence()
    model.network.eval()
    composition = compose(model, spec, training)
    size = spec.batch or fitting(composition)
    batches = [range(a, min(a + size, spec.starts)) for a in range(0, spec.starts, size)]
    steps = told.steps(
        (step for _ in batches for step in range(spec.iterations)),
        of=spec.iterations * len(batches),
        what="design",
    )
    courses = [descended(composition, starts, _some(steps, spec.iterations)) for starts in batches]
    for _ in steps:  # lets the progress finish
        pass
    whole = joined(courses)
    failed = int((~torch.isfinite(whole.total[-1])).sum())
    if failed:
        told.warn(
            f"{failed} of {spec.starts} starts ended with an objective that is not finite; take "
            "smaller steps (optimizer.lr)"
        )
    found = judged(composition, whole.physical)
    goal = composition.objective.goal.statistic
    if goal.name == "exceedance" and not bool(found.statistic.any()):
        units = "" if composition.quantity.units == "1" else f" {composition.quantity.units}"
        told.warn(
            f"no realization of any start or design is above the level {goal.level:g}{units}, so "
            "that nothing could be learned: the greatest value of "
            f"{spec.goal.of.use} is {float(found.values.max()):.3g}{units}; lower goal.level"
        )
    return labeled(composition, whole, found)


def rehearse(model: TrainedModel, spec: DesignSpec, training: xr.Dataset) -> None:
    """Make one step with two starts, so that every mistake shows before anything is computed.

    Raises
    ------
    OptionError
        If the design asks for what fields, quantities or model cannot give.
    """
    small = spec.model_copy(update={"starts": 2, "iterations": 1, "record": (0,)})
    composition = compose(model, small, training)
    descended(composition, range(2), range(1))


def fitting(composition: Composition) -> int:
    """How many starts fit into memory at a time."""

    def judge(count: int) -> Tensor:
        starts = range(count)
        varied, held = composition.rows(starts)
        variables = composition.objective.variables
        leaves = {n: variables[n].coordinates(x).requires_grad_() for n, x in varied.items()}
        draws = composition.draws(
            starts, count=composition.spec.latent.realizations, stream=OPTIMIZED
        )
        return composition.objective(leaves, held, draws).total

    return fitting_starts(judge, composition.spec.starts, device=composition.model.device)


def recorded(spec: DesignSpec) -> list[int]:
    """Iterations whose fields are kept."""
    if spec.record is not None:
        return sorted(set(spec.record))
    return sorted({round(spec.iterations * part / SNAPSHOTS) for part in range(SNAPSHOTS + 1)})


def descended(composition: Composition, starts: Sequence[int], iterations: Iterable[int]) -> Course:
    """Optimize some of the starts together and keep their course."""
    spec, device = composition.spec, composition.model.device
    varied, held = composition.rows(starts)
    draws = composition.draws(starts, count=spec.latent.realizations, stream=OPTIMIZED)
    renewed = None
    if spec.latent.renew:
        words = np.random.SeedSequence([spec.seed, RENEWED, starts[0]]).generate_state(1)
        renewed = torch.Generator(device).manual_seed(int(words[0]))
    return descend(
        composition.objective,
        varied,
        held,
        draws,
        optimizer=_optimizer(spec),
        iterations=iterations,
        record=recorded(spec),
        vary_latents=spec.latent.vary,
        renewed=renewed,
    )


def _optimizer(spec: DesignSpec) -> Callable[[Sequence[Tensor]], torch.optim.Optimizer]:
    kind, options = getattr(torch.optim, spec.optimizer.use), spec.optimizer.options

    def make(leaves: Sequence[Tensor]) -> torch.optim.Optimizer:
        made: torch.optim.Optimizer = kind(leaves, **options)
        return made

    return make


def _some(steps: Iterable[int], count: int) -> Iterable[int]:
    """The next few of an iterator, which is left open."""
    iterator = iter(steps)
    for _ in range(count):
        yield next(iterator)
