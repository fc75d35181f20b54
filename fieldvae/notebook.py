"""How records look in a notebook: a small table with a heading, plain HTML without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_CELL = ' style="text-align: left; vertical-align: top"'


def facts_html(title: str, facts: Sequence[tuple[str, str]], *, text: str = "") -> str:
    """Show names and values beneath a heading.

    Parameters
    ----------
    title
        What the record is.
    facts
        Pairs of a name and a value; a value may have several lines.
    text
        Shown as it is beneath, folded away: a task, say.

    Examples
    --------
    >>> "<td" in facts_html("a run", [("state", "finished")])
    True
    """
    rows = "".join(
        f"<tr><th{_CELL}>{escape(name)}</th><td{_CELL}>{_lines(value)}</td></tr>"
        for name, value in facts
    )
    folded = f"<details><summary>YAML</summary><pre>{escape(text)}</pre></details>" if text else ""
    return f"<div><strong>{escape(title)}</strong><table>{rows}</table>{folded}</div>"


def table_html(
    title: str, head: Sequence[str], rows: Sequence[Sequence[str]], *, notes: Sequence[str] = ()
) -> str:
    """Show rows of values beneath a heading, and sentences beneath them.

    Parameters
    ----------
    title
        What the table shows.
    head, rows
        Its columns and their values.
    notes
        Sentences.
    """
    top = "".join(f"<th{_CELL}>{escape(each)}</th>" for each in head)
    body = "".join(
        "<tr>" + "".join(f"<td{_CELL}>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    told = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f"<div><strong>{escape(title)}</strong><table><tr>{top}</tr>{body}</table>{told}</div>"


def _lines(value: str) -> str:
    return "<br>".join(escape(line) for line in value.splitlines())
