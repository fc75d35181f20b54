"""Elements for the sites of a cell, drawn by a composition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fieldvae import OptionError

TOLERANCE = 1e-6
"""How far a composition may be from one in sum."""


def check_composition(composition: tuple[float, ...], elements: tuple[str, ...]) -> None:
    """Raise :class:`~fieldvae.OptionError` unless a composition is empty or one of the elements."""
    if not composition:
        return
    told = ",".join(f"{share:g}" for share in composition)
    if len(composition) != len(elements):
        raise OptionError(
            f"composition {told} has {len(composition)} values; expected {len(elements)}, one for "
            f"each of {', '.join(elements)}"
        )
    if abs(sum(composition) - 1.0) > TOLERANCE:
        raise OptionError(f"composition {told} adds up to {sum(composition):g}; expected 1")


def draw(
    size: int,
    *,
    elements: int,
    composition: tuple[float, ...] = (),
    exact: bool = False,
    generator: np.random.Generator,
) -> NDArray[np.int8]:
    """Draw the element of every site.

    Parameters
    ----------
    size
        Number of sites.
    elements
        Number of elements.
    composition
        Mean concentration of each, adding up to one; equal where empty.
    exact
        Whether the cell holds these concentrations, to the nearest atom, in random order. Else
        each site draws for itself, and they fluctuate about the mean by ``sqrt(c (1 - c) / size)``.
    generator
        The only source of chance.

    Returns
    -------
    NDArray[np.int8]
        ``0 .. elements - 1``, shape ``(site,)``.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> drawn = draw(10, elements=3, exact=True, generator=generator)
    >>> np.bincount(drawn).tolist()
    [4, 3, 3]
    """
    if exact:
        numbers = atom_numbers(size, composition or (1.0 / elements,) * elements)
        return generator.permutation(np.repeat(np.arange(elements, dtype=np.int8), numbers))
    if composition:
        shares = np.array(composition) / sum(composition)
        return generator.choice(elements, size=size, p=shares).astype(np.int8)
    return generator.integers(elements, size=size, dtype=np.int8)


def atom_numbers(size: int, composition: tuple[float, ...]) -> NDArray[np.int64]:
    """Return whole numbers of atoms nearest to a composition: largest remainders, first ones."""
    wanted = size * np.array(composition) / sum(composition)
    numbers = np.floor(wanted + TOLERANCE).astype(np.int64)
    order = np.argsort(numbers - wanted, kind="stable")
    numbers[order[: size - numbers.sum()]] += 1
    return np.asarray(numbers)
