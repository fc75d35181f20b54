"""What is registered under which name, read from metadata alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from fieldvae.errors import PluginError
from fieldvae.registry.known import remedy
from fieldvae.signature import POSITIONAL

KINDS = ("fields", "tasks", *POSITIONAL)

SINGULAR: Mapping[str, str] = {
    **{kind: kind.removesuffix("s") for kind in KINDS},
    "losses": "loss",
    "quantities": "quantity",
}

NO_ENCODER = "none"
"""The choice of encoder that stands for a model without one."""


@dataclass(frozen=True)
class Extension:
    """One registered name, known from metadata alone.

    Parameters
    ----------
    kind
        Plugin kind, ``smoothers`` for the group ``fieldvae.smoothers``.
    name
        Name in a task file.
    distribution, version
        The distribution that registers it.
    target
        ``module:attribute``.
    """

    kind: str
    name: str
    distribution: str
    version: str
    target: str


@cache
def extensions(kind: str) -> tuple[Extension, ...]:
    """List what is registered under a kind, by name, without importing it."""
    found = {
        Extension(kind, point.name, *_distribution(point), point.value)
        for point in entry_points(group=f"fieldvae.{kind}")
    }
    return tuple(sorted(found, key=lambda e: (e.name, e.distribution)))


def _distribution(point: EntryPoint) -> tuple[str, str]:
    if point.dist is None:
        return "unknown", "0"
    return str(point.dist.name), str(point.dist.version)


def names(kind: str) -> list[str]:
    """Return the names registered under a kind, sorted."""
    return sorted({extension.name for extension in extensions(kind)})


def unknown(kind: str, name: str) -> str | None:
    """Say what is wrong with a name, or ``None`` where exactly one plugin bears it."""
    bearers = [extension for extension in extensions(kind) if extension.name == name]
    if not bearers:
        how = remedy(kind, name, installed=names(kind))
        return f"no {SINGULAR[kind]} is named {name!r}{how}"
    if len(bearers) > 1:
        listed = " and ".join(f"{e.distribution} {e.version}" for e in bearers)
        return (
            f"{SINGULAR[kind]} {name!r} is registered by {listed}; uninstall one of them, "
            "or ask its author for another name"
        )
    return None


def registered(kind: str, name: str) -> Extension:
    """Return the one registration of a name.

    Raises
    ------
    PluginError
        If none or several bear the name.
    """
    trouble = unknown(kind, name)
    if trouble is not None:
        raise PluginError(trouble)
    (extension,) = (e for e in extensions(kind) if e.name == name)
    return extension
