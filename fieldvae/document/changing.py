"""Documents changed: settings laid over one, mappings merged, data written as YAML again."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from fieldvae.document.reading import Document, Loc, plain
from fieldvae.errors import Problem, SpecError


def override(document: Document, settings: Sequence[str]) -> Document:
    """Apply ``key.path=value`` settings of the command line over a document.

    Values are read as YAML; a number in a path is the position in a list.

    Raises
    ------
    SpecError
        If a setting has no ``=``, or its path runs through a value.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    data, places, problems = _copied(document.data), dict(document.places), []
    for number, setting in enumerate(settings, start=1):
        place = f"--set #{number}"
        path, equals, text = setting.partition("=")
        if not equals or not path:
            problems.append(Problem(place, f"{setting!r} is not of the form key.path=value"))
            continue
        loc: Loc = tuple(int(part) if part.isdigit() else part for part in path.split("."))
        try:
            value = plain(YAML(typ="rt").load(io.StringIO(text)), loc, {}, place)
            _assign(data, loc, value)
        except YAMLError:
            problems.append(Problem(place, f"{text!r} is no valid YAML value"))
            continue
        except (IndexError, TypeError):
            words = f"the file has no list or key at {path!r} to change; write it there first"
            problems.append(Problem(place, words))
            continue
        places = {at: where for at, where in places.items() if at[: len(loc)] != loc}
        for end in range(1, len(loc) + 1):
            places.setdefault(loc[:end], place)
    if problems:
        raise SpecError(problems)
    return Document(document.name, data, places, document.text)


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one nested mapping over another; mappings merge, all else is replaced.

    A choice of plugin (a mapping with ``use``) replaces the one beneath it with its options.

    Examples
    --------
    >>> merge({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}})
    {'a': {'x': 1, 'y': 3}}
    >>> merge({"a": {"use": "p", "x": 1}}, {"a": {"use": "q"}})
    {'a': {'use': 'q'}}
    """
    merged: dict[str, Any] = _copied(lower)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, Mapping) and not _replaces(value):
            merged[key] = merge(below, value)
        else:
            merged[key] = _copied(value)
    return merged


def _replaces(value: Mapping[Any, Any]) -> bool:
    """Whether a mapping stands for itself: a plugin's choice, or values by epoch."""
    return "use" in value or (bool(value) and all(isinstance(key, int) for key in value))


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Write plain data as YAML that reads back as the same data."""
    from ruamel.yaml import YAML

    stream = io.StringIO()
    writer = YAML()
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.width = 100
    writer.dump(_copied(data), stream)
    return stream.getvalue()


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(inner) for inner in value]
    return value


def _assign(data: dict[str, Any], loc: Loc, value: Any) -> None:
    target: Any = data
    for part, following in zip(loc, (*loc[1:], None), strict=True):
        if following is None:
            target[part] = value
        elif isinstance(target, dict):
            if target.get(part) is None:
                if isinstance(following, int):  # a list that only a preset has
                    raise IndexError(following)
                target[part] = {}
            elif isinstance(target[part], str):  # `smoother: name` is short for {use: name}
                target[part] = {"use": target[part]}
            target = target[part]
        else:
            target = target[part]
