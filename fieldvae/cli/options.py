"""Options of a plugin on the command line: ``--samples 100 --temperatures 600,800``."""

from __future__ import annotations

import inspect
import textwrap
import typing
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from fieldvae.errors import OptionError, nearest

WIDTH, INDENT = 100, " " * 6
"""Of what ``--help`` says of an option."""


def parse_options(model: type[BaseModel], arguments: Sequence[str], *, of: str) -> dict[str, Any]:
    """Read ``--name value`` pairs for a plugin's options model, all mistakes at once.

    Values are read as YAML; ``a,b,c`` is a list. A flag without value is true.

    Parameters
    ----------
    model
        The options (:func:`fieldvae.registry.options_model`).
    arguments
        What stands on the command line after the command's own options.
    of
        The plugin, for messages.

    Raises
    ------
    OptionError
        With one line for each mistake.
    """
    given: dict[str, Any] = {}
    mistakes: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            mistakes.append(f"{word!r} belongs to no option of {of}")
            continue
        name, equals, text = word.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if name not in model.model_fields:
            known = ["--" + n.replace("_", "-") for n in model.model_fields]
            hint = nearest("--" + name.replace("_", "-"), known) or f"; known: {', '.join(known)}"
            mistakes.append(f"{of} has no option {word.partition('=')[0]}{hint}")
        bare = not equals and (not rest or rest[0].startswith("--"))
        if bare:
            text = "true"
        elif not equals:
            text = rest.pop(0)
        if name in given:
            mistakes.append(
                f"--{name.replace('_', '-')} is given twice; give it once{_joined(model, name)}"
            )
            continue
        field = model.model_fields.get(name)
        words = field is not None and _takes_words(field.annotation) and not bare
        value = _words(text) if words else _value(text)
        lone = not isinstance(value, list) and name in model.model_fields
        if lone and _takes_list(model.model_fields[name].annotation):
            value = [value]
        given[name] = value
    if not mistakes:
        try:
            checked = model.model_validate(given)
            return {name: getattr(checked, name) for name in model.model_fields}
        except ValidationError as error:
            mistakes = _mistakes(model, error, of=of)
    raise OptionError("\n".join(mistakes))


def _mistakes(model: type[BaseModel], error: ValidationError, *, of: str) -> list[str]:
    """One line for each option that is wrong; pydantic has one for each way to read it."""
    found: dict[str, str] = {}
    for item in error.errors():
        name = str(item["loc"][0])
        option = "--" + name.replace("_", "-")
        given, length = item["input"], _length(model.model_fields[name].annotation)
        if item["type"] == "missing" and len(item["loc"]) == 1:
            told = f"{of} needs {option}"
        elif length and item["type"] in ("missing", "too_long"):
            told = f"{option} takes {length} values; found {_shown(given)}"
        else:
            text = item["msg"].removeprefix("Value error, ")
            told = f"{option}: {text[0].lower()}{text[1:]}; found {_told(given)}"
        found.setdefault(name, told)
    return list(found.values())


def _told(value: Any) -> str:
    return _shown(value) if isinstance(value, list | tuple) else repr(value)


def _joined(model: type[BaseModel], name: str) -> str:
    """Say how several values of an option are written."""
    return (
        ", values with commas between" if _takes_list(model.model_fields[name].annotation) else ""
    )


def summary(plugin: Any) -> str:
    """Return the first sentence of a plugin's docstring."""
    return (inspect.getdoc(plugin) or "").partition("\n\n")[0].replace("\n", " ").replace("`", "")


def describe_options(model: type[BaseModel], *, of: str) -> str:
    """List a plugin's options with their values and defaults, for ``--help``."""
    lines = [f"Options of {of}:"]
    for name, field in model.model_fields.items():
        option = "--" + name.replace("_", "-")
        flag = field.annotation is bool and field.default is False
        choices = "|".join(map(str, _choices(field.annotation)))
        default = "required" if field.is_required() else f"default {_shown(field.default)}"
        if not field.is_required() and field.default in (None, (), ""):
            default = ""
        told = [option, choices, "" if flag or not default else f" ({default})"]
        lines.append("  " + " ".join(part for part in told if part))
        if field.description:
            lines.append(
                textwrap.fill(
                    field.description, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT
                )
            )
    return "\n".join(lines)


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(_shown, value))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _choices(annotation: Any) -> tuple[Any, ...]:
    """The values of an option that has a few."""
    if typing.get_origin(annotation) is Literal:
        return typing.get_args(annotation)
    return ()


def _length(annotation: Any) -> int:
    """How many values an option takes; 0 where any number."""
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is tuple and Ellipsis not in arguments:
        return len(arguments)
    return max(map(_length, arguments), default=0) if arguments else 0


def _takes_list(annotation: Any) -> bool:
    """Whether an option's annotation is a list or tuple, or one beside others such as ``None``."""
    origin = typing.get_origin(annotation)
    if origin in (list, tuple, Sequence):
        return True
    return origin is not None and any(map(_takes_list, typing.get_args(annotation)))


def _takes_words(annotation: Any) -> bool:
    """Whether an option takes text alone, in which ``1`` is no number."""
    inner = [a for a in typing.get_args(annotation) if a not in (Ellipsis, type(None))]
    return all(map(_takes_words, inner)) if inner else annotation is str


def _words(text: str) -> Any:
    if text == "null" or text.startswith(("[", "{", '"', "'")):
        return _value(text)
    return text.split(",") if "," in text else text


def _value(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if "," in text and not text.startswith(("[", "{")):
        return [_value(part) for part in text.split(",")]
    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        return text
