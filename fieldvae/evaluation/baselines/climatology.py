"""The law of the outputs with the inputs ignored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from fieldvae.evaluation.labeled import field_array, realizations_dataset
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid


class Climatology:
    """Whole outputs of the training part, drawn at random: calibrated, and without any skill.

    All output fields of a realization come from the same training sample. Where there are enough
    training samples no two realizations of one ensemble share theirs. What a sample misses comes
    from the next one that has it.

    Parameters
    ----------
    outputs
        The output fields.
    grid
        Their grid.
    fields
        By field, the training part ``(sample, component, x, y, z)``, physical values.
    """

    def __init__(self, outputs: Sequence[FieldSpec], grid: Grid, fields: dict[str, Array]) -> None:
        self.outputs = tuple(outputs)
        self.grid = grid
        self.fields = fields

    @classmethod
    def fit(cls, training: xr.Dataset, *, outputs: Sequence[FieldSpec], grid: Grid) -> Climatology:
        """Keep the training part's outputs.

        Parameters
        ----------
        training
            Physical values, dims ``(sample, component, x, y, z)``.
        outputs
            The output fields.
        grid
            Their grid.
        """
        arrays = {
            f.name: _completed(field_array(f, training, grid).astype(np.float32)) for f in outputs
        }
        return cls(outputs, grid, arrays)

    def realize(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Draw realizations; see :meth:`Baseline.realize`. Only the number of inputs matters."""
        kept = len(next(iter(self.fields.values())))
        samples = inputs.sizes["sample"]
        if count <= kept:
            rows = np.stack([generator.permutation(kept)[:count] for _ in range(samples)])
        else:
            rows = generator.integers(0, kept, size=(samples, count))
        drawn = {name: array[rows] for name, array in self.fields.items()}
        return realizations_dataset(self.outputs, drawn, self.grid)


def _completed(fields: Array) -> Array:
    """Take missing values from the next sample that knows them, the last one's next the first.

    What no sample knows is the mean of its component.
    """
    if not np.isnan(fields).any():
        return fields
    count = len(fields)
    flat = np.moveaxis(fields, 0, -1).reshape(-1, count)
    known = np.isfinite(flat)
    twice = np.where(np.tile(known, 2), np.arange(2 * count), 2 * count)
    following = np.minimum.accumulate(twice[:, ::-1], axis=1)[:, ::-1][:, :count]
    found = np.take_along_axis(flat, following % count, axis=1)
    found = np.moveaxis(found.reshape(*fields.shape[1:], count), -1, 0)
    mean = np.nanmean(fields, axis=(0, 2, 3, 4), keepdims=True)
    return np.where(np.isnan(found), mean, found).astype(fields.dtype)
