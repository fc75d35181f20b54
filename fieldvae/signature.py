"""The signature is the schema: what plugins of a kind are called with, and the options they take.

What stands before the star is handed over by the house; annotated keyword-only parameters after it
are the options, and the model that checks them, the JSON Schema and the messages derive from them.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from fieldvae.errors import PluginError

POSITIONAL: Mapping[str, tuple[str, ...]] = {
    "smoothers": ("field", "grid", "condition"),
    "encoders": ("outputs", "grid", "latent", "conditions"),
    "decoders": ("outputs", "grid", "latent", "conditions"),
    "priors": ("grid", "latent", "conditions"),
    "losses": ("forward",),
    "quantities": ("fields",),
    "importers": ("files",),
    "exporters": ("dataset", "grid", "folder"),
    "simulators": (),
}
"""Kinds whose plugins are called, and what the house hands over positionally."""

NETWORKS = ("smoothers", "encoders", "decoders", "priors")
"""Kinds whose plugins make networks."""

_COLLECTING = ("out", "scheduler", "workers", "skip_bad", "force", "help")

RESERVED: Mapping[str, tuple[str, ...]] = {
    "losses": ("use", "weight"),
    "importers": _COLLECTING,
    "simulators": _COLLECTING,
    "exporters": ("use", "best", "starts", "out", "samples", "help"),
}
"""Names that no option of a kind may bear: a task or a command means something else by them."""

_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def breach(kind: str, plugin: Any) -> str | None:
    """Say how a plugin's signature breaks its kind's contract, or ``None`` where it does not.

    Parameters
    ----------
    kind
        One of :data:`POSITIONAL`.
    plugin
        What its entry point names.
    """
    if not callable(plugin):
        return f"{plugin!r} cannot be called; expected {_wanted(kind)}"
    if kind in NETWORKS and hasattr(plugin, "forward") and not inspect.isclass(plugin):
        return (
            f"it is a {type(plugin).__name__} that has been made already; name the class in the "
            "entry point, as every model makes its own"
        )
    try:
        parameters = [*inspect.signature(plugin).parameters.values()]
    except (TypeError, ValueError) as error:
        return f"its signature cannot be read ({error}); expected {_wanted(kind)}"
    return next(_breaches(kind, parameters), None) or _unreadable(kind, plugin)


def _breaches(kind: str, parameters: Sequence[inspect.Parameter]) -> Iterator[str]:
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        yield "it takes **kwargs; the signature is the schema, so every option must be named"
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        yield f"it takes *args; expected {_wanted(kind)}"
    positional = [p.name for p in parameters if p.kind in _BY_POSITION]
    expected = POSITIONAL[kind]
    if len(positional) != len(expected):
        yield (
            f"it takes ({', '.join(positional)}) by position; "
            f"{kind} are handed ({', '.join(expected)}), and options stand after a *"
        )
    for option in (p for p in parameters if p.kind is p.KEYWORD_ONLY):
        if option.name in RESERVED.get(kind, ("use",)):
            yield (
                f"its option {option.name!r} bears a name that fieldvae uses itself; "
                "give it another"
            )
        if option.name.startswith(("_", "model_")):
            yield (
                f"its option {option.name!r} begins with _ or model_, which names of options do "
                "not; give it another"
            )
        if option.annotation is option.empty:
            yield (
                f"its option {option.name!r} has no annotation, by which values are checked; "
                f"annotate it, as in {option.name}: int"
            )


def _unreadable(kind: str, plugin: Any) -> str | None:
    try:
        options_of(plugin, kind, "")
    except Exception as error:  # annotations may name and call anything
        return (
            f"its options cannot be read ({type(error).__name__}: {error}); import what its "
            "annotations name where the module is imported, and not under TYPE_CHECKING"
        )
    return None


def _wanted(kind: str) -> str:
    what = "a class or a function" if kind in NETWORKS else "a function"
    return f"{what} of ({', '.join([*POSITIONAL[kind], '*', '...'])})"


@cache
def options_of(plugin: Any, kind: str, name: str) -> type[BaseModel]:
    """Derive the options of a plugin from its keyword-only parameters.

    Parameters
    ----------
    plugin
        What its entry point names.
    kind, name
        Name the model.

    Raises
    ------
    PluginError
        If an option has no annotation.
    """
    target = plugin.__init__ if inspect.isclass(plugin) else plugin
    hints = typing.get_type_hints(target, include_extras=True)
    texts = described(inspect.getdoc(plugin) or "")
    definitions: dict[str, Any] = {}
    for parameter in inspect.signature(plugin).parameters.values():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            continue
        if parameter.name not in hints:
            raise PluginError(f"option {parameter.name!r} of {name!r} has no annotation")
        default = ... if parameter.default is parameter.empty else parameter.default
        text = texts.get(parameter.name, "").replace("`", "") or None
        definitions[parameter.name] = (hints[parameter.name], Field(default, description=text))
    return create_model(
        f"{name} ({kind})",
        __config__=ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True),
        **definitions,
    )


def described(docstring: str) -> dict[str, str]:
    """Read the numpydoc section ``Parameters`` of a docstring: name -> one line of text."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", docstring, re.S | re.M)
    if section is None:
        return {}
    entries = re.findall(r"^(\w[\w, ]*?)(?: *:.*)?\n((?:[ \t]+.*\n?|\n)+)", section[1] + "\n", re.M)
    return {
        name.strip(): " ".join(text.split()) for head, text in entries for name in head.split(",")
    }
