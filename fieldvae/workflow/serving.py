"""What a finished run is used for: predict from a store, score on another, report again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from fieldvae.data.declarer import MODEL
from fieldvae.data.replicates import Replicates, has_replicates, open_replicates
from fieldvae.data.samples import Samples
from fieldvae.data.store import check_absent, read_samples, write_store
from fieldvae.errors import RunError, SamplingError
from fieldvae.workflow import keeping
from fieldvae.workflow.cautions import unlike_training
from fieldvae.workflow.destinations import check_no_source, check_scores
from fieldvae.workflow.directory import RunDirectory, write_json
from fieldvae.workflow.interruption import telling
from fieldvae.workflow.places import check_whole
from fieldvae.workflow.progress import Progress, Silence, passed_on
from fieldvae.workflow.reliability import Request, check_names, rehearse, with_reliability
from fieldvae.workflow.scoring import score_store
from fieldvae.workflow.stages import choose_device
from fieldvae.workflow.stratifying import without_strata
from fieldvae.workflow.trained import TrainedModel

Device = Literal["auto", "cpu", "cuda"]


def predict_store(
    run: Path,
    store: Path,
    *,
    out: Path,
    realizations: int | None = None,
    self_check: bool | None = None,
    tolerance: float | None = None,
    max_draws: int | None = None,
    seed: int | None = None,
    strict: bool = False,
    requests: Sequence[Request] = (),
    quantiles: Sequence[float] = (),
    force: bool = False,
    device: Device = "auto",
    progress: Progress | None = None,
) -> None:
    """Draw realizations for the inputs in a store and write them as another.

    Parameters
    ----------
    run, store, out
        The trained model, the inputs, and the store to write.
    realizations, self_check, tolerance, max_draws, seed, strict
        As of :meth:`TrainedModel.predict`.
    requests, quantiles
        Quantities whose exceedance probabilities and quantiles are written beside the
        realizations (:func:`fieldvae.exceedance`, :func:`fieldvae.quantiles`).
    force, device, progress
        Whether a store at ``out`` is replaced; where to compute; who is told.

    Raises
    ------
    InputError
        Before anything is drawn, if run, store or options are wrong.
    SamplingError
        Under ``strict``, after what was drawn has been written.
    """
    told = progress or Silence()
    model = keeping.load(run, device=choose_device(device))
    check_names(requests, model.spec.outputs)
    check_no_source(out, model.spec, read=store)
    check_absent(out, overwrite=force)
    if self_check is None and model.spec.prediction.self_check and model.check is None:
        told.say("this model has no encoder and so no self-check: all realizations are kept")
    samples = read_samples(
        store, model.fields, require=model.spec.inputs, grid=model.grid, declarer=MODEL
    )
    rehearse(model, samples, requests, quantiles)
    failure: SamplingError | None = None
    with passed_on(told.warn):
        try:
            predictions = model.predict(
                samples.dataset,
                realizations=realizations,
                self_check=self_check,
                tolerance=tolerance,
                max_draws=max_draws,
                seed=seed,
                strict=strict,
                progress=told,
            )
        except SamplingError as error:
            failure, predictions = error, error.predictions
        predictions = with_reliability(predictions, samples, requests, quantiles)
    predictions.attrs["provenance"] = f"fieldvae predict {model.spec.name} on {store.name}"
    write_store(predictions, out, overwrite=force)
    if failure is not None:
        raise failure


def evaluate_store(
    run: Path,
    store: Path,
    *,
    realizations: int | None = None,
    stratify: str | None = None,
    out: Path | None = None,
    force: bool = False,
    device: Device = "auto",
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score a trained model on all samples of a store that holds inputs and outputs.

    The baselines are those fitted to the run's own training part, so the run's stores must still
    be where they were. A store whose outputs have several realizations of each sample is scored
    against as replicates. With ``stratify``, the name of a sample coordinate of the store, scores
    are told for each of its values too; else for those of the task's coordinate, where the store
    has it.

    Returns
    -------
    dict
        As in ``metrics.json``.
    """
    told = progress or Silence()
    check_whole(run, to="evaluate")
    model = keeping.load(run, device=choose_device(device))
    if out is not None:
        check_no_source(RunDirectory(out).evaluation, model.spec, read=store)
        check_scores(out, force=force)
    samples = _scored(store, model)
    inputs = samples if isinstance(samples, Samples) else samples.inputs
    outside = model.envelope.outside(inputs.dataset)
    for words in unlike_training(outside, trained=model.grid, asked=inputs.grid):
        told.warn(words)
    if stratify is None and (missing := without_strata(inputs.dataset, model.spec)) is not None:
        told.say(missing)
    if model.spec.evaluation.baselines and inputs.grid.shape != model.grid.shape:
        one, other = (" x ".join(map(str, grid.shape)) for grid in (model.grid, inputs.grid))
        told.say(f"baselines are fitted on the training grid, {one}, and left out on {other}")
    with telling(told.say, "repeat the call: a baseline in training goes on where it stood"):
        evaluation = score_store(
            model,
            samples,
            _baselines(run),
            progress=told,
            realizations=realizations,
            stratify=stratify,
        )
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_store(evaluation.details, out / "evaluation.zarr", overwrite=True)
        write_json(out / "metrics.json", evaluation.metrics)
    return evaluation.metrics


def _scored(store: Path, model: TrainedModel) -> Samples | Replicates:
    """Read samples to score on, those with several outputs of each input as replicates."""
    spec = model.spec
    if has_replicates(store, spec.outputs):
        replicates = open_replicates(
            store, model.fields, inputs=spec.inputs, outputs=spec.outputs, declarer=MODEL
        )
        model.check_grid(replicates.inputs.grid)
        return replicates
    samples = read_samples(store, model.fields, declarer=MODEL)
    model.check_grid(samples.grid)
    return samples


def _baselines(run: Path) -> Path:
    """Where a run, or that of a ``model`` directory, keeps its baselines."""
    return RunDirectory(run.parent if (run / "model.json").exists() else run).baselines


def report_run(run: Path) -> Path:
    """Write a run's report again from its stored numbers.

    Raises
    ------
    RunError
        If the directory is no run, or a damaged one.
    """
    directory = RunDirectory(run)
    if directory.state() in ("absent", "foreign"):
        raise RunError(f"{run} is no run; give the directory that `fieldvae run` made")
    directory.check_sound()
    from fieldvae.report import write_report  # matplotlib, which prediction does not need

    return write_report(run)


__all__ = ["evaluate_store", "predict_store", "report_run"]
