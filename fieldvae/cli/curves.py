"""A learning curve on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldvae.cli.printing import printer

if TYPE_CHECKING:
    from fieldvae.evaluation.learning import LearningCurve


def show_curve(curve: LearningCurve) -> None:
    """Print a table for each output field, and what more samples would bring."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from fieldvae.report.learning import shown
    from fieldvae.report.style import model_name

    console = printer()
    for field in curve.fields:
        table = Table(
            title=f"{field.title}, {field.units}", title_justify="left", box=box.SIMPLE_HEAD
        )
        table.add_column("samples", justify="right")
        columns = []
        for model, by_score in curve.points[field.name].items():
            for score, title in (("energy_score", "energy score"), ("crps", "CRPS")):
                table.add_column(f"{title}\n{model_name(model)}", justify="right")
                columns.append(by_score[score])
        for points in zip(*columns, strict=True):
            table.add_row(f"{points[0].samples:,}", *map(shown, points))
        console.print(table)
    for sentence in curve.sentences:
        console.print(escape(sentence), soft_wrap=True)
