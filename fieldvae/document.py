"""A YAML file whose every value knows its line and column."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldvae.errors import Problem, SpecError, nearest

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """Plain data read from YAML, and where each key and item stands.

    Parameters
    ----------
    name
        The file as the user named it; stands before every place.
    data
        Dictionaries, lists and scalars.
    places
        ``line:column`` (or ``--set #n``) of every key path.
    text
        The file's text as it was read; empty for data that came from no file.
    """

    name: str
    data: dict[str, Any]
    places: Mapping[Loc, str] = field(default_factory=dict)
    text: str = ""

    def place(self, loc: Sequence[str | int]) -> str:
        """Say where a key path stands; for an absent one, where its nearest parent does."""
        for end in range(len(loc), -1, -1):
            if tuple(loc[:end]) in self.places:
                return self.places[tuple(loc[:end])]
        return f"{self.name}:1:1"

    def problem(self, loc: Sequence[str | int], message: str) -> Problem:
        """Return a problem at a key path."""
        return Problem(self.place(loc), message)


def read_document(path: Path) -> Document:
    """Read a YAML 1.2 file.

    Raises
    ------
    SpecError
        If the file is missing, no YAML, no mapping, or holds a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = nearest(path.name, _neighbors(path)) or "; check the path"
        raise SpecError([Problem(str(path), f"there is no such file{hint}")]) from None
    except IsADirectoryError:
        words = "this is a folder; expected a file in YAML"
        raise SpecError([Problem(str(path), words)]) from None
    except UnicodeDecodeError as error:
        words = f"byte {error.start} is no UTF-8; save the file in that encoding"
        raise SpecError([Problem(str(path), words)]) from None
    except OSError as error:
        words = f"cannot be read: {error.strerror}; mend its rights or its disk"
        raise SpecError([Problem(str(path), words)]) from None
    return parse_document(text, name=str(path))


def parse_document(text: str, *, name: str) -> Document:
    """Parse YAML 1.2 text; see :func:`read_document`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        words = _yaml_words((error.problem or str(error)).strip().splitlines()[0])
        raise SpecError([Problem(place, f"this is no valid YAML: {words}")]) from None
    except YAMLError as error:
        raise SpecError([Problem(name, f"this is no valid YAML: {error}")]) from None
    if tree is None:
        tree = {}
    if not isinstance(tree, Mapping):
        words = f"expected keys with values, as in {{key: value}}; found {_kind(tree)}"
        raise SpecError([Problem(f"{name}:1:1", words)])
    places: dict[Loc, str] = {}
    data = _plain(tree, (), places, name)
    return Document(name, data, places, text)


def _neighbors(path: Path) -> list[str]:
    """Names of the files beside a path."""
    folder = path.parent
    return [file.name for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []


def _yaml_words(words: str) -> str:
    """Say what commonly lies behind the parser's complaint."""
    if (repeated := re.match(r'found duplicate key "(.*?)" with', words)) is not None:
        return f"the key {repeated[1]!r} stands twice; remove one of them"
    if "'\\t'" in words:
        return "there is a tab; indent with blanks"
    if "but got" in words and ("',' or" in words):
        return f"{words}; is a bracket not closed above?"
    return words


def _kind(value: Any) -> str:
    return "a list" if isinstance(value, list) else repr(value)


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
            value = _plain(YAML(typ="rt").load(io.StringIO(text)), loc, {}, place)
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


def _plain(node: Any, loc: Loc, places: dict[Loc, str], name: str) -> Any:
    if isinstance(node, Mapping):
        plain: dict[Any, Any] = {}
        for key, value in node.items():
            key = int(key) if isinstance(key, int) else str(key)
            if hasattr(node, "lc"):
                line, column = node.lc.key(key)
                places[(*loc, key)] = f"{name}:{line + 1}:{column + 1}"
            plain[key] = _plain(value, (*loc, key), places, name)
        return plain
    if isinstance(node, list):
        items = []
        for index, value in enumerate(node):
            if hasattr(node, "lc"):
                line, column = node.lc.item(index)
                places[(*loc, index)] = f"{name}:{line + 1}:{column + 1}"
            items.append(_plain(value, (*loc, index), places, name))
        return items
    for kind in (bool, int, float, str):  # ruamel's scalars remember how they were written
        if isinstance(node, kind):
            return kind(node)
    return node


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
