"""The whole task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from fieldvae.document import Document, Loc, dump_yaml
from fieldvae.errors import SpecError
from fieldvae.field import FieldSpec
from fieldvae.notebook import facts_html
from fieldvae.spec.choices import LossChoice, PluginChoice, Section, listed, use
from fieldvae.spec.data import DataSpec
from fieldvae.spec.design import DesignSpec
from fieldvae.spec.model import ModelSpec, TrainingSpec
from fieldvae.spec.prediction import EvaluationSpec, PredictionSpec
from fieldvae.spec.problems import problems
from fieldvae.spec.symmetry import Operation, SymmetryName, listed_symmetries


def _none_where_empty(value: object) -> object:
    return None if value == {} else value


def _mistake(words: str, at: Loc) -> PydanticCustomError:
    """A mistake that stands elsewhere than at the head of the task."""
    return PydanticCustomError("value_error", "{words}", {"words": words, "at": at})


class TaskSpec(Section):
    """A whole task, every default filled in: frozen, from YAML and back to it.

    Parameters
    ----------
    name
        Name of the run.
    task
        The installed task that it started from.
    fields
        Fields declared in the task itself.
    inputs, outputs
        Names of the fields that are given, and of those that are drawn.
    data
        Where the data are, their split and scaling.
    model
        The networks.
    losses
        Terms of the loss.
    training
        The optimization: its length, step size, seed.
    symmetry
        Operations under which the law does not change.
    prediction
        Realizations, and the self-check that they pass.
    design
        Inverse design with the trained model, if any.
    evaluation
        Scores on the test part, and baselines.
    """

    name: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$",
            description="Name of the run; default: the task's or the file's.",
        ),
    ]
    task: Annotated[str | None, Field(description="An installed task to start from.")] = None
    fields: Annotated[
        dict[str, FieldSpec], Field(description="Fields declared here; others come from plugins.")
    ] = {}
    inputs: Annotated[
        tuple[str, ...],
        BeforeValidator(listed),
        Field(min_length=1, description="Names of the fields that are given."),
    ]
    outputs: Annotated[
        tuple[str, ...],
        BeforeValidator(listed),
        Field(min_length=1, description="Names of the fields that are drawn."),
    ]
    data: Annotated[DataSpec, Field(description="Where the data are, their split and scaling.")]
    model: Annotated[ModelSpec, Field(description="The networks.")] = ModelSpec()
    losses: Annotated[
        tuple[Annotated[LossChoice, BeforeValidator(use)], ...],
        Field(min_length=1, description="Terms of the loss, each a plugin with its weight."),
    ]
    training: Annotated[
        TrainingSpec, Field(description="The optimization: its length, step size, seed.")
    ]
    symmetry: Annotated[
        tuple[SymmetryName | Operation, ...],
        BeforeValidator(listed_symmetries),
        Field(description="none, cubic, translations, or 3x3 operations in crystal axes."),
    ] = ("none",)
    prediction: Annotated[
        PredictionSpec, Field(description="Realizations, and the self-check that they pass.")
    ] = PredictionSpec()
    design: Annotated[
        DesignSpec | None,
        BeforeValidator(_none_where_empty),
        Field(description="Inverse design with the trained model; none where left out."),
    ] = None
    evaluation: Annotated[
        EvaluationSpec, Field(description="Scores on the test part, and baselines.")
    ] = EvaluationSpec()

    @model_validator(mode="after")
    def _fields_are_told_apart(self) -> TaskSpec:
        for key, names in (("inputs", self.inputs), ("outputs", self.outputs)):
            for index, name in enumerate(names):
                if name in names[:index]:
                    words = f"field {name!r} is named twice; remove one of them"
                    raise _mistake(words, (key, index))
        for index, name in enumerate(self.outputs):
            if name in self.inputs:
                words = (
                    f"field {name!r} is both an input and an output; a model given the answer "
                    "learns nothing: remove it from one of them"
                )
                raise _mistake(words, ("outputs", index))
        return self

    def __repr__(self) -> str:
        """Say what is learned from what; ``model_dump`` gives every key."""
        return f"<TaskSpec {self.name}: {', '.join(self.inputs)} -> {', '.join(self.outputs)}>"

    def _repr_html_(self) -> str:
        training, model = self.training, self.model
        length = f"{training.epochs} epochs" if training.epochs else f"{training.steps:,} steps"
        facts = [
            ("inputs", ", ".join(self.inputs)),
            ("outputs", ", ".join(self.outputs)),
            ("stores", "\n".join(map(str, self.data.store))),
            ("model", f"preset {model.preset}, latent {model.latent}, decoder {model.decoder.use}"),
            ("losses", ", ".join(loss.use for loss in self.losses)),
            ("training", f"{length} of {training.batch} samples, seed {training.seed}"),
        ]
        text = dump_yaml(self.model_dump(mode="json"))
        return facts_html(f"Task {self.name}", facts, text=text)

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
