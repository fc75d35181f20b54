"""Blame for a plugin that is broken or fails: which one, where, and what mends it."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, requires, version

from fieldvae.errors import FieldvaeError, PluginError
from fieldvae.registry.metadata import KINDS, SINGULAR, Extension, extensions, registered

_MACHINERY = re.compile(r"^<frozen|[/\\](importlib|stevedore|fieldvae[/\\]registry)[/\\]")
"""Files through which a plugin is imported, where no plugin's mistake is."""


@contextmanager
def blaming(kind: str, name: str) -> Iterator[None]:
    """Name the plugin and its distribution where its code fails unforeseen.

    Errors that fieldvae raises on purpose, and a lack of memory, pass unchanged.
    """
    try:
        yield
    except (FieldvaeError, OSError, MemoryError):
        raise
    except Exception as error:
        if "memory" in str(error):  # torch's word for it is a RuntimeError
            raise
        raise failed(registered(kind, name), error) from error


@contextmanager
def blaming_authors() -> Iterator[None]:
    """Name the distribution in whose code something fails unforeseen, where it is not fieldvae's.

    As :func:`blaming`, where it is not known beforehand which plugin is at work.
    """
    try:
        yield
    except (FieldvaeError, OSError, MemoryError):
        raise
    except Exception as error:
        author = None if "memory" in str(error) else _author(error)
        if author is None:
            raise
        raise PluginError(
            f"{author.distribution} {author.version} is broken: {_last_words(error)}. Update or "
            f"mend it, or remove it with: pip uninstall {author.distribution}"
        ) from error


def _author(error: BaseException) -> Extension | None:
    """Return a plugin of the package that an error comes from, none of fieldvae's own."""
    packages = {
        extension.target.partition(":")[0].partition(".")[0]: extension
        for kind in KINDS
        for extension in extensions(kind)
        if extension.distribution != "fieldvae"
    }
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        name = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        found = packages.get(name, found)
    return found


def broken(
    extension: Extension, complaint: str, *, remedy: str = "Update or mend it"
) -> PluginError:
    """Return the error of a plugin that breaks its promise."""
    return PluginError(
        f"{SINGULAR[extension.kind]} {extension.name!r} of "
        f"{extension.distribution} {extension.version} is broken: {complaint}. "
        f"{remedy}, or remove it with: pip uninstall {extension.distribution}"
    )


def failed(extension: Extension, error: BaseException) -> PluginError:
    """Return the error of a plugin in whose code another error arose."""
    lacking = isinstance(error, ImportError)
    missing = _missing_requirements(extension.distribution) if lacking else []
    if missing:
        remedy = f"Install what it needs: pip install {' '.join(missing)}"
        return broken(extension, _last_words(error), remedy=remedy)
    return broken(extension, _last_words(error))


def _last_words(error: BaseException) -> str:
    found = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in found if not _MACHINERY.search(frame.filename)]
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def _missing_requirements(name: str) -> list[str]:
    """Requirements of a distribution, but for those of its extras, that nothing installed meets."""
    found = []
    try:
        wanted_by = requires(name) or ()
    except PackageNotFoundError:  # its metadata are damaged, or bear another name
        return []
    for requirement in wanted_by:
        wanted, _, marker = requirement.partition(";")
        needed = re.match(r"[\w.-]+", wanted)
        if needed and "extra" not in marker and not _is_installed(needed[0]):
            found.append(f"'{wanted.strip()}'")
    return found


def _is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False
