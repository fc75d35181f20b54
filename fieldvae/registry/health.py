"""Whether each of the installed plugins loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fieldvae.errors import PluginError
from fieldvae.registry.faults import failed
from fieldvae.registry.loading import load
from fieldvae.registry.metadata import KINDS, Extension, extensions
from fieldvae.signature import POSITIONAL, options_of


@dataclass(frozen=True)
class Health:
    """Whether a registered plugin loads.

    Parameters
    ----------
    extension
        The registration.
    trouble
        What is wrong, empty where nothing is.
    options
        Names of the options with their defaults, as a task would write them.
    """

    extension: Extension
    trouble: str
    options: Mapping[str, str]


def examine() -> Iterator[Health]:
    """Load every registered plugin and say how it fares; a broken one stops nothing."""
    for kind in KINDS:
        for extension in extensions(kind):
            try:
                plugin = load(kind, extension.name)
                options: dict[str, str] = {}
                if kind in POSITIONAL:
                    fields = options_of(plugin, kind, extension.name).model_fields
                    options = {
                        n: "required" if f.is_required() else str(f.default)
                        for n, f in fields.items()
                    }
                yield Health(extension, "", options)
            except PluginError as error:
                yield Health(extension, str(error), {})
            except Exception as error:  # a default may do anything while it is shown
                yield Health(extension, str(failed(extension, error)), {})
