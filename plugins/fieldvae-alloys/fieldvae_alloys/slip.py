"""Shear stress resolved on the slip systems of a cubic crystal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product

import torch
from torch import Tensor

from fieldvae import OptionError, PhysicalFields, QuantityField

Miller = tuple[float, float, float]
"""Indices of a plane (its normal) or a direction in the axes of a cubic crystal."""

PERPENDICULAR = 1e-6
"""Largest cosine between normal and direction that is taken for rounding."""


def resolved_shear_stress(
    fields: PhysicalFields,
    *,
    plane: Miller = (1, 1, 1),
    direction: Miller = (1, -1, 0),
    magnitude: bool = False,
    of: str | None = None,
) -> QuantityField:
    r"""Shear stress on a slip plane along a slip direction.

    .. math:: \tau = \hat n_i \, \sigma_{ij} \, \hat b_j

    Plane and direction are in the axes of the crystal, to which the stress is turned by the
    grid's frame; only their directions count. In cube axes the defaults give Eq. (6) of
    arXiv:2604.02281, :math:`(\sigma_{xx} - \sigma_{yy} + \sigma_{xz} - \sigma_{yz}) / \sqrt 6`.

    Parameters
    ----------
    fields
        Handed over by fieldvae.
    plane
        Miller indices of the slip plane, whose normal n they are in a cubic crystal.
    direction
        Slip direction b, in the plane. A positive value shears the side to which n points along
        b; to reverse n or b changes the sign, to reverse both does not.
    magnitude
        Whether the absolute value is wanted, for slip either way.
    of
        A symmetric tensor field with all six components; the only stress where left out.

    Returns
    -------
    QuantityField
        Units of the field, shape ``(..., x, y, z)``.

    Raises
    ------
    OptionError
        If plane or direction is zero, or the direction leaves the plane.
    """
    name = fields.stress(of)
    shear = fields.contracted(name, _schmid([(plane, direction)])).squeeze(-4)
    return QuantityField(
        shear.abs() if magnitude else shear,
        fields.spec(name).units,
        symbol=r"|\tau|" if magnitude else r"\tau",
        title=f"resolved shear stress {label(plane, direction)}",
    )


def fcc_slip_systems(
    fields: PhysicalFields, *, magnitude: bool = False, of: str | None = None
) -> QuantityField:
    r"""Shear stress resolved on each of the twelve slip systems {111}<110>.

    .. math:: \tau_k = \hat n^k_i \, \sigma_{ij} \, \hat b^k_j

    Parameters
    ----------
    fields
        Handed over by fieldvae.
    magnitude
        Whether absolute values are wanted, for slip either way.
    of
        A symmetric tensor field with all six components; the only stress where left out.

    Returns
    -------
    QuantityField
        Units of the field, shape ``(..., component=12, x, y, z)``, in the order of
        :data:`FCC_SLIP_SYSTEMS`, labels such as ``(111)[1-10]``.
    """
    name = fields.stress(of)
    shear = fields.contracted(name, _schmid(FCC_SLIP_SYSTEMS))
    return QuantityField(
        shear.abs() if magnitude else shear,
        fields.spec(name).units,
        symbol=r"|\tau_k|" if magnitude else r"\tau_k",
        title="resolved shear stress",
        components=tuple(label(*system) for system in FCC_SLIP_SYSTEMS),
        dimension="slip_system",
    )


def label(plane: Sequence[float], direction: Sequence[float]) -> str:
    """Write a slip system, ``(111)[1-10]``.

    Examples
    --------
    >>> label((1, 1, 1), (1, -1, 0))
    '(111)[1-10]'
    """
    indices = ["".join(f"{index:g}" for index in miller) for miller in (plane, direction)]
    return f"({indices[0]})[{indices[1]}]"


def _schmid(systems: Sequence[tuple[Miller, Miller]]) -> Tensor:
    """Tensors that project a stress onto slip systems, :math:`n_i b_j`, ``(system, 3, 3)``."""
    pairs = [_unit_vectors(plane, direction) for plane, direction in systems]
    vectors = torch.tensor(pairs, dtype=torch.float64)
    return torch.einsum("ki,kj->kij", vectors[:, 0], vectors[:, 1])


def _unit_vectors(plane: Miller, direction: Miller) -> tuple[list[float], list[float]]:
    units = []
    for words, miller in (("plane", plane), ("direction", direction)):
        length = math.hypot(*miller)
        if not math.isfinite(length) or length == 0:
            raise OptionError(f"{words} {list(miller)} has no direction; expected as in [1, 1, 1]")
        units.append([index / length for index in miller])
    normal, along = units
    cosine = sum(n * b for n, b in zip(normal, along, strict=True))
    if abs(cosine) > PERPENDICULAR:
        angle = math.degrees(math.acos(max(-1.0, min(1.0, cosine))))
        raise OptionError(
            f"direction {list(direction)} does not lie in plane {list(plane)}: it is at "
            f"{angle:.1f} degrees to the normal; expected 90, as [1, -1, 0] is to [1, 1, 1]"
        )
    return normal, along


def _fcc() -> Iterator[tuple[Miller, Miller]]:
    """The four {111} planes and the three <110> directions in each, one sign of either."""
    planes: list[Miller] = [(1, 1, 1), (-1, 1, 1), (1, -1, 1), (1, 1, -1)]
    directions: list[Miller] = [
        (u, v, w)
        for u, v, w in product((1, 0, -1), repeat=3)
        if abs(u) + abs(v) + abs(w) == 2 and next(i for i in (u, v, w) if i) == 1
    ]
    for plane in planes:
        for direction in directions:
            if sum(n * b for n, b in zip(plane, direction, strict=True)) == 0:
                yield plane, direction


FCC_SLIP_SYSTEMS: tuple[tuple[Miller, Miller], ...] = tuple(_fcc())
"""Plane and direction of each of the twelve systems {111}<110>, in crystal axes."""

__all__ = ["FCC_SLIP_SYSTEMS", "fcc_slip_systems", "label", "resolved_shear_stress"]
