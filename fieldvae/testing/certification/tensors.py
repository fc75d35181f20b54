"""Tensors compared up to rounding, and gradients that reach them or not."""

from __future__ import annotations

from torch import Tensor

TOLERANCE = 1e-9
"""Of double precision: sums of a few hundred numbers of the order of one."""


def apart(values: Tensor, others: Tensor) -> float | None:
    """Return how far apart two tensors are, or ``None`` where by no more than rounding."""
    found = float((values - others).detach().abs().max())
    within = found <= TOLERANCE * max(1.0, float(values.detach().abs().max()))
    return None if within else found


def follow_back(total: Tensor) -> None:
    """Compute the gradient of a scalar for whatever it depends on, which may be nothing."""
    if total.requires_grad:
        total.backward()  # type: ignore[no-untyped-call]


def is_reached(*tensors: Tensor) -> bool:
    """Whether a gradient other than zero has reached any of the tensors."""
    gradients = (tensor.grad for tensor in tensors)
    return any(bool(grad.abs().max() > 0) for grad in gradients if grad is not None)
