"""From a design section to an objective, starts and what is held: names become objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.data.envelope import STATISTICS
from fieldvae.design.draws import Draws, Shapes, draw
from fieldvae.design.following import Follower
from fieldvae.design.objective import Goal, Objective, Recognition
from fieldvae.design.starts import normal_starts, training_starts
from fieldvae.design.statistics import Statistic
from fieldvae.design.variables import Variable, component_values, make_variable
from fieldvae.errors import OptionError, nearest
from fieldvae.quantities.fields import PhysicalFields, QuantityField
from fieldvae.quantities.levels import level_in
from fieldvae.quantities.naming import named_quantity
from fieldvae.spec import DesignSpec
from fieldvae.workflow.designs.completing import whole
from fieldvae.workflow.designs.section import check_optimizer
from fieldvae.workflow.trained import TrainedModel

CALIBRATION = 32
"""Starts whose realizations give the size of the statistic and the spread of the quantity."""

OPTIMIZED, FRESH, RENEWED, CALIBRATING = range(4)
"""Streams of numbers: behind what is optimized, what judges it, what is drawn anew, what
calibrates."""


@dataclass(frozen=True)
class Composition:
    """All that an inverse design needs.

    Parameters
    ----------
    model, spec
        The trained model and what is asked for.
    objective
        What is minimized.
    start
        Physical values of the inputs that vary, ``(start, component, x, y, z)``, float64.
    held
        Physical values of the others, as ``start``.
    shapes
        Of the numbers behind a realization.
    quantity
        Units, symbol and title of the quantity, with some values of it.
    """

    model: TrainedModel
    spec: DesignSpec
    objective: Objective
    start: dict[str, Tensor]
    held: dict[str, Tensor]
    shapes: Shapes
    quantity: QuantityField

    def rows(self, starts: Sequence[int]) -> tuple[dict[str, Tensor], Batch]:
        """Physical varied and scaled held inputs of some starts, on the model's device."""
        index, device = torch.as_tensor(starts), self.model.device
        varied = {name: values[index].to(device) for name, values in self.start.items()}
        return varied, self.scaled_held(starts)

    def scaled_held(self, starts: Sequence[int]) -> Batch:
        """Held inputs of some starts as the networks see them."""
        index, device = torch.as_tensor(starts), self.model.device
        fields = self.model.scaling.fields
        return {
            name: fields[name].scaled(values[index]).to(device, torch.float32)
            for name, values in self.held.items()
        }

    def draws(self, starts: Sequence[int], *, count: int, stream: int) -> Draws:
        """Numbers behind realizations; those that judge and calibrate are the decoder's too."""
        latent, own = self.spec.latent, stream == OPTIMIZED
        return draw(
            self.shapes,
            starts,
            count=count,
            seed=self.spec.seed,
            stream=stream,
            noise=latent.noise or not own,
            device=self.model.device,
            shared=own and latent.start == "fixed",
        )


def compose(model: TrainedModel, spec: DesignSpec, training: xr.Dataset) -> Composition:
    """Check a design against a model and make its objective and starts.

    Parameters
    ----------
    model
        In evaluation mode.
    spec
        The design.
    training
        Inputs of the training part, in physical units.

    Raises
    ------
    OptionError
        If the design asks for what fields, quantities or model cannot give.
    """
    check_optimizer(spec)
    variables = {name: _variable(model, spec, name) for name in spec.vary}
    training = chosen_samples(whole(model, training), spec)
    generator = np.random.default_rng(np.random.SeedSequence([spec.seed, 1]))
    rows = training_starts(training.sizes["sample"], spec.starts, generator)
    start = {name: _start(spec, variables[name], training, rows, generator) for name in spec.vary}
    following = [name for name, given in spec.hold.items() if given == "regression"]
    held = {
        name: _held(model, spec, training, rows, name)
        for name in spec.hold
        if name not in following
    }
    bare = Objective(
        model.network,
        model.scaling,
        model.grid,
        Goal(named_quantity(spec.goal.of), Statistic(spec.goal.statistic), False),
        variables,
        spec.mean_weight or 0.0,
        _recognition(model, spec),
        {name: _follower(model, spec, training, name) for name in following},
        {name: _trained(model, name) for name in following if spec.range == "training"},
    )
    start = bare.confined(start)
    some = range(min(CALIBRATION, spec.starts))
    index = torch.arange(len(some))
    known = {
        name: model.scaling.fields[name].scaled(values[index]).to(torch.float32)
        for name, values in held.items()
    }
    inputs = bare.inputs({n: v.coordinates(start[n][index]) for n, v in variables.items()}, known)
    with torch.no_grad():
        conditions = model.network.smooth({n: x.to(model.device) for n, x in inputs.items()})
    shapes = Shapes.of(model.network, conditions)
    drawn = draw(
        shapes, some, count=8, seed=spec.seed, stream=CALIBRATING, noise=True, device=model.device
    )
    with torch.no_grad():
        outputs = model.network.realize_from(conditions, drawn.latent, drawn.noise)
        fields = PhysicalFields.from_model(outputs, scaling=model.scaling, grid=model.grid)
        quantity = bare.goal.quantity(fields)
    objective = replace(bare, goal=_goal(spec, bare.goal, quantity))
    return Composition(model, spec, objective, start, held, shapes, quantity)


def chosen_samples(training: xr.Dataset, spec: DesignSpec) -> xr.Dataset:
    """Return the training samples that a design is about.

    Raises
    ------
    OptionError
        If there are none.
    """
    chosen = np.ones(training.sizes["sample"], dtype=bool)
    for name, value in spec.samples.items():
        if name not in training.coords or training[name].dims != ("sample",):
            known = [str(n) for n, c in training.coords.items() if c.dims == ("sample",)]
            hint = nearest(name, known) or f"; there are: {', '.join(known) or 'none'}"
            raise OptionError(f"samples: the samples have no coordinate {name!r}{hint}")
        missing = training[name].isnull().to_numpy() | (training[name] == "").to_numpy()
        chosen &= missing if value is None else (training[name] == value).to_numpy()
    if not chosen.any():
        told = ", ".join(f"{name}: {value}" for name, value in spec.samples.items())
        there = "; ".join(
            f"{name}: {', '.join(map(str, np.unique(training[name].dropna('sample'))))}"
            + (" or null" if bool(training[name].isnull().any()) else "")
            for name in spec.samples
        )
        raise OptionError(f"samples: no training sample has {told}; there are {there}")
    return training.isel(sample=chosen)


def _follower(model: TrainedModel, spec: DesignSpec, training: xr.Dataset, name: str) -> Follower:
    def values(of: str) -> Tensor:
        return torch.from_numpy(_five(training[of], model.fields[of].on))

    return Follower.fit(values(name), {of: values(of) for of in spec.vary}, model.grid)


def _variable(model: TrainedModel, spec: DesignSpec, name: str) -> Variable:
    asked = spec.vary[name]
    mean = list(asked.mean) if isinstance(asked.mean, tuple) else asked.mean
    return make_variable(
        model.scaling.fields[name],
        mean=mean,
        exact=spec.mean_weight is None,
        bounds=asked.bounds,
        trained=_trained(model, name) if spec.range == "training" else None,
    )


def _trained(model: TrainedModel, name: str) -> Tensor:
    """Least and greatest value and greatest spread of training samples, ``(3, component)``."""
    least, greatest = model.envelope.ranges[name]
    at = STATISTICS.index
    rows = [least[at("least")], greatest[at("greatest")], greatest[at("spread")]]
    return torch.from_numpy(np.stack(rows))


def _start(
    spec: DesignSpec,
    variable: Variable,
    training: xr.Dataset,
    rows: np.ndarray,
    generator: np.random.Generator,
) -> Tensor:
    field = variable.scaling.field
    physical = torch.from_numpy(_five(training[field.name], field.on))
    if spec.vary[field.name].start == "training":
        found = physical[torch.from_numpy(rows)]
    else:
        known = variable.coordinates(physical).numpy()
        drawn = normal_starts(known, spec.starts, generator)
        found = variable.physical(torch.from_numpy(drawn))
    return found


def _held(
    model: TrainedModel, spec: DesignSpec, training: xr.Dataset, rows: np.ndarray, name: str
) -> Tensor:
    scaling, given = model.scaling.fields[name], spec.hold[name]
    known = _five(training[name], scaling.field.on)
    if given == "training":
        return torch.from_numpy(known[rows])
    assert not isinstance(given, str)
    values = torch.tensor(component_values(given, scaling, what="hold"), dtype=torch.float64)
    _check_held(values, scaling.field.bounds, name)
    if scaling.field.closure == "simplex" and abs(float(values.sum()) - 1) > 1e-3:
        raise OptionError(f"hold of {name!r}: its components sum to {float(values.sum()):g}, not 1")
    if scaling.field.zero_mean and bool((values != 0).any()):
        raise OptionError(f"hold of {name!r}: its mean over the grid is zero by its closure")
    return values.reshape(1, -1, 1, 1, 1).expand(spec.starts, -1, *known.shape[2:]).clone()


def _check_held(values: Tensor, bounds: tuple[float | None, float | None], name: str) -> None:
    low, high = bounds
    if (low is not None and bool((values < low).any())) or (
        high is not None and bool((values > high).any())
    ):
        raise OptionError(
            f"hold of {name!r}: {', '.join(f'{v:g}' for v in values.tolist())} is outside its "
            f"bounds {low} to {high}"
        )


def _five(array: xr.DataArray, on: str) -> np.ndarray:
    """``(sample, component, x, y, z)`` in float64, absent axes of one cell."""
    values = np.array(array.values, dtype=np.float64)
    return values.reshape(*values.shape, *(1,) * (5 - values.ndim))


def _recognition(model: TrainedModel, spec: DesignSpec) -> Recognition | None:
    asked = spec.self_check
    if isinstance(asked.weight, dict):
        unknown = [name for name in asked.weight if name not in model.spec.inputs]
        if unknown:
            raise OptionError(
                f"self_check.weight names {unknown[0]!r}; inputs: {', '.join(model.spec.inputs)}"
            )
        weights = {name: weight for name, weight in asked.weight.items() if weight}
    else:
        weights = dict.fromkeys(model.spec.inputs, asked.weight) if asked.weight else {}
    if not weights:
        return None
    check = model.check
    if check is None:
        raise OptionError(
            "self_check.weight needs an encoder, and this model has none; set it to 0"
        )
    return Recognition(check.errors, check.spread, weights, asked.measure, asked.realizations)


def _goal(spec: DesignSpec, bare: Goal, quantity: QuantityField) -> Goal:
    """The goal with its level in the quantity's units, and what counts as one."""
    asked, values = spec.goal, quantity.values
    spread = max(float(values.std()), float(torch.finfo(values.dtype).tiny))
    level = 0.0
    if asked.level is not None:
        level = level_in(asked.level, quantity.units, of=asked.of.use)
    statistic = Statistic(
        asked.statistic,
        probability=0.95 if asked.probability is None else asked.probability,
        tail=asked.tail,
        level=level,
        width=asked.softness * spread,
    )
    # The statistic itself may be near zero; the spread to its power never is.
    reference = spread**statistic.units_power
    return Goal(
        bare.quantity,
        statistic,
        maximize=asked.maximize is not None,
        form=asked.form,
        weight=asked.weight,
        reference=reference,
    )
