"""Missing values inside the model: NaN up to its door, a complete field and a mask behind it.

A batch carries a missing value as NaN, from the scaling through shuffling and symmetry. Where
networks or losses would meet it, :func:`filled` puts the training mean in its place, which is
zero on the scale of a field that declares ``mask``, and :func:`known` keeps which values are real.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.field import FieldSpec


def filled(values: Tensor) -> Tensor:
    """Return a field with zero, the training mean, in the place of missing values.

    Examples
    --------
    >>> filled(torch.tensor([1.0, torch.nan]))
    tensor([1., 0.])
    """
    return values.masked_fill(values.isnan(), 0.0)


def known(values: Tensor) -> Tensor:
    """Return 1 where a value is known and 0 where it is missing, in the field's dtype."""
    return values.isnan().logical_not().to(values.dtype)


def masks(fields: Mapping[str, Tensor], declared: Mapping[str, FieldSpec]) -> Batch:
    """Return :func:`known` of those of the fields that declare ``mask``, by name."""
    return {name: known(values) for name, values in fields.items() if declared[name].mask}


def whole(fields: Batch, mask: Mapping[str, Tensor]) -> Batch:
    """Fill those of the fields that have a mask."""
    return fields | {name: filled(fields[name]) for name in mask}


def hidden(fields: Mapping[str, Tensor], mask: Mapping[str, Tensor]) -> Batch:
    """Set fields ``(..., batch, component, x, y, z)`` to zero where a truth is missing."""
    return {name: y * mask[name] if name in mask else y for name, y in fields.items()}


def beside(values: Tensor, mask: Tensor | None) -> Tensor:
    """Put a mask beside a field as further channels; ``None`` stands for one that is all known."""
    return torch.cat([values, torch.ones_like(values) if mask is None else mask], 1)
