"""The options that a plugin is tried with, checked against its signature; its name in messages."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from fieldvae.document import Document
from fieldvae.errors import OptionError, PluginError, SpecError
from fieldvae.registry import SINGULAR
from fieldvae.signature import breach, options_of
from fieldvae.spec import problems


def titled(kind: str, plugin: object) -> str:
    """Name a plugin in messages: ``smoother LowPass``."""
    return f"{SINGULAR[kind]} {getattr(plugin, '__name__', repr(plugin))}"


def sound_options(
    kind: str, plugin: Callable[..., Any], options: Mapping[str, Any], *, defaults: bool = True
) -> dict[str, Any]:
    """Check a plugin's signature and the options that it is to be tried with.

    Parameters
    ----------
    kind, plugin
        What is checked.
    options
        What the author gives.
    defaults
        Whether every option must have a default.

    Returns
    -------
    dict
        Every option, defaults filled in.

    Raises
    ------
    PluginError
        If the signature breaks the contract.
    OptionError
        If the options are not the plugin's.
    """
    complaint = breach(kind, plugin)
    if complaint is None and defaults:
        lacking = [
            p.name
            for p in inspect.signature(plugin).parameters.values()
            if p.kind is p.KEYWORD_ONLY and p.default is p.empty
        ]
        if lacking:
            complaint = (
                f"its option {lacking[0]!r} has no default; expected one, as 'use: NAME' alone is "
                "to work in a task"
            )
    if complaint is not None:
        raise PluginError(f"{titled(kind, plugin)}: {complaint}")
    model = options_of(plugin, kind, "")
    try:
        checked = model.model_validate(dict(options))
    except ValidationError as error:
        found = SpecError(problems(Document("", dict(options)), error, model))
        told = "; ".join(problem.message for problem in found.problems)
        raise OptionError(f"{titled(kind, plugin)}: {told}") from None
    return {name: getattr(checked, name) for name in model.model_fields}
