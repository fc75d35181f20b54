"""From pydantic's errors to problems with line, column and words."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from fieldvae.document import Document, Loc, closed_up
from fieldvae.errors import Problem, nearest


def problems(
    document: Document, error: ValidationError, model: type[BaseModel], *, at: Loc = ()
) -> list[Problem]:
    """Turn pydantic's errors on the part of a document at a key path into problems.

    Where a value may be of several kinds and is of none, what was expected is told in one problem;
    where it is of one of them, with a mistake further down, that mistake alone is told.
    """
    given = _part(document.data, at)
    found: dict[Loc, list[Any]] = {}
    tagged = set()
    for item in error.errors():
        loc = _location(item, given)
        found.setdefault(loc, []).append(item)
        if len(item["loc"]) > len(loc) or item["type"] == "too_short":  # too few that are right
            tagged.add(loc)
    deeper = {loc for loc in tagged for other in found if other[: len(loc)] == loc != other}
    return [
        document.problem((*at, *loc), words)
        for loc, items in found.items()
        if loc not in deeper
        for words in _words(items, loc, model, at)
    ]


def _part(data: Any, loc: Loc) -> Any:
    """The part of plain data at a key path; nothing where it is absent."""
    for part in loc:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _location(item: Any, given: Any) -> Loc:
    """The keys of pydantic's path without the tags of unions, or where a check says it stands."""
    asked = item.get("ctx", {}).get("at")
    if asked is not None:
        return tuple(asked)
    loc: Loc = ()
    for part in item["loc"]:
        inside = _part(given, (*loc, part)) is not None
        last = part == item["loc"][-1] and item["type"] in ("missing", "extra_forbidden")
        if inside or isinstance(part, int) or last or not _is_tag(part):
            loc = (*loc, part)
    if len(loc) == 3 and (loc[0], loc[2]) == ("fields", "name"):  # a field's name is its key
        loc = loc[:2]
    return loc


def _is_tag(part: str) -> bool:
    """Whether a part of pydantic's path may name a kind of value instead of a key."""
    kinds = ("float", "int", "str", "bool", "none", "dict", "tuple", "list")
    return part in kinds or any(letter in part for letter in "[](),- ") or part[:1].isupper()


def _words(items: list[Any], loc: Loc, model: type[BaseModel], at: Loc) -> list[str]:
    """Say what is wrong at one place."""
    key = ".".join(map(str, (*at, *loc)))
    meant = [words for item in items if (words := expected(item)) is not None]
    told = [_other(item, key, loc, model, at) for item in items if expected(item) is None]
    if meant:
        found = items[0]["input"]
        shown = f"; found {found!r}" if isinstance(found, str | int | float | list | dict) else ""
        told.append(f"{key}: expected {' or '.join(dict.fromkeys(meant))}{shown}")
    return list(dict.fromkeys(told))


def _other(item: Any, key: str, loc: Loc, model: type[BaseModel], at: Loc) -> str:
    whole = (*at, *loc)
    if item["type"] == "extra_forbidden":
        known = _keys(model, loc[:-1])
        where = f" in '{'.'.join(map(str, whole[:-1]))}'" if len(whole) > 1 else ""
        if (told := closed_up(str(loc[-1]))) is not None:
            return (
                f"unknown key {str(loc[-1])!r}{where}; write {told}, with a blank after the colon"
            )
        hint = nearest(str(loc[-1]), known)
        return f"unknown key {str(loc[-1])!r}{where}{hint or '; known: ' + ', '.join(known)}"
    if item["type"] == "missing":
        return f"{key} is missing{_meaning(model, loc)}"
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "value_error":
        return f"{key}: {message}" if key else message
    found = item["input"]
    shown = f"; found {found!r}" if isinstance(found, str | int | float | bool) else ""
    return f"{key}: {message[0].lower()}{message[1:]}{shown}"


def expected(item: Any) -> str | None:
    """Say what was expected where pydantic complains of a value; ``None`` for other complaints."""
    kind, context = item["type"], item.get("ctx", {})
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind in _LIMITS:
        word, name = _LIMITS[kind]
        return f"a number {word} {context[name]:g}"
    if kind == "literal_error":
        choices = str(context["expected"])
        hint = ""
        if isinstance(item["input"], str):
            hint = nearest(item["input"], re.findall(r"'([^']*)'", choices), aside=True)
        return f"{choices}{hint}"
    return None


def _meaning(model: type[BaseModel], loc: Loc) -> str:
    """What a key means, as its schema says, to be read after it."""
    section = _at(model, loc[:-1])
    field = getattr(section, "model_fields", {}).get(loc[-1])
    description = getattr(field, "description", None)
    return f": {description[0].lower()}{description[1:].removesuffix('.')}" if description else ""


_EXPECTED = {
    "model_type": "keys with values, as in {key: value}",
    "model_attributes_type": "keys with values, as in {key: value}",
    "dict_type": "keys with values, as in {key: value}",
    "tuple_type": "a list, as in [a, b]",
    "list_type": "a list, as in [a, b]",
    "string_type": "text; write a number in quotes",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "too_short": "one or more",
    "string_pattern_mismatch": "letters, digits and _ (in a task's name . and - too), no blanks",
}
"""What pydantic's commonest complaints mean in a YAML file."""

_LIMITS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("not below", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("not above", "le"),
}
"""Complaints of a number out of range: the word for it, and where pydantic keeps the limit."""


def _keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that the section at ``loc`` knows."""
    return sorted(getattr(_at(model, loc), "model_fields", {}))


def _at(model: type[BaseModel], loc: Loc) -> Any:
    """The section at a key path of a model."""
    current: Any = model
    for part in loc:
        fields = getattr(current, "model_fields", None)
        annotation = fields[part].annotation if fields and part in fields else current
        current = _section(annotation)
    return current


def _section(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _section(inner)
        if found is not None:
            return found
    return None
