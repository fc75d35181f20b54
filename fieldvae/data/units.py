"""Conversion between units of one dimension, by pint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from fieldvae.data.declarer import TASK, Declarer
from fieldvae.errors import UnitError

if TYPE_CHECKING:
    import pint
    import xarray as xr

_KNOWN = (
    ("GPa", "stress", ("MPa", "bar")),
    ("nm", "length", ("angstrom", "m")),
    ("K", "temperature", ("degC",)),
    ("eV", "energy", ("J",)),
    ("1", "pure number", ("percent",)),
)
"""A unit, the word for what it measures, and units that convert to it."""


@dataclass(frozen=True)
class Conversion:
    """``declared = factor * found + offset``.

    Parameters
    ----------
    factor, offset
        Pure number, and a number in the declared units.
    """

    factor: float = 1.0
    offset: float = 0.0

    @property
    def changes(self) -> bool:
        """Whether a value is another one afterwards."""
        return (self.factor, self.offset) != (1.0, 0.0)


def without_quantities(dataset: xr.Dataset, names: Sequence[str]) -> xr.Dataset:
    """Turn variables of pint quantities into plain ones with the attribute ``units``.

    Any registry's quantities will do, as ``pint-xarray`` makes them, which need not be installed.

    Parameters
    ----------
    dataset
        Variables, plain or of quantities.
    names
        Those to look at, where they are there.

    Examples
    --------
    >>> import pint, xarray
    >>> heat = pint.UnitRegistry().Quantity([20.0, 30.0], "degC")
    >>> plain = without_quantities(xarray.Dataset({"heat": ("sample", heat)}), ["heat"])
    >>> plain.heat.attrs["units"], plain.heat.values.tolist()
    ('degree_Celsius', [20.0, 30.0])
    """
    found = {}
    for name in (name for name in names if name in dataset.data_vars):
        data = dataset[name].data
        if hasattr(data, "magnitude"):
            told = {**dataset[name].attrs, "units": str(data.units)}
            found[name] = (dataset[name].dims, data.magnitude, told)
    return dataset.assign(found) if found else dataset


def conversion(found: str, declared: str, *, where: str, declarer: Declarer = TASK) -> Conversion:
    """Return how values in the units that were found become values in the declared ones.

    Parameters
    ----------
    found, declared
        Units that pint reads; ``"1"`` for none.
    where
        Opens the message: ``"'residual_stress' in cocrni.zarr"``.
    declarer
        Who declares the units.

    Raises
    ------
    UnitError
        If a unit cannot be read, or the two measure different things.

    Examples
    --------
    >>> conversion("MPa", "GPa", where="'stress' in a.zarr").factor
    0.001
    """
    if found == declared:
        return Conversion()
    registry = _registry()
    source = _unit(found, f"{where} is in {found!r}")
    target = _unit(declared, f"{where} is in {found}, and {declarer.says} it in {declared!r}")
    if source.dimensionality != target.dimensionality:
        raise UnitError(_mismatch(found, declared, target, where, declarer))
    at_zero, at_one = (float(registry.Quantity(x, source).to(target).magnitude) for x in (0.0, 1.0))
    return Conversion(at_one - at_zero, at_zero)


def check_units(units: object, *, where: str) -> None:
    """Refuse units that cannot be read.

    Parameters
    ----------
    units
        What should be units.
    where
        Opens the message, as of :func:`conversion`.

    Raises
    ------
    UnitError
        If they are none.

    Examples
    --------
    >>> check_units("MJ/m^3", where="the energy")
    """
    if not isinstance(units, str) or not units.strip():
        raise UnitError(
            f"{where} has the units {units!r}; expected such as GPa, m/s, or 1 for none"
        )
    _unit(units, f"{where} is in {units!r}")


def _mismatch(found: str, declared: str, target: pint.Unit, where: str, declarer: Declarer) -> str:
    for unit, word, others in _KNOWN:
        if _registry().Unit(unit).dimensionality == target.dimensionality:
            convertible = " or ".join(other for other in others if other != declared)
            return (
                f"{where} is in {found}, which is no {word}; {declarer.says} {declared} "
                f"({convertible} would be converted)"
            )
    return (
        f"{where} is in {found}, which does not convert to {declared}, as {declarer.says} it; "
        f"correct the attribute 'units' of the variable{'' if declarer.fixed else ' or the task'}"
    )


def _unit(text: str, where: str) -> pint.Unit:
    try:
        return _registry().Unit(text)
    except Exception as error:  # pint raises tokenizer and attribute errors besides its own
        raise UnitError(
            f"{where}, which is no unit that pint can read ({error}); "
            "expected such as GPa, m/s, or 1 for none"
        ) from None


@cache
def _registry() -> pint.UnitRegistry[Any]:
    import pint  # half a second, and needed only where units differ

    return pint.UnitRegistry()
