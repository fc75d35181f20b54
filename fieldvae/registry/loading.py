"""A plugin imported, held to its kind's contract, asked for its options, called.

The one place that knows stevedore.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from fieldvae.errors import PluginError
from fieldvae.field import FieldSpec
from fieldvae.registry.faults import blaming, broken, failed
from fieldvae.registry.metadata import Extension, registered
from fieldvae.signature import NETWORKS, breach, options_of

_TARGET = re.compile(r"\w+(\.\w+)*(\s*:\s*\w+(\.\w+)*)?(\s*\[.*\])?")
"""What packaging allows as the object of an entry point."""


def load(kind: str, name: str) -> Any:
    """Import the plugin that bears a name, and check it against its kind's contract.

    Raises
    ------
    PluginError
        If none or several bear the name, or it cannot be imported, or breaks the contract.
    """
    extension = registered(kind, name)
    plugin = _imported(extension)
    complaint = _breach(kind, plugin)
    if complaint is not None:
        raise broken(extension, complaint)
    return plugin


def _imported(extension: Extension) -> Any:
    from stevedore.driver import DriverManager
    from stevedore.exception import NoMatches

    if not _TARGET.fullmatch(extension.target):
        words = f"its entry point is {extension.target!r}; expected module:object"
        raise broken(extension, words)

    def fail(_manager: object, _point: object, error: BaseException) -> None:
        raise error

    try:
        manager: Any = DriverManager(
            f"fieldvae.{extension.kind}",
            extension.name,
            invoke_on_load=False,
            on_load_failure_callback=fail,
        )
    except NoMatches as error:
        raise broken(extension, str(error)) from error
    except (Exception, SystemExit) as error:  # a plugin may do anything while it is imported
        raise failed(extension, error) from error
    return manager.driver


def _breach(kind: str, plugin: Any) -> str | None:
    """Say how a plugin breaks its kind's contract, or ``None``."""
    if kind == "fields":
        fits = isinstance(plugin, FieldSpec) or hasattr(plugin, "read_text")
        return None if fits else f"{plugin!r} is neither a FieldSpec nor a YAML file"
    if kind == "tasks":
        from fieldvae.contract import Task

        return None if isinstance(plugin, Task) else f"{plugin!r} is no fieldvae.Task"
    return breach(kind, plugin)


def misfit(kind: str, name: str, complaint: str) -> PluginError:
    """Return the error of a plugin whose work has another shape than it was told to give.

    Parameters
    ----------
    kind, name
        Which plugin.
    complaint
        What it gives and what is expected; the file where the plugin begins is named behind.
    """
    plugin = load(kind, name)
    try:
        where = f" ({inspect.getsourcefile(plugin)}:{inspect.getsourcelines(plugin)[1]})"
    except (OSError, TypeError):  # it has no file, or none that is there
        where = ""
    return broken(registered(kind, name), f"{complaint}{where}")


def options_model(kind: str, name: str) -> type[BaseModel]:
    """Derive the options of a plugin from its keyword-only parameters.

    Raises
    ------
    PluginError
        If the plugin is missing or broken.
    """
    return options_of(load(kind, name), kind, name)


def call(kind: str, name: str, *handed: Any, options: Mapping[str, Any]) -> Any:
    """Call a plugin with what the house hands over and its checked options.

    Raises
    ------
    PluginError
        If it is missing or broken, or fails in a way that its author did not foresee.
    """
    plugin: Callable[..., Any] = load(kind, name)
    with blaming(kind, name):
        made = plugin(*handed, **options)
        if kind in NETWORKS and not hasattr(made, "parameters"):
            raise TypeError(f"it makes a {type(made).__name__}; expected a torch.nn.Module")
        return made
