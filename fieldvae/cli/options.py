"""Options of a plugin on the command line: ``--samples 100 --temperatures 600,800``."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from fieldvae.errors import OptionError, nearest


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
        if not equals:
            text = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        value = _value(text)
        lone = not isinstance(value, list) and name in model.model_fields
        if lone and _takes_list(model.model_fields[name].annotation):
            value = [value]
        given[name] = value
    if not mistakes:
        try:
            checked = model.model_validate(given)
            return {name: getattr(checked, name) for name in model.model_fields}
        except ValidationError as error:
            for item in error.errors():
                option = "--" + str(item["loc"][0]).replace("_", "-")
                if item["type"] == "missing" and len(item["loc"]) == 1:
                    mistakes.append(f"{of} needs {option}")
                elif item["type"] == "missing":
                    mistakes.append(f"{option} has too few values; found {_shown(item['input'])}")
                else:
                    text = item["msg"].removeprefix("Value error, ")
                    mistakes.append(
                        f"{option}: {text[0].lower()}{text[1:]}; found {item['input']!r}"
                    )
    raise OptionError("\n".join(mistakes))


def describe_options(model: type[BaseModel], *, of: str) -> str:
    """List a plugin's options with their defaults, for ``--help``."""
    lines = [f"Options of {of}:"]
    for name, field in model.model_fields.items():
        option = "--" + name.replace("_", "-")
        default = "required" if field.is_required() else f"default {_shown(field.default)}"
        lines.append(f"  {option}  ({default})")
        if field.description:
            lines.append(f"      {field.description}")
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _takes_list(annotation: Any) -> bool:
    """Whether an option's annotation is a list or tuple, or one beside others such as ``None``."""
    origin = typing.get_origin(annotation)
    if origin in (list, tuple, Sequence):
        return True
    return origin is not None and any(map(_takes_list, typing.get_args(annotation)))


def _value(text: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if "," in text and not text.startswith(("[", "{")):
        return [_value(part) for part in text.split(",")]
    try:
        return YAML(typ="safe").load(text)
    except YAMLError:
        return text
