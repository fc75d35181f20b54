"""The commands."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from fieldvae.cli.comparing import compare
from fieldvae.cli.data import data
from fieldvae.cli.exporting import export
from fieldvae.cli.founding import new_plugin
from fieldvae.cli.starting import init
from fieldvae.cli.sweeping import learning_curve, sweep

app = typer.Typer(
    name="fieldvae",
    help="Learn the distribution of output fields given input fields, and draw from it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data)


def _version(asked: bool) -> None:
    if asked:
        from fieldvae import __version__

        typer.echo(f"fieldvae {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


Task = Annotated[Path, typer.Argument(help="A task file in YAML.", metavar="TASK.yaml")]
Run = Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")]
Store = Annotated[Path, typer.Argument(help="A Zarr store.", metavar="STORE")]
Settings = Annotated[
    Optional[list[str]],
    typer.Option("--set", help="Override a key of the task: training.epochs=50. Repeatable."),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute; auto takes a GPU.")
]
Stage = Literal["data", "train", "evaluate", "predict", "design", "report"]


@app.command()
def run(
    task: Task,
    out: Annotated[
        Optional[Path], typer.Option(help="Run directory; default: runs/NAME beside the task.")
    ] = None,
    settings: Settings = None,
    device: Device = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an interrupted run.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run.")] = False,
    from_run: Annotated[
        Optional[Path],
        typer.Option("--from", help="Start from the weights and the scaling of this run or file."),
    ] = None,
    until: Annotated[Stage, typer.Option(help="Stop after this stage.")] = "report",
) -> None:
    """Train, evaluate, predict and report, as a task file says."""
    from fieldvae.cli.screen import Screen
    from fieldvae.workflow.filling import make_plan

    plan = make_plan(task, settings or ())
    screen = Screen()
    from fieldvae.workflow.stages import run_plan

    finished = run_plan(
        plan,
        out=out or task.parent / "runs" / plan.spec.name,
        device=device,
        resume=resume,
        force=force,
        from_run=from_run,
        until=until,
        progress=screen,
        again=_again(task, out=out, settings=settings or (), device=device, until=until),
    )
    typer.echo(finished.summary())


def _again(
    task: Path, *, out: Path | None, settings: Sequence[str], device: str, until: str
) -> str:
    """Write the command that goes on with a run; what it started from is kept in the run."""
    words = ["fieldvae", "run", str(task)]
    words += ["--out", str(out)] if out is not None else []
    words += [word for setting in settings for word in ("--set", setting)]
    words += ["--device", device] if device != "auto" else []
    words += ["--until", until] if until != "report" else []
    return shlex.join([*words, "--resume"])


@app.command()
def validate(
    task: Task,
    settings: Settings = None,
    estimate: Annotated[
        bool, typer.Option("--estimate/--no-estimate", help="Time a few steps of training.")
    ] = True,
) -> None:
    """Check a task and its data, and print the plan: fields, networks, losses, time and memory."""
    from fieldvae.workflow.filling import make_plan

    plan = make_plan(task, settings or ())
    from fieldvae.workflow.validating import describe_plan

    typer.echo(describe_plan(plan, estimated=estimate))


@app.command()
def predict(
    run: Run,
    store: Store,
    out: Annotated[Path, typer.Option(help="Store to write.")],
    realizations: Annotated[
        Optional[int], typer.Option(min=1, help="Realizations a sample; default: the task's.")
    ] = None,
    self_check: Annotated[
        Optional[bool],
        typer.Option("--self-check/--no-self-check", help="Keep only realizations that pass."),
    ] = None,
    tolerance: Annotated[
        Optional[float],
        typer.Option(help="Largest error that passes the self-check; default: the training's."),
    ] = None,
    max_draws: Annotated[
        Optional[int], typer.Option(min=1, help="Draws tried a sample; default: the task's.")
    ] = None,
    seed: Annotated[Optional[int], typer.Option(min=0, help="Seed; default: the task's.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 where realizations fell short.")
    ] = False,
    quantity: Annotated[
        Optional[list[str]],
        typer.Option(
            help="Quantity whose quantiles and exceedance are written: [LABEL=]NAME, or "
            "[LABEL=]'{use: NAME, option: value}'; an output's name is the output itself. "
            "Repeatable."
        ),
    ] = None,
    exceed: Annotated[
        Optional[list[str]],
        typer.Option(
            help="Level that quantities may exceed: [LABEL=]LEVEL, with units or in the "
            "quantity's own. Repeatable."
        ),
    ] = None,
    quantiles: Annotated[
        Optional[str], typer.Option(help="Quantiles of every quantity; default: 0.05,0.5,0.95.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing store.")] = False,
    device: Device = "auto",
) -> None:
    """Draw realizations of the outputs for the inputs in a store."""
    from fieldvae.cli.screen import Screen
    from fieldvae.workflow.reliability import read_quantiles, read_requests

    probabilities = read_quantiles(quantiles, quantity or ())
    requests = read_requests(quantity or (), exceed or ())
    from fieldvae.workflow.serving import predict_store

    predict_store(
        run,
        store,
        out=out,
        realizations=realizations,
        self_check=self_check,
        tolerance=tolerance,
        max_draws=max_draws,
        seed=seed,
        strict=strict,
        requests=requests,
        quantiles=probabilities,
        force=force,
        device=device,
        progress=Screen(),
    )
    typer.echo(str(out))


@app.command()
def evaluate(
    run: Run,
    store: Store,
    realizations: Annotated[
        Optional[int], typer.Option(min=2, help="Ensemble size; default: the task's.")
    ] = None,
    stratify: Annotated[
        Optional[str],
        typer.Option(
            help="Sample coordinate; scores for each of its values too. Default: the task's.",
            metavar="NAME",
        ),
    ] = None,
    out: Annotated[
        Optional[Path], typer.Option(help="Directory for metrics.json and evaluation.zarr.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier evaluation.")] = False,
    device: Device = "auto",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all scores as JSON, as in metrics.json.")
    ] = False,
) -> None:
    """Score a trained model on a store that holds inputs and outputs."""
    from fieldvae.cli.screen import Screen
    from fieldvae.workflow.serving import evaluate_store

    metrics = evaluate_store(
        run,
        store,
        realizations=realizations,
        stratify=stratify,
        out=out,
        force=force,
        device=device,
        progress=Screen(),
    )
    if as_json:
        typer.echo(json.dumps(metrics, indent=2))
        return
    from fieldvae.cli.scores import show_scores

    show_scores(metrics)
    if out is not None:
        typer.echo(f"scores: {out / 'metrics.json'}")


@app.command()
def design(
    run: Run,
    design: Annotated[
        Optional[Path],
        typer.Argument(
            help="A file with the keys of a task's section design; default: the task's own.",
            metavar="[DESIGN.yaml]",
        ),
    ] = None,
    out: Annotated[
        Optional[Path], typer.Option(help="Store to write; default: design.zarr in the run.")
    ] = None,
    export: Annotated[
        Optional[Path], typer.Option(help="Directory for files of the best designs.")
    ] = None,
    settings: Annotated[
        Optional[list[str]],
        typer.Option("--set", help="Override a key of the design: starts=50. Repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing store.")] = False,
    device: Device = "auto",
) -> None:
    """Find inputs whose outputs have a large or small statistic (inverse design)."""
    from fieldvae.cli.screen import Screen
    from fieldvae.workflow.designs.serving import design_run

    store = design_run(
        run,
        design,
        out=out,
        export=export,
        settings=settings or (),
        force=force,
        device=device,
        progress=Screen(),
    )
    typer.echo(str(store))


@app.command()
def report(run: Run) -> None:
    """Write the report of a run again from its stored numbers."""
    from fieldvae.workflow.serving import report_run

    typer.echo(str(report_run(run)))


app.command()(compare)
app.command()(export)
app.command()(sweep)
app.command("learning-curve")(learning_curve)


@app.command()
def plugins() -> None:
    """List every installed plugin with its distribution, options and health."""
    from fieldvae.registry import examine

    broken = []
    for health in examine():
        extension = health.extension
        state = " ".join(f"{name}={default}" for name, default in health.options.items())
        if health.trouble:
            broken.append(f"{extension.name} ({extension.distribution})")
            trouble = " ".join(health.trouble.split())  # a row is one line
            state = f"broken: {trouble.partition(' is broken: ')[2] or trouble}"
        typer.echo(
            f"{extension.kind:<11} {extension.name:<20} "
            f"{extension.distribution} {extension.version}  {state}"
        )
    if broken:
        count = f"{len(broken)} of them" if len(broken) > 1 else "one of them"
        typer.echo(
            f"{count} broken: {', '.join(broken)}; tasks that use no such plugin are not affected",
            err=True,
        )


@app.command()
def schema(
    kind: Annotated[
        Literal["task", "field", "store", "design"], typer.Argument(help="Which schema.")
    ],
) -> None:
    """Print a JSON Schema, with the options of the installed plugins."""
    from fieldvae.schema import schema_of

    typer.echo(json.dumps(schema_of(kind), indent=2))


app.command("new-plugin")(new_plugin)


app.command()(init)
