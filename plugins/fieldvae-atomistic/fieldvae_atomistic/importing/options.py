"""Options that importers of atoms share: their types and checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

from annotated_types import Len
from pydantic import PositiveInt

from fieldvae import OptionError
from fieldvae_atomistic.box import Box
from fieldvae_atomistic.dump import shown
from fieldvae_atomistic.importing.configuration import Field

Triple: TypeAlias = tuple[PositiveInt, PositiveInt, PositiveInt]
Nine: TypeAlias = tuple[float, float, float, float, float, float, float, float, float]
Fields: TypeAlias = Field | Annotated[tuple[Field, ...], Len(min_length=1)]

CUBE: Nine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

Word = TypeVar("Word", bound=str)


def listed(words: Word | Sequence[Word]) -> tuple[Word, ...]:
    """Return one word or several as several."""
    return (words,) if isinstance(words, str) else tuple(words)


def checked_elements(elements: str | Sequence[str]) -> tuple[str, ...]:
    """Return the elements.

    Raises
    ------
    OptionError
        If one stands twice.
    """
    names = listed(elements)
    if len(set(names)) < len(names):
        raise OptionError(f"elements {', '.join(names)}: each may stand only once")
    return names


def check_offset(offset: Sequence[float], box: Box, path: Path) -> None:
    """Refuse to shift blocks where the box does not repeat.

    Raises
    ------
    OptionError
        If it does not along an axis with an offset.
    """
    for axis, shift in enumerate(offset):
        if shift and not box.periodic[axis]:
            raise OptionError(
                f"offset {shift:g} along {'xyz'[axis]}, but the box of {shown(path)} is not "
                "periodic there; blocks can only start at its corner"
            )
