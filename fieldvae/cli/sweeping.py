"""The commands that run one task several times: sweeps and learning curves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

Task = Annotated[Path, typer.Argument(help="A task file in YAML.", metavar="TASK.yaml")]
Settings = Annotated[
    Optional[list[str]],
    typer.Option("--set", help="Override a key in every run: training.steps=500. Repeatable."),
]
Seeds = Annotated[
    Optional[str], typer.Option(help="Seeds of training: 0,1,2; short for --vary training.seed.")
]
Workers = Annotated[int, typer.Option(min=1, help="Runs at a time, each in a process of its own.")]
Only = Annotated[
    Optional[int],
    typer.Option(min=0, help="Make this one of the runs alone, counted from 0 (arrays of jobs)."),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"], typer.Option(help="Where to compute; auto takes a GPU.")
]
Force = Annotated[bool, typer.Option("--force", help="Repeat finished runs.")]


def sweep(
    task: Task,
    vary: Annotated[
        Optional[list[str]],
        typer.Option(help="A key and its values: model.latent=4,8,16. Repeatable."),
    ] = None,
    seeds: Seeds = None,
    out: Annotated[
        Optional[Path], typer.Option(help="Directory of the runs; default: sweeps/NAME.")
    ] = None,
    settings: Settings = None,
    workers: Workers = 1,
    only: Only = None,
    device: Device = "auto",
    force: Force = False,
) -> None:
    """Run a task with several seeds, or several values of other keys, and compare the runs."""
    from fieldvae.cli.screen import Screen
    from fieldvae.workflow.sweeping.varying import (
        SEED,
        chosen,
        members_of,
        read_values,
        read_variations,
    )

    varied = read_variations(vary or ())
    if seeds is not None:
        varied[SEED] = read_values(seeds, option="--seeds")
    chosen(members_of(task, varied, settings or ()), only)
    from fieldvae.workflow.sweeping.serving import PAGE, SweepOptions
    from fieldvae.workflow.sweeping.serving import sweep as swept

    found = swept(
        task,
        varied,
        out=out,
        settings=settings or (),
        options=SweepOptions(workers, device, only, force),
        progress=Screen(),
    )
    if found is not None:
        from fieldvae.cli.comparing import show

        show(found)
        typer.echo(str(Path(found.runs[0].path).parent / PAGE))


def learning_curve(
    task: Task,
    fractions: Annotated[
        str, typer.Option(help="Shares of the training samples, two or more.")
    ] = "0.25,0.5,1.0",
    seeds: Seeds = None,
    out: Annotated[
        Optional[Path], typer.Option(help="Directory of the runs; default: curves/NAME.")
    ] = None,
    settings: Settings = None,
    workers: Workers = 1,
    only: Only = None,
    device: Device = "auto",
    force: Force = False,
) -> None:
    """Train on parts of the training samples and tell whether more of them would help."""
    from fieldvae.cli.screen import Screen
    from fieldvae.workflow.sweeping.varying import (
        FRACTION,
        SEED,
        check_fractions,
        chosen,
        members_of,
        read_values,
    )

    shares = read_values(fractions, option="--fractions")
    check_fractions(shares)
    varied = {FRACTION: shares}
    if seeds is not None:
        varied[SEED] = read_values(seeds, option="--seeds")
    chosen(members_of(task, varied, settings or ()), only)
    from fieldvae.workflow.sweeping.serving import SweepOptions
    from fieldvae.workflow.sweeping.serving import learning_curve as learned

    curve = learned(
        task,
        fractions=shares,
        seeds=varied.get(SEED),
        out=out,
        settings=settings or (),
        options=SweepOptions(workers, device, only, force),
        progress=Screen(),
    )
    if curve is not None:
        from fieldvae.cli.curves import show_curve

        show_curve(curve)
