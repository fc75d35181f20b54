"""The plugins and fields that a task names, checked without importing any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fieldvae.document import Document, Loc
from fieldvae.errors import Problem, nearest
from fieldvae.registry.metadata import NO_ENCODER, unknown


def check_names(filled: Mapping[str, Any], document: Document) -> list[Problem]:
    """Find plugins and fields that nothing installed bears, without importing any.

    Works on a task that may have other mistakes, so that all can be told at once.

    Parameters
    ----------
    filled
        The task with its defaults, not yet checked.
    document
        What the user wrote, for the places of mistakes.
    """
    found = []

    def tell(loc: Loc, trouble: str) -> None:
        found.append(document.problem(loc, f"{'.'.join(map(str, loc))}: {trouble}"))

    for loc, kind, name in _named(filled):
        if (trouble := unknown(kind, name)) is not None:
            at = (*loc, "use") if (*loc, "use") in document.places else loc
            tell(at, trouble)
    declared = [str(name) for name in _mapping(filled.get("fields"))]
    for key in ("inputs", "outputs"):
        for index, name in enumerate(_strings(filled.get(key))):
            if name not in declared and (trouble := unknown("fields", name)) is not None:
                hint = nearest(name, declared) or "; or declare it under fields:"
                tell((key, index), trouble + hint)
    inputs = _strings(filled.get("inputs"))
    for section in ("smoothers", "condition"):
        for name in _mapping(_mapping(filled.get("model")).get(section)):
            if name not in inputs:
                hint = nearest(name, inputs) or f"; inputs: {', '.join(inputs)}"
                tell(("model", section, name), f"{name!r} is no input{hint}")
    return found


def _named(filled: Mapping[str, Any]) -> Iterator[tuple[Loc, str, str]]:
    """Every place where a task names a plugin, with its kind and the name."""
    model = _mapping(filled.get("model"))
    places: list[tuple[Loc, str, Any]] = [
        (("model", part), f"{part}s", model.get(part))
        for part in ("smoother", "encoder", "decoder", "prior")
    ]
    for name, choice in _mapping(model.get("smoothers")).items():
        places.append((("model", "smoothers", name), "smoothers", choice))
    losses = filled.get("losses")
    for index, choice in enumerate(losses if isinstance(losses, list) else []):
        places.append((("losses", index), "losses", choice))
    for loc, kind, choice in places:
        name = choice.get("use") if isinstance(choice, Mapping) else choice
        if isinstance(name, str) and (kind, name) != ("encoders", NO_ENCODER):
            yield loc, kind, name


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _strings(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [item for item in values if isinstance(item, str)]
