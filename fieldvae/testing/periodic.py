"""What fields of known law share: blends of neighboring cells, labels, reading, samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae.evaluation.labeled import field_array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

Array = NDArray[np.floating]


class Blend:
    r"""Average of a cell and its neighbors on a periodic grid, as a convolution.

    .. math:: (B v)(x) = \frac1Z \Bigl(v(x) + \frac1{2d} \sum_{\pm, i} v(x \pm e_i)\Bigr)

    in :math:`d` dimensions, with :math:`Z` such that white noise of variance one keeps it. It
    commutes with shifts by whole cells, and with mirrors and turns of the grid.

    Parameters
    ----------
    grid
        Periodic along every axis.

    Raises
    ------
    ValueError
        If the grid is not periodic.

    Examples
    --------
    >>> blend = Blend(Grid((5,), periodic=(True,)))
    >>> (blend.kernel / blend.kernel[0]).tolist()
    [1.0, 0.5, 0.0, 0.0, 0.5]
    >>> blend.correlation().round(3).tolist()
    [1.0, 0.667, 0.167, 0.167, 0.667]
    """

    def __init__(self, grid: Grid) -> None:
        if not all(grid.periodic):
            raise ValueError(f"this law needs a grid that is periodic along all axes, not {grid}")
        self.axes = tuple(range(-grid.dimensions, 0))
        impulse = np.zeros(grid.shape)
        impulse[(0,) * grid.dimensions] = 1
        self.norm = float(np.sqrt((self._blended(impulse) ** 2).sum()))
        self.kernel = self(impulse)

    def __call__(self, values: Array) -> Array:
        """Blend values of shape ``(..., *grid.shape)``."""
        return self._blended(values) / self.norm

    def correlation(self) -> Array:
        """Correlation of blended white noise between two cells by their lag, ``grid.shape``."""
        return np.asarray(np.fft.ifftn(np.abs(np.fft.fftn(self.kernel)) ** 2).real)

    def _blended(self, values: Array) -> Array:
        around = [np.roll(values, step, axis) for axis in self.axes for step in (1, -1)]
        return np.asarray(values + sum(around) / len(around))


def labeled(field: FieldSpec, values: Array, grid: Grid) -> xr.DataArray:
    """Label values of shape ``(sample, [realization,] component, *grid.shape)``."""
    leading = ("sample", "realization")[: values.ndim - 1 - grid.dimensions]
    component = f"{field.name}_component"
    return xr.DataArray(
        values,
        dims=(*leading, component, *grid.axes),
        coords={component: list(field.labels)},
        attrs={"units": field.units, "long_name": field.title, "tensor_kind": field.tensor_kind},
    )


def scalar(field: FieldSpec, dataset: xr.Dataset, grid: Grid) -> Array:
    """Read a field of one component, shape ``(sample, [realization,] *grid.shape)``."""
    values = field_array(field, dataset, grid)
    return values.reshape(*values.shape[:-4], *grid.shape)


class Medium(Protocol):
    """A field of known law: its inputs, its grid, and draws from the law."""

    grid: Grid

    @property
    def inputs(self) -> tuple[FieldSpec, ...]:
        """The input fields."""

    def realize(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Draw outputs for given inputs."""


def completed(
    medium: Medium, values: Sequence[Array], *, generator: np.random.Generator
) -> xr.Dataset:
    """Label a medium's inputs, and draw one output for each sample.

    Parameters
    ----------
    medium
        The field of known law.
    values
        Of every input, shape ``(sample, component, x, y, z)``.
    generator
        The only source of chance.

    Returns
    -------
    xr.Dataset
        In the layout of a store: dims ``(sample, <field>_component, x, y, z)``, attributes of
        the grid.
    """
    dataset = xr.Dataset(attrs=medium.grid.attributes())
    for field, each in zip(medium.inputs, values, strict=True):
        dataset[field.name] = labeled(field, each, medium.grid)
    drawn = medium.realize(dataset, count=1, generator=generator)
    return dataset.merge(drawn.isel(realization=0))
