"""The template of all pages, filled in."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from jinja2 import Environment, PackageLoader, StrictUndefined

from fieldvae.evaluation.comparison import Verdict
from fieldvae.report.sections.section import Section


def rendered(
    *,
    title: str,
    mapping: str,
    headlines: Sequence[Verdict],
    sections: Sequence[Section],
    made: str,
    tiles: Sequence[tuple[str, str, tuple[str, ...]]] = (),
    tiles_of: str = "",
    wide: bool = False,
) -> str:
    """Return a page as HTML that needs no other file.

    Parameters
    ----------
    title, mapping
        Its heading, and the line beneath.
    headlines
        Sentences that a reader should see first.
    sections
        Its parts, in order.
    made
        The footer.
    tiles, tiles_of
        Number, name and remarks of the scores that stand out, and whose they are.
    wide
        Whether tables take more room than figures do.
    """
    environment = Environment(
        loader=PackageLoader("fieldvae.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        title=title,
        mapping=mapping,
        headlines=headlines,
        sections=sections,
        made=made,
        tiles=tiles,
        tiles_of=tiles_of,
        wide=wide,
    )


def made_by() -> str:
    """Say which version made a page."""
    try:
        number = version("fieldvae")
    except PackageNotFoundError:
        number = "of unknown version"
    return f"Made by fieldvae {number}"
