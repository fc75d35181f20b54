"""Inputs that follow those that vary, as they do in training samples.

Inputs of one sample belong together: order parameters taken against the composition of a whole
cell, say, are not free once blocks differ in composition. To hold one of them at a constant while
another varies asks the model for what no sample is like. An input that follows is the linear
regression on what varies, in the same cell and in those beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fieldvae.grid import Grid


@dataclass(frozen=True)
class Follower:
    r"""A linear map from inputs that vary to one that follows.

    .. math:: w(x) = A\,c(x) + B\,\frac1n \sum_{x' \sim x} c(x') + b

    with the :math:`n` cells :math:`x'` beside :math:`x` along periodic axes.

    Parameters
    ----------
    sources
        Names of the inputs that vary.
    periodic
        Axes, of x, y, z, along which cells beside are looked at: -3, -2, -1.
    weights
        :math:`A` and :math:`B` side by side, float64, shape ``(component, feature)``.
    intercept
        :math:`b`, shape ``(component, 1, 1, 1)``.
    r2
        Share of the variance in the samples it was fitted to that it explains.
    """

    sources: tuple[str, ...]
    periodic: tuple[int, ...]
    weights: Tensor
    intercept: Tensor
    r2: float

    @classmethod
    def fit(cls, target: Tensor, sources: Mapping[str, Tensor], grid: Grid) -> Follower:
        """Fit the map by least squares.

        Parameters
        ----------
        target
            Physical values of the input that follows, ``(sample, component, x, y, z)``.
        sources
            Those of the inputs that vary, by name.
        grid
            Tells periodic axes.
        """
        axes = tuple(-3 + i for i, p in enumerate(grid.periodic) if p and grid.shape[i] > 1)
        features = _features(list(sources.values()), axes)
        rows = features.movedim(1, -1).flatten(0, -2)
        center = rows.mean(0)
        wanted = target.expand(*target.shape[:2], *features.shape[2:]).movedim(1, -1).flatten(0, -2)
        mean = wanted.mean(0)
        # shares that sum to one make columns dependent; gelsd takes the shortest solution
        found = torch.linalg.lstsq(rows - center, wanted - mean, driver="gelsd").solution.T
        left = wanted - mean - (rows - center) @ found.T
        total = (wanted - mean).square().sum()
        r2 = 1 - float(left.square().sum() / total) if float(total) > 0 else 0.0
        intercept = (mean - found @ center).reshape(-1, 1, 1, 1)
        return cls(tuple(sources), axes, found, intercept, r2)

    def __call__(self, physical: Mapping[str, Tensor]) -> Tensor:
        """Return the input that follows, physical, ``(start, component, x, y, z)``."""
        features = _features([physical[name] for name in self.sources], self.periodic)
        weights = self.weights.to(features)
        return torch.einsum("oi,ni...->no...", weights, features) + self.intercept.to(features)


def _features(fields: Sequence[Tensor], axes: Sequence[int]) -> Tensor:
    """Values and means of those beside, ``(sample, feature, x, y, z)``."""
    shape = max((field.shape[2:] for field in fields), key=math.prod)
    values = torch.cat([field.expand(*field.shape[:2], *shape) for field in fields], 1)
    if not axes:
        return values
    beside = [values.roll(step, axis) for axis in axes for step in (1, -1)]
    return torch.cat([values, torch.stack(beside).mean(0)], 1)
