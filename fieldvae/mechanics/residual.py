r"""How far a stress is from balance of forces, and a strain from compatibility.

.. math:: r_i = \sum_j \partial_j \sigma_{ij}, \qquad
          r_{ij} = \sum_{klmn} \epsilon_{ikl} \epsilon_{jmn} \partial_k \partial_m \varepsilon_{ln}

are zero for the stress of a body at rest without body forces, and for a strain that belongs to a
displacement (Saint-Venant). Averages of such a field over blocks do not obey the discrete
equations, so residuals are to be compared with the data's own and not with zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations, product

import torch
from torch import Tensor

from fieldvae.errors import OptionError
from fieldvae.field import Derivative, FieldSpec
from fieldvae.grid import AXES, Grid
from fieldvae.mechanics.derivative import difference

Term = tuple[int, tuple[int, ...], str]
"""Factor, axes to differentiate along, component."""

Row = tuple[float, tuple[Term, ...]]
"""Weight of one component of a residual, and its terms."""

EVEN = ((0, 1, 2), (1, 2, 0), (2, 0, 1))


@dataclass(frozen=True)
class Residual:
    r"""Mean squares over cells of a residual and of the terms that it is the sum of.

    Parameters
    ----------
    square
        Mean square of the residual, shape ``(...)``: the field's without component, x, y, z.
    terms
        Sum of the mean squares of its terms: what ``square`` would be if they knew nothing of
        each other.
    """

    square: Tensor
    terms: Tensor


def equilibrium(stress: Tensor, field: FieldSpec, grid: Grid) -> Residual:
    r"""Residual of the balance of forces, :math:`\sum_j \partial_j \sigma_{ij}`.

    Parameters
    ----------
    stress
        Physical values, shape ``(..., component, x, y, z)``, components as the field labels them.
    field
        A symmetric tensor field; its ``derivative`` is the scheme.
    grid
        Spacing, and which axes repeat; on a plane the components out of it may lack.

    Returns
    -------
    Residual
        In the field's unit per spacing unit, squared, summed over directions.

    Raises
    ------
    OptionError
        If the field lacks components.
    GridError
        If the scheme does not exist on the grid.
    """
    return _residual(stress, field, grid, balance_rows(field, grid))


def compatibility(strain: Tensor, field: FieldSpec, grid: Grid) -> Residual:
    r"""Residual of Saint-Venant's compatibility, :math:`\nabla \times \varepsilon \times \nabla`.

    Parameters
    ----------
    strain
        Physical values, shape ``(..., component, x, y, z)``, components as the field labels them.
    field
        A symmetric tensor field; its ``derivative`` is the scheme.
    grid
        Spacing, and which axes repeat; on a plane the components out of it may lack.

    Returns
    -------
    Residual
        In the field's unit per squared spacing unit, squared, summed over all nine components.

    Raises
    ------
    OptionError
        If the field lacks components.
    GridError
        If the scheme does not exist on the grid.
    """
    return _residual(strain, field, grid, compatibility_rows(field, grid))


def balance_rows(field: FieldSpec, grid: Grid) -> tuple[Row, ...]:
    """Directions along which forces balance, of those whose components the field has."""
    axes = range(grid.dimensions)
    rows = [(1.0, tuple((1, (j,), _label(i, j)) for j in axes)) for i in range(3)]
    return _complete(rows, field, grid)


def compatibility_rows(field: FieldSpec, grid: Grid) -> tuple[Row, ...]:
    """Components of the incompatibility, of those whose components the field has."""
    return _complete(_saint_venant(grid.dimensions), field, grid)


@cache
def _saint_venant(dimensions: int) -> list[Row]:
    rows: list[Row] = []
    for i, j in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)):
        factors: Counter[tuple[tuple[int, ...], str]] = Counter()
        for (sign, k, m), (other, n, o) in product(_curls(i), _curls(j)):
            if k < dimensions and n < dimensions:
                factors[tuple(sorted((k, n))), _label(m, o)] += sign * other
        terms = tuple((factor, along, label) for (along, label), factor in factors.items())
        if terms:
            rows.append((1.0 if i == j else 2.0, terms))
    return rows


def _curls(i: int) -> list[tuple[int, int, int]]:
    """Non-zero entries of the Levi-Civita symbol with this first index: sign and other two."""
    return [(1 if p in EVEN else -1, p[1], p[2]) for p in permutations(range(3)) if p[0] == i]


def _complete(rows: Sequence[Row], field: FieldSpec, grid: Grid) -> tuple[Row, ...]:
    labels = set(field.labels)
    found = tuple(row for row in rows if all(label in labels for _, _, label in row[1]))
    if field.tensor_kind != "symmetric" or not found:
        raise OptionError(
            f"{field.name!r} is a {field.tensor_kind} with the components "
            f"{', '.join(field.labels)} on a grid along {', '.join(grid.axes)}; mechanics needs "
            "a symmetric tensor with every component along these"
        )
    return found


def _residual(values: Tensor, field: FieldSpec, grid: Grid, rows: Sequence[Row]) -> Residual:
    derivatives = _Derivatives(values, field.labels, grid, field.derivative)
    squares, terms = [], []
    for weight, row in rows:
        parts = torch.stack([factor * derivatives(along, label) for factor, along, label in row])
        squares.append(weight * parts.sum(0).square().mean((-3, -2, -1)))
        terms.append(weight * parts.square().mean((-3, -2, -1)).sum(0))
    return Residual(torch.stack(squares).sum(0), torch.stack(terms).sum(0))


class _Derivatives:
    """Derivatives of the components of one field, each made once."""

    def __init__(
        self, values: Tensor, labels: tuple[str, ...], grid: Grid, derivative: Derivative
    ) -> None:
        self.grid = grid
        self.derivative = derivative
        self.known: dict[tuple[tuple[int, ...], str], Tensor] = {
            ((), c): v for c, v in zip(labels, values.unbind(-4), strict=True)
        }

    def __call__(self, along: tuple[int, ...], label: str) -> Tensor:
        if (along, label) not in self.known:
            self.known[along, label] = difference(
                self(along[:-1], label), along[-1], grid=self.grid, derivative=self.derivative
            )
        return self.known[along, label]


def _label(i: int, j: int) -> str:
    return AXES[min(i, j)] + AXES[max(i, j)]
