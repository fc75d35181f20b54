"""From pydantic's errors to problems with line, column and words."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from fieldvae.document import Document, Loc
from fieldvae.errors import Problem, nearest


def problems(
    document: Document, error: ValidationError, model: type[BaseModel], *, at: Loc = ()
) -> list[Problem]:
    """Turn pydantic's errors on the part of a document at a key path into problems."""
    told: dict[tuple[str, str], Problem] = {}
    for item in error.errors():
        loc = tuple(part for part in item["loc"] if _in_document(part))
        problem = document.problem((*at, *loc), _words(item, loc, model, at))
        told.setdefault((problem.place, problem.message), problem)
    return list(told.values())


def _in_document(part: str | int) -> bool:
    """Whether a part of pydantic's path is a key of the file and no tag of a union."""
    return isinstance(part, int) or not any(letter in part for letter in "[](),- ")


def _words(item: Any, loc: Loc, model: type[BaseModel], at: Loc) -> str:
    whole = (*at, *loc)
    key = ".".join(str(part) for part in whole)
    if item["type"] == "extra_forbidden":
        known = _keys(model, loc[:-1])
        where = f" in '{'.'.join(map(str, whole[:-1]))}'" if len(whole) > 1 else ""
        hint = nearest(str(loc[-1]), known)
        return f"unknown key {str(loc[-1])!r}{where}{hint or '; known: ' + ', '.join(known)}"
    if item["type"] == "missing":
        return f"{key} is missing"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "value_error":
        return f"{key}: {message}" if key else message
    if (expected := _EXPECTED.get(item["type"])) is not None:
        return f"{key}: expected {expected}; found {item['input']!r}"
    found = item["input"]
    shown = f"found {found!r}" if isinstance(found, str | int | float | bool) else ""
    message = message[0].lower() + message[1:]
    return f"{key}: {message}" + (f"; {shown}" if shown else "")


_EXPECTED = {
    "model_type": "keys with values, as in {key: value}",
    "model_attributes_type": "keys with values, as in {key: value}",
    "dict_type": "keys with values, as in {key: value}",
    "tuple_type": "a list, as in [a, b]",
    "list_type": "a list, as in [a, b]",
    "string_type": "text; write a number in quotes",
    "string_pattern_mismatch": "letters, digits and _ (in a task's name . and - too), no blanks",
}
"""What pydantic's commonest complaints mean in a YAML file."""


def _keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that the section at ``loc`` knows."""
    current: Any = model
    for part in loc:
        fields = getattr(current, "model_fields", None)
        annotation = fields[part].annotation if fields and part in fields else current
        current = _section(annotation)
    return sorted(getattr(current, "model_fields", {}))


def _section(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _section(inner)
        if found is not None:
            return found
    return None
