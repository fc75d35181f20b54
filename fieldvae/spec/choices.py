"""Choices of plugins, numbers that change by epoch, and what every section shares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, NonNegativeInt


class Section(BaseModel):
    """Part of a task: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
