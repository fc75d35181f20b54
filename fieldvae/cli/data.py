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

    name = _named("exporters", name, _EXPORT_OPTIONS, help_)
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
    return shlex.join(["fieldvae", *map(_without_folder, sys.argv[1:])])


def _without_folder(word: str) -> str:
    """Shorten a path, or an option's value that is one; ``eam/alloy`` is none."""
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    path = Path(value)
    here = "/" in value or "\\" in value
    if here and (path.is_absolute() or path.parent.is_dir()):
        value = path.name
    return f"{option}{equals}{value}"


@dataclass(frozen=True)
class _Asked:
    """The options that every importer and simulator has."""

    out: Path | None
    scheduler: str | None
    workers: int | None
    skip_bad: bool
    force: bool


_COLLECT_OPTIONS = """
  --out STORE  (required)
      Store to write.
  --scheduler sync|threads|processes|ADDRESS  (default sync)
      Where samples are made: one by one, or by dask; ADDRESS is that of a dask scheduler.
  --workers N
      Threads or processes, as many as processors where not given; several mean processes.
  --skip-bad
      Skip samples that cannot be made, and say which.
  --force
      Replace an existing store, once the new one is complete.
"""

_EXPORT_OPTIONS = """
  --out DIR  (required)
      Directory for the files.
  --samples 0,3,5|10:20
      Positions from 0; all where not given.
"""

_USAGE = {
    "simulators": "fieldvae data generate NAME --out STORE [OPTIONS]",
    "importers": "fieldvae data import NAME FILES... --out STORE [OPTIONS]",
    "exporters": "fieldvae data export NAME STORE --out DIR [OPTIONS]",
}


def _named(kind: str, name: str | None, options: str, help_: bool) -> str:
    """Return the plugin named; where none is, or on ``--help``, list the options and exit."""
    from fieldvae import registry
    from fieldvae.cli.options import describe_options, summary

    if name is not None and not help_:
        return name
    known = ", ".join(registry.names(kind)) or "none"
    typer.echo(f"Usage: {_USAGE[kind]}\n\nInstalled {kind}: {known}")
    if name is None:
        typer.echo(f"{options}\nNAME --help lists the options of one.")
    else:
        model = registry.options_model(kind, name)
        typer.echo(f"\n{name}: {summary(registry.load(kind, name))}\n{options}")
        typer.echo(describe_options(model, of=name))
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

    name = _named(kind, name, _COLLECT_OPTIONS, help_)
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
