"""The command that writes a first task file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer


def init(
    task: Annotated[
        Optional[str],
        typer.Argument(help="An installed task, such as stress.", metavar="[TASK]"),
    ] = None,
    store: Annotated[Path, typer.Option(help="The store to learn from.")] = Path("data.zarr"),
    inputs: Annotated[
        Optional[str],
        typer.Option(help="Variables of the store that are given: a,b.", metavar="NAMES"),
    ] = None,
    outputs: Annotated[
        Optional[str],
        typer.Option(help="Variables of the store to learn: c.", metavar="NAMES"),
    ] = None,
    out: Annotated[
        Optional[Path], typer.Option(help="File to write; default: TASK.yaml, or task.yaml.")
    ] = None,
) -> None:
    """Write a commented task file, from an installed task or from the fields of a store."""
    from fieldvae.workflow.starting import write_task

    written = write_task(
        task,
        store=store,
        out=out or Path(f"{task or 'task'}.yaml"),
        inputs=_names(inputs),
        outputs=_names(outputs),
    )
    typer.echo(str(written))


def _names(words: str | None) -> list[str]:
    return [name.strip() for name in (words or "").split(",") if name.strip()]
