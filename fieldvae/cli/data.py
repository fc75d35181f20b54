"""``fieldvae data``: make, import, export, check and describe stores."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Optional

import typer

from fieldvae.cli import INTERRUPTED

data = typer.Typer(
    name="data", help="Make, import, export, check and describe stores.", no_args_is_help=True
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


@data.command(context_settings=_PLUGIN)
def export(
    context: typer.Context,
    name: Annotated[Optional[str], typer.Argument(help="An installed exporter.")] = None,
    store: Annotated[
        Optional[str], typer.Argument(metavar="[STORE]", help="Data, predictions or designs.")
    ] = None,
    out: Annotated[Optional[Path], typer.Option(help="Directory for the files.")] = None,
    samples: Annotated[
        Optional[str], typer.Option(help="Positions from 0: 0,3,5 or 10:20; default: all.")
    ] = None,
    help_: Help = False,
) -> None:
    """Write samples of a store as files of another program, such as ParaView, by an exporter."""
    from fieldvae import registry
    from fieldvae.cli.options import parse_options
    from fieldvae.errors import OptionError

    name = _named(context, "exporters", name, _EXPORT_OPTIONS, help_)
    if store is None or store.startswith("--"):
        raise OptionError(f"give the store to read, before the options of {name}")
    options = parse_options(registry.options_model("exporters", name), context.args, of=name)
    if out is None:
        raise OptionError("give the directory for the files: --out DIR")
    from fieldvae.workflow.exporting import export_samples

    files = export_samples(Path(store), out, {"use": name, **options}, samples=samples)
    typer.echo(f"{len(files)} files in {out}", err=True)
    typer.echo(str(out))


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


_COLLECT_OPTIONS = """
  --out STORE
  --scheduler sync|threads|processes|ADDRESS
  --workers N
  --skip-bad
  --force
"""

_EXPORT_OPTIONS = """
  --out DIR
  --samples 0,3,5|10:20
"""


def _named(context: typer.Context, kind: str, name: str | None, options: str, help_: bool) -> str:
    """Return the plugin named; where none is, or on ``--help``, list the options and exit."""
    from fieldvae import registry
    from fieldvae.cli.options import describe_options

    if name is not None and not help_:
        return name
    known = ", ".join(registry.names(kind)) or "none"
    typer.echo(context.get_usage())
    typer.echo(f"\nInstalled {kind}: {known}{options}")
    if name is not None:
        typer.echo(describe_options(registry.options_model(kind, name), of=name))
    raise typer.Exit(0 if help_ else 2)


def _collect(
    context: typer.Context,
    kind: str,
    name: str | None,
    handed: tuple[object, ...],
    asked: _Asked,
    help_: bool,
) -> None:
    from fieldvae import registry
    from fieldvae.cli.options import parse_options
    from fieldvae.errors import OptionError

    name = _named(context, kind, name, _COLLECT_OPTIONS, help_)
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
