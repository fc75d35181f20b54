"""Stresses of atoms as other programs keep them: which unit, sign, order and volume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fieldvae import VOIGT, OptionError

Component = Literal["xx", "yy", "zz", "xy", "xz", "yz"]
Divided = Literal["nothing", "cell", "atom"]

ASE_ORDER: tuple[Component, ...] = ("xx", "yy", "zz", "yz", "xz", "xy")


@dataclass(frozen=True)
class StressConvention:
    """How a file keeps the stresses of its atoms.

    Parameters
    ----------
    name
        Of the array, or of the calculator's result.
    units
        An energy where they are divided by nothing, such as bar*angstrom^3, else a pressure.
    divided_by
        What stress times volume was divided by: nothing (LAMMPS), the volume of the cell (ASE's
        calculators; they add up to the cell's stress), or the mean volume of an atom.
    positive
        Which sign tension has.
    order
        Order of six components.

    Raises
    ------
    OptionError
        If the units do not measure that, or the order is none of the six.
    """

    name: str
    units: str
    divided_by: Divided
    positive: Literal["tension", "compression"]
    order: tuple[Component, ...]

    def __post_init__(self) -> None:
        if sorted(self.order) != sorted(VOIGT):
            raise OptionError(
                f"stress_order {','.join(self.order)}; expected each of {','.join(VOIGT)} once"
            )
        _ = self.factor

    @property
    def factor(self) -> float:
        """What values are multiplied by to be GPa, or GPa cubic Angstrom, tension positive."""
        import pint  # takes a third of a second, and LAMMPS's dumps do without

        wanted = "GPa*angstrom^3" if self.divided_by == "nothing" else "GPa"
        try:
            factor = pint.application_registry.Quantity(1.0, self.units).to(wanted).magnitude
        except Exception as error:  # pint raises tokenizer and attribute errors besides its own
            kind = (
                "stress times volume, such as bar*angstrom^3 or eV"
                if self.divided_by == "nothing"
                else "a stress, such as eV/angstrom^3 or GPa"
            )
            raise OptionError(
                f"stress_units {self.units!r} ({error}); where stresses are divided by "
                f"{self.divided_by} (stress_divided_by) expected the unit of {kind}"
            ) from None
        return float(factor) * (1.0 if self.positive == "tension" else -1.0)

    def virial(self, values: NDArray[np.floating], *, volume: float) -> NDArray[np.float64]:
        """Return stress times volume of every atom.

        Parameters
        ----------
        values
            As the file has them, shape ``(atom, 6)``, ``(atom, 9)`` or ``(atom, 3, 3)``; of full
            tensors the symmetric part is taken.
        volume
            Of the cell, cubic Angstrom.

        Returns
        -------
        NDArray[np.float64]
            GPa cubic Angstrom, tension positive, shape ``(atom, 6)``, components in the order of
            :data:`fieldvae.VOIGT`.

        Raises
        ------
        ValueError
            If the shape is another one.
        """
        table = np.asarray(values, dtype=np.float64)
        atoms = len(table)
        if table.shape[1:] in ((9,), (3, 3)):
            full = table.reshape(atoms, 3, 3)
            full = (full + full.transpose(0, 2, 1)) / 2.0
            table = np.stack([full[:, "xyz".index(c[0]), "xyz".index(c[1])] for c in VOIGT], axis=1)
        elif table.shape[1:] == (6,):
            table = table[:, [self.order.index(component) for component in VOIGT]]
        else:
            raise ValueError(
                f"{self.name!r} has shape {table.shape}; expected (atom, 6), (atom, 9) or "
                "(atom, 3, 3)"
            )
        share = {"nothing": 1.0, "cell": volume, "atom": volume / max(atoms, 1)}[self.divided_by]
        return np.asarray(table * (self.factor * share))
