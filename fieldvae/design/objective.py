r"""What inverse design minimizes, a number for every start.

.. math:: f = w\,g(S) + \xi \sum_i (\bar c_i - m_i)^2
          + \sum_p \beta_p \lVert \bar p - \bar p^* \rVert^2

with :math:`S` a statistic of a quantity over the realizations of the start, :math:`\bar c` the
means over the grid where they are kept by a penalty, :math:`\bar p` the smoothed conditions of the
inputs and :math:`\bar p^*` those that the encoder recovers from realizations. Algorithm 2 of
arXiv:2604.02281 has :math:`w\,g(S) = \alpha / \langle\tau^2\rangle`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.data.scaling import Scaling
from fieldvae.design.draws import Draws
from fieldvae.design.following import Follower
from fieldvae.design.statistics import Statistic
from fieldvae.design.variables import GRID, Variable, drawn_inward, inward_share
from fieldvae.grid import Grid
from fieldvae.quantities.fields import PhysicalFields, QuantityField

if TYPE_CHECKING:
    from fieldvae.model.cvae import ConditionalVAE


@dataclass(frozen=True)
class Goal:
    """The statistic to make large or small.

    Parameters
    ----------
    quantity
        From the outputs in physical units.
    statistic
        Of the quantity.
    maximize
        Whether it is to become large.
    form
        ``linear``: the statistic over ``reference``; ``reciprocal``: one over it.
    weight
        Factor of this term.
    reference
        Positive; what counts as one, in the units of the statistic.
    """

    quantity: Callable[[PhysicalFields], QuantityField]
    statistic: Statistic
    maximize: bool
    form: Literal["linear", "reciprocal"] = "linear"
    weight: float = 1.0
    reference: float = 1.0

    def term(self, statistic: Tensor) -> Tensor:
        """What is minimized, from the (smooth) statistic of every start."""
        if self.form == "reciprocal":
            return self.weight / statistic
        return (-self.weight if self.maximize else self.weight) / self.reference * statistic


@dataclass(frozen=True)
class Recognition:
    """Terms that keep realizations recognizable as belonging to their inputs.

    Parameters
    ----------
    errors
        Errors of recovered against smoothed conditions, ``(batch, condition)``, for the record.
    spread
        Standard deviation of every condition's channels over the training part.
    weights
        By input.
    measure
        ``squared``: mean squared difference of recovered and smoothed condition; ``spread``: the
        same per variance of its channels over the training part.
    realizations
        How many of every start are encoded.
    """

    errors: Callable[[Mapping[str, Tensor], Mapping[str, Tensor]], Tensor]
    spread: Mapping[str, Tensor]
    weights: Mapping[str, float]
    measure: Literal["spread", "squared"]
    realizations: int

    def term(self, recovered: Mapping[str, Tensor], smoothed: Mapping[str, Tensor]) -> Tensor:
        """What is minimized, one number for each of the conditions in the batch."""
        found = []
        for name, weight in self.weights.items():
            squared = (recovered[name] - smoothed[name]).square()
            if self.measure == "spread":
                variance = self.spread[name].to(squared).square().clamp_min(1e-12)
                squared = squared / variance.reshape(-1, *[1] * (squared.ndim - 2))
            found.append(weight * squared.flatten(1).mean(1))
        return torch.stack(found).sum(0)


@dataclass(frozen=True)
class Judgment:
    """What an objective finds of some starts.

    Parameters
    ----------
    total
        What is minimized, shape ``(start,)``.
    statistic
        As the goal has it, exact, in the quantity's units to its power, shape ``(start,)``.
    errors
        Self-check's error of every condition, ``(start, condition)``; ``None`` where nothing is
        encoded.
    values
        The quantity, shape ``(realization, start, [component,] x, y, z)``.
    """

    total: Tensor
    statistic: Tensor
    errors: Tensor | None
    values: Tensor


@dataclass(frozen=True)
class Objective:
    """What is minimized, as a function of the coordinates of the inputs that vary.

    Parameters
    ----------
    network, scaling, grid
        The trained model, and the grid of the inputs.
    goal
        The statistic.
    variables
        Inputs that vary.
    mean_weight
        Factor of the penalty on means; those that a variable keeps exactly have none.
    recognition
        Self-check terms; ``None`` for none.
    followers
        Inputs that follow those that vary.
    trained
        The range of training that followers are to stay in, as of
        :class:`~fieldvae.design.variables.Variable`, by name.
    """

    network: ConditionalVAE
    scaling: Scaling
    grid: Grid
    goal: Goal
    variables: Mapping[str, Variable]
    mean_weight: float = 0.0
    recognition: Recognition | None = None
    followers: Mapping[str, Follower] = field(default_factory=dict)
    trained: Mapping[str, Tensor] = field(default_factory=dict)

    def confined(self, physical: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Bring physical values of the inputs that vary into all that they must keep.

        A follower is a linear map, so that it stays in its range when what it follows is drawn
        towards its mean by the same share.
        """
        found = {name: v.project(physical[name]) for name, v in self.variables.items()}
        for name, trained in self.trained.items():
            share = inward_share(self.followers[name](found), trained).amin(1, keepdim=True)
            for source in self.followers[name].sources:
                found[source] = drawn_inward(found[source], share)
        return found

    def inputs(self, coordinates: Mapping[str, Tensor], held: Batch) -> Batch:
        """All inputs as the networks see them, float32."""
        found = {name: v.model(coordinates[name]) for name, v in self.variables.items()}
        if self.followers:
            physical = {n: v.physical(coordinates[n]) for n, v in self.variables.items()}
            for name, follower in self.followers.items():
                scaled = self.scaling.fields[name].scaled(follower(physical))
                found[name] = scaled.to(torch.float32)
        return {**found, **held}

    def __call__(self, coordinates: Mapping[str, Tensor], held: Batch, draws: Draws) -> Judgment:
        """Judge some starts.

        Parameters
        ----------
        coordinates
            Of every variable, ``(start, component, x, y, z)``.
        held
            The other inputs, scaled.
        draws
            The numbers behind realizations.
        """
        conditions = self.network.smooth(self.inputs(coordinates, held))
        outputs = self.network.realize_from(conditions, draws.latent, draws.noise)
        values = self.quantity(outputs)
        smooth = self.goal.statistic.smooth(values)
        total = self.goal.term(smooth) + self._means(coordinates)
        errors = None
        if self.recognition is not None:
            added, errors = self._recognized(self.recognition, outputs, conditions)
            total = total + added
        exact = smooth
        if self.goal.statistic.name == "exceedance":
            exact = self.goal.statistic(values)
        return Judgment(total, exact.detach(), errors, values.detach())

    def quantity(self, outputs: Batch) -> Tensor:
        """The quantity of some realizations, float64, physical."""
        fields = PhysicalFields.from_model(outputs, scaling=self.scaling, grid=self.grid)
        return self.goal.quantity(fields).values

    def _means(self, coordinates: Mapping[str, Tensor]) -> Tensor:
        penalty = next(iter(coordinates.values())).new_zeros(())
        for name, variable in self.variables.items():
            if variable.mean is not None and not variable.exact:
                mean = variable.physical(coordinates[name]).mean(GRID, keepdim=True)
                away = (mean - variable.mean.to(mean.device)).flatten(1)
                penalty = penalty + self.mean_weight * away.square().sum(1)
        return penalty

    def _recognized(
        self, recognition: Recognition, outputs: Batch, conditions: Mapping[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        count = recognition.realizations
        some = {name: y[:count].flatten(0, 1) for name, y in outputs.items()}
        recovered = self.network.encode(some).recovered
        repeated = {n: c.repeat(count, *[1] * (c.ndim - 1)) for n, c in conditions.items()}
        term = recognition.term(recovered, repeated).view(count, -1).mean(0)
        with torch.no_grad():
            errors = recognition.errors(recovered, repeated)
        return term, torch.unflatten(errors, 0, (count, -1)).mean(0)
