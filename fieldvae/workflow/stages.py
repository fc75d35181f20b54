"""The stages of a run: data, train, evaluate, predict, design, report.

Each reads the files of the stages before it and writes its own whole or not at all, so that an
interrupted run goes on where it stood.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

import torch

from fieldvae.data.store import write_store
from fieldvae.document import dump_yaml, parse_document, read_document
from fieldvae.errors import OptionError, RunError, SpecError
from fieldvae.evaluation import sentences
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.notebook import facts_html
from fieldvae.registry import distributions, filled_in
from fieldvae.training import EpochRecord, Losses, train
from fieldvae.workflow import keeping
from fieldvae.workflow.assembly import loss_terms
from fieldvae.workflow.calibrating import self_check
from fieldvae.workflow.cautions import cautions, kept_early
from fieldvae.workflow.changes import told_changes
from fieldvae.workflow.designs.analysis import store_analysis, store_designs
from fieldvae.workflow.designs.labeling import sentences as sentences_of_designs
from fieldvae.workflow.designs.optimizing import optimize
from fieldvae.workflow.directory import (
    RunDirectory,
    begun_with,
    check_claim,
    claim,
    environment,
    read_json,
    release,
    write_json,
)
from fieldvae.workflow.filling import Plan, make_plan
from fieldvae.workflow.finetuning import Start, find_start
from fieldvae.workflow.following import followed
from fieldvae.workflow.interruption import telling
from fieldvae.workflow.placing import placed
from fieldvae.workflow.preparing import Prepared, prepare
from fieldvae.workflow.progress import Progress, Silence, passed_on, told_epochs
from fieldvae.workflow.rehearsing import rehearsed
from fieldvae.workflow.scoring import score_run
from fieldvae.workflow.trained import TrainedModel

Stage = Literal["data", "train", "evaluate", "predict", "design", "report"]
STAGES: tuple[Stage, ...] = get_args(Stage)

T = TypeVar("T")


@dataclass(frozen=True)
class Run:
    """A run directory and what has been done in it.

    Parameters
    ----------
    directory
        The directory.
    """

    directory: RunDirectory

    @property
    def path(self) -> Path:
        """The directory's path."""
        return self.directory.path

    @property
    def metrics(self) -> dict[str, Any]:
        """The scores in ``metrics.json``."""
        return read_json(self.directory.metrics)

    def model(self, *, device: str = "cpu") -> TrainedModel:
        """Load the trained model."""
        return keeping.load(self.path, device=device)

    def __repr__(self) -> str:
        return f"<Run {self.path}: {self.directory.state()}>"

    def _repr_html_(self) -> str:
        facts = [("directory", str(self.path)), ("state", self.directory.state())]
        if self.directory.metrics.exists():
            facts.append(("scores", "\n".join(sentences(self.metrics))))
        if self.directory.report.exists():
            facts.append(("report", str(self.directory.report)))
        text = ""
        if self.directory.filled.exists():
            text = self.directory.filled.read_text(encoding="utf-8")
        return facts_html("Run", facts, text=text)

    def summary(self) -> str:
        """Say in a few lines what came out."""
        lines = []
        if self.directory.metrics.exists():
            lines += sentences(self.metrics)
        if self.directory.report.exists():
            lines.append(f"report: {self.directory.report}")
        return "\n".join([*lines, f"run: {self.path}"])


def run(
    task: Path | str | Mapping[str, Any],
    *,
    out: Path | str | None = None,
    settings: Sequence[str] = (),
    device: Literal["auto", "cpu", "cuda"] = "auto",
    resume: bool = False,
    force: bool = False,
    from_run: Path | str | None = None,
    until: Stage = "report",
    progress: Progress | None = None,
) -> Run:
    """Train, evaluate, predict and report, as a task says.

    Parameters
    ----------
    task
        A task file, or the same as nested mappings.
    out
        The run directory; ``runs/<name>`` beside the task's file where ``None``.
    settings
        Overrides ``key.path=value``.
    device
        ``auto`` takes a GPU where there is one.
    resume
        Go on with an interrupted run.
    force
        Replace an earlier run, once this one has finished.
    from_run
        A run with the same fields and networks, or a file that :func:`fieldvae.export_model`
        wrote: training starts from its weights and keeps its scaling.
    until
        The last stage.
    progress
        Shows how far the work has come; silent where ``None``.

    Returns
    -------
    Run
        The directory and what is in it: scores, model.

    Raises
    ------
    InputError
        Before anything is written, if task, plugins, data or directory are wrong.
    TrainingError
        If a loss is not finite.
    """
    plan = make_plan(task if isinstance(task, Mapping) else Path(task), settings)
    base = Path.cwd() if isinstance(task, Mapping) else Path(task).parent
    return run_plan(
        plan,
        out=Path(out) if out is not None else base / "runs" / plan.spec.name,
        device=device,
        resume=resume,
        force=force,
        from_run=None if from_run is None else Path(from_run),
        until=until,
        progress=progress,
    )


def run_plan(
    plan: Plan,
    *,
    out: Path,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    resume: bool = False,
    force: bool = False,
    from_run: Path | None = None,
    until: Stage = "report",
    progress: Progress | None = None,
    again: str = "--resume",
) -> Run:
    """Walk the stages of a plan; see :func:`run`.

    ``again`` is told to whoever interrupts a stage: what goes on with the run.
    """
    directory = RunDirectory(out)
    check_claim(directory, resume=resume, force=force)
    place = choose_device(device)
    resumed = resume and directory.state() in ("finished", "unfinished")
    if resumed:
        check_same_task(directory, plan)
    start = find_start(directory, from_run, plan, resumed=resumed)
    with placed(plan.document):
        prepared = prepare(plan, scaling=None if start is None else start.scaling)
        network = rehearsed(prepared)
    if start is not None:
        start.give_weights(network, plan)
    claim(directory, resume=resume, force=force)
    told = _Log(directory, progress or Silence())
    last = STAGES.index(until)
    with telling(told.say, f"go on with {again}"):
        _stage_data(directory, plan, prepared, start, place, told)
        if last >= STAGES.index("train"):
            fresh = start is None
            _stage_train(directory, prepared, network, place, resume, told, fresh=fresh)
        if last >= STAGES.index("evaluate"):
            _stage_evaluate(directory, prepared, place, told)
        if last >= STAGES.index("predict"):
            _stage_predict(directory, prepared, place, told)
        if last >= STAGES.index("design"):
            _stage_design(directory, prepared, place, told)
        if last >= STAGES.index("report"):
            from fieldvae.report import write_report  # matplotlib, which no other stage needs

            write_report(directory.path)
            write_json(directory.summary, {**read_json(directory.summary), "finished": True})
            release(directory)
    return Run(directory)


def choose_device(device: Literal["auto", "cpu", "cuda"]) -> str:
    """Return ``cpu`` or ``cuda``.

    Raises
    ------
    OptionError
        If a GPU is asked for and there is none.
    """
    if device == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if device == "cuda":
        raise OptionError("--device cuda: torch sees no GPU here; use --device cpu or auto")
    return "cpu"


class _Log:
    """Passes on what is told, and keeps a copy in the run's log."""

    def __init__(self, directory: RunDirectory, progress: Progress) -> None:
        self.directory = directory
        self.progress = progress

    def say(self, line: str) -> None:
        self.keep(line)
        self.progress.say(line)

    def warn(self, line: str) -> None:
        self.keep(f"warning: {line}")
        self.progress.warn(line)

    def epochs(self, records: Iterable[EpochRecord]) -> Iterator[EpochRecord]:
        return self.progress.epochs(told_epochs(records, self.keep))

    def steps(
        self, items: Iterable[T], *, of: int, what: str, done: Callable[[T], int] | None = None
    ) -> Iterator[T]:
        return self.progress.steps(items, of=of, what=what, done=done)

    def keep(self, line: str) -> None:
        with self.directory.log.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {line}\n")


def check_same_task(directory: RunDirectory, plan: Plan) -> None:
    """Refuse to go on with another task than the one that was begun.

    Raises
    ------
    RunError
        With the keys that differ, and the remedy.
    """
    if not directory.filled.exists():
        return
    ours = parse_document(_filled(plan), name="the task").data
    theirs = read_document(directory.filled).data
    found = told_changes(ours, theirs)
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise RunError(
            f"{directory.path} was begun with another task than this one:\n{lines}\n"
            f"{_way_back(directory, plan, theirs)}, start anew with --force, or give another --out"
        )


def _way_back(directory: RunDirectory, plan: Plan, theirs: Mapping[str, Any]) -> str:
    """How to go on with a run of another task; its own settings where they make the difference."""
    undo = f"undo the change to go on ({directory.filled.name} has the run's task)"
    settings = begun_with(directory)
    if not settings:
        return undo
    words = " ".join(f"--set {shlex.quote(setting)}" for setting in settings)
    try:
        same = make_plan(Path(plan.document.name), settings)
    except SpecError:  # the file has changed, or there is none
        return f"{undo}, which had {words}"
    if parse_document(_filled(same), name="the task").data == theirs:
        return f"repeat the run's {words} to go on"
    return f"{undo}, which had {words}"


def _filled(plan: Plan) -> str:
    return dump_yaml(filled_in(plan.spec))


def _stage_data(
    directory: RunDirectory,
    plan: Plan,
    prepared: Prepared,
    start: Start | None,
    device: str,
    told: _Log,
) -> None:
    directory.filled.write_text(_filled(plan), encoding="utf-8")
    given = plan.document.text or dump_yaml(plan.document.data)
    directory.task.write_text(given, encoding="utf-8")
    write_json(directory.split, prepared.split.state())
    record = environment(device, plugins=distributions(plan.spec))
    if start is not None:
        record["start"] = start.origin()
    write_json(directory.environment, record)
    summary = prepared.summary()
    write_json(directory.summary, {**summary, "name": plan.spec.name, "finished": False})
    counts = summary["samples"]
    told.say(
        f"{sum(counts.values())} samples on {' x '.join(map(str, prepared.grid.shape))}: "
        f"{counts['train']} train, {counts['validation']} validate, {counts['test']} test; "
        f"{summary['symmetry']}"
    )
    for line in (*cautions(prepared), *(() if start is None else start.told(prepared))):
        told.warn(line)


def _stage_train(
    directory: RunDirectory,
    prepared: Prepared,
    network: ConditionalVAE,
    device: str,
    resume: bool,
    told: _Log,
    *,
    fresh: bool,
) -> None:
    weights = sum(p.numel() for p in network.parameters())
    write_json(directory.summary, {**read_json(directory.summary), "weights": weights})
    if directory.model.exists():
        return
    spec, options = prepared.spec, prepared.choices.options
    told.say(f"{weights:,} weights, on {device}")
    samples, validation = prepared.scaled(prepared.split.train), prepared.split.validation
    if fresh:
        network.begin_with(*samples)
    records = train(
        network,
        loss_terms(spec, options),
        samples,
        prepared.scaled(validation) if len(validation) else None,
        settings=spec.training,
        augment=None if prepared.symmetry.trivial else prepared.augment,
        device=device,
        checkpoints=directory.checkpoints,
        resume=resume,
    )
    course = followed(
        records,
        network=network,
        spec=spec,
        progress=told,
        checkpoints=directory.checkpoints,
    )
    if (words := kept_early(course)) is not None:
        told.say(words)
    history = [json.dumps(_plain(record)) for record in course]
    staged = directory.history.with_suffix(".tmp")
    staged.write_text("\n".join(history) + "\n", encoding="utf-8")
    staged.replace(directory.history)
    network.eval()
    model = TrainedModel(
        spec,
        prepared.samples.fields,
        prepared.grid,
        network,
        prepared.scaling,
        prepared.envelope,
        self_check(network, prepared),
        read_json(directory.environment),
    )
    keeping.save(model, directory.model)
    shutil.rmtree(directory.checkpoints, ignore_errors=True)


def _plain(record: EpochRecord) -> dict[str, Any]:
    """An epoch as the run's history keeps it."""

    def losses(found: Losses | None) -> dict[str, float] | None:
        return None if found is None else {"total": found.total, **found.terms}

    return {
        "epoch": record.epoch,
        "of": record.of,
        "train": losses(record.train),
        "validation": losses(record.validation),
        "learning_rate": record.learning_rate,
        "seconds": record.seconds,
        "cpu_seconds": record.cpu_seconds,
        "score": record.score,
    }


def _stage_evaluate(directory: RunDirectory, prepared: Prepared, device: str, told: _Log) -> None:
    if directory.metrics.exists() or not len(prepared.split.test):
        return
    model = keeping.load(directory.path, device=device)
    evaluation = score_run(model, prepared, directory.baselines, progress=told)
    for sentence in sentences(evaluation.metrics):
        told.keep(sentence)
    write_store(evaluation.details, directory.evaluation, overwrite=True)
    write_json(directory.metrics, evaluation.metrics)


def _stage_predict(directory: RunDirectory, prepared: Prepared, device: str, told: _Log) -> None:
    if directory.predictions.exists() or not len(prepared.split.test):
        return
    model = keeping.load(directory.path, device=device)
    with passed_on(told.warn):
        predictions = model.predict(prepared.part(prepared.split.test), progress=told)
    write_store(predictions, directory.predictions)


def _stage_design(directory: RunDirectory, prepared: Prepared, device: str, told: _Log) -> None:
    spec = prepared.spec.design
    if spec is None or directory.design_analysis.exists():
        return
    model = keeping.load(directory.path, device=device)
    training = prepared.part(prepared.split.train)
    if directory.designs.exists():
        store_analysis(directory, model, training)
        return
    designs = optimize(model, spec, training, progress=told.progress)
    for sentence in sentences_of_designs(designs):
        told.say(sentence)
    store_designs(designs, directory, model, training)


__all__ = ["STAGES", "Run", "check_same_task", "choose_device", "run", "run_plan"]
