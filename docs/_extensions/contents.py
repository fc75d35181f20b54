"""The table of contents is what the front page links to, section by section.

``docs/index.md`` is plain Markdown. Each of its headings of the second level becomes a caption of
the side bar, and the pages that the list below it links to become the entries, in the same words.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from sphinx.application import Sphinx

LINK = re.compile(r"^- \[(?P<title>[^\]]+)\]\((?P<page>[^)#:]+)\.(?:md|ipynb)\)", re.MULTILINE)


def contents_of(text: str, *, folder: str) -> str:
    """Write the toctrees of a front page.

    Parameters
    ----------
    text
        The front page, Markdown.
    folder
        Where it lies, from the root of the sources.

    Returns
    -------
    str
        One hidden toctree for each section that lists pages.
    """
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return "\n".join(
        _toctree(section.partition("\n")[0], LINK.findall(section), folder=folder)
        for section in sections
        if LINK.search(section)
    )


def _toctree(caption: str, pages: list[tuple[str, str]], *, folder: str) -> str:
    entries = [f"{title} </{_resolve(folder, page)}>" for title, page in pages]
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""])


def _resolve(folder: str, page: str) -> str:
    parts: list[str] = list(PurePosixPath(folder).parts)
    for part in PurePosixPath(page).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _append(app: Sphinx, docname: str, content: list[str]) -> None:
    if docname == app.config.root_doc:
        folder = str(PurePosixPath(docname).parent)
        content[0] += "\n" + contents_of(content[0], folder=folder)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the toctrees when the front page is read."""
    app.connect("source-read", _append)
    return {"parallel_read_safe": True}
