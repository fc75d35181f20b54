r"""An input as the optimizer sees it, and the set that it must stay in.

The set is the intersection of an affine one (components sum to one, means over the grid are given)
and a box (bounds). Gradients are projected onto the tangent of the affine set, so that an optimizer
that scales components, such as Adam, treats the components of a simplex alike; after every step the
values are projected onto the whole set. Where a design is to stay in the range of training, fields
that leave it are then drawn towards their means over the grid, which changes neither sums nor
means.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fieldvae.data.scaling import FieldScaling
from fieldvae.errors import OptionError

GRID = (-3, -2, -1)
COMPONENT = -4

ROUNDS = 200
"""Most rounds of Dykstra's algorithm; compositions of random alloys need none, and ones with a
tenth of their values on a bound some twenty."""

NEAR = 1e-9
"""How far beyond a bound a value may be left, relative to the size of the field's scale."""

SUM = 1e-3
"""How far shares that a user writes may be from summing to one; thirds as 0.333 pass, and are
brought to sum to one exactly."""


@dataclass(frozen=True)
class Variable:
    r"""One input that varies.

    Its coordinates are the model's scaled values. For a simplex they are all components divided
    by one number, the mean scale :math:`s` of the field, so that no component stands out.

    Parameters
    ----------
    scaling
        Between physical and scaled values of the field.
    mean
        Physical mean over the grid of every component, float64, shape ``(component, 1, 1, 1)``;
        ``None`` where it is free.
    exact
        Whether the mean is kept by projection; else it is left to a penalty.
    bounds
        Least and greatest physical value; infinite where there is none.
    trained
        Least value, greatest value and greatest standard deviation over the grid that any training
        sample has, shape ``(3, component)``; ``None`` where a field may leave them.
    """

    scaling: FieldScaling
    mean: Tensor | None
    exact: bool
    bounds: tuple[float, float]
    trained: Tensor | None = None

    @property
    def simplex(self) -> bool:
        """Whether components sum to one."""
        return self.scaling.field.closure == "simplex"

    @property
    def unit(self) -> float:
        """Physical size of a unit of a simplex's coordinates."""
        return float(self.scaling.scale.mean())

    def coordinates(self, physical: Tensor) -> Tensor:
        """Turn physical values ``(..., component, x, y, z)`` of all components to coordinates."""
        if self.simplex:
            return physical.to(torch.float64) / self.unit
        return self.scaling.scaled(physical)

    def physical(self, coordinates: Tensor) -> Tensor:
        """Undo :meth:`coordinates`; gradients pass through."""
        return coordinates * self.unit if self.simplex else self.scaling.physical(coordinates)

    def model(self, coordinates: Tensor) -> Tensor:
        """Turn coordinates to what the networks see, float32; gradients pass through."""
        if self.simplex:
            coordinates = self.scaling.scaled(self.physical(coordinates))
        return coordinates.to(torch.float32)

    def tangent(self, gradient: Tensor) -> Tensor:
        """Take from a gradient what leads out of the affine set."""
        if self.simplex:
            gradient = gradient - gradient.mean(COMPONENT, keepdim=True)
        if self.exact and self.mean is not None:
            gradient = gradient - gradient.mean(GRID, keepdim=True)
        return gradient

    def project(self, physical: Tensor) -> Tensor:
        """Return physical values near by that keep everything.

        They are the nearest in the affine set and the box, then drawn into the range of training.

        Parameters
        ----------
        physical
            float64, shape ``(start, component, x, y, z)``.
        """
        return self._drawn_in(self._nearest(physical))

    def _drawn_in(self, physical: Tensor) -> Tensor:
        """Draw fields towards their means over the grid until they are in the range of training."""
        if self.trained is None:
            return physical
        if physical.shape[2:].numel() == 1:
            least, greatest, _ = self.trained.to(physical.device).reshape(3, -1, 1, 1, 1)
            return physical if self.simplex else physical.clamp(least, greatest)
        share = inward_share(physical, self.trained)
        if self.simplex:
            share = share.amin(COMPONENT, keepdim=True)
        return drawn_inward(physical, share)

    def _nearest(self, physical: Tensor) -> Tensor:
        """Return the nearest values, within rounding, in the affine set and the box.

        Dykstra's algorithm (Boyle & Dykstra 1986, doi:10.1007/978-1-4613-9940-7_3) between the
        affine set and the box; one round where no bound is met.

        Parameters
        ----------
        physical
            float64, shape ``(start, component, x, y, z)``.
        """
        low, high = self.bounds
        kept = self._affine(physical)
        near = NEAR * max(abs(self.unit), torch.finfo(kept.dtype).eps)
        beyond = ((kept < low - near) | (kept > high + near)).flatten(1).any(1)
        if not bool(beyond.any()):
            return kept
        some = physical[beyond]
        carried = torch.zeros_like(some)
        for _ in range(ROUNDS):
            affine = self._affine(some)
            if bool(((affine >= low - near) & (affine <= high + near)).all()):
                break
            some = (affine + carried).clamp(low, high)
            carried = carried + affine - some
        kept = kept.clone()
        kept[beyond] = self._affine(some)
        return kept

    def _affine(self, physical: Tensor) -> Tensor:
        """Project onto the affine set; the two parts of it are at right angles."""
        if self.simplex:
            physical = physical + (1 - physical.sum(COMPONENT, keepdim=True)) / physical.shape[1]
        if self.exact and self.mean is not None:
            mean = self.mean.to(physical.device)
            physical = physical + (mean - physical.mean(GRID, keepdim=True))
        return physical


def inward_share(physical: Tensor, trained: Tensor) -> Tensor:
    """Return what share of the way from their means fields may go to stay in the range of training.

    Parameters
    ----------
    physical
        Shape ``(start, component, x, y, z)``.
    trained
        As of :class:`Variable`.

    Returns
    -------
    Tensor
        Between 0 and 1, shape ``(start, component, 1, 1, 1)``.
    """
    least, greatest, spread = trained.to(physical.device).reshape(3, -1, 1, 1, 1)
    center = physical.mean(GRID, keepdim=True)
    away = physical - center
    tiny = torch.finfo(away.dtype).tiny
    shares = [
        spread / away.square().mean(GRID, keepdim=True).sqrt().clamp_min(tiny),
        (greatest - center) / away.amax(GRID, keepdim=True).clamp_min(tiny),
        (center - least) / (-away.amin(GRID, keepdim=True)).clamp_min(tiny),
    ]
    return torch.stack(shares).amin(0).clamp(0, 1)


def drawn_inward(physical: Tensor, share: Tensor) -> Tensor:
    """Draw fields towards their means over the grid; sums and means stay what they are."""
    center = physical.mean(GRID, keepdim=True)
    return center + share * (physical - center)


def make_variable(
    scaling: FieldScaling,
    *,
    mean: float | list[float] | dict[str, float] | str | None,
    exact: bool,
    bounds: tuple[float | None, float | None],
    trained: Tensor | None = None,
) -> Variable:
    """Check what a field must keep, and return the variable.

    Parameters
    ----------
    scaling
        The field's.
    mean
        ``equal``, one number, one a component, or by component's label.
    exact
        Whether the mean is kept by projection.
    bounds
        Least and greatest physical value; those of the field where ``None``.
    trained
        The range of training that the field is to stay in.

    Raises
    ------
    OptionError
        If nothing can keep it.
    """
    field = scaling.field
    lows = [b for b in (bounds[0], field.bounds[0]) if b is not None]
    highs = [b for b in (bounds[1], field.bounds[1]) if b is not None]
    if field.closure == "simplex":
        lows, highs = [*lows, 0.0], [*highs, 1.0]
    low, high = max(lows, default=-torch.inf), min(highs, default=torch.inf)
    if low >= high:
        raise OptionError(f"bounds of {field.name!r}: nothing lies between {low:g} and {high:g}")
    if field.zero_mean:
        if mean is not None and any(_per_component(mean, scaling)):
            raise OptionError(f"mean of {field.name!r}: its mean is zero by its closure")
        mean, exact = 0.0, True
    if field.closure == "simplex" and low * len(field.labels) > 1:
        raise OptionError(f"bounds of {field.name!r}: shares of at least {low:g} exceed one")
    if mean is None:
        return Variable(scaling, None, exact, (low, high), trained)
    if scaling.log and exact:
        raise OptionError(
            f"mean of {field.name!r}: the field is scaled by its logarithm; keep its mean by a "
            "penalty, with mean_weight"
        )
    values = _per_component(mean, scaling)
    for label, value in zip(field.labels, values, strict=True):
        if not low <= value <= high:
            raise OptionError(
                f"mean of {field.name!r}: {value:g} of {label} is outside {low:g} to {high:g}"
            )
    if field.closure == "simplex":
        if abs(sum(values) - 1) > SUM:
            raise OptionError(
                f"mean of {field.name!r}: {', '.join(f'{v:g}' for v in values)} sum to "
                f"{sum(values):g}; shares of a simplex sum to 1 (mean: equal gives equal shares)"
            )
        values = [value / sum(values) for value in values]
    tensor = torch.tensor(values, dtype=torch.float64).reshape(-1, 1, 1, 1)
    return Variable(scaling, tensor, exact, (low, high), trained)


def _per_component(
    mean: float | list[float] | tuple[float, ...] | dict[str, float] | str, scaling: FieldScaling
) -> list[float]:
    field = scaling.field
    if isinstance(mean, str):  # "equal"
        if field.closure != "simplex":
            raise OptionError(
                f"mean of {field.name!r}: 'equal' is for shares that sum to one; give numbers"
            )
        return [1 / len(field.labels)] * len(field.labels)
    return component_values(mean, scaling, what="mean")


def component_values(
    given: float | list[float] | tuple[float, ...] | dict[str, float],
    scaling: FieldScaling,
    *,
    what: str,
) -> list[float]:
    """Return one number a component, in the order of the field's labels.

    Raises
    ------
    OptionError
        If there are more or fewer, or labels are unknown or missing.
    """
    field = scaling.field
    labels = list(field.labels)
    expected = f"expected one number, or one for each of {', '.join(labels)}"
    if isinstance(given, dict):
        if set(given) != set(labels):
            raise OptionError(f"{what} of {field.name!r} names {', '.join(given)}; {expected}")
        return [float(given[label]) for label in labels]
    if isinstance(given, list | tuple):
        if len(given) != len(labels):
            raise OptionError(f"{what} of {field.name!r} has {len(given)} numbers; {expected}")
        return [float(value) for value in given]
    return [float(given)] * len(labels)
