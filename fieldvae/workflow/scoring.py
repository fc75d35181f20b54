"""The evaluate stage: the model and its baselines, scored on held-out samples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
import xarray as xr

from fieldvae.contract import Batch
from fieldvae.data.declarer import TRAINED
from fieldvae.data.replicates import Replicates
from fieldvae.data.samples import Samples
from fieldvae.evaluation import ConditionErrors, Evaluation, Strata, component_scales, evaluate
from fieldvae.evaluation.baselines import Baseline
from fieldvae.prediction import Realizations, realize, realize_checked
from fieldvae.workflow.baselines import drawn_from, fitted_baselines
from fieldvae.workflow.calibrating import held_out_errors
from fieldvae.workflow.cautions import known_samples, other_spreads
from fieldvae.workflow.filling import kept_plan
from fieldvae.workflow.picturing import pictured
from fieldvae.workflow.preparing import Prepared, check_known, prepare
from fieldvae.workflow.progress import Progress, self_checking
from fieldvae.workflow.replicating import score_against_replicates
from fieldvae.workflow.stratifying import strata_of
from fieldvae.workflow.trained import TrainedModel

SAMPLES_AT_ONCE = 256


def score_run(
    model: TrainedModel, prepared: Prepared, folder: Path, *, progress: Progress
) -> Evaluation:
    """Score a model on the test part of its own data, and against its task's replicates.

    Parameters
    ----------
    model
        The trained model.
    prepared
        Its task and data.
    folder
        Where baselines that are networks are kept.
    progress
        Who is told while they are trained, and how far the self-check has come.
    """
    baselines = fitted_baselines(prepared, folder, device=model.device, progress=progress)
    test = prepared.samples.take(prepared.split.test)
    count = model.spec.evaluation.realizations
    strata = strata_of(test.dataset, model.spec)
    evaluation = _score(
        model, prepared, baselines, test, count=count, strata=strata, progress=progress
    )
    if prepared.replicates is None:
        return evaluation
    return evaluation.joined(
        score_against_replicates(
            model,
            prepared,
            baselines,
            prepared.replicates,
            realizations=count,
            strata=strata_of(prepared.replicates.inputs.dataset, model.spec),
        )
    )


def score_store(
    model: TrainedModel,
    samples: Samples | Replicates,
    folder: Path,
    *,
    progress: Progress,
    realizations: int | None = None,
    stratify: str | None = None,
) -> Evaluation:
    """Score a model on other samples, beside baselines fitted to its own training part.

    Parameters
    ----------
    model, folder
        As of :func:`score_run`.
    progress
        Who is told while baselines are trained, and of what makes scores worthless: training
        samples, other units.
    samples
        One true output of each input, or replicates.
    realizations
        Ensemble size; the task's where ``None``.
    stratify
        Sample coordinate by whose values scores are told too; see
        :func:`~fieldvae.workflow.stratifying.strata_of`.

    Raises
    ------
    StoreError
        If the samples have no such coordinate, or the stores that the model was trained on are
        not where they were.
    """
    given = samples.inputs if isinstance(samples, Replicates) else samples
    if isinstance(samples, Samples):
        check_known(samples, model.spec.outputs)
    strata = strata_of(given.dataset, model.spec, asked=stratify)
    task = model.spec.model_dump(mode="json")
    task["data"]["replicates"] = None  # these samples are scored, and no others
    prepared = prepare(kept_plan(task), scaling=model.scaling, declarer=TRAINED)
    truth = samples.outputs if isinstance(samples, Replicates) else samples.dataset
    trained = prepared.part(prepared.split.train)
    for caution in (known_samples, other_spreads):
        for words in caution(prepared.outputs, trained, truth, name=given.name):
            progress.warn(words)
    baselines: dict[str, Baseline] = {}
    if given.grid.shape == prepared.grid.shape:
        baselines = fitted_baselines(prepared, folder, device=model.device, progress=progress)
    count = model.spec.evaluation.realizations if realizations is None else realizations
    if isinstance(samples, Replicates):
        return score_against_replicates(
            model, prepared, baselines, samples, realizations=count, strata=strata
        )
    return _score(
        model, prepared, baselines, samples, count=count, strata=strata, progress=progress
    )


def _score(
    model: TrainedModel,
    prepared: Prepared,
    baselines: Mapping[str, Baseline],
    samples: Samples,
    *,
    count: int,
    strata: Strata | None,
    progress: Progress,
) -> Evaluation:
    settings = model.spec.evaluation
    truth = samples.dataset
    inputs = model.scaled(samples, model.spec.inputs)
    generator = torch.Generator(model.device).manual_seed(settings.seed)
    drawn = realize(
        model.network, inputs, realizations=count, generator=generator, check=model.check
    )
    predictions = {
        "model": model.labeled(drawn, samples),
        **drawn_from(baselines, truth, count=count, seed=settings.seed),
    }
    evaluation = evaluate(
        truth,
        predictions,
        fields=prepared.outputs,
        grid=samples.grid,
        scales=component_scales(
            prepared.part(prepared.split.train), prepared.outputs, prepared.grid
        ),
        reconstruction=_reconstructed(model, samples),
        self_checked=_checked(model, inputs, samples, count, progress),
        condition_errors=_condition_errors(model, samples, drawn),
        strata=strata,
        resamples=settings.bootstrap,
        seed=settings.seed,
    )
    return pictured(evaluation, model, prepared, samples, drawn)


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


def _checked(
    model: TrainedModel, inputs: Batch, samples: Samples, count: int, progress: Progress
) -> xr.Dataset | None:
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
        follow=self_checking(progress, of=len(samples)),
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
