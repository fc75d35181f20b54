"""Fields of blocks of a composite of cubic phases whose axes are the grid's."""

from __future__ import annotations

from fieldvae import FieldSpec

ELASTIC_MODULI = FieldSpec(
    name="elastic_moduli",
    symbol="C",
    long_name="elastic moduli",
    units="GPa",
    tensor_kind="set",
    components=("11", "12", "44"),
    bounds=(0.0, None),
)
"""Mean cubic moduli of a block: C11, C12, C44.

A set and no stiffness tensor: operations that turn a cube into itself leave a cubic stiffness as it
is, so that all three are scalars to them, as the law needs.
"""

BLOCK_STRESS = FieldSpec(
    name="block_stress",
    symbol=r"\sigma",
    long_name="block stress",
    units="MPa",
    tensor_kind="symmetric",
)
"""Mean stress of a block under a uniform strain of the whole; tension is positive."""
