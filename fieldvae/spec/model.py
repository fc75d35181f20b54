"""The sections ``model`` and ``training``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from fieldvae.spec.choices import Choice, PluginChoice, Schedule, Section

DEFAULT_CONDITION = 16
"""Width of a condition that no preset, task or file sets."""


class ModelSpec(Section):
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
    encoder_noise: Annotated[
        NonNegativeFloat,
        Field(description="Spread of the noise through which the encoder is trained to see."),
    ] = 0.0
    decode: Annotated[
        Literal["smoothed", "recovered"],
        Field(description="Which conditions the decoder sees while it is trained."),
    ] = "smoothed"
    reconstruct: Annotated[
        Literal["joint", "encoder"],
        Field(description="What reconstruction and KL train: all networks, or the encoder alone."),
    ] = "joint"
    project: Annotated[
        bool, Field(description="Whether outputs are projected onto their closure.")
    ] = True

    def condition_width(self, name: str) -> int:
        """Width of the condition of one input."""
        if isinstance(self.condition, int):
            return self.condition
        return self.condition.get(name, DEFAULT_CONDITION)


class TrainingSpec(Section):
    """The optimization."""

    epochs: Annotated[
        PositiveInt | None, Field(description="Passes through the training part.")
    ] = None
    steps: Annotated[
        PositiveInt | None, Field(description="Optimizer steps, where `epochs` is not given.")
    ] = None
    batch: Annotated[PositiveInt, Field(description="Samples in a step.")] = 32
    optimizer: Annotated[Literal["adam", "adamw"], Field(description="Optimizer.")] = "adamw"
    learning_rate: Annotated[Schedule, Field(description="Step size; by epoch: {0: 1e-3}.")] = 1e-3
    decay: Annotated[
        Literal["none", "cosine"], Field(description="Decay of the step size over training.")
    ] = "none"
    weight_decay: Annotated[
        NonNegativeFloat, Field(description="Decay of the weights, per unit of step size.")
    ] = 0.0
    clip: Annotated[PositiveFloat | None, Field(description="Largest norm of the gradient.")] = None
    average: Annotated[
        float | None,
        Field(gt=0, lt=1, description="Decay of the running mean of the weights that is kept."),
    ] = None
    keep: Annotated[
        Literal["last", "best"],
        Field(description="Weights of the last epoch, or those that validate best."),
    ] = "last"
    patience: Annotated[
        PositiveInt | None,
        Field(description="Stop when validation has not improved for this many epochs."),
    ] = None
    checkpoint_every: Annotated[PositiveInt, Field(description="Epochs between checkpoints.")] = 5
    seed: Annotated[
        NonNegativeInt, Field(description="Seed of first weights, order of samples and noise.")
    ] = 0

    @model_validator(mode="after")
    def _has_a_length(self) -> TrainingSpec:
        if self.epochs is None and self.steps is None:
            raise ValueError("give epochs (or steps)")
        return self
