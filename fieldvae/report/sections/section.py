"""One part of the report's page."""

from __future__ import annotations

from dataclasses import dataclass, field

from fieldvae.report.style import Plot
from fieldvae.report.tables import ScoreTable


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Parameters
    ----------
    anchor, title
        Its place in the table of contents.
    notes
        Sentences before the figures.
    facts
        Pairs of a name and a value.
    tables, plots
        What it shows.
    text
        A file shown as it is.
    """

    anchor: str
    title: str
    notes: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[ScoreTable, ...] = ()
    plots: tuple[Plot, ...] = field(default_factory=tuple)
    text: str = ""
