"""The section ``data``: stores, split, scaling."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, NonNegativeInt, model_validator

from fieldvae.field import Transform
from fieldvae.spec.choices import Section, listed


class SplitSpec(Section):
    """How samples are shared out; what is neither test nor validation trains."""

    test: Annotated[float, Field(ge=0, lt=1, description="Share of samples for testing.")] = 0.1
    validation: Annotated[float, Field(ge=0, lt=1, description="Share for validation.")] = 0.1
    seed: Annotated[NonNegativeInt, Field(description="Seed of the split.")] = 0
    fraction: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            description="Share of the training part that is used; smaller ones are parts of larger "
            "ones, and the other parts stay as they are.",
        ),
    ] = 1.0

    @model_validator(mode="after")
    def _something_trains(self) -> SplitSpec:
        if self.test + self.validation >= 1:
            raise ValueError(
                f"test {self.test} + validation {self.validation} leave nothing to train on; "
                "lower one of them"
            )
        return self


class ScalingSpec(Section):
    """How fields are scaled for the model where they do not say it themselves."""

    method: Annotated[
        Transform, Field(description="What values are brought to a like size by.")
    ] = "standardize"
    per: Annotated[
        Literal["component", "voxel"],
        Field(description="One scale a component, or one for every voxel as in the paper."),
    ] = "component"


class DataSpec(Section):
    """Where the data are and how they are split and scaled."""

    store: Annotated[
        tuple[Path, ...],
        BeforeValidator(listed),
        Field(min_length=1, description="A Zarr store, or several of the same grid."),
    ]
    test_store: Annotated[
        Path | None, Field(description="Test on this store; then `store` holds no test part.")
    ] = None
    replicates: Annotated[
        Path | None,
        Field(description="Score against this store too, with several true outputs of each input."),
    ] = None
    split: Annotated[
        SplitSpec,
        Field(description="Shares of samples for testing and validation; the rest trains."),
    ] = SplitSpec()
    stratify: Annotated[
        str | None,
        Field(description="Sample coordinate of which every part gets its share."),
    ] = None
    group: Annotated[
        str | None,
        Field(description="Sample coordinate; samples that share a value stay together."),
    ] = "group"
    scaling: Annotated[
        ScalingSpec, Field(description="Scaling of fields that do not say it themselves.")
    ] = ScalingSpec()
