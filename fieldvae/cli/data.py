"""``fieldvae data``: make, import, check and describe stores."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import typer

from fieldvae.cli import INTERRUPTED

data = typer.Typer(
    name="data", help="Make, import, check and describe stores.", no_args_is_help=True
)

_PLUGIN = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

Out = Annotated[Optional[Path], typer.Option(help="Store to write.")]
Scheduler = Annotated[
    Optional[str],
    typer.Option(help="sync, threads, processes, or the address of a dask scheduler."),
]
Workers = Annotated[Optional[int], typer.Option(min=1, help="Threads or processes.")]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Skip samples that cannot be made, and say which.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace an existing store.")]
Help = Annotated[bool, typer.Option("--help", "-h", help="Show the options and exit.")]


@data.command(context_settings=_PLUGIN)
def generate(
    context: typer.Context,
    name: Annotated[Optional[str], typer.Argument(help="An installed simulator.")] = None,
    out: Out = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    skip_bad: SkipBad = False,
    force: Force = False,
    help_: Help = False,
) -> None:
    """Make a store by a simulator; an interrupted call goes on where it stood."""
    asked = _Asked(out, scheduler, workers, skip_bad, force)
    _collect(context, "simulators", name, (), asked, help_)


@data.command("import", context_settings=_PLUGIN)
def import_(
    context: typer.Context,
    name: Annotated[Optional[str], typer.Argument(help="An installed importer.")] = None,
    files: Annotated[
        Optional[list[str]], typer.Argument(help="Files, or patterns in quotes: 'dumps/*.dump'.")
    ] = None,
    out: Out = None,
    scheduler: Scheduler = None,
    workers: Workers = None,
    skip_bad: SkipBad = False,
    force: Force = False,
    help_: Help = False,
) -> None:
    """Make a store from files by an importer; an interrupted call goes on where it stood."""
    plain, options = _told_apart(files or [])
    context.args = [*options, *context.args]
    asked = _Asked(out, scheduler, workers, skip_bad, force)
    _collect(context, "importers", name, ([Path(file) for file in plain],), asked, help_)


def _told_apart(words: list[str]) -> tuple[list[str], list[str]]:
    """Files stand before the first option of the importer; the rest are its options."""
    first = next((i for i, word in enumerate(words) if word.startswith("--")), len(words))
    return words[:first], words[first:]


def _command() -> str:
    """What was typed, files by their names alone: paths are nobody else's business."""
    words = [Path(word).name if "/" in word or "\\" in word else word for word in sys.argv[1:]]
    return shlex.join(["fieldvae", *words])


@dataclass(frozen=True)
class _Asked:
    """The options that every importer and simulator has."""

    out: Path | None
    scheduler: str | None
    workers: int | None
    skip_bad: bool
    force: bool


_OPTIONS = """
  --out STORE
  --scheduler sync|threads|processes|ADDRESS
  --workers N
  --skip-bad
  --force
"""


def _collect(
    context: typer.Context,
    kind: str,
    name: str | None,
    handed: tuple[object, ...],
    asked: _Asked,
    help_: bool,
) -> None:
    from fieldvae import registry
    from fieldvae.cli.options import describe_options, parse_options
    from fieldvae.errors import OptionError

    known = ", ".join(registry.names(kind)) or "none"
    if help_ or name is None:
        typer.echo(context.get_usage())
        typer.echo(f"\nInstalled {kind}: {known}{_OPTIONS}")
        if name is not None:
            typer.echo(describe_options(registry.options_model(kind, name), of=name))
        raise typer.Exit(0 if help_ else 2)
    options = parse_options(registry.options_model(kind, name), context.args, of=name)
    if asked.out is None:
        raise OptionError("give the store to write: --out STORE")
    from fieldvae.cli.screen import Screen
    from fieldvae.workflow.collecting import collect_store

    try:
        collect_store(
            lambda: registry.call(kind, name, *handed, options=options),
            asked.out,
            name=name,
            scheduler=asked.scheduler,
            workers=asked.workers,
            skip_bad=asked.skip_bad,
            force=asked.force,
            command=_command(),
            progress=Screen(),
        )
    except KeyboardInterrupt:
        typer.echo("interrupted; repeat the call to go on", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(str(asked.out))


@data.command()
def check(store: Annotated[Path, typer.Argument(metavar="STORE")]) -> None:
    """Check a store: checksums, dims, units, missing values, closure."""
    from fieldvae.workflow.inspecting import check_store

    typer.echo(check_store(store))


@data.command()
def info(store: Annotated[Path, typer.Argument(metavar="STORE")]) -> None:
    """Describe a store: fields, grid, samples, provenance."""
    from fieldvae.workflow.inspecting import describe_store

    typer.echo(describe_store(store))
