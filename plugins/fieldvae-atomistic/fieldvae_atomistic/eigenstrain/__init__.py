r"""Eigenstrains of blocks: how a block would deform if nothing around it held it back.

Two definitions, each from the state embedded in the cell to a relaxed one (section 4.1.2 of
arXiv:2604.02281 leaves the boundary open to both):

``periodic``
    The block, repeated periodically, is relaxed with its box: a bulk quantity. Embedded is the
    block's share of the relaxed cell.
``free``
    The block is cut out of the relaxed cell and relaxed with free surfaces, as in the paper.
    Blocks of some hundred atoms are then ruled by the contraction of their surfaces.

``dividing``  blocks told apart
``boxed``     one block repeated periodically, in a box of any shape; its stiffness
``bulk``      ``periodic``, and what it is estimated by
``cutting``   ``free``
"""

from fieldvae_atomistic.eigenstrain.boxed import PeriodicBlock, stiffness
from fieldvae_atomistic.eigenstrain.bulk import linearized, periodic
from fieldvae_atomistic.eigenstrain.cutting import free
from fieldvae_atomistic.eigenstrain.dividing import Blocks, divide, on_grid

__all__ = [
    "Blocks",
    "PeriodicBlock",
    "divide",
    "free",
    "linearized",
    "on_grid",
    "periodic",
    "stiffness",
]
