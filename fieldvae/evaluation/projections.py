r"""Fields of many values as points of a plane: principal components (arXiv:2604.02281, Fig. 3).

Every set of fields has a basis of its own, fitted on its reference, the training part; all that
is compared with the reference is projected on the same basis. A field of :math:`n` values is one
point, its values being those that the networks see.

.. math:: \hat x_p = e_p \cdot (x - \bar x), \qquad e_p \cdot e_q = \delta_{pq}

with the mean :math:`\bar x` of the reference and the directions :math:`e_p` in which it varies
most. I. T. Jolliffe, Principal Component Analysis, 2nd ed. (2002), chapter 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.linalg import eigh

from fieldvae.errors import ShapeError
from fieldvae.evaluation.scores import Array

AXES_SHOWN = 2
"""Principal components that are kept: a plane."""

POINTS = 500
"""Most points kept of a set."""

CONSTANT = 1e-6
"""Values that vary by less than this share of their size are constant, to single precision."""

MOST_GROUPS = 12
"""A coordinate of more distinct values does not divide samples into groups."""

TOGETHER = "*"
"""Stands for all inputs side by side, where a field's name would."""


@dataclass(frozen=True)
class PrincipalComponents:
    """The directions in which a reference varies most, most first.

    Parameters
    ----------
    mean
        Of the reference, shape ``(value,)``.
    basis
        Orthonormal directions, shape ``(principal, value)``; fewer than asked for where the
        reference varies in fewer.
    shares
        Share of the reference's variance in each direction, shape ``(principal,)``.
    """

    mean: Array
    basis: Array
    shares: Array

    @classmethod
    def fit(cls, reference: Array, *, count: int = AXES_SHOWN) -> PrincipalComponents:
        """Find the leading directions by the smaller of the two Gram matrices.

        A direction's sign is that which makes its entry of greatest size positive.

        Parameters
        ----------
        reference
            Shape ``(sample, ...)``, any unit; all axes but the first are flattened.
        count
            Directions wanted.
        """
        flat = reference.reshape(len(reference), -1).astype(float)
        mean = flat.mean(axis=0)
        centered = flat - mean
        total = float((centered**2).sum())
        smallest = centered.size * (CONSTANT * float(np.abs(flat).max(initial=0.0))) ** 2
        count = min(count, len(flat) - 1, flat.shape[1])
        if count < 1 or total <= smallest:
            return cls(mean, np.zeros((0, flat.shape[1])), np.zeros(0))
        wide = flat.shape[1] > len(flat)
        gram = centered @ centered.T if wide else centered.T @ centered
        powers, vectors = eigh(gram, subset_by_index=[len(gram) - count, len(gram) - 1])
        powers, vectors = powers[::-1], vectors.T[::-1]
        kept = powers > max(smallest, len(gram) * np.finfo(float).eps * total)
        powers, vectors = powers[kept], vectors[kept]
        basis = vectors @ centered / np.sqrt(powers)[:, None] if wide else vectors
        largest = np.abs(basis).argmax(axis=1)
        signs = np.sign(basis[np.arange(len(basis)), largest])
        return cls(mean, basis * signs[:, None], powers / total)

    def project(self, fields: Array) -> Array:
        """Coordinates of fields ``(sample, ...)`` on the basis, shape ``(sample, principal)``.

        Raises
        ------
        ShapeError
            If the fields have another number of values than the reference.
        """
        flat = fields.reshape(len(fields), -1)
        if flat.shape[1] != len(self.mean):
            raise ShapeError(
                f"fields have {flat.shape[1]} values; the basis was fitted on {len(self.mean)}"
            )
        return np.asarray((flat - self.mean) @ self.basis.T)


@dataclass(frozen=True)
class Projected:
    """One set of fields to be shown on its own basis.

    Parameters
    ----------
    name
        Field, or :data:`TOGETHER`.
    kind
        ``raw`` or ``smoothed`` of an input, ``truth`` of an output.
    reference
        What the basis is fitted on, shape ``(reference, ...)``.
    held_out
        The same of samples that were not trained on, shape ``(sample, ...)``.
    estimate
        What the model makes of those: recovered conditions of ``smoothed``, a realization of
        ``truth``, shape of ``held_out``; none of ``raw``.
    """

    name: str
    kind: str
    reference: Array
    held_out: Array
    estimate: Array | None = None


@dataclass(frozen=True)
class Coloring:
    """A coordinate of the samples that points are colored by.

    Parameters
    ----------
    name, units
        Of the coordinate.
    reference, held_out
        Its values, numbers (NaN where missing) or text, shape ``(reference,)``, ``(sample,)``.
    """

    name: str
    units: str
    reference: NDArray[np.generic]
    held_out: NDArray[np.generic]


def group_shares(points: Array, values: NDArray[np.generic]) -> Array:
    r"""Share of the variance along each axis that lies between groups of equal value.

    .. math:: \eta^2 = \sum_g n_g (\bar x_g - \bar x)^2 \Big/ \sum_i (x_i - \bar x)^2

    The correlation ratio: from 0, groups lie upon each other, to 1, points of a group coincide.

    Parameters
    ----------
    points
        Shape ``(sample, principal)``.
    values
        Shape ``(sample,)``; missing ones (NaN) are one group.

    Returns
    -------
    Array
        Shape ``(principal,)``; NaN along an axis without variance.
    """
    _, group = np.unique(values, return_inverse=True)
    counts = np.bincount(group)
    centered = points - points.mean(axis=0)
    sums = np.stack([np.bincount(group, weights=axis) for axis in centered.T], axis=1)
    between = (sums**2 / counts[:, None]).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(between / (centered**2).sum(axis=0))


def projection_data(
    sets: Iterable[Projected], coloring: Coloring | None, *, generator: np.random.Generator
) -> xr.Dataset:
    """Project every set, and keep a few hundred points of each.

    Parameters
    ----------
    sets
        Used one after the other; all of the same samples.
    coloring
        Where the samples have a coordinate that says something.
    generator
        Source of chance for the points that are kept.

    Returns
    -------
    xr.Dataset
        ``pca.share`` (projection, principal), ``pca.reference`` (projection, reference_point,
        principal), ``pca.held_out``, ``pca.estimate`` (projection, held_out_point, principal),
        NaN where there is none; with a coloring ``pca.reference_color`` (reference_point),
        ``pca.held_out_color`` (held_out_point), and ``pca.group_share`` (projection, principal)
        where it makes groups. Coordinates ``projection_field``, ``projection_kind``.
    """
    rows: dict[str, list[Array]] = {name: [] for name in (*_POINT_SETS, "share", "group_share")}
    fields, kinds = [], []
    chosen: dict[str, NDArray[np.int64]] = {}
    grouped = coloring is not None and len(np.unique(coloring.reference)) <= MOST_GROUPS
    for each in sets:
        if not chosen:
            chosen["reference"] = _some(len(each.reference), generator)
            chosen["held_out"] = chosen["estimate"] = _some(len(each.held_out), generator)
        basis = PrincipalComponents.fit(each.reference)
        fields.append(each.name)
        kinds.append(each.kind)
        rows["share"].append(_padded(basis.shares, 0.0))
        for name in _POINT_SETS:
            values = getattr(each, name)
            points = np.full((len(chosen[name]), 0), np.nan)
            if values is not None:
                points = basis.project(values[chosen[name]])
            rows[name].append(_padded(points, np.nan))
        if grouped and coloring is not None:
            shares = group_shares(basis.project(each.reference), coloring.reference)
            rows["group_share"].append(_padded(shares, np.nan))
    found = xr.Dataset(
        {
            f"pca.{name}": (_DIMS[name], np.stack(values).astype(np.float32))
            for name, values in rows.items()
            if values
        },
        coords={
            "projection_field": ("projection", fields),
            "projection_kind": ("projection", kinds),
        },
    )
    if coloring is not None:
        attributes = {"long_name": coloring.name, "units": coloring.units}
        found["pca.reference_color"] = (
            "reference_point",
            coloring.reference[chosen["reference"]],
            attributes,
        )
        found["pca.held_out_color"] = (
            "held_out_point",
            coloring.held_out[chosen["held_out"]],
            attributes,
        )
    return found


_POINT_SETS = ("reference", "held_out", "estimate")

_DIMS = {
    "reference": ("projection", "reference_point", "principal"),
    "held_out": ("projection", "held_out_point", "principal"),
    "estimate": ("projection", "held_out_point", "principal"),
    "share": ("projection", "principal"),
    "group_share": ("projection", "principal"),
}


def _some(count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(generator.choice(count, size=min(count, POINTS), replace=False))


def _padded(values: Array, filler: float) -> Array:
    """Bring the last axis to the length of a plane's axes."""
    lacking = AXES_SHOWN - values.shape[-1]
    widths = [(0, 0)] * (values.ndim - 1) + [(0, lacking)]
    return np.pad(values, widths, constant_values=filler)
