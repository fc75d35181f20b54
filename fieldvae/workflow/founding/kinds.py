"""Kinds of plugin that there are templates for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "smoother",
    "encoder",
    "decoder",
    "loss",
    "prior",
    "quantity",
    "source",
    "importer",
    "exporter",
    "simulator",
    "field",
    "task",
]
"""What a user may ask for; ``source`` is a simulator, which needs no files to begin with."""


@dataclass(frozen=True)
class Template:
    """One kind of plugin.

    Parameters
    ----------
    folder
        Its folder of templates, which is the name of its module too.
    group
        Its entry-point group, without ``fieldvae.``.
    style
        How the object is named after the plugin: ``LowPassSmoother``, ``low_pass``, ``LOW_PASS``.
    needs
        Libraries that its module imports besides fieldvae.
    example
        Whether there is a task to try it with, and a store for it.
    """

    folder: str
    group: str
    style: Literal["class", "function", "constant"]
    needs: tuple[str, ...] = ()
    example: bool = False


_NETWORK = ("pydantic", "torch")
_DATA = ("numpy", "pydantic", "xarray")

TEMPLATES: Mapping[str, Template] = {
    "smoother": Template("smoother", "smoothers", "class", _NETWORK, example=True),
    "encoder": Template("encoder", "encoders", "class", _NETWORK, example=True),
    "decoder": Template("decoder", "decoders", "class", _NETWORK, example=True),
    "prior": Template("prior", "priors", "class", _NETWORK, example=True),
    "loss": Template("loss", "losses", "function", _NETWORK, example=True),
    "quantity": Template("quantity", "quantities", "function", ("torch",)),
    "source": Template("simulator", "simulators", "function", _DATA),
    "simulator": Template("simulator", "simulators", "function", _DATA),
    "importer": Template("importer", "importers", "function", _DATA),
    "exporter": Template("exporter", "exporters", "function", _DATA),
    "field": Template("field", "fields", "constant"),
    "task": Template("task", "tasks", "constant"),
}
"""By what a user may ask for."""
