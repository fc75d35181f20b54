"""Mistakes that lower rooms find, told with the line of the task that they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from fieldvae.document import Document, Loc
from fieldvae.errors import InputError, SpecError
from fieldvae.spec import TaskSpec


@contextmanager
def placed(document: Document) -> Iterator[None]:
    """Put file, line and column before what is raised inside and opens with a key of the task.

    A lower room knows the key ``data.stratify``, not where a user has written it.

    Examples
    --------
    >>> from fieldvae.document import parse_document
    >>> from fieldvae.errors import OptionError
    >>> with placed(parse_document("symmetry: cubic", name="task.yaml")):
    ...     raise OptionError("symmetry: the grid has none")
    Traceback (most recent call last):
    fieldvae.errors.OptionError: task.yaml:1:1: symmetry: the grid has none
    """
    try:
        yield
    except SpecError:  # has its places
        raise
    except InputError as error:
        loc = _key(str(error))
        if loc is None:
            raise
        raise type(error)(f"{document.place(loc)}: {error}") from error


def _key(message: str) -> Loc | None:
    """The key of a task that a message opens with, or ``None``."""
    found = re.match(r"([a-z_]+(?:\.\w+)*): ", message)
    if found is None:
        return None
    loc: Loc = tuple(int(p) if p.isdigit() else p for p in found[1].split("."))
    return loc if loc[0] in TaskSpec.model_fields else None
