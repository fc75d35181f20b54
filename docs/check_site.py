"""Follow every link and picture of the built site: ``python docs/check_site.py SITE``.

Links inside the site must lead to a file, and to an anchor in it where they name one. Links to
other sites are listed in ``external-links.txt`` beside the site, and not followed: tests have no
network.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ATTRIBUTES = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "src"}


class _Reader(HTMLParser):
    """Collects where a page leads, and what in it can be led to."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if ATTRIBUTES.get(tag) in given:
            self.targets.append(given[ATTRIBUTES[tag]])


@dataclass
class Site:
    """A folder of pages.

    Parameters
    ----------
    root
        The folder.
    """

    root: Path
    external: set[str] = field(default_factory=set)

    @cached_property
    def pages(self) -> Mapping[Path, _Reader]:
        """Every page, read."""
        return {path.resolve(): _read(path) for path in sorted(self.root.rglob("*.html"))}

    def mistakes(self) -> Iterator[str]:
        """Say which links lead nowhere, one line each; collects links to other sites.

        Yields
        ------
        str
            The page, the link as it is written, and what is missing.
        """
        for page, found in self.pages.items():
            for target in dict.fromkeys(found.targets):
                trouble = self._trouble(page, target)
                if trouble is not None:
                    yield f"{page.relative_to(self.root.resolve())}: {target}: {trouble}"

    def _trouble(self, page: Path, target: str) -> str | None:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            if parts.scheme != "data":
                self.external.add(target)
            return None
        file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if not file.is_file():
            return "no such file"
        anchor = unquote(parts.fragment)
        if anchor and file in self.pages and anchor not in self.pages[file].anchors:
            return f"{file.name} has no anchor {anchor!r}"
        return None


def _read(path: Path) -> _Reader:
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    return reader


def main(root: Path) -> int:
    """Check a site, tell what is wrong, and list links to other sites.

    Parameters
    ----------
    root
        Folder of the built site.

    Returns
    -------
    int
        Exit code: 1 where a link leads nowhere, or there is no page.
    """
    site = Site(root)
    mistakes = list(site.mistakes())
    for mistake in mistakes:
        print(mistake, file=sys.stderr)
    listed = root.parent / "external-links.txt"
    listed.write_text("\n".join(sorted(site.external)) + "\n", encoding="utf-8")
    print(f"{len(site.pages)} pages, {len(mistakes)} links that lead nowhere; {listed}")
    return 1 if mistakes or not site.pages else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
