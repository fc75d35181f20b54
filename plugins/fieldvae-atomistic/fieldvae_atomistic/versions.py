"""Versions of installed distributions, for the provenance of stores."""

from __future__ import annotations

import importlib.metadata


def version(distribution: str) -> str:
    """Return an installed distribution's version, or say that it runs from a checkout."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
