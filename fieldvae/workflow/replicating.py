"""The model and its baselines beside replicates: several true outputs of one input."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from fieldvae.data.replicates import Replicates
from fieldvae.evaluation import Evaluation, Strata, component_scales
from fieldvae.evaluation.baselines import Baseline
from fieldvae.evaluation.replicates import score_replicates
from fieldvae.prediction import realize
from fieldvae.workflow.baselines import drawn_from
from fieldvae.workflow.preparing import Prepared
from fieldvae.workflow.trained import TrainedModel


def score_against_replicates(
    model: TrainedModel,
    prepared: Prepared,
    baselines: Mapping[str, Baseline],
    replicates: Replicates,
    *,
    realizations: int,
    strata: Strata | None = None,
) -> Evaluation:
    """Draw realizations for the conditions and score them against their replicates.

    Parameters
    ----------
    model
        The trained model.
    prepared
        Its task and data; errors are measured by the training part's spread.
    baselines
        By name; none on another grid than that of training.
    replicates
        Inputs, and several true outputs of each.
    realizations
        Ensemble size.
    strata
        Groups of the inputs that are scored by themselves too.
    """
    settings, samples = model.spec.evaluation, replicates.inputs
    generator = torch.Generator(model.device).manual_seed(settings.seed + 2)
    inputs = model.scaled(samples, model.spec.inputs)
    drawn = realize(model.network, inputs, realizations=realizations, generator=generator)
    predictions = {
        "model": model.labeled(drawn, samples),
        **drawn_from(baselines, samples.dataset, count=realizations, seed=settings.seed + 2),
    }
    training = prepared.part(prepared.split.train)
    return score_replicates(
        replicates.outputs,
        predictions,
        fields=prepared.outputs,
        grid=samples.grid,
        scales=component_scales(training, prepared.outputs, prepared.grid),
        strata=strata,
        resamples=settings.bootstrap,
        seed=settings.seed,
    )
