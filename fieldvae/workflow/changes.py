"""In which keys two filled tasks differ, with both values, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fieldvae.workflow.comparing.differing import shown

MOST_KEYS = 6
"""Keys that are named where tasks differ; the rest is counted."""

LONGEST = 60
"""Characters of a value that is told."""

_ABSENT = object()


def told_changes(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Say in which keys a task differs from that of a run.

    Parameters
    ----------
    ours, theirs
        The filled task, or a part of it, and that of the run.

    Returns
    -------
    list of str
        The first keys with both values, and how many more there are; empty where none differs.

    Examples
    --------
    >>> told_changes({"latent": 6, "loss": {"use": "a"}}, {"latent": 4, "loss": {"use": "b"}})
    ['latent: the task has 6, the run 4', 'loss: the task has a, the run b']
    >>> told_changes({"losses": [{"use": "a"}, {"use": "b"}]}, {"losses": [{"use": "a"}]})
    ['losses.b: the task has b, the run none']
    """
    found = [
        f"{key}: the task has {_told(one, other)}, the run {_told(other, one)}"
        for key, one, other in _changes("", ours, theirs)
    ]
    if len(found) > MOST_KEYS:
        found = [*found[:MOST_KEYS], f"and {len(found) - MOST_KEYS} more keys"]
    return found


def _changes(key: str, ours: Any, theirs: Any) -> Iterator[tuple[str, Any, Any]]:
    if ours == theirs:
        return
    pairs = _pairs(ours, theirs)
    if pairs is None:
        yield key, ours, theirs
        return
    for name, one, other in pairs:
        yield from _changes(f"{key}.{name}" if key else name, one, other)


def _pairs(ours: Any, theirs: Any) -> list[tuple[str, Any, Any]] | None:
    """What stands under the same name or position; ``None`` where values are told whole."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        if ours.get("use") != theirs.get("use"):
            return None
        names = dict.fromkeys((*ours, *theirs))
        return [(str(n), ours.get(n, _ABSENT), theirs.get(n, _ABSENT)) for n in names]
    if _other_names(ours, theirs):
        one, other = ({item["use"]: item for item in items} for items in (ours, theirs))
        return [(n, one.get(n, _ABSENT), other.get(n, _ABSENT)) for n in {**one, **other}]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [(str(n), *both) for n, both in enumerate(zip(ours, theirs, strict=True))]
    return None


def _other_names(ours: Any, theirs: Any) -> bool:
    """Whether both are lists of choices, each of another plugin, and not of the same ones."""
    names = []
    for items in (ours, theirs):
        if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
            return False
        names.append([item.get("use") for item in items])
    return names[0] != names[1] and all(
        None not in each and len({*each}) == len(each) for each in names
    )


def _told(value: Any, other: Any) -> str:
    if value is _ABSENT:
        return "its default" if not isinstance(other, Mapping) else "none"
    text = shown(value)
    if text == shown(other):
        text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
