"""What a plugin promises, and what passes between the parts of a model.

Kinds of plugin, each an entry-point group ``fieldvae.<kind>``. What stands before the star is
what the house supplies; annotated keyword-only parameters after it are the options a task may
set, and the options model, the JSON Schema and the error messages derive from them.

==============  ================================================================================
group           contract
==============  ================================================================================
``fields``      a :class:`~fieldvae.FieldSpec`, or the text of a YAML file as package data
``tasks``       a :class:`Task`
``smoothers``   ``Module(field, grid, condition, *, ...)``; one input field -> its condition
``encoders``    ``Module(outputs, grid, latent, conditions, *, ...)``; outputs -> :class:`Encoding`
``decoders``    ``Module(outputs, grid, latent, conditions, *, ...)``; latent, conditions -> laws
``priors``      ``Module(grid, latent, conditions, *, ...)``; conditions -> law of the latent
``losses``      ``function(forward, *, ...)``; :class:`ForwardPass` -> scalar
``quantities``  ``function(fields, *, ...)``; PhysicalFields -> QuantityField
``importers``   ``function(files, *, ...)`` -> :class:`Source`
``exporters``   ``function(dataset, grid, folder, *, ...)`` -> paths of the files written
``simulators``  ``function(*, ...)`` -> :class:`Source`
==============  ================================================================================

Inside a model every field is a tensor ``(batch, component, x, y, z)`` of scaled values, absent
axes having one cell; see ``docs/extending.md``. Missing values of a field that declares ``mask``
are zero there. Where there is such a field, a smoother or encoder with the attribute
``sees_mask = True`` is told which: by a second argument of ``forward``, 1 where a value is known
and 0 where it is missing, of the field's shape for a smoother, a dict of these for an encoder.

A decoder with the method ``informed_by`` is told once, as a model is built, what its scaled outputs
are in the world: :class:`PhysicalOutputs`. One with the method ``begin_with`` is shown the scaled
inputs and outputs of the training part, two :data:`Batch`, once before its training begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from fieldvae.grid import Grid

if TYPE_CHECKING:
    import xarray as xr
    from torch import Generator, Tensor, nn

    from fieldvae.field import FieldSpec
    from fieldvae.gaussian import DiagonalGaussian

Batch: TypeAlias = "dict[str, Tensor]"
"""Scaled fields by name, each ``(batch, component, x, y, z)``."""

Layout = Literal["vector", "field"]


@dataclass(frozen=True)
class ConditionSpec:
    """Width and layout of one condition.

    Parameters
    ----------
    width
        Number of channels.
    layout
        ``vector``: shape ``(batch, width)``; ``field``: ``(batch, width, x, y, z)``.
    """

    width: int
    layout: Layout

    def shape(self, grid: Grid) -> tuple[int, ...]:
        """Shape of one condition on a grid, without the batch axis."""
        return (self.width,) if self.layout == "vector" else (self.width, *grid.shape3)


@dataclass(frozen=True)
class LatentSpec(ConditionSpec):
    """Width and layout of the latent.

    Parameters
    ----------
    width
        Number of channels.
    layout
        ``vector``: shape ``(batch, width)``; ``field``: ``(batch, width, x, y, z)``.
    """


@dataclass(frozen=True)
class Encoding:
    """What an encoder reads off the output fields.

    Parameters
    ----------
    posterior
        Law of the latent given the outputs, shape ``(batch, *latent.shape(grid))``.
    recovered
        The encoder's own estimate of every condition, by input field.
    """

    posterior: DiagonalGaussian
    recovered: Mapping[str, Tensor]


@dataclass(frozen=True)
class AffineScale:
    """Physical values of a field: ``offset + scale * scaled``.

    Parameters
    ----------
    offset, scale
        Over the channels that the model sees, in the field's units, shape ``(component, 1, 1, 1)``
        or ``(component, x, y, z)``.
    """

    offset: Tensor
    scale: Tensor

    def physical(self, scaled: Tensor) -> Tensor:
        """Return physical values of scaled ones, shape ``(..., component, x, y, z)``."""
        return self.offset + self.scale * scaled


@dataclass(frozen=True)
class PhysicalOutputs:
    """What the scaled outputs of a model are in the world.

    Parameters
    ----------
    fields
        The outputs, by name.
    grid
        Spacing, and which axes repeat; outputs may have other numbers of cells.
    scales
        By name; an output on a logarithmic scale has none.
    point_group
        Rotations and reflections that the task declares the law to be invariant under, in the
        grid's axes, the identity first, shape ``(operation, 3, 3)``; also those that do not map
        the grid onto itself.
    """

    fields: Mapping[str, FieldSpec]
    grid: Grid
    scales: Mapping[str, AffineScale]
    point_group: np.ndarray = field(default_factory=lambda: np.eye(3)[None])


@dataclass(frozen=True)
class ForwardPass:
    """Everything a loss may look at after one pass through the model.

    Parameters
    ----------
    inputs, outputs
        Scaled fields of the batch.
    conditions
        Smoothed conditions by input field.
    prior
        Law of the latent given the conditions.
    encoding
        What the encoder read off the outputs; ``None`` in a model without encoder.
    reconstruction
        Law of every output field given a latent drawn from the posterior; ``None`` without encoder.
    realize
        ``realize(count)`` draws that many realizations a sample from the prior and the smoothed
        conditions, with gradients: fields of shape ``(count, batch, component, x, y, z)``. Losses
        that ask for as many are given the same ones.
    log_density
        ``log_density(name)`` is the logarithm of the reconstruction's density at an output,
        one number a sample, on the subspace that the field's closure leaves.
    decoder
        The decoder itself, for losses that go with one kind of decoder and train what only it
        has, such as the velocity of a flow; it takes latents and ``conditions``.
    generator
        Source of chance for losses that draw; torch's own where ``None``.
    physical
        Units, grid and scales of the outputs, for losses that speak of physics.
    known
        1 where an output's value is known and 0 where it is missing, by output, of those that
        declare ``mask``. Missing values of ``outputs`` are zero, and so are the same cells of
        what ``realize`` draws and of ``reconstruction``'s means: a loss that compares these with
        each other leaves missing values out by itself.
    """

    inputs: Batch
    outputs: Batch
    conditions: Mapping[str, Tensor]
    prior: DiagonalGaussian
    encoding: Encoding | None
    reconstruction: Mapping[str, DiagonalGaussian] | None
    realize: Callable[[int], Batch]
    log_density: Callable[[str], Tensor]
    decoder: nn.Module | None = None
    generator: Generator | None = None
    physical: PhysicalOutputs | None = None
    known: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """What to learn, as a plugin declares it.

    Parameters
    ----------
    inputs, outputs
        Names of the fields.
    description
        One sentence for ``fieldvae plugins``.
    defaults
        Any part of a task file; a user's file goes over it.
    presets
        Parts of a task file that hold under one preset only, by the preset's name.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    description: str = ""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Source(Protocol):
    """A sequence of labeled samples, each made alone: what an importer or a simulator returns.

    A source can be pickled. ``source[i]`` depends on the source's options and ``i`` alone, so
    that samples can be made in any order, by several processes, and again after a kill. A sample
    that cannot be made raises a ``StoreError`` or ``SimulationError`` when it is asked for, not
    when the source is made, so that it can be skipped; the message names file and line.
    """

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Group attributes of the store (spacing, periodic, frame, provenance, ...)."""
        ...

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Make one sample: fields ``(component, x, y, z)`` with units, scalar coordinates."""
        ...


@runtime_checkable
class FileSource(Source, Protocol):
    """A source that knows which files a sample is read from.

    A sample that could not be made is then tried again only when one of them has changed.
    """

    def files_of(self, index: int, /) -> Sequence[Path]:
        """Return the files that one sample is read from."""
        ...
