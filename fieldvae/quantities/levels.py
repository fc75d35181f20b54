"""Levels and probabilities as a user gives them, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fieldvae.data.units import conversion
from fieldvae.errors import OptionError, UnitError

QUANTILES = (0.05, 0.5, 0.95)
"""Quantiles where none are named: the median and the ends of the middle 90 %."""

_LEVEL = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(.*?)\s*")


def level_in(level: float | str, units: str, *, of: str) -> float:
    """Return a level as a number in some units.

    Parameters
    ----------
    level
        A number in those units, or a text that may have units of its own: ``"500 MPa"``.
    units
        Units of the quantity.
    of
        The quantity's name, for messages.

    Raises
    ------
    OptionError
        If it is no number, its units cannot be read, or they do not convert.

    Examples
    --------
    >>> level_in("500 MPa", "GPa", of="von_mises_stress")
    0.5
    """
    found = _LEVEL.fullmatch(str(level))
    expected = f"expected a number in {units}, or one with units, as in '0.5 {units}'"
    if found is None:
        raise OptionError(f"the level {level!r} of {of} is no number; {expected}")
    number, own = float(found[1]), found[2] or units
    try:
        turned = conversion(own, units, where=f"the level {level!r} of {of}")
    except UnitError:
        raise OptionError(
            f"the level {level!r} of {of} is in {own}, which does not convert to {units}; "
            f"{expected}"
        ) from None
    return number * turned.factor + turned.offset


def check_probabilities(probabilities: Sequence[float], *, what: str) -> None:
    """Refuse what is no probability between 0 and 1, or stands twice.

    Raises
    ------
    OptionError
        With the value.
    """
    for value in probabilities:
        if not 0 < value < 1:
            raise OptionError(f"{what} {value:g} is not between 0 and 1; expected such as 0.95")
    if len(set(probabilities)) < len(probabilities):
        raise OptionError(f"{what}s {list(probabilities)} stand there twice; name each once")
