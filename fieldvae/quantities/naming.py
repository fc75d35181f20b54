"""A quantity by its name and options, as a task, the command line or a call gives it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from fieldvae import registry
from fieldvae.document import Document
from fieldvae.errors import OptionError, PluginError, SpecError
from fieldvae.quantities.fields import PhysicalFields, QuantityField
from fieldvae.spec import PluginChoice, problems

COMPONENT = "component"
"""The quantity that a field's own name stands for."""


@dataclass(frozen=True)
class Quantity:
    """A registered quantity with its checked options; called with fields, it gives its values.

    Made by :func:`named_quantity`.

    Parameters
    ----------
    name
        The plugin's name.
    options
        Every option, defaults filled in.
    function
        The plugin.
    label
        What its values are called; the plugin's name where left out.
    """

    name: str
    options: Mapping[str, Any]
    function: Callable[..., QuantityField]
    label: str = ""

    @property
    def called(self) -> str:
        """What its values are called."""
        return self.label or self.name

    def __call__(self, fields: PhysicalFields) -> QuantityField:
        """Derive the quantity; gradients pass through.

        Raises
        ------
        OptionError
            If the fields, or the options, are not what the quantity needs.
        PluginError
            If the plugin returns anything but a :class:`QuantityField`.
        """
        try:
            found = self.function(fields, **self.options)
        except OptionError as error:
            raise OptionError(f"quantity {self.name!r}: {error}") from None
        if not isinstance(found, QuantityField):
            raise PluginError(
                f"quantity {self.name!r} returned a {type(found).__name__}; "
                "expected a fieldvae.QuantityField"
            )
        return found


def named_quantity(choice: str | Mapping[str, Any] | PluginChoice) -> Quantity:
    """Look up a quantity and check its options.

    Parameters
    ----------
    choice
        A name, or ``{"use": name, option: value, ...}``.

    Returns
    -------
    Quantity
        To be called with :class:`~fieldvae.PhysicalFields`.

    Raises
    ------
    PluginError
        If no quantity bears the name, or it is broken.
    OptionError
        With every mistake in the options.
    """
    name, options = _name_and_options(choice)
    function = registry.load("quantities", name)
    model = registry.options_model("quantities", name)
    try:
        checked = model.model_validate(options)
    except ValidationError as error:
        found = problems(Document(name, options), error, model)
        told = SpecError([type(p)("", p.message) for p in found])
        raise OptionError("\n".join(f"quantity {name!r}: {p}" for p in told.problems)) from None
    return Quantity(name, {key: getattr(checked, key) for key in model.model_fields}, function)


def quantity_of(
    choice: str | Mapping[str, Any] | PluginChoice | Quantity, fields: Collection[str]
) -> Quantity:
    """Look up a quantity; a field's own name, where no quantity bears it, stands for the field.

    Parameters
    ----------
    choice
        As of :func:`named_quantity`, or the quantity.
    fields
        Names of the fields that there are.

    Raises
    ------
    PluginError, OptionError
        As of :func:`named_quantity`.
    """
    if isinstance(choice, Quantity):
        return choice
    name, options = _name_and_options(choice)
    if name not in fields or name in registry.names("quantities"):
        return named_quantity(choice)
    return replace(named_quantity({"use": COMPONENT, **options, "of": name}), label=name)


def _name_and_options(
    choice: str | Mapping[str, Any] | PluginChoice,
) -> tuple[str, dict[str, Any]]:
    if isinstance(choice, str):
        choice = {"use": choice}
    if isinstance(choice, PluginChoice):
        choice = {"use": choice.use, **choice.options}
    if not isinstance(choice, Mapping) or not isinstance(choice.get("use"), str):
        raise OptionError(
            f"a quantity is {choice!r}; expected its name, or its name and options as in "
            "{use: resolved_shear_stress, plane: [1, 1, 1]}"
        )
    return choice["use"], {key: value for key, value in choice.items() if key != "use"}
