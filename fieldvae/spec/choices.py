"""Choices of plugins, numbers that change by epoch, and what every section shares."""

from __future__ import annotations

import typing
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticKnownError


class Section(BaseModel):
    """Part of a task: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: object, info: ValidationInfo) -> object:
        """Refuse true and false for numbers, which pydantic reads as 1 and 0."""
        if isinstance(value, bool) and info.field_name is not None:
            kinds = _kinds(cls.model_fields[info.field_name].annotation)
            if bool not in kinds and kinds & {int, float}:
                raise PydanticKnownError("float_type" if float in kinds else "int_type")
        return value


def _kinds(annotation: Any) -> set[Any]:
    """The types that a value may have by an annotation, without those inside of it."""
    if typing.get_origin(annotation) is Annotated:
        return _kinds(typing.get_args(annotation)[0])
    if typing.get_origin(annotation) in (Union, UnionType):
        return set().union(*map(_kinds, typing.get_args(annotation)))
    return {annotation}


def use(value: object) -> object:
    """``name`` is short for ``{use: name}``."""
    return {"use": value} if isinstance(value, str) else value


def listed(value: object) -> object:
    """One name or path is short for a list of one."""
    return [value] if isinstance(value, str | Path) else value


class PluginChoice(BaseModel):
    """A plugin by name, with its options beside it: ``{use: convolution, channels: 64}``."""

    model_config = ConfigDict(frozen=True, extra="allow")

    use: Annotated[str, Field(description="Name of an installed plugin.")]

    @property
    def options(self) -> dict[str, Any]:
        """The options, everything but ``use``."""
        return dict(self.model_extra or {})


Choice = Annotated[PluginChoice, BeforeValidator(use)]

Schedule = float | dict[NonNegativeInt, float]
"""A number, or numbers by the epoch from which they hold: ``{0: 1, 300: 10000}``."""


class LossChoice(PluginChoice):
    """A loss term and its weight."""

    weight: Annotated[
        Schedule, Field(description="Factor of this term; by epoch: {0: 1, 300: 10000}.")
    ] = 1.0
