"""Operations that map a grid and its fields onto themselves, acting on model tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.data.pointgroup import declared, on_grid
from fieldvae.errors import ShapeError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid


@dataclass(frozen=True)
class SymmetryGroup:
    r"""Point operations about the grid's center, and shifts along its periodic axes.

    .. math:: T'(x) = M_R \, T(R^{-1}(x - s))

    :math:`R` permutes and flips axes, :math:`M_R` turns the components of a tensor alike
    (:meth:`FieldSpec.rotation`), :math:`s` is a whole number of cells. Every operation moves
    cells to cells and components to components, up to sign, so that nothing is interpolated.

    Parameters
    ----------
    operations
        Signed permutations in the grid's axes, the identity first, shape ``(operation, 3, 3)``.
    declared
        Number of point operations that the task declares, before the grid had its say.
    translations
        Whether shifts along periodic axes belong to the group.
    grid
        The grid.
    fields
        The fields that the group can act on, by name.
    zeros
        Model values of physical zero by field, ``(component, 1, 1, 1)`` each; tensors turn about
        these. A field without one turns about zero, as physical values do.
    """

    operations: np.ndarray
    declared: int
    translations: bool
    grid: Grid
    fields: Mapping[str, FieldSpec]
    zeros: Mapping[str, Tensor] = field(default_factory=dict)

    @classmethod
    def build(
        cls,
        names: Sequence[str | Sequence[Sequence[float]]],
        grid: Grid,
        fields: Mapping[str, FieldSpec],
    ) -> SymmetryGroup:
        """Intersect a declared symmetry with what the grid and the fields allow.

        Parameters
        ----------
        names
            ``none``, ``cubic`` (m-3m), ``translations``, or matrices in crystal axes, which are
            closed into a group.
        grid
            Its shape, spacing, frame and periodicity are to be left as they are.
        fields
            An operation that mixes in components that a field lacks is left out.

        Raises
        ------
        OptionError
            If a matrix is no rotation or reflection, or the matrices do not close into a group.

        Examples
        --------
        >>> grid = Grid(shape=(4, 4, 2), periodic=(True, True, True))
        >>> print(SymmetryGroup.build(("cubic", "translations"), grid, {}))
        16 of 48 point operations and 32 shifts are left on this grid
        """
        group = declared(names, grid)
        operations = on_grid(group, grid)
        kept = [op for op in operations if all(_turns(f, op) for f in fields.values())]
        return cls(np.stack(kept), len(group), "translations" in names, grid, dict(fields))

    def centered(self, zeros: Mapping[str, Tensor]) -> SymmetryGroup:
        """Return the same group acting on model values, in which zero is elsewhere."""
        return replace(self, zeros=dict(zeros))

    @property
    def order(self) -> int:
        """Number of point operations that are left."""
        return len(self.operations)

    @property
    def periods(self) -> tuple[int, int, int]:
        """Number of shifts along x, y, z; one along an axis without any."""
        if not self.translations:
            return (1, 1, 1)
        periodic = self.grid.periodic + (False,) * (3 - self.grid.dimensions)
        x, y, z = (n if p else 1 for n, p in zip(self.grid.shape3, periodic, strict=True))
        return (x, y, z)

    @property
    def shifts(self) -> int:
        """Number of shifts, the one by nothing included."""
        return int(np.prod(self.periods))

    @property
    def trivial(self) -> bool:
        """Whether the identity is all there is."""
        return self.order == 1 and self.shifts == 1

    def __str__(self) -> str:
        if self.declared == 1 and not self.translations:
            return "no symmetry is declared"
        shifts = f"{self.shifts} shift{'s' if self.shifts > 1 else ''}"
        if self.declared == 1:
            return f"{shifts} {'are' if self.shifts > 1 else 'is'} left on this grid"
        return (
            f"{self.order} of {self.declared} point operations and {shifts} are left on this grid"
        )

    def matrices(self, spec: FieldSpec) -> np.ndarray:
        """Return what every operation does to a field's components.

        Returns
        -------
        np.ndarray
            Signed permutations, shape ``(operation, component, component)``.
        """
        return np.round(np.stack([spec.rotation(operation) for operation in self.operations]))

    def random(self, batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw an operation and a shift for each sample, all equally likely.

        Returns
        -------
        tuple[Tensor, Tensor]
            Operations, shape ``(batch,)``, and shifts in cells, shape ``(batch, 3)``; integers on
            the generator's device.
        """
        device = generator.device
        operations = torch.randint(self.order, (batch,), generator=generator, device=device)
        shifts = [
            torch.randint(period, (batch,), generator=generator, device=device)
            for period in self.periods
        ]
        return operations, torch.stack(shifts, dim=1)

    def apply(self, batch: Batch, operations: Tensor, shifts: Tensor) -> Batch:
        """Apply to every sample an operation and then a shift of its own.

        Parameters
        ----------
        batch
            Fields ``(batch, component, x, y, z)``, of any device and dtype.
        operations
            Positions in ``operations``, shape ``(batch,)``.
        shifts
            Whole cells, shape ``(batch, 3)``.

        Returns
        -------
        Batch
            New tensors of the same shapes.

        Raises
        ------
        ShapeError
            If a field is on another grid than the group's.
        """
        moved: Batch = {}
        source: Tensor | None = None
        for name, values in batch.items():
            self._check_shape(name, values)
            if source is None:
                source = self._source_cells(operations, shifts, values.device)
            moved[name] = self._moved(name, values, operations.to(values.device), source)
        return moved

    def transform(self, batch: Batch, operation: int) -> Batch:
        """Apply one point operation to every sample, without shifts."""
        count = len(next(iter(batch.values())))
        operations = torch.full((count,), operation, dtype=torch.int64)
        return self.apply(batch, operations, torch.zeros((count, 3), dtype=torch.int64))

    def transforms(self, batch: Batch) -> Iterator[Batch]:
        """Apply every point operation in turn, the identity first."""
        return (self.transform(batch, operation) for operation in range(self.order))

    @cached_property
    def _turned(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Of every tensor field: where each component comes from, and its sign."""
        tables = {}
        for name, spec in self.fields.items():
            if spec.tensor_kind not in ("scalar", "set"):
                matrices = torch.from_numpy(self.matrices(spec))
                tables[name] = (matrices.abs().argmax(dim=2), matrices.sum(dim=2))
        return tables

    def _check_shape(self, name: str, values: Tensor) -> None:
        if values.dim() != 5 or tuple(values.shape[2:]) != self.grid.shape3:
            raise ShapeError(
                f"{name} has shape {tuple(values.shape)}; expected (batch, component, "
                + ", ".join(f"{a}={n}" for a, n in zip("xyz", self.grid.shape3, strict=True))
                + "), the grid of the symmetry group"
            )

    def _source_cells(self, operations: Tensor, shifts: Tensor, device: torch.device) -> Tensor:
        """For every sample and cell, the flat index of the cell that its value comes from."""
        shape = torch.tensor(self.grid.shape3, device=device)
        counts = [torch.arange(n, device=device) for n in self.grid.shape3]
        cells = torch.cartesian_prod(*counts)
        target = (cells - shifts.to(device)[:, None, :]) % shape
        inverse = torch.as_tensor(self.operations, device=device).mT.to(torch.int64)
        axis = inverse.abs().argmax(dim=2)  # of the target, for each axis of the source
        sign = inverse.sum(dim=2)
        chosen = operations.to(device)
        index = axis[chosen][:, None, :].expand_as(target)
        along = target.gather(2, index)
        flipped = sign[chosen][:, None, :] < 0
        source = torch.where(flipped, shape - 1 - along, along)
        _, y, z = self.grid.shape3
        return (source[..., 0] * y + source[..., 1]) * z + source[..., 2]

    def _moved(self, name: str, values: Tensor, operations: Tensor, source: Tensor) -> Tensor:
        count, channels, *_ = values.shape
        cells = source.shape[1]
        if name not in self._turned:
            index = source[:, None, :].expand(count, channels, cells)
            return values.reshape(count, channels, cells).gather(2, index).view(values.shape)
        component, sign = (table.to(values.device)[operations] for table in self._turned[name])
        sign = sign.to(values.dtype).view(count, channels, 1, 1, 1)
        zero = self.zeros.get(name)
        about = values if zero is None else values - zero.to(values)
        index = (component[:, :, None] * cells + source[:, None, :]).reshape(count, -1)
        turned = sign * about.reshape(count, -1).gather(1, index).view(values.shape)
        return turned if zero is None else turned + zero.to(values)


def _turns(spec: FieldSpec, operation: np.ndarray) -> bool:
    """Whether an operation leaves a field within its components."""
    try:
        spec.rotation(operation)
    except ValueError:
        return False
    return True
