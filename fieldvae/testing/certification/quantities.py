"""Check of quantities, on random fields in physical units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from fieldvae.data.units import check_units
from fieldvae.errors import InputError, PluginError, UnitError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.quantities.fields import PhysicalFields, QuantityField
from fieldvae.testing.certification.options import sound_options, titled
from fieldvae.testing.certification.specimens import BATCH, FLOW, GRIDS, STRESS, cells, drawn
from fieldvae.testing.certification.tensors import apart, follow_back, is_reached
from fieldvae.testing.certification.trials import certify, faults_of

REALIZATIONS = 2

HEAT = FieldSpec(name="heat", units="K")


def check_quantity(
    quantity: Callable[..., QuantityField],
    /,
    *,
    fields: tuple[FieldSpec, ...] = (STRESS, FLOW, HEAT),
    **options: Any,
) -> None:
    """Check that a quantity keeps its contract, on grids of one to three dimensions.

    Signature, a ``QuantityField`` in units that pint reads, of the leading dims and the grid of
    the fields, each sample for itself, no chance, fields left as they are, a gradient for the
    fields, double precision and the fields' device kept.

    Parameters
    ----------
    quantity
        The function.
    fields
        What it is tried on, with known components: a stress in GPa, a flow in m/s and a scalar in
        K where left out.
    **options
        Options to try it with; defaults where left out.

    Raises
    ------
    PluginError
        With what was found, what was expected and how to mend it.

    Examples
    --------
    >>> from fieldvae.quantities.stress import von_mises_stress
    >>> check_quantity(von_mises_stress)
    """
    checked = sound_options("quantities", quantity, options, defaults=False)
    title = titled("quantities", quantity)

    def refusal(_: _QuantityTrial, error: InputError) -> PluginError:
        return faults_of(title)(
            f"it refuses every grid ({error}); give check_quantity the fields that it needs: "
            "fields=(...)"
        )

    certify(
        (_QuantityTrial(title, quantity, checked, grid, fields) for grid in GRIDS),
        begin=lambda trial: trial.derived(trial.fields()),
        hold=_QuantityTrial.hold,
        refusal=refusal,
    )


class _QuantityTrial:
    """A quantity with its options, and fields on one grid."""

    def __init__(
        self,
        title: str,
        quantity: Callable[..., QuantityField],
        options: Mapping[str, Any],
        grid: Grid,
        specs: tuple[FieldSpec, ...],
    ) -> None:
        self.quantity, self.options, self.grid = quantity, options, grid
        self.specs = {spec.name: spec for spec in specs}
        self.fault = faults_of(f"{title} on {cells(grid)}")
        self.lead = (BATCH, REALIZATIONS)

    def fields(self, device: str = "cpu") -> PhysicalFields:
        """Draw fields of three samples with two realizations each, in double precision."""
        tensors = {}
        for number, (name, spec) in enumerate(self.specs.items()):
            shape = (*self.lead, len(spec.labels), *self.grid.shape3)
            tensors[name] = drawn(shape, seed=number, dtype=torch.float64).to(device)
        return PhysicalFields(tensors, self.specs, self.grid)

    def derived(self, fields: PhysicalFields) -> QuantityField:
        """Call the quantity, and see what it gives."""
        try:
            found: object = self.quantity(fields, **self.options)
        except InputError:
            raise
        except Exception as error:
            raise self.fault(f"it fails with {type(error).__name__}: {error}") from error
        if not isinstance(found, QuantityField):
            raise self.fault(
                f"it gives a {type(found).__name__}; expected a fieldvae.QuantityField"
            )
        return found

    def hold(self) -> None:
        """Hold the quantity to every law."""
        fields = self.fields()
        found = self.derived(fields)
        self._shape(found)
        try:
            check_units(found.units, where="what it gives")
        except UnitError as error:
            raise self.fault(str(error)) from None
        if found.values.dtype != torch.float64:
            raise self.fault(
                f"of fields in double precision it gives {found.values.dtype}; make tensors with "
                "the fields' dtype"
            )
        for name, before in self.fields().tensors.items():
            if not torch.equal(before, fields.tensors[name]):
                raise self.fault(
                    f"it changes the field {name!r} in place; use operations without a trailing _"
                )
        self._alone(found.values)
        self._gradient()
        if torch.cuda.is_available() and self.derived(self.fields("cuda")).values.is_cpu:
            raise self.fault("of fields on a GPU it gives values on the CPU")

    def _shape(self, found: QuantityField) -> None:
        values = found.values
        rest = () if found.components is None else (len(found.components),)
        expected = (*self.lead, *rest, *self.grid.shape3)
        if tuple(values.shape) != expected:
            component = "component, " if rest else ""
            raise self.fault(
                f"it gives values of shape {tuple(values.shape)}; expected {expected}: "
                f"(sample, realization, {component}x, y, z), whatever stands before the components"
            )

    def _alone(self, together: Tensor) -> None:
        whole = self.fields()
        one = PhysicalFields({n: v[:1] for n, v in whole.tensors.items()}, self.specs, self.grid)
        distance = apart(together[:1], self.derived(one).values)
        if distance is not None:
            raise self.fault(
                f"of one sample it gives values {distance:.2g} apart from those of the same sample "
                "among others; expected the same: no chance, and no means over samples"
            )

    def _gradient(self) -> None:
        fields = self.fields()
        for values in fields.tensors.values():
            values.requires_grad_()
        follow_back(self.derived(fields).values.sum())
        if not is_reached(*fields.tensors.values()):
            raise self.fault(
                "no gradient reaches the fields, which inverse design follows; compute with torch, "
                "without detach() and numpy"
            )
