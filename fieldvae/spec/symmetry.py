"""Symmetries as a task declares them."""

from __future__ import annotations

from typing import Literal

from fieldvae.errors import nearest

SYMMETRIES = ("none", "cubic", "translations")

SymmetryName = Literal["none", "cubic", "translations"]
Operation = tuple[
    tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]
]


def listed_symmetries(value: object) -> object:
    """Refuse what is neither a name nor a matrix with words that name the slip."""
    items = value if isinstance(value, list | tuple) else [value]
    if items and all(_is_row(item) for item in items):
        raise ValueError("a matrix stands in a list of operations: [[[...], [...], [...]]]")
    for item in items:
        if isinstance(item, str) and item not in SYMMETRIES:
            known = f"; known: {', '.join(SYMMETRIES)}, and 3x3 matrices"
            raise ValueError(f"no symmetry is named {item!r}{nearest(item, SYMMETRIES) or known}")
        if not isinstance(item, str) and not _is_matrix(item):
            raise ValueError(f"{item!r} is neither a name nor a 3x3 matrix")
    return tuple(items)


def _is_row(value: object) -> bool:
    numbers = isinstance(value, list | tuple) and all(isinstance(v, int | float) for v in value)
    return numbers and len(value) == 3  # type: ignore[arg-type]


def _is_matrix(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 3 and all(map(_is_row, value))
