"""Which fields are stresses, and which strains."""

from __future__ import annotations

from functools import cache
from typing import Literal

from fieldvae.field import FieldSpec

Kind = Literal["stress", "strain"]
"""What a symmetric tensor is, ``stress`` or ``strain``."""

_UNITS: dict[Kind, str] = {"stress": "Pa", "strain": ""}


def is_tensor(field: FieldSpec) -> bool:
    """Tell whether a field is a symmetric tensor on a grid.

    Parameters
    ----------
    field
        Any field.

    Returns
    -------
    bool
        Whether it is one.
    """
    return field.tensor_kind == "symmetric" and field.on == "grid"


def kind_of(field: FieldSpec) -> Kind | None:
    """Tell by its units what a symmetric tensor field on a grid is.

    Parameters
    ----------
    field
        Any field.

    Returns
    -------
    Kind or None
        ``stress``, ``strain`` (also without units), or ``None`` for any other field.

    Examples
    --------
    >>> kind_of(FieldSpec(name="stress", units="MPa", tensor_kind="symmetric"))
    'stress'
    >>> kind_of(FieldSpec(name="pressure", units="MPa"))
    """
    return _measured(field.units) if is_tensor(field) else None


@cache
def _measured(units: str) -> Kind | None:
    if units == "1":
        return "strain"
    import pint  # takes a moment, and is seldom needed

    registry = pint.application_registry
    try:
        one = registry.Quantity(1.0, registry.Unit(units))
    except Exception:  # pint raises tokenizer and attribute errors; who reads the data tells of it
        return None
    return next((kind for kind, unit in _UNITS.items() if one.is_compatible_with(unit)), None)
