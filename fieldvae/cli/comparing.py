"""The command that puts finished runs beside each other."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from fieldvae.cli.printing import printer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from fieldvae.evaluation.alternatives import Comparison
    from fieldvae.report.tables import ScoreTable

HEADS = {
    "energy_score_difference": "energy\ndiff. %",
    "crps_difference": "CRPS\ndiff. %",
    "coverage_50": "in\n50 %",
    "coverage_90": "in\n90 %",
    "spread_skill": "spread\n/ error",
    "r2_mean": "R²\nmean",
    "reconstruction_r2": "R²\nrecon.",
    "self_check_auc": "check\nAUC",
    "replicates_excess": "above\nrepl. %",
}
"""Short heads of columns, for lines of 100 characters."""


def compare(
    runs: Annotated[list[Path], typer.Argument(help="Run directories.", metavar="RUN")],
    reference: Annotated[
        Optional[Path],
        typer.Option(help="Run that the others are compared with; default: the first."),
    ] = None,
    out: Annotated[
        Optional[Path], typer.Option(help="Directory for comparison.html and comparison.json.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier comparison.")] = False,
) -> None:
    """Compare finished runs of the same outputs: scores, cost, and paired differences."""
    from fieldvae.workflow.comparing.checking import PAGE, check_place, checked_runs

    paths = checked_runs(runs, reference)
    if out is not None:
        check_place(out, force=force)
    from fieldvae.workflow.comparing.serving import compare as compared

    show(compared(*paths, out=out, force=force))
    if out is not None:
        typer.echo(str(out / PAGE))


def show(found: Comparison) -> None:
    """Print the scores of each output field, then what differs, and who beats whom."""
    from rich.markup import escape

    from fieldvae.report.tables import alternatives_table

    console = printer()
    for field in found.fields:
        for table in _tables(alternatives_table(field, found), console):
            console.print(table)
    for run in found.runs:
        if run.differs:
            words = ", ".join(f"{key} {value}" for key, value in run.differs.items())
            console.print(escape(f"{run.name}: {words}"), soft_wrap=True)
    for line in (*found.sentences, *found.notes):
        console.print(escape(line), soft_wrap=True)


def _tables(laid: ScoreTable, console: Console) -> list[Table]:
    """Lay scores out as one table, or as the fewest below each other that have room in a line."""
    room = console.width
    whole = console.options.update(max_width=sys.maxsize)
    tables: list[Table] = []
    for parts in range(1, len(laid.columns) + 1):
        each = math.ceil(len(laid.columns) / parts)
        starts = range(0, len(laid.columns), each)
        tables = [_table(laid, slice(start, start + each), room) for start in starts]
        if all(console.measure(table, options=whole).maximum <= room for table in tables):
            break
    return tables


def _table(laid: ScoreTable, part: slice, room: int) -> Table:
    """Lay out some columns of scores, a row a run; a long name takes several lines, no number."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(
        title=None if part.start else laid.field,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("", overflow="fold", max_width=room // 3)
    for column in laid.columns[part]:
        head = HEADS.get(column.key) or column.title.replace(" ", "\n")
        table.add_column(
            f"{head}\n{column.aim}" if column.aim else head,
            justify="right",
            vertical="bottom",
            no_wrap=True,
        )
    for name, cells in laid.rows:
        shown = (f"[bold]{c.value}[/bold]" if c.best else c.value for c in cells[part])
        table.add_row(escape(name), *shown)
    return table
