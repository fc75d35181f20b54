"""Physical units to model tensors and back: the one place where that border is crossed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from fieldvae.contract import AffineScale, Batch
from fieldvae.data.conform import SAMPLE, component_dimension
from fieldvae.data.fitting import fitted
from fieldvae.data.samples import STORE_VERSION
from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.data.values import check_positive
from fieldvae.errors import ShapeError, StoreError
from fieldvae.field import FieldSpec
from fieldvae.grid import AXES, Grid
from fieldvae.spec import ScalingSpec


@dataclass(frozen=True)
class FieldScaling:
    r"""How one field is scaled: :math:`y = (x - o) / s`, of :math:`\ln x` where ``log``.

    Parameters
    ----------
    field
        The field, its components known.
    dimension
        Name of its component dim in datasets.
    log
        Whether the natural logarithm (of values in the field's units) comes first.
    offset, scale
        float64, in the field's units (or logarithms of them), over the channels that the model
        sees: shape ``(component, 1, 1, 1)``, or ``(component, x, y, z)`` for one a voxel.
    """

    field: FieldSpec
    dimension: str
    log: bool
    offset: Tensor
    scale: Tensor

    @property
    def zero(self) -> Tensor:
        """Model value of physical zero, float64, shape of ``offset``.

        Raises
        ------
        ValueError
            For a field on a logarithmic scale, which has no zero.
        """
        if self.log:
            raise ValueError(f"{self.field.name!r} is scaled by its logarithm and has no zero")
        return -self.offset / self.scale

    def scaled(self, physical: Tensor) -> Tensor:
        """Scale ``(..., component, x, y, z)`` of all components to the model's channels."""
        channels = physical[..., : self.field.channels, :, :, :].to(torch.float64)
        self._check_grid(channels)
        values = channels.log() if self.log else channels
        return (values - self.offset.to(values.device)) / self.scale.to(values.device)

    def physical(self, scaled: Tensor) -> Tensor:
        """Undo :meth:`scaled`; the last component of a simplex is one minus the others."""
        self._check_grid(scaled)
        values = scaled.to(torch.float64)
        values = values * self.scale.to(values.device) + self.offset.to(values.device)
        if self.log:
            values = values.exp()
        if self.field.closure == "simplex":
            last = 1 - values.sum(dim=-4, keepdim=True)
            values = torch.cat([values, last], dim=-4)
        return values

    def _check_grid(self, values: Tensor) -> None:
        expected, found = self.offset.shape[1:], values.shape[-3:]
        if expected.numel() > 1 and expected != found:
            raise ShapeError(
                f"{self.field.name!r} is on a grid of {tuple(found)} cells; its scaling is one a "
                f"voxel of {tuple(expected)} cells ('per: component' serves any grid)"
            )


@dataclass(frozen=True)
class Scaling:
    """The scaling of every field of a model.

    Parameters
    ----------
    fields
        By name.
    """

    fields: Mapping[str, FieldScaling]

    @classmethod
    def fit(
        cls,
        dataset: xr.Dataset,
        fields: Mapping[str, FieldSpec],
        indices: Sequence[int] | np.ndarray,
        spec: ScalingSpec,
        *,
        symmetry: SymmetryGroup | None = None,
    ) -> Scaling:
        """Fit the scaling of every field to the training part.

        A component that never changes keeps the scale 1. Missing values of a field with mask do
        not count. The offset of a zero-mean field that is
        standardized is zero, as its mean is by construction. Under a symmetry, the components
        that it carries into each other share a scale, so that the symmetry holds of scaled values
        too (see :meth:`SymmetryGroup.centered`).

        Parameters
        ----------
        dataset
            As :class:`Samples` has it.
        fields
            With their components, by name.
        indices
            Positions of the training samples.
        spec
            What holds for fields that do not declare a scaling themselves.
        symmetry
            The group under which the model is trained.

        Raises
        ------
        StoreError
            If a logarithm is asked for where values are not positive, values are missing and the
            field has no mask, or all of a component are.
        OptionError
            If a scaling is at odds with itself, with the field's closure or with the symmetry.
        """
        chosen = dataset.isel({SAMPLE: np.asarray(indices, dtype=np.int64)})
        found = {}
        for name, field in fields.items():
            array = chosen[name]
            _check_present(array, field)
            values = _five_axes(array.values, field)
            log, offset, scale = fitted(values, field, spec, symmetry)
            found[name] = FieldScaling(
                field,
                str(component_dimension(array)),
                log,
                torch.from_numpy(offset),
                torch.from_numpy(scale),
            )
        return cls(found)

    def to_model(
        self, dataset: xr.Dataset, names: Sequence[str], *, grid: Grid | None = None
    ) -> Batch:
        """Scale fields of a dataset for the model.

        Parameters
        ----------
        dataset
            As :class:`Samples` has it, in physical units.
        names
            The fields wanted.
        grid
            The grid over which fields on samples are spread; the dataset's own where ``None``.

        Returns
        -------
        Batch
            float32, ``(batch, component, x, y, z)``, absent axes of one cell; a simplex without
            its last component; missing values NaN.

        Raises
        ------
        StoreError
            If values are missing and the field has no mask, or not positive under a logarithm.
        ShapeError
            If a scaling of one a voxel meets another grid.
        """
        shape = tuple(dataset.sizes.get(axis, 1) for axis in AXES)
        if grid is not None:
            shape = grid.shape3
        batch = {}
        for name in names:
            scaling = self.fields[name]
            array = dataset[name]
            _check_present(array, scaling.field)
            if scaling.log:
                check_positive(array.values, scaling.field, repr(name))
            values = torch.from_numpy(_five_axes(array.values, scaling.field))
            if scaling.field.on == "sample":
                values = values.expand(*values.shape[:2], *shape)
            batch[name] = scaling.scaled(values).to(torch.float32).contiguous()
        return batch

    def to_dataset(
        self,
        batch: Mapping[str, Tensor],
        grid: Grid,
        *,
        leading: Sequence[str] = (),
        coordinates: Mapping[str, Any] | None = None,
    ) -> xr.Dataset:
        """Turn model tensors into a labeled dataset in physical units.

        Parameters
        ----------
        batch
            Scaled fields, ``(*leading, batch, component, x, y, z)``.
        grid
            Where the fields are; goes into the dataset's attributes.
        leading
            Names of the axes before the batch, such as ``("realization",)``.
        coordinates
            Coordinates to add, such as the ``coords`` of the samples' dataset; those along other
            dims than the samples' and the leading ones are left out.

        Returns
        -------
        xr.Dataset
            float32, dims ``(sample, *leading, <component dim>, x, y, z)``; a field on samples is
            the mean over the grid.
        """
        dims = (*leading, SAMPLE)
        dataset = xr.Dataset(attrs={"fieldvae_store": STORE_VERSION, **grid.attributes()})
        for name, tensor in batch.items():
            scaling = self.fields[name]
            field = scaling.field
            values = scaling.physical(tensor.detach()).to("cpu").numpy()
            labels = np.array(field.labels, dtype=object)
            axes = grid.axes if field.on == "grid" else ()
            if axes:
                values = values.reshape(*values.shape[:-3], *grid.shape)
            else:
                values = values.mean(axis=(-3, -2, -1))
            array = xr.DataArray(
                values.astype(np.float32),
                dims=(*dims, scaling.dimension, *axes),
                coords={scaling.dimension: labels},
                attrs={
                    "units": field.units,
                    "long_name": field.title,
                    "tensor_kind": field.tensor_kind,
                },
            )
            dataset[name] = array.transpose(SAMPLE, *leading, ...)
        for name, coordinate in (coordinates or {}).items():
            if coordinate.dims and set(coordinate.dims) <= set(dims):
                dataset = dataset.assign_coords({name: coordinate.variable})
        return dataset

    def zero(self, name: str) -> Tensor:
        """Model value of a field's physical zero, float32, shape ``(component, 1, 1, 1)``.

        ``(component, x, y, z)`` where the scaling is one a voxel.

        Raises
        ------
        ValueError
            For a field on a logarithmic scale, which has no zero.
        """
        return self.fields[name].zero.to(torch.float32)

    def affine(self, names: Sequence[str]) -> dict[str, AffineScale]:
        """Return offset and scale, float32, of those of the fields that are not logarithmic."""
        return {
            name: AffineScale(each.offset.to(torch.float32), each.scale.to(torch.float32))
            for name, each in ((name, self.fields[name]) for name in names)
            if not each.log
        }

    def zeros(self) -> dict[str, Tensor]:
        """Model values of physical zero of every field that has one, float64."""
        return {name: scaling.zero for name, scaling in self.fields.items() if not scaling.log}

    def state(self) -> dict[str, Any]:
        """Return the scaling as plain dictionaries and lists, to be kept as JSON."""
        return {
            name: {
                "field": scaling.field.model_dump(mode="json"),
                "dimension": scaling.dimension,
                "log": scaling.log,
                "offset": scaling.offset.tolist(),
                "scale": scaling.scale.tolist(),
            }
            for name, scaling in self.fields.items()
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Scaling:
        """Read a scaling back from :meth:`state`, exactly."""
        return cls(
            {
                name: FieldScaling(
                    FieldSpec.model_validate(kept["field"]),
                    kept["dimension"],
                    kept["log"],
                    torch.tensor(kept["offset"], dtype=torch.float64),
                    torch.tensor(kept["scale"], dtype=torch.float64),
                )
                for name, kept in state.items()
            }
        )


def _five_axes(values: np.ndarray, field: FieldSpec) -> np.ndarray:
    """``(sample, component, ...)`` with all three axes; copied, since stores may be read-only."""
    missing = 5 - values.ndim
    return np.array(values.reshape(*values.shape, *(1,) * missing))


def _check_present(array: xr.DataArray, field: FieldSpec) -> None:
    count = 0 if field.mask else int(np.isnan(array.values).sum())
    if count:
        raise StoreError(
            f"{field.name!r} has {count} missing values (NaN) and declares no mask; leave such "
            "samples out, or declare 'mask: true'"
        )
