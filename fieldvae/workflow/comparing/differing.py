"""In which keys tasks differ, in few words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

SECTIONS = ("inputs", "fields", "data", "model", "losses", "training", "symmetry")
"""Of a task, what a model is made of; ``prediction``, ``evaluation`` and ``design`` use it."""

UNTOLD = ("training.checkpoint_every", "data.replicates")
"""Keys that change no weight."""

LEADING = "model."
"""Left out at the beginning of a key: its keys are known without it."""


def differing_keys(tasks: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Say of every task what it has where not all agree.

    A key that is absent says as much as one without value. Where plugins differ, their options
    are not told; where the terms of the loss differ, all are told with their weights.

    Parameters
    ----------
    tasks
        Filled tasks.

    Returns
    -------
    list of dict
        For every task the same keys, ``encoder`` or ``training.seed``, and its values as text.

    Examples
    --------
    >>> ours = {"model": {"encoder": None, "latent": 12}, "training": {"seed": 0}}
    >>> theirs = {"model": {"encoder": {"use": "paper"}, "latent": 12}, "training": {"seed": 1}}
    >>> differing_keys([ours, theirs])
    [{'encoder': 'none', 'training.seed': '0'}, {'encoder': 'paper', 'training.seed': '1'}]
    """
    parts = [_told_part(task) for task in tasks]
    found: list[dict[str, str]] = [{} for _ in tasks]
    for key, values in _differences("", parts):
        if key not in UNTOLD:
            for each, value in zip(found, values, strict=True):
                each[key.removeprefix(LEADING)] = shown(value)
    return found


def _told_part(task: Mapping[str, Any]) -> dict[str, Any]:
    part = {section: task.get(section) for section in SECTIONS}
    data = dict(part["data"] or {})
    for key in ("store", "test_store"):
        data[key] = _file_names(data.get(key))
    part["data"] = data
    part["losses"] = _losses(part["losses"] or [])
    return part


def _file_names(value: Any) -> Any:
    """Stores by name alone: the same store may lie elsewhere on another machine."""
    if value is None:
        return None
    paths = value if isinstance(value, list) else [value]
    return ", ".join(PurePath(str(path)).name for path in paths)


def _losses(losses: Sequence[Any]) -> Any:
    """Loss terms by name, where no two have one name."""
    terms = [{"use": term} if isinstance(term, str) else dict(term) for term in losses]
    names = [" of ".join(str(t[k]) for k in ("use", "field") if t.get(k)) for t in terms]
    if len(set(names)) < len(names):
        return {"use": " + ".join(names)}
    return {
        name: {key: value for key, value in term.items() if key not in ("use", "field")}
        for name, term in zip(names, terms, strict=True)
    }


def _differences(key: str, values: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    if all(value == values[0] for value in values):
        return
    if key == "losses" and len({frozenset(value) for value in values}) > 1:
        yield key, [_sum(value) for value in values]
        return
    mappings = all(isinstance(value, Mapping) for value in values)
    if not mappings or len({value.get("use") for value in values}) > 1:
        yield key, list(values)
        return
    names = dict.fromkeys(name for value in values for name in value)
    for name in names:
        inner = f"{key}.{name}" if key else str(name)
        yield from _differences(inner, [value.get(name) for value in values])


def _sum(terms: Mapping[str, Any]) -> str:
    """Loss terms as a weighted sum, in words."""
    if "use" in terms:
        return str(terms["use"])
    words = []
    for name, options in terms.items():
        weight = options.get("weight", 1)
        words.append(name if weight == 1 else f"{shown(weight)} {name}")
    return " + ".join(words)


def shown(value: Any) -> str:
    """Write a value of a task in few words.

    Examples
    --------
    >>> shown(None), shown({"use": "paper", "width": 3}), shown(["cubic", "translations"])
    ('none', 'paper', 'cubic, translations')
    """
    if value is None or value in ([], {}):
        return "none"
    if isinstance(value, Mapping):
        if "use" in value:
            return str(value["use"])
        return ", ".join(f"{name}: {shown(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(shown(each) for each in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
