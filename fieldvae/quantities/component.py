"""A field itself as a quantity: a scalar, a component, a length."""

from __future__ import annotations

import torch
from torch import Tensor

from fieldvae.errors import OptionError, nearest
from fieldvae.field import FieldSpec
from fieldvae.quantities.fields import PhysicalFields, QuantityField


def component(
    fields: PhysicalFields,
    *,
    of: str | None = None,
    component: str | int | None = None,
    magnitude: bool = False,
) -> QuantityField:
    r"""Take a field as it is: a scalar, one component, or all of them.

    .. math:: q_c(x) = v_c(x), \qquad \lvert v_c(x) \rvert
        \quad\text{or}\quad \lVert v(x) \rVert_2 \quad\text{as magnitudes}

    Parameters
    ----------
    fields
        Handed over by fieldvae.
    of
        A field of any tensor kind; the only output where left out.
    component
        Label of one component; all of them where left out.
    magnitude
        Whether the length of a vector, or the absolute value of a scalar or of one component.
        Where it is zero, its gradient is undefined and zero is returned for it.

    Returns
    -------
    QuantityField
        Units of the field, shape ``(..., x, y, z)`` for a scalar, one component or a length, else
        ``(..., component, x, y, z)``.

    Raises
    ------
    OptionError
        If the field has no such component, or no magnitude.
    """
    name = fields.output(of)
    spec, values = fields.spec(name), fields[name]
    if component is not None:
        label = _label(spec, str(component))
        values = values[..., spec.labels.index(label), :, :, :]
        return _scalar(values, spec, title=f"{spec.title} {label}", magnitude=magnitude)
    if len(spec.labels) == 1 and spec.tensor_kind != "vector":
        return _scalar(values[..., 0, :, :, :], spec, title=spec.title, magnitude=magnitude)
    if magnitude:
        return _length(values, spec)
    return QuantityField(
        values,
        spec.units,
        symbol=spec.symbol,
        title=spec.title,
        components=spec.labels,
        dimension=f"{name}_component",
    )


def _label(spec: FieldSpec, label: str) -> str:
    if label not in spec.labels:
        hint = nearest(label, list(spec.labels)) or "."
        raise OptionError(
            f"the field {spec.name!r} has no component {label!r}{hint} "
            f"There are: {', '.join(spec.labels)}"
        )
    return label


def _scalar(values: Tensor, spec: FieldSpec, *, title: str, magnitude: bool) -> QuantityField:
    if magnitude:
        return QuantityField(values.abs(), spec.units, title=f"absolute value of {title}")
    symbol = spec.symbol if len(spec.labels) == 1 else ""  # the symbol is of the whole field
    return QuantityField(values, spec.units, symbol=symbol, title=title)


def _length(values: Tensor, spec: FieldSpec) -> QuantityField:
    """Length of a vector; a symmetric tensor or a set has none that all would agree on."""
    if spec.tensor_kind != "vector":
        raise OptionError(
            f"the field {spec.name!r} is a {spec.tensor_kind}; a magnitude is of a vector, a "
            f"scalar, or of one component: {', '.join(spec.labels)}"
        )
    return QuantityField(
        torch.linalg.vector_norm(values, dim=-4), spec.units, title=f"magnitude of {spec.title}"
    )
