"""What a quantity is handed, and what it returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from fieldvae.contract import Batch
from fieldvae.data.scaling import Scaling
from fieldvae.data.units import conversion
from fieldvae.errors import OptionError, ShapeError, UnitError, nearest
from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid

STRESS_UNITS = "GPa"
"""Units by which a field is known to be a stress."""


@dataclass(frozen=True, eq=False)
class PhysicalFields(Mapping[str, Tensor]):
    """Fields of one or many samples in physical units, by name, on one grid.

    Parameters
    ----------
    tensors
        Tensors of shape ``(..., component, x, y, z)`` in the units of their specs: any leading
        dims that broadcast, components in the order of ``spec.labels``, one cell along axes that
        the grid lacks, and one cell in all for a field on samples.
    specs
        What each field is, components known.
    grid
        Where the fields live; its frame is the crystal's.
    outputs
        Those that are drawn, where inputs are among the fields too; all of them where left out.

    Raises
    ------
    OptionError
        On looking up a field that is not there; it names those that are.
    """

    tensors: Mapping[str, Tensor]
    specs: Mapping[str, FieldSpec]
    grid: Grid
    outputs: tuple[str, ...] = ()

    @classmethod
    def from_model(cls, batch: Batch, *, scaling: Scaling, grid: Grid) -> PhysicalFields:
        """Unscale what a model sees or draws; gradients pass through.

        Parameters
        ----------
        batch
            Scaled fields, ``(..., component, x, y, z)``.
        scaling
            The model's.
        grid
            Where the fields live.

        Returns
        -------
        PhysicalFields
            The fields in physical units.
        """
        chosen = {name: scaling.fields[name] for name in batch}
        return cls(
            {name: scaled.physical(batch[name]) for name, scaled in chosen.items()},
            {name: scaled.field for name, scaled in chosen.items()},
            grid,
        )

    def __getitem__(self, name: str) -> Tensor:
        self.spec(name)
        return self.tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.specs)

    def __len__(self) -> int:
        return len(self.specs)

    def spec(self, name: str) -> FieldSpec:
        """Return what a field is: units, labels, tensor kind.

        Raises
        ------
        OptionError
            If there is no such field.
        """
        if name not in self.specs:
            known = ", ".join(self.specs) or "none"
            hint = nearest(name, list(self.specs)) or "."
            raise OptionError(f"there is no field {name!r}{hint} There are: {known}")
        return self.specs[name]

    def output(self, of: str | None = None) -> str:
        """Return the name of the field that is meant, of any tensor kind.

        Parameters
        ----------
        of
            Its name; ``None`` for the only output.

        Raises
        ------
        OptionError
            If there is no such field, or none is named and there are several outputs.
        """
        if of is not None:
            self.spec(of)
            return of
        found = self.outputs or tuple(self.specs)
        if len(found) != 1:
            raise OptionError(
                f"there are several fields, {', '.join(found)}; name one by the option 'of'"
            )
        return found[0]

    def stress(self, of: str | None = None) -> str:
        """Return the name of the symmetric tensor field that is meant.

        Parameters
        ----------
        of
            Its name, any symmetric tensor; ``None`` for the one field that is a stress.

        Raises
        ------
        OptionError
            If the field named is no symmetric tensor, or none named and not one alone a stress.
        """
        if of is not None:
            kind = self.spec(of).tensor_kind
            if kind != "symmetric":
                raise OptionError(
                    f"the field {of!r} is a {kind}; expected a symmetric tensor, "
                    f"with the components {', '.join(VOIGT)}"
                )
            return of
        found = [name for name in self.specs if self.is_stress(name)]
        if len(found) != 1:
            which = f"{' and '.join(found)} are" if found else f"none of {', '.join(self.specs)} is"
            raise OptionError(
                f"{which} a symmetric tensor in units of stress; name the field by the option 'of'"
            )
        return found[0]

    def is_stress(self, name: str) -> bool:
        """Tell whether a field is a symmetric tensor in units of stress."""
        spec = self.spec(name)
        if spec.tensor_kind != "symmetric":
            return False
        try:
            conversion(spec.units, STRESS_UNITS, where=f"the field {name!r}")
        except UnitError:
            return False
        return True

    def matrices(self, name: str, *, crystal: bool = False) -> Tensor:
        r"""Return a symmetric tensor field as matrices, one a cell.

        Parameters
        ----------
        name
            A field of tensor kind ``symmetric`` with all six components.
        crystal
            Whether in the axes of the crystal, :math:`F^\top \sigma F` with the rows of the
            grid's frame :math:`F`, and not in the grid's own.

        Returns
        -------
        Tensor
            Shape ``(..., x, y, z, 3, 3)``, units of the field.

        Raises
        ------
        OptionError
            If the field is no symmetric tensor, or lacks components.
        """
        position = self._positions(name)
        order = [position["".join(sorted(i + j))] for i in "xyz" for j in "xyz"]
        components = self[name].movedim(-4, -1)
        matrices = components[..., order].reshape(*components.shape[:-1], 3, 3)
        if not crystal:
            return matrices
        frame = self.frame(matrices)
        turned: Tensor = frame.mT @ matrices @ frame
        return turned

    def contracted(self, name: str, tensors: Tensor) -> Tensor:
        r"""Contract a symmetric tensor field with constant tensors given in crystal axes.

        .. math:: s_k(x) = \sigma_{ij}(x)\, (F\, T^k F^\top)_{ij}

        with the rows of the grid's frame :math:`F`. The same as by :meth:`matrices`, at a fraction
        of the work: the six components are weighed and summed where they are.

        Parameters
        ----------
        name
            A field of tensor kind ``symmetric`` with all six components.
        tensors
            :math:`T^k`, shape ``(k, 3, 3)``.

        Returns
        -------
        Tensor
            Shape ``(..., k, x, y, z)``, units of the field times those of the tensors.

        Raises
        ------
        OptionError
            If the field is no symmetric tensor, or lacks components.
        """
        position, field = self._positions(name), self[name]
        turned = self.frame(field) @ tensors.to(field) @ self.frame(field).mT
        weights = field.new_zeros(len(turned), len(position))
        for row, i in enumerate("xyz"):
            for column, j in enumerate("xyz"):
                weights[:, position["".join(sorted(i + j))]] += turned[:, row, column]
        return torch.einsum("kv,...vxyz->...kxyz", weights, field)

    def _positions(self, name: str) -> dict[str, int]:
        """Where the components of a symmetric tensor field stand."""
        spec = self.spec(self.stress(name))
        missing = [label for label in VOIGT if label not in spec.labels]
        if missing:
            raise OptionError(f"the field {name!r} lacks the components {', '.join(missing)}")
        return {label: index for index, label in enumerate(spec.labels)}

    def frame(self, like: Tensor) -> Tensor:
        """Return the crystal frame, rows are the grid's axes in crystal axes, shape ``(3, 3)``.

        Parameters
        ----------
        like
            Gives dtype and device.
        """
        return torch.tensor(self.grid.frame, dtype=like.dtype, device=like.device).reshape(3, 3)

    def factor(self, name: str, units: str) -> float:
        """Return by what a field's values are to be multiplied to be in other units.

        Parameters
        ----------
        name
            The field's name.
        units
            The other units.

        Returns
        -------
        float
            The factor.

        Raises
        ------
        OptionError
            If the field measures something else, or its units count from another zero.
        """
        found = self.spec(name).units
        try:
            turned = conversion(found, units, where=f"the field {name!r}")
        except UnitError:
            turned = None
        if turned is None or turned.offset:
            raise OptionError(
                f"the field {name!r} is in {found}; expected units that convert to {units}"
            )
        return turned.factor


@dataclass(frozen=True)
class QuantityField:
    """What a quantity returns: values and what they are.

    Parameters
    ----------
    values
        Shape ``(..., x, y, z)`` for a scalar, ``(..., component, x, y, z)`` where there are
        components; leading dims as those of the fields it was made from.
    units
        Units that pint reads, ``"1"`` for none.
    symbol
        Letter for figures, matplotlib's mathtext without the dollar signs.
    title
        Words for figures.
    components
        Labels of the components; ``None`` for a scalar.
    dimension
        Name of the component dim in datasets.

    Raises
    ------
    ShapeError
        If there are as many labels as no axis of the values.
    """

    values: Tensor
    units: str
    symbol: str = ""
    title: str = ""
    components: tuple[str, ...] | None = None
    dimension: str = "component"

    def __post_init__(self) -> None:
        shape = tuple(self.values.shape)
        least = 3 if self.components is None else 4
        if len(shape) < least or (
            self.components is not None and shape[-4] != len(self.components)
        ):
            expected = "(..., x, y, z)"
            if self.components is not None:
                expected = f"(..., component={len(self.components)}, x, y, z)"
            raise ShapeError(f"a quantity has values of shape {shape}; expected {expected}")
