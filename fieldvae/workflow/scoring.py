"""The evaluate stage: the model and its baselines, scored on held-out samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import xarray as xr

from fieldvae.contract import Batch
from fieldvae.data.samples import Samples
from fieldvae.evaluation import ConditionErrors, Evaluation, component_scales, evaluate
from fieldvae.evaluation.baselines import Climatology, LinearGaussian
from fieldvae.evaluation.baselines.protocol import Baseline
from fieldvae.prediction import Realizations, realize, realize_checked
from fieldvae.workflow.calibrating import held_out_errors
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.picturing import pictured
from fieldvae.workflow.preparing import Prepared, prepare
from fieldvae.workflow.trained import TrainedModel

SAMPLES_AT_ONCE = 256


def score_run(model: TrainedModel, prepared: Prepared) -> Evaluation:
    """Score a model on the test part of the data it was trained on."""
    return _score(model, prepared, prepared.samples.take(prepared.split.test), realizations=None)


def score_store(
    model: TrainedModel, samples: Samples, *, realizations: int | None = None
) -> Evaluation:
    """Score a model on other samples, beside baselines fitted to its own training part.

    Raises
    ------
    StoreError
        If the stores that the model was trained on are not where they were.
    """
    prepared = prepare(make_plan(model.spec.model_dump(mode="json")))
    return _score(model, prepared, samples, realizations=realizations)


def _score(
    model: TrainedModel, prepared: Prepared, samples: Samples, *, realizations: int | None
) -> Evaluation:
    settings = model.spec.evaluation
    count = settings.realizations if realizations is None else realizations
    truth = samples.dataset
    inputs = model.scaled(samples, model.spec.inputs)
    predictions: dict[str, xr.Dataset] = {}
    generator = torch.Generator(model.device).manual_seed(settings.seed)
    drawn = realize(
        model.network, inputs, realizations=count, generator=generator, check=model.check
    )
    predictions["model"] = model.labeled(drawn, samples)
    chance = np.random.default_rng(settings.seed)
    for name in settings.baselines:
        baseline = BASELINES[name](prepared)
        if samples.grid.shape == prepared.grid.shape:
            predictions[name] = baseline.realize(truth, count=count, generator=chance)
    evaluation = evaluate(
        truth,
        predictions,
        fields=prepared.outputs,
        grid=samples.grid,
        scales=component_scales(
            prepared.part(prepared.split.train), prepared.outputs, prepared.grid
        ),
        reconstruction=_reconstructed(model, samples),
        self_checked=_checked(model, inputs, samples, count),
        condition_errors=_condition_errors(model, samples, drawn),
        resamples=settings.bootstrap,
        seed=settings.seed,
    )
    return pictured(evaluation, model, prepared, samples, drawn)


def _climatology(prepared: Prepared) -> Baseline:
    training = prepared.part(prepared.split.train)
    return Climatology.fit(training, outputs=prepared.outputs, grid=prepared.grid)


def _linear_gaussian(prepared: Prepared) -> Baseline:
    symmetry = prepared.symmetry
    return LinearGaussian.fit(
        prepared.part(prepared.split.train),
        inputs=prepared.inputs,
        outputs=prepared.outputs,
        grid=prepared.grid,
        operations=list(symmetry.operations),
        translations=symmetry.translations,
    )


BASELINES: dict[str, Callable[[Prepared], Baseline]] = {
    "climatology": _climatology,
    "linear_gaussian": _linear_gaussian,
}


def _reconstructed(model: TrainedModel, samples: Samples) -> xr.Dataset | None:
    """The test fields encoded and decoded: means all the way, as the paper's Fig. 4."""
    if model.network.encoder is None:
        return None
    inputs = model.scaled(samples, model.spec.inputs)
    outputs = model.scaled(samples, model.spec.outputs)
    parts: list[Batch] = []
    with torch.inference_mode():
        for start in range(0, len(samples), SAMPLES_AT_ONCE):
            rows = slice(start, start + SAMPLES_AT_ONCE)
            encoding = model.network.encode({n: y[rows] for n, y in outputs.items()})
            seen = (
                encoding.recovered
                if model.spec.model.decode == "recovered"
                else model.network.smooth({n: x[rows] for n, x in inputs.items()})
            )
            laws = model.network.decode(encoding.posterior.mean, seen)
            parts.append({name: law.mean.cpu() for name, law in laws.items()})
    whole = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    return model.scaling.to_dataset(whole, samples.grid)


def _checked(model: TrainedModel, inputs: Batch, samples: Samples, count: int) -> xr.Dataset | None:
    settings = model.spec.prediction
    if model.check is None or not settings.self_check:
        return None
    drawn = realize_checked(
        model.network,
        inputs,
        check=model.check,
        realizations=count,
        max_draws=max(count, settings.max_draws),
        generator=torch.Generator(model.device).manual_seed(model.spec.evaluation.seed + 1),
    )
    return model.labeled(drawn, samples)


def _condition_errors(
    model: TrainedModel, samples: Samples, drawn: Realizations
) -> ConditionErrors | None:
    if model.check is None or drawn.errors is None:
        return None
    real, shuffled = held_out_errors(
        model.network,
        model.check,
        model.scaled(samples, model.spec.inputs),
        model.scaled(samples, model.spec.outputs),
    )
    return ConditionErrors(dict(model.check.tolerance), real, shuffled, drawn.errors.numpy())
