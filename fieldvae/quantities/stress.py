"""Scalars and principal values of a stress field: the same in every frame."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldvae.quantities.fields import PhysicalFields, QuantityField


def von_mises_stress(fields: PhysicalFields, *, of: str | None = None) -> QuantityField:
    r"""Equivalent stress of von Mises.

    .. math:: \sigma_\mathrm{vM} = \sqrt{\tfrac32 \, s_{ij} s_{ij}}, \qquad
        s = \sigma - \tfrac13 \operatorname{tr}(\sigma) \, I

    Where the deviator is zero, the gradient is undefined and zero is returned for it.

    Parameters
    ----------
    fields
        Handed over by fieldvae.
    of
        A symmetric tensor field with all six components; the only stress where left out.

    Returns
    -------
    QuantityField
        Units of the field, shape ``(..., x, y, z)``; never negative.
    """
    name = fields.stress(of)
    square = 1.5 * deviator(fields.matrices(name)).square().sum((-2, -1))
    positive = square > 0  # the slope of a root at zero is infinite, and would spoil any gradient
    root = torch.where(positive, square, torch.ones_like(square)).sqrt()
    return QuantityField(
        torch.where(positive, root, torch.zeros_like(root)),
        fields.spec(name).units,
        symbol=r"\sigma_\mathrm{vM}",
        title=f"von Mises {_noun(name, fields)}",
    )


def hydrostatic_pressure(fields: PhysicalFields, *, of: str | None = None) -> QuantityField:
    r"""Pressure, positive under compression.

    .. math:: p = -\tfrac13 \operatorname{tr}(\sigma)

    Tension is positive in the stress, so the pressure is its mean normal stress with the other
    sign.

    Parameters
    ----------
    fields
        Handed over by fieldvae.
    of
        A symmetric tensor field with all six components; the only stress where left out.

    Returns
    -------
    QuantityField
        Units of the field, shape ``(..., x, y, z)``.
    """
    name = fields.stress(of)
    return QuantityField(
        -_mean(fields.matrices(name)),
        fields.spec(name).units,
        symbol="p",
        title="hydrostatic pressure",
    )


def principal_stresses(fields: PhysicalFields, *, of: str | None = None) -> QuantityField:
    r"""Eigenvalues of the stress, greatest first.

    .. math:: \det(\sigma - \sigma_k I) = 0, \qquad \sigma_1 \ge \sigma_2 \ge \sigma_3

    First derivatives are finite everywhere: :math:`\partial \sigma_k / \partial \sigma_{ij} =
    v^k_i v^k_j` with the unit eigenvector :math:`v^k`. Where eigenvalues coincide, each one by
    itself has no derivative, and one of the possible ones is returned; functions that treat them
    alike, such as their sum, keep the right one.

    Parameters
    ----------
    fields
        Handed over by fieldvae.
    of
        A symmetric tensor field with all six components; the only stress where left out.

    Returns
    -------
    QuantityField
        Units of the field, shape ``(..., component=3, x, y, z)``, labels 1, 2, 3.
    """
    name = fields.stress(of)
    ascending = torch.linalg.eigvalsh(fields.matrices(name))
    return QuantityField(
        ascending.flip(-1).movedim(-1, -4),
        fields.spec(name).units,
        symbol=r"\sigma_k",
        title=f"principal {_noun(name, fields)}",
        components=("1", "2", "3"),
        dimension="principal",
    )


def deviator(matrices: Tensor) -> Tensor:
    """Subtract the mean of the diagonal from symmetric matrices ``(..., 3, 3)``."""
    identity = torch.eye(3, dtype=matrices.dtype, device=matrices.device)
    return matrices - _mean(matrices)[..., None, None] * identity


def _mean(matrices: Tensor) -> Tensor:
    return matrices.diagonal(dim1=-2, dim2=-1).mean(-1)


def _noun(name: str, fields: PhysicalFields) -> str:
    """What the values measure: a stress, or the field's own words (strain)."""
    return "stress" if fields.is_stress(name) else fields.spec(name).title
