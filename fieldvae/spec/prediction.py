"""The sections ``prediction`` and ``evaluation``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from fieldvae.spec.choices import Section


class QuantileTolerance(Section):
    """A tolerance read off real held-out fields: accept what errs less than this share of them."""

    quantile: Annotated[
        float, Field(gt=0, le=1, description="Share of real fields that would be accepted.")
    ] = 0.95


def _number_or_quantile(value: object) -> object:
    """Refuse what is neither; what is wrong within the keys of a quantile is told there."""
    if isinstance(value, Mapping | QuantileTolerance):
        return value
    if isinstance(value, int | float) and value > 0:
        return value
    percent = re.fullmatch(r"([\d.]+) ?%", value.strip()) if isinstance(value, str) else None
    written = f"; write {float(percent[1]) / 100:g}" if percent else ""
    raise ValueError(
        f"expected a number above 0, as in 0.04, or {{quantile: 0.95}}; found {value!r}{written}"
    )


class PredictionSpec(Section):
    """Algorithm 1 of arXiv:2604.02281: realizations that pass the self-check."""

    realizations: Annotated[PositiveInt, Field(description="Accepted realizations a sample.")] = 3
    self_check: Annotated[
        bool, Field(description="Whether realizations that fail the self-check are drawn again.")
    ] = True
    error: Annotated[
        Literal["relative", "spread"],
        Field(
            description="Condition error relative to the condition (paper), or to its spread "
            "over the training part."
        ),
    ] = "spread"
    tolerance: Annotated[
        PositiveFloat | QuantileTolerance,
        BeforeValidator(_number_or_quantile),
        Field(description="Largest condition error, or {quantile: 0.95} of real fields' own."),
    ] = QuantileTolerance()
    max_draws: Annotated[PositiveInt, Field(description="Draws tried a sample.")] = 500
    seed: Annotated[NonNegativeInt, Field(description="Seed of the realizations.")] = 0

    @model_validator(mode="after")
    def _enough_draws(self) -> PredictionSpec:
        if self.max_draws < self.realizations:
            raise ValueError(
                f"max_draws {self.max_draws} is below realizations {self.realizations}; raise it"
            )
        return self


class EvaluationSpec(Section):
    """Scores on the test part."""

    realizations: Annotated[int, Field(ge=2, description="Ensemble size for the scores.")] = 100
    baselines: Annotated[
        tuple[Literal["climatology", "linear_gaussian", "deterministic"], ...],
        Field(description="Models that every score is compared with."),
    ] = ("climatology", "linear_gaussian", "deterministic")
    stratify: Annotated[
        str | None,
        Field(
            description="Sample coordinate; scores are told for each of its values too. "
            "Default: data.stratify, where the samples have it."
        ),
    ] = None
    bootstrap: Annotated[NonNegativeInt, Field(description="Resamples for intervals.")] = 1000
    seed: Annotated[NonNegativeInt, Field(description="Seed of realizations and resamples.")] = 0
