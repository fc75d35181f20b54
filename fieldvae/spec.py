"""The task file: what a user may write, checked down to line and column.

Names of plugins and their options are checked where plugins are known (:mod:`fieldvae.registry`);
here stands what can be said without loading any.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from fieldvae.document import Document, Loc
from fieldvae.errors import Problem, SpecError, nearest
from fieldvae.field import FieldSpec, Transform


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _use(value: object) -> object:
    return {"use": value} if isinstance(value, str) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str | Path) else value


class PluginChoice(BaseModel):
    """A plugin by name, with its options beside it: ``{use: convolution, channels: 64}``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    use: Annotated[str, Field(description="Name of an installed plugin.")]

    @property
    def options(self) -> dict[str, Any]:
        """The options, everything but ``use``."""
        return dict(self.model_extra or {})


Choice = Annotated[PluginChoice, BeforeValidator(_use)]

Schedule = float | dict[NonNegativeInt, float]
"""A number, or numbers by the epoch from which they hold: ``{0: 1, 300: 10000}``."""


class LossChoice(PluginChoice):
    """A loss term and its weight."""

    weight: Annotated[
        Schedule, Field(description="Factor of this term; by epoch: {0: 1, 300: 10000}.")
    ] = 1.0


class SplitSpec(_Section):
    """How samples are shared out; what is neither test nor validation trains."""

    test: Annotated[float, Field(ge=0, lt=1, description="Share of samples for testing.")] = 0.1
    validation: Annotated[float, Field(ge=0, lt=1, description="Share for validation.")] = 0.1
    seed: NonNegativeInt = 0

    @model_validator(mode="after")
    def _something_trains(self) -> SplitSpec:
        if self.test + self.validation >= 1:
            raise ValueError(
                f"test {self.test} + validation {self.validation} leave nothing to train on"
            )
        return self


class ScalingSpec(_Section):
    """How fields are scaled for the model where they do not say it themselves."""

    method: Transform = "standardize"
    per: Annotated[
        Literal["component", "voxel"],
        Field(description="One scale a component, or one for every voxel as in the paper."),
    ] = "component"


class DataSpec(_Section):
    """Where the data are and how they are split and scaled."""

    store: Annotated[
        tuple[Path, ...],
        BeforeValidator(_listed),
        Field(min_length=1, description="A Zarr store, or several of the same grid."),
    ]
    test_store: Annotated[
        Path | None, Field(description="Test on this store; then `store` holds no test part.")
    ] = None
    replicates: Annotated[
        Path | None,
        Field(description="Score against this store too, with several true outputs of each input."),
    ] = None
    split: SplitSpec = SplitSpec()
    stratify: Annotated[
        str | None,
        Field(description="Sample coordinate of which every part gets its share."),
    ] = None
    group: Annotated[
        str | None,
        Field(description="Sample coordinate; samples that share a value stay together."),
    ] = "group"
    scaling: ScalingSpec = ScalingSpec()


DEFAULT_CONDITION = 16
"""Width of a condition that no preset, task or file sets."""


class ModelSpec(_Section):
    """The networks."""

    preset: Annotated[str, Field(description="`default`, or `paper` (arXiv:2604.02281).")] = (
        "default"
    )
    layout: Annotated[
        Literal["vector", "field"],
        Field(description="Latent and conditions as vectors, or as fields on the grid."),
    ] = "field"
    latent: Annotated[PositiveInt, Field(description="Width of the latent.")] = 12
    condition: Annotated[
        PositiveInt | dict[str, PositiveInt],
        Field(description="Width of every input's condition; {name: width} for some."),
    ] = DEFAULT_CONDITION
    smoother: Annotated[Choice, Field(description="Smoother of every input.")] = PluginChoice(
        use="convolution"
    )
    smoothers: Annotated[
        dict[str, Choice], Field(description="Smoothers of single inputs, by field.")
    ] = {}
    encoder: Annotated[Choice, Field(description="Encoder; `none` for a model without.")] = (
        PluginChoice(use="convolution")
    )
    decoder: Annotated[Choice, Field(description="Decoder.")] = PluginChoice(use="convolution")
    prior: Annotated[Choice, Field(description="Law of the latent given the conditions.")] = (
        PluginChoice(use="standard")
    )
    decode: Annotated[
        Literal["smoothed", "recovered"],
        Field(description="Which conditions the decoder sees while it is trained."),
    ] = "smoothed"
    project: Annotated[
        bool, Field(description="Whether outputs are projected onto their closure.")
    ] = True

    def condition_width(self, name: str) -> int:
        """Width of the condition of one input."""
        if isinstance(self.condition, int):
            return self.condition
        return self.condition.get(name, DEFAULT_CONDITION)


class TrainingSpec(_Section):
    """The optimisation."""

    epochs: Annotated[
        PositiveInt | None, Field(description="Passes through the training part.")
    ] = None
    steps: Annotated[
        PositiveInt | None, Field(description="Optimiser steps, where `epochs` is not given.")
    ] = None
    batch: PositiveInt = 32
    optimizer: Literal["adam", "adamw"] = "adamw"
    learning_rate: Annotated[Schedule, Field(description="Step size; by epoch: {0: 1e-3}.")] = 1e-3
    decay: Annotated[
        Literal["none", "cosine"], Field(description="Decay of the step size over training.")
    ] = "none"
    weight_decay: NonNegativeFloat = 0.0
    clip: Annotated[PositiveFloat | None, Field(description="Largest norm of the gradient.")] = None
    average: Annotated[
        float | None,
        Field(gt=0, lt=1, description="Decay of the running mean of the weights that is kept."),
    ] = None
    patience: Annotated[
        PositiveInt | None,
        Field(description="Stop when validation has not improved for this many epochs."),
    ] = None
    checkpoint_every: Annotated[PositiveInt, Field(description="Epochs between checkpoints.")] = 5
    seed: NonNegativeInt = 0

    @model_validator(mode="after")
    def _has_a_length(self) -> TrainingSpec:
        if self.epochs is None and self.steps is None:
            raise ValueError("give epochs (or steps)")
        return self


class QuantileTolerance(_Section):
    """A tolerance read off real held-out fields: accept what errs less than this share of them."""

    quantile: Annotated[float, Field(gt=0, le=1)] = 0.95


class PredictionSpec(_Section):
    """Algorithm 1 of arXiv:2604.02281: realizations that pass the self-check."""

    realizations: Annotated[PositiveInt, Field(description="Accepted realizations a sample.")] = 3
    self_check: bool = True
    error: Annotated[
        Literal["relative", "spread"],
        Field(
            description="Condition error relative to the condition (paper), or to its spread "
            "over the training part."
        ),
    ] = "spread"
    tolerance: Annotated[
        PositiveFloat | QuantileTolerance,
        Field(description="Largest condition error, or {quantile: 0.95} of real fields' own."),
    ] = QuantileTolerance()
    max_draws: Annotated[PositiveInt, Field(description="Draws tried a sample.")] = 500
    seed: NonNegativeInt = 0

    @model_validator(mode="after")
    def _enough_draws(self) -> PredictionSpec:
        if self.max_draws < self.realizations:
            raise ValueError(
                f"max_draws {self.max_draws} is below realizations {self.realizations}"
            )
        return self


class VarySpec(_Section):
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


class GoalSpec(_Section):
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
        if self.statistic == "exceedance" and self.level is None:
            raise ValueError("exceedance needs level, as in level: 500 MPa")
        positive = self.statistic in ("second_moment", "variance")
        if self.form == "reciprocal" and (self.minimize or not positive):
            raise ValueError(
                "form reciprocal belongs to maximize: second_moment or variance; use linear"
            )
        return self


class DesignLatentSpec(_Section):
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


class DesignCheckSpec(_Section):
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


class DesignSpec(_Section):
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
    goal: GoalSpec
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
    latent: DesignLatentSpec = DesignLatentSpec()
    self_check: DesignCheckSpec = DesignCheckSpec()
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
    seed: NonNegativeInt = 0
    export: Annotated[
        Annotated[ExportChoice, BeforeValidator(_use)] | None,
        Field(description="Exporter of the best designs, for --export."),
    ] = None

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


def _none_where_empty(value: object) -> object:
    return None if value == {} else value


class EvaluationSpec(_Section):
    """Scores on the test part."""

    realizations: Annotated[int, Field(ge=2, description="Ensemble size for the scores.")] = 100
    baselines: Annotated[
        tuple[Literal["climatology", "linear_gaussian", "deterministic"], ...],
        Field(description="Models that every score is compared with."),
    ] = ("climatology", "linear_gaussian", "deterministic")
    bootstrap: Annotated[NonNegativeInt, Field(description="Resamples for intervals.")] = 1000
    seed: NonNegativeInt = 0


SYMMETRIES = ("none", "cubic", "translations")

SymmetryName = Literal["none", "cubic", "translations"]
Operation = tuple[
    tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]
]


def _symmetries(value: object) -> object:
    """Refuse what is neither a name nor a matrix with words that name the slip."""
    items = value if isinstance(value, list | tuple) else [value]
    if items and all(_is_row(item) for item in items):
        raise ValueError("a matrix stands in a list of operations: [[[...], [...], [...]]]")
    for item in items:
        if isinstance(item, str) and item not in SYMMETRIES:
            known = f"; known: {', '.join(SYMMETRIES)}, and 3x3 matrices"
            raise ValueError(f"no symmetry is named {item!r}{nearest(item, SYMMETRIES) or known}")
        if not isinstance(item, str) and not _is_matrix(item):
            raise ValueError(f"{item!r} is neither a name nor a 3x3 matrix")
    return tuple(items)


def _is_row(value: object) -> bool:
    numbers = isinstance(value, list | tuple) and all(isinstance(v, int | float) for v in value)
    return numbers and len(value) == 3  # type: ignore[arg-type]


def _is_matrix(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 3 and all(map(_is_row, value))


class TaskSpec(_Section):
    """A whole task, every default filled in: frozen, from YAML and back to it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    task: Annotated[str | None, Field(description="An installed task to start from.")] = None
    fields: Annotated[
        dict[str, FieldSpec], Field(description="Fields declared here; others come from plugins.")
    ] = {}
    inputs: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
    outputs: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
    data: DataSpec
    model: ModelSpec = ModelSpec()
    losses: Annotated[tuple[Annotated[LossChoice, BeforeValidator(_use)], ...], Field(min_length=1)]
    training: TrainingSpec
    symmetry: Annotated[
        tuple[SymmetryName | Operation, ...],
        BeforeValidator(_symmetries),
        Field(description="none, cubic, translations, or 3x3 operations in crystal axes."),
    ] = ("none",)
    prediction: PredictionSpec = PredictionSpec()
    design: Annotated[
        DesignSpec | None,
        BeforeValidator(_none_where_empty),
        Field(description="Inverse design with the trained model; none where left out."),
    ] = None
    evaluation: EvaluationSpec = EvaluationSpec()

    @model_validator(mode="after")
    def _fields_are_told_apart(self) -> TaskSpec:
        for names in (self.inputs, self.outputs):
            repeated = sorted({name for name in names if names.count(name) > 1})
            if repeated:
                raise ValueError(f"field {repeated[0]!r} is named twice")
        both = [name for name in self.inputs if name in self.outputs]
        if both:
            raise ValueError(
                f"field {both[0]!r} is both an input and an output; a model given the answer "
                "learns nothing: remove it from one of them"
            )
        return self

    def choices(self) -> dict[Loc, tuple[str, PluginChoice]]:
        """Every choice of a plugin: its place in the task -> (group, choice)."""
        found: dict[Loc, tuple[str, PluginChoice]] = {
            ("model", "smoother"): ("smoothers", self.model.smoother),
            ("model", "encoder"): ("encoders", self.model.encoder),
            ("model", "decoder"): ("decoders", self.model.decoder),
            ("model", "prior"): ("priors", self.model.prior),
        }
        for name, choice in self.model.smoothers.items():
            found["model", "smoothers", name] = ("smoothers", choice)
        for index, loss in enumerate(self.losses):
            found["losses", index] = ("losses", loss)
        if self.design is not None:
            found |= {("design", *loc): kind for loc, kind in self.design.choices().items()}
        return found


def parse_task(document: Document, filled: Mapping[str, Any]) -> TaskSpec:
    """Check a task whose defaults have been filled in, naming every mistake at once.

    Parameters
    ----------
    document
        What the user wrote, for the places of mistakes.
    filled
        The same laid over the defaults.

    Raises
    ------
    SpecError
        With one problem for each mistake.
    """
    try:
        return TaskSpec.model_validate(filled)
    except ValidationError as error:
        raise SpecError(problems(document, error, TaskSpec)) from None


def problems(
    document: Document, error: ValidationError, model: type[BaseModel], *, at: Loc = ()
) -> list[Problem]:
    """Turn pydantic's errors on the part of a document at a key path into problems."""
    told: dict[tuple[str, str], Problem] = {}
    for item in error.errors():
        loc = tuple(part for part in item["loc"] if _in_document(part))
        problem = document.problem((*at, *loc), _words(item, loc, model, at))
        told.setdefault((problem.place, problem.message), problem)
    return list(told.values())


def _in_document(part: str | int) -> bool:
    """Whether a part of pydantic's path is a key of the file and no tag of a union."""
    return isinstance(part, int) or not any(letter in part for letter in "[](),- ")


def _words(item: Any, loc: Loc, model: type[BaseModel], at: Loc) -> str:
    whole = (*at, *loc)
    key = ".".join(str(part) for part in whole)
    if item["type"] == "extra_forbidden":
        known = _keys(model, loc[:-1])
        where = f" in '{'.'.join(map(str, whole[:-1]))}'" if len(whole) > 1 else ""
        hint = nearest(str(loc[-1]), known)
        return f"unknown key {str(loc[-1])!r}{where}{hint or '; known: ' + ', '.join(known)}"
    if item["type"] == "missing":
        return f"{key} is missing"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "value_error":
        return f"{key}: {message}" if key else message
    if (expected := _EXPECTED.get(item["type"])) is not None:
        return f"{key}: expected {expected}; found {item['input']!r}"
    found = item["input"]
    shown = f"found {found!r}" if isinstance(found, str | int | float | bool) else ""
    message = message[0].lower() + message[1:]
    return f"{key}: {message}" + (f"; {shown}" if shown else "")


_EXPECTED = {
    "model_type": "keys with values, as in {key: value}",
    "model_attributes_type": "keys with values, as in {key: value}",
    "dict_type": "keys with values, as in {key: value}",
    "tuple_type": "a list, as in [a, b]",
    "list_type": "a list, as in [a, b]",
    "string_type": "text; write a number in quotes",
    "string_pattern_mismatch": "letters, digits and _ (in a task's name . and - too), no blanks",
}
"""What pydantic's commonest complaints mean in a YAML file."""


def _keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that the section at ``loc`` knows."""
    current: Any = model
    for part in loc:
        fields = getattr(current, "model_fields", None)
        annotation = fields[part].annotation if fields and part in fields else current
        current = _section(annotation)
    return sorted(getattr(current, "model_fields", {}))


def _section(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _section(inner)
        if found is not None:
            return found
    return None
