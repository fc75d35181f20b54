"""Energy that a stress stores in a cubic crystal."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fieldvae.errors import OptionError
from fieldvae.quantities.fields import PhysicalFields, QuantityField
from fieldvae.quantities.stress import deviator, hydrostatic_pressure

MODULI_UNITS = "GPa"
MEGAJOULES = 1000.0
"""Megajoules a cubic meter in a gigapascal: 1 GPa = 1e9 J/m^3."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def elastic_energy_density(
    fields: PhysicalFields,
    *,
    c11: Positive,
    c12: Annotated[float, Field(allow_inf_nan=False)],
    c44: Positive,
    of: str | None = None,
) -> QuantityField:
    r"""Elastic energy a volume, from the stress and the stiffness of a cubic crystal.

    .. math:: w = \tfrac12 \sigma_{ij} S_{ijkl} \sigma_{kl}
        = \frac{p^2}{2K} + \frac{1}{4C'} \sum_i s_{ii}^2 + \frac{1}{2C_{44}} \sum_{i<j} s_{ij}^2

    with :math:`K = (C_{11} + 2 C_{12}) / 3`, :math:`C' = (C_{11} - C_{12}) / 2`, pressure
    :math:`p` and deviator :math:`s` in the axes of the crystal, to which the stress is turned by
    the grid's frame. An isotropic solid has :math:`C_{44} = C'`. One stiffness holds for all
    cells. Only the elastic strain counts, not an eigenstrain.

    Parameters
    ----------
    fields
        Handed over by fieldvae.
    c11, c12, c44
        Cubic stiffness in GPa; stable: C11 > abs(C12), C11 + 2 C12 > 0, C44 > 0.
    of
        A symmetric tensor field with all six components, a stress; the only one where left out.

    Returns
    -------
    QuantityField
        MJ/m^3, shape ``(..., x, y, z)``; never negative.

    Raises
    ------
    OptionError
        If the stiffness is not positive definite, or the field is no stress.
    """
    bulk, tetragonal = (c11 + 2 * c12) / 3, (c11 - c12) / 2
    for value, words in ((bulk, "C11 + 2 C12"), (tetragonal, "C11 - C12"), (c44, "C44")):
        if value <= 0:
            raise OptionError(
                f"c11 {c11:g}, c12 {c12:g}, c44 {c44:g} GPa are no stable crystal's: {words} is "
                "not positive"
            )
    name = fields.stress(of)
    factor = fields.factor(name, MODULI_UNITS)
    pressure = hydrostatic_pressure(fields, of=name).values * factor
    shape = deviator(fields.matrices(name, crystal=True)) * factor
    normal = shape.diagonal(dim1=-2, dim2=-1).square().sum(-1)
    shear = (shape.square().sum((-2, -1)) - normal) / 2  # each pair stands twice in the matrix
    energy = pressure.square() / (2 * bulk) + normal / (4 * tetragonal) + shear / (2 * c44)
    return QuantityField(energy * MEGAJOULES, "MJ/m^3", symbol="w", title="elastic energy density")
