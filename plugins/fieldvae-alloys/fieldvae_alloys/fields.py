"""Fields of a coarse-grained alloy, one value a block of atoms."""

from __future__ import annotations

from fieldvae import FieldSpec

CONCENTRATION = FieldSpec(
    name="concentration",
    symbol="c",
    long_name="concentration",
    units="1",
    tensor_kind="set",
    bounds=(0.0, 1.0),
    closure="simplex",
)
r"""Share of each element among the atoms of a block.

.. math:: c_i = N_i / N, \qquad \sum_i c_i = 1

The elements are those of the store (dim ``element``).
"""

WARREN_COWLEY = FieldSpec(
    name="warren_cowley",
    symbol=r"\alpha",
    long_name="Warren-Cowley parameter",
    units="1",
    tensor_kind="set",
)
r"""Short-range order of the first shell, by ordered pair.

.. math:: \alpha_{ij} = \frac{p_{ij} - c_j}{\delta_{ij} - c_j}

:math:`p_{ij}` is the share of element j among the neighbors of the block's i atoms. A store labels
pairs center-neighbor, ``Ni-Co``, along the dim ``pair``. Zero without order; among unlike elements,
negative where they attract. Of the nine of a ternary alloy about three are independent.
"""

RESIDUAL_STRESS = FieldSpec(
    name="residual_stress",
    symbol=r"\sigma",
    long_name="residual stress",
    units="GPa",
    tensor_kind="symmetric",
    closure="zero-mean",
)
r"""Mean stress of a block in a periodic cell without load.

The sum of its atoms' virials over its volume, dim ``voigt`` in a store. The mean of each component
over the cell is zero. Tension is positive.
"""

EIGENSTRAIN = FieldSpec(
    name="eigenstrain",
    symbol=r"\varepsilon^*",
    long_name="eigenstrain",
    units="1",
    tensor_kind="symmetric",
)
r"""Strain of a block that nothing around it holds back, from its state embedded in the cell.

Dim ``voigt`` in a store, tensor shear. How a block was set free (repeated periodically, or cut out
with free surfaces: section 4.1.2 of arXiv:2604.02281) is the store's to say.
"""
