"""The section ``design``: inverse design."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from fieldvae.document import Loc
from fieldvae.errors import nearest
from fieldvae.spec.choices import Choice, PluginChoice, Section, use


class VarySpec(Section):
    """One input that inverse design changes, and what it must keep."""

    start: Annotated[
        Literal["normal", "training"],
        Field(
            description="Where starts come from: a normal law fitted to the training part, cell "
            "by cell, or samples of the training part."
        ),
    ] = "normal"
    mean: Annotated[
        Literal["equal"] | float | tuple[float, ...] | dict[str, float] | None,
        Field(
            description="Mean over the grid, physical: equal shares, one number, one a component, "
            "or by component; any mean where left out."
        ),
    ] = None
    bounds: Annotated[
        tuple[float | None, float | None],
        Field(description="Least and greatest value, physical, within those of the field."),
    ] = (None, None)


Statistic = Literal["mean", "second_moment", "variance", "quantile", "cvar", "exceedance"]


class GoalSpec(Section):
    """What inverse design makes large or small: a statistic of a quantity."""

    maximize: Annotated[Statistic | None, Field(description="Statistic to make large.")] = None
    minimize: Annotated[Statistic | None, Field(description="Statistic to make small.")] = None
    of: Annotated[Choice, Field(description="Quantity, from the outputs in physical units.")]
    probability: Annotated[
        float | None,
        Field(gt=0, lt=1, description="Of `quantile`; share left out by `cvar`."),
    ] = None
    tail: Annotated[Literal["upper", "lower"], Field(description="Tail that `cvar` averages.")] = (
        "upper"
    )
    level: Annotated[
        float | str | None,
        Field(description="What `exceedance` exceeds: a number, or with units as in 500 MPa."),
    ] = None
    softness: Annotated[
        PositiveFloat,
        Field(
            description="Width over which `exceedance` is smoothed for its gradient, in standard "
            "deviations of the quantity at the start."
        ),
    ] = 0.2
    form: Annotated[
        Literal["linear", "reciprocal"],
        Field(description="Objective -S/S0 (S/S0 to minimize), or weight / S as in the paper."),
    ] = "linear"
    weight: Annotated[PositiveFloat, Field(description="Factor of this term.")] = 1.0

    @property
    def statistic(self) -> Statistic:
        """The statistic's name."""
        found = self.maximize or self.minimize
        assert found is not None  # checked when made
        return found

    @model_validator(mode="after")
    def _is_whole(self) -> GoalSpec:
        if (self.maximize is None) == (self.minimize is None):
            raise ValueError("give one of maximize and minimize, as in maximize: second_moment")
        if self.statistic in ("quantile", "cvar") and self.probability is None:
            raise ValueError(f"{self.statistic} needs probability, as in probability: 0.95")
        if self.statistic not in ("quantile", "cvar") and self.probability is not None:
            raise ValueError(f"probability belongs to quantile and cvar, not to {self.statistic}")
        if self.statistic != "exceedance" and self.level is not None:
            raise ValueError(f"level belongs to exceedance, not to {self.statistic}")
        if self.statistic == "exceedance" and self.level is None:
            raise ValueError("exceedance needs level, as in level: 500 MPa")
        positive = self.statistic in ("second_moment", "variance")
        if self.form == "reciprocal" and (self.minimize or not positive):
            raise ValueError(
                "form reciprocal belongs to maximize: second_moment or variance; use linear"
            )
        return self


class DesignLatentSpec(Section):
    """The realizations that a design is judged by while it is optimized."""

    realizations: Annotated[PositiveInt, Field(description="Realizations for every start.")] = 8
    vary: Annotated[
        bool, Field(description="Whether latents are optimized too, as in the paper.")
    ] = False
    start: Annotated[
        Literal["random", "fixed"],
        Field(description="Latents of its own for every start, or the same for all."),
    ] = "random"
    noise: Annotated[
        bool, Field(description="Whether the decoder's noise is drawn, or its mean is taken.")
    ] = True
    renew: Annotated[bool, Field(description="Whether they are drawn anew at every iteration.")] = (
        False
    )

    @model_validator(mode="after")
    def _not_both(self) -> DesignLatentSpec:
        if self.vary and self.renew:
            raise ValueError("latents that vary cannot be drawn anew; set vary or renew to false")
        return self


class DesignCheckSpec(Section):
    """Terms that keep realizations recognizable as belonging to their inputs."""

    weight: Annotated[
        NonNegativeFloat | dict[str, NonNegativeFloat],
        Field(description="Factor of the terms, or factors by input; 0 leaves them out."),
    ] = 0.0
    measure: Annotated[
        Literal["spread", "squared"],
        Field(
            description="Squared difference per variance of the condition over the training part, "
            "or itself (paper)."
        ),
    ] = "spread"
    realizations: Annotated[
        PositiveInt, Field(description="Realizations of every start that are encoded again.")
    ] = 1


class ExportChoice(PluginChoice):
    """An exporter, and which designs it writes."""

    best: Annotated[PositiveInt, Field(description="How many designs, the best ones first.")] = 8
    starts: Annotated[bool, Field(description="Whether their starts are written too.")] = True


def _by_name(value: object) -> object:
    """``name`` and ``[name, name]`` are short for ``{name: {}}``."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        return {name: {} for name in value}
    if isinstance(value, Mapping):
        return {name: {} if inner is None else inner for name, inner in value.items()}
    return value


HELD = ("training", "regression")
"""How an input is held, but by numbers."""


class DesignSpec(Section):
    """Inverse design: inputs whose outputs have a large or small statistic (Algorithm 2)."""

    preset: Annotated[
        str, Field(description="`default`, or `paper` (arXiv:2604.02281, Algorithm 2).")
    ] = "default"
    vary: Annotated[
        dict[str, VarySpec],
        BeforeValidator(_by_name),
        Field(min_length=1, description="Inputs to change, by field."),
    ]
    hold: Annotated[
        dict[str, Literal["training", "regression"] | float | tuple[float, ...] | dict[str, float]],
        Field(
            description="Inputs to hold, by field: a number, one a component, by component; "
            "`training`, a training sample's for every start; `regression`, following what "
            "varies as it does in training samples."
        ),
    ] = {}
    samples: Annotated[
        dict[str, str | float | None],
        Field(
            description="Training samples that starts and regressions are fitted to: coordinate "
            "and its value, null where it is missing; all samples where left out."
        ),
    ] = {}
    goal: Annotated[GoalSpec, Field(description="The statistic to make large or small.")]
    range: Annotated[
        Literal["training", "free"],
        Field(
            description="Whether inputs that vary stay within the least and greatest values and "
            "the greatest spread over the grid that training samples have."
        ),
    ] = "training"
    mean_weight: Annotated[
        PositiveFloat | None,
        Field(
            description="Keep means by a penalty of this weight, as in the paper; exactly where "
            "left out."
        ),
    ] = None
    latent: Annotated[
        DesignLatentSpec, Field(description="The realizations that designs are judged by.")
    ] = DesignLatentSpec()
    self_check: Annotated[
        DesignCheckSpec,
        Field(
            description="Terms that keep realizations recognizable as belonging to their inputs."
        ),
    ] = DesignCheckSpec()
    starts: Annotated[PositiveInt, Field(description="Number of starts.")] = 200
    iterations: Annotated[PositiveInt, Field(description="Steps of the optimizer.")] = 300
    batch: Annotated[
        PositiveInt | None,
        Field(description="Starts worked on at a time; as many as fit where left out."),
    ] = None
    optimizer: Annotated[
        Choice, Field(description="A class of torch.optim with its options, in scaled units.")
    ] = PluginChoice.model_validate({"use": "Adam", "lr": 0.03})
    record: Annotated[
        tuple[NonNegativeInt, ...] | None,
        Field(description="Iterations whose fields are kept; five of them where left out."),
    ] = None
    evaluation: Annotated[
        PositiveInt, Field(description="Fresh realizations that start and result are judged by.")
    ] = 64
    seed: Annotated[NonNegativeInt, Field(description="Seed of starts and realizations.")] = 0
    export: Annotated[
        Annotated[ExportChoice, BeforeValidator(use)] | None,
        Field(description="Exporter of the best designs, for --export."),
    ] = None

    @field_validator("hold", mode="before")
    @classmethod
    def _names_a_way_to_hold(cls, value: object) -> object:
        for name, given in value.items() if isinstance(value, Mapping) else ():
            if isinstance(given, str) and given not in HELD:
                hint = nearest(given, HELD) or f"; expected numbers, {' or '.join(HELD)}"
                raise ValueError(f"{name} is held at {given!r}{hint}")
        return value

    @model_validator(mode="after")
    def _is_consistent(self) -> DesignSpec:
        both = sorted(set(self.vary) & set(self.hold))
        if both:
            raise ValueError(f"{both[0]!r} is both varied and held; remove it from one of them")
        if self.self_check.realizations > self.latent.realizations:
            raise ValueError(
                f"self_check.realizations {self.self_check.realizations} is above "
                f"latent.realizations {self.latent.realizations}"
            )
        late = [kept for kept in self.record or () if kept > self.iterations]
        if late:
            raise ValueError(f"record {late[0]} is beyond iterations {self.iterations}")
        return self

    def choices(self) -> dict[Loc, tuple[str, PluginChoice]]:
        """Every choice of a plugin: its place in the section -> (group, choice)."""
        found: dict[Loc, tuple[str, PluginChoice]] = {("goal", "of"): ("quantities", self.goal.of)}
        if self.export is not None:
            found["export",] = ("exporters", self.export)
        return found
