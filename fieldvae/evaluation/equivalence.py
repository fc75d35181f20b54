r"""Designs that are one and the same: shifted, turned or mirrored copies of each other.

Where the law of the outputs is invariant under a group :math:`G` (the task's ``symmetry`` on its
grid) and so are the goal and what is held, a design :math:`c` and its copy :math:`g c` are equally
good. Distances between designs can be taken over the copies:

.. math:: d(a, b) = \min_{g \in G} \lVert a - g b \rVert

which is a distance between the sets of all copies, as no :math:`g` changes a norm.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from scipy.spatial.distance import cdist
from torch import Tensor

from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.design.statistics import Statistic
from fieldvae.evaluation.scores import Array
from fieldvae.quantities.fields import PhysicalFields
from fieldvae.quantities.naming import Quantity
from fieldvae.spec import DesignSpec

MOST_WORK = 6e8
"""Copies compared in cells, pairs of designs counted once: some twenty seconds of one core. Enough
for the paper's 2,000 designs on 64 blocks with the four operations that keep a slip system."""

GRID = (-3, -2, -1)


def fitting_designs(group: SymmetryGroup) -> int:
    """Return how many designs can be compared within :data:`MOST_WORK`."""
    return math.isqrt(int(2 * MOST_WORK / (group.order * group.grid.cells)))


def common_symmetry(
    group: SymmetryGroup,
    design: DesignSpec,
    quantity: Quantity,
    statistic: Statistic,
    outputs: Mapping[str, Tensor],
) -> SymmetryGroup:
    """Return the part of a group that leaves what is held and the goal as they are.

    Whether the goal is left is tried on given outputs, which must be without symmetry themselves.

    Parameters
    ----------
    group
        Under which the law is invariant, acting on physical values.
    design
        Tells what is held; no input is held at training samples'.
    quantity, statistic
        The goal.
    outputs
        Physical fields of some samples, float64, ``(sample, component, x, y, z)``.
    """

    def goal(moved: Mapping[str, Tensor]) -> Tensor:
        fields = PhysicalFields(moved, {n: group.fields[n] for n in moved}, group.grid)
        return statistic(quantity(fields).values[None])

    known = goal(outputs)

    def left(moved: Mapping[str, Tensor]) -> bool:
        close = {"rtol": 1e-6, "atol": 1e-9 * float(known.abs().nan_to_num().max())}
        return torch.allclose(goal(moved), known, equal_nan=True, **close)

    kept = [
        operation
        for operation in range(group.order)
        if _leaves_held(group, design, operation) and left(_turned(group, outputs, operation))
    ]
    axes = [axis for axis, period in zip(GRID, group.periods, strict=True) if period > 1]
    shifted = ({n: y.roll(1, axis) if _on_grid(group, n) else y for n, y in outputs.items()}
               for axis in axes)  # fmt: skip
    translations = group.translations and all(left(each) for each in shifted)
    return replace(group, operations=group.operations[kept], translations=translations)


def _leaves_held(group: SymmetryGroup, design: DesignSpec, operation: int) -> bool:
    """Whether an operation leaves constants, and what inputs that follow are made from."""

    def matrix(name: str) -> Array:
        return np.asarray(group.matrices(group.fields[name])[operation])

    for name, given in design.hold.items():
        labels = group.fields[name].labels
        if given == "regression":
            if any(not np.array_equal(matrix(n), np.eye(len(matrix(n)))) for n in
                   (name, *design.vary)):  # fmt: skip
                return False
            continue
        values = _constants(given, labels)
        if not np.allclose(matrix(name) @ values, values):
            return False
    return True


def _constants(given: object, labels: Sequence[str]) -> Array:
    if isinstance(given, Mapping):
        return np.array([given[label] for label in labels], dtype=float)
    return np.broadcast_to(np.asarray(given, dtype=float), len(labels))


def _on_grid(group: SymmetryGroup, name: str) -> bool:
    return group.fields[name].on == "grid"


def _turned(
    group: SymmetryGroup, fields: Mapping[str, Tensor], operation: int
) -> dict[str, Tensor]:
    """Apply a point operation; of a field on samples it turns the components alone."""
    gridded = {n: x for n, x in fields.items() if _on_grid(group, n)}
    found = group.transform(gridded, operation) if gridded else {}
    for name in fields.keys() - gridded.keys():
        matrix = torch.from_numpy(group.matrices(group.fields[name])[operation])
        found[name] = torch.einsum("ij,nj...->ni...", matrix.to(fields[name]), fields[name])
    return found


def plain_distances(fields: Mapping[str, Tensor]) -> Array:
    """Euclidean distances between designs, over all fields, components and cells.

    Parameters
    ----------
    fields
        Scaled inputs, ``(design, component, x, y, z)``.

    Returns
    -------
    Array
        Shape ``(design, design)``.
    """
    points = torch.cat([x.flatten(1) for x in fields.values()], 1).numpy()
    return np.asarray(cdist(points, points))


def distances_over_copies(fields: Mapping[str, Tensor], group: SymmetryGroup) -> Array:
    r"""Distances between designs, each to the nearest copy of the other.

    All shifts of a copy at once by correlation in Fourier space:
    :math:`\lVert a - b\rVert^2 = \lVert a\rVert^2 + \lVert b\rVert^2 - 2 \langle a, b\rangle`.

    Parameters
    ----------
    fields
        Scaled inputs, float64, ``(design, component, x, y, z)``. Components that the group mixes
        have one scale.
    group
        Acts on the scaled inputs.

    Returns
    -------
    Array
        Shape ``(design, design)``.
    """
    gridded = {n: x for n, x in fields.items() if _on_grid(group, n)}
    count = len(next(iter(fields.values())))
    waves = {n: torch.fft.fftn(x, dim=GRID) for n, x in gridded.items()}
    rest = {n: x for n, x in fields.items() if n not in gridded}
    product = torch.full((count, count), -torch.inf, dtype=torch.float64)
    px, py, pz = group.periods
    for operation in range(group.order):
        copies = _turned(group, fields, operation)
        copied = {n: torch.fft.fftn(copies[n], dim=GRID) for n in waves}
        for row in range(count):
            found = torch.zeros(count - row, dtype=torch.float64)
            if waves:
                terms = [(waves[n][row].conj() * copied[n][row:]).sum(1) for n in waves]
                shifted = torch.fft.ifftn(torch.stack(terms).sum(0), dim=GRID).real
                found = shifted[:, :px, :py, :pz].flatten(1).amax(1)
            for name, x in rest.items():
                found = found + (x[row] * copies[name][row:]).flatten(1).sum(1)
            product[row, row:] = torch.maximum(product[row, row:], found)
    square = torch.stack([x.square().flatten(1).sum(1) for x in fields.values()]).sum(0)
    upper = torch.triu(square[:, None] + square - 2 * product, 1).clamp_min(0).sqrt()
    return np.asarray((upper + upper.T).numpy())
