"""Which distribution brings a plugin that is not installed, of those that are known."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from fieldvae.document import parse_document
from fieldvae.errors import nearest


@cache
def known() -> Mapping[str, Mapping[str, list[str]]]:
    """Names of plugins by distribution and kind."""
    text = (files("fieldvae") / "registry" / "known.yaml").read_text(encoding="utf-8")
    return parse_document(text, name="known.yaml").data


def remedy(kind: str, name: str, *, installed: list[str]) -> str:
    """Say how to come by a plugin that nothing installed bears, to be read after a name.

    Parameters
    ----------
    kind, name
        The plugin.
    installed
        Names of that kind.

    Returns
    -------
    str
        The distribution to install where one is known, else the nearest name, else those that
        are installed.
    """
    elsewhere = {n: bringer for bringer, kinds in known().items() for n in kinds.get(kind, ())}
    if name in elsewhere:
        return f"; it comes with {elsewhere[name]}, which is not installed: {_pip(elsewhere[name])}"
    listed = f" Installed: {', '.join(installed) or 'none'}"
    if hint := nearest(name, installed):
        return f"{hint}{listed}"
    if meant := get_close_matches(name, elsewhere, n=1):
        bringer = elsewhere[meant[0]]
        return (
            f"; did you mean {meant[0]!r}? That comes with {bringer}, which is not installed: "
            f"{_pip(bringer)}"
        )
    return f".{listed}; or install the distribution that brings it"


def _pip(distribution: str) -> str:
    return f"pip install {distribution} (or ./plugins/{distribution} of a checkout)"
