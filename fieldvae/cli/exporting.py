"""The command that writes a trained model as one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer


def export(
    run: Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")],
    file: Annotated[Path, typer.Argument(help="File to write.", metavar="FILE")],
    license_: Annotated[
        Optional[str],
        typer.Option("--license", help="License of the weights, such as CC-BY-4.0."),
    ] = None,
    cite: Annotated[
        Optional[list[str]],
        typer.Option(help="What to cite for this model and its data. Repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a trained model as one file: weights, task, scaling, license, citation, provenance."""
    from fieldvae.workflow.places import check_file, model_folder

    check_file(file, force=force)
    model_folder(run)
    from fieldvae.workflow.releasing import export_model

    export_model(run, file, license=license_, cite=cite or (), force=force)
    if license_ is None:
        typer.echo("no license is stated; --license says what others may do with it", err=True)
    typer.echo(str(file))
