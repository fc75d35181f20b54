"""The command that starts a plugin."""

from __future__ import annotations

from typing import Annotated

import typer

from fieldvae.workflow.founding.kinds import Kind


def new_plugin(
    name: Annotated[
        str, typer.Argument(help="What tasks call it, such as lowpass.", metavar="NAME")
    ],
    kind: Annotated[
        Kind, typer.Option(help="What it is; source stands for simulator.", show_default=False)
    ],
) -> None:
    """Write ./fieldvae-NAME: a distribution with a plugin that works, to start from."""
    from fieldvae.workflow.founding.writing import next_commands, write_plugin

    folder = write_plugin(name, kind=kind)
    typer.echo(str(folder))
    typer.echo("Next:", err=True)
    for command in next_commands(folder, kind=kind):
        typer.echo(f"  {command}", err=True)
