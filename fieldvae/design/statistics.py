r"""Statistics of a quantity over the realizations and cells that belong to one start.

With values :math:`q_{rx}` of realization :math:`r` in cell :math:`x` (components of a quantity
that has several count like cells):

================  ================================================================================
statistic         definition
================  ================================================================================
mean              :math:`\langle q \rangle`, over realizations and cells
second_moment     :math:`\langle q^2 \rangle`; of the resolved shear stress, :math:`\langle\tau^2
                  \rangle` of Eq. (8) of arXiv:2604.02281
variance          :math:`\langle (q_{rx} - \bar q_r)^2 \rangle`, about each realization's own mean
                  over cells: how uneven fields are, not how uncertain their means
quantile          of all values together, interpolated linearly
cvar              mean of the share :math:`1 - p` of largest (or smallest) values, the last of
                  them counted in part: conditional value at risk (Rockafellar & Uryasev 2000,
                  doi:10.21314/JOR.2000.038)
exceedance        share of values above a level
================  ================================================================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Name = Literal["mean", "second_moment", "variance", "quantile", "cvar", "exceedance"]


@dataclass(frozen=True)
class Statistic:
    """A statistic, exact and as a function with useful gradients.

    Parameters
    ----------
    name
        As above.
    probability
        For ``quantile`` and ``cvar``.
    tail
        For ``cvar``.
    level
        For ``exceedance``, in the units of the quantity.
    width
        For ``exceedance``: the step at the level is smoothed to a logistic function of this
        width, in the units of the quantity, where gradients are wanted. The share itself has
        none.
    """

    name: Name
    probability: float = 0.95
    tail: Literal["upper", "lower"] = "upper"
    level: float = 0.0
    width: float = 1.0

    def __call__(self, values: Tensor) -> Tensor:
        """Return the statistic of every start.

        Parameters
        ----------
        values
            Shape ``(realization, start, ...)``.

        Returns
        -------
        Tensor
            Shape ``(start,)``.
        """
        if self.name == "exceedance":
            return (_pooled(values) > self.level).to(values.dtype).mean(1)
        return self.smooth(values)

    def smooth(self, values: Tensor) -> Tensor:
        """Return the same with gradients; only ``exceedance`` differs."""
        if self.name == "mean":
            return values.transpose(0, 1).flatten(1).mean(1)
        if self.name == "second_moment":
            return values.square().transpose(0, 1).flatten(1).mean(1)
        if self.name == "variance":
            return values.flatten(2).var(2, correction=0).mean(0)
        pooled = _pooled(values)
        if self.name == "quantile":
            return torch.quantile(pooled, self.probability, dim=1)
        if self.name == "cvar":
            return _tail_mean(pooled, 1 - self.probability, largest=self.tail == "upper")
        return torch.sigmoid((pooled - self.level) / self.width).mean(1)

    @property
    def units_power(self) -> int:
        """The power of the quantity's units that the statistic has."""
        return {"second_moment": 2, "variance": 2, "exceedance": 0}.get(self.name, 1)


def _pooled(values: Tensor) -> Tensor:
    """All values of a start in a row, shape ``(start, value)``."""
    return values.transpose(0, 1).flatten(1)


def _tail_mean(pooled: Tensor, share: float, *, largest: bool) -> Tensor:
    wanted = share * pooled.shape[1]
    # rounded up, but not for the rounding of 1 - 0.9
    count = max(1, math.ceil(wanted - 1e-9 * pooled.shape[1]))
    tail = torch.topk(pooled, count, dim=1, largest=largest, sorted=True).values
    weight = torch.ones(count, dtype=pooled.dtype, device=pooled.device)
    weight[-1] = wanted - (count - 1) if count > 1 else 1.0
    return (tail @ weight) / weight.sum()
