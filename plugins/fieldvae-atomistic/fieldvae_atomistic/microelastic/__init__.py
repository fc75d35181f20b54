r"""The simulator ``microelastic``: alloys whose atoms strain an elastic medium; exact law known.

Every site of an fcc lattice has the isotropic eigenstrain :math:`m_s = (V_{e(s)} / \bar V - 1) / 3`
of its element, with atomic volumes :math:`V`, in a homogeneous cubic medium without mean stress
(:mod:`fieldvae_atomistic.elasticity`). The mean stress of a block is then linear in the misfits,

.. math:: \sigma_i(x) = \sum_{b, r} H_{ir}(x - b)\, m_{b,r}.

Where the elements are drawn independently for every site, all arrangements of a block's atoms
over its :math:`n` sites are equally likely once their numbers :math:`n_{b,e}` are given, and
the blocks are independent. So mean and covariance of the stress given the counts are known:

.. math::

   \mathrm E\,\sigma_i(x) &= \sum_{b, r} H_{ir}(x - b)\, \bar m_b, \qquad
       \bar m_b = \sum_e \frac{n_{b,e}}{n} m_e \\
   \mathrm{Cov}\bigl(\sigma_i(x), \sigma_j(y)\bigr) &= \sum_b S_b^2 \sum_{r, s} H_{ir}(x - b)
       \Bigl(\delta_{rs} - \frac1n\Bigr) H_{js}(y - b), \qquad
       S_b^2 = \frac{n}{n - 1} \sum_e \frac{n_{b,e}}{n} (m_e - \bar m_b)^2,

because indicators of the elements at two places, drawn without replacement, have the covariance
:math:`\frac{n}{n-1} (\delta_{rs} - \frac1n)(\delta_{ef} c_e - c_e c_f)`.

``simulator``  options, checked, to a source of cells
``materials``  what is known of Co, Cr and Ni, and how well
``cells``      cells made one by one
``response``   mean stress of blocks as a linear map of their sites' eigenstrains
``law``        mean, covariance and replicates of the exact law
"""

from fieldvae_atomistic.microelastic.cells import MicroelasticCells
from fieldvae_atomistic.microelastic.law import ExactLaw
from fieldvae_atomistic.microelastic.materials import PAIR_ENERGIES, VOLUMES
from fieldvae_atomistic.microelastic.simulator import microelastic

__all__ = ["PAIR_ENERGIES", "VOLUMES", "ExactLaw", "MicroelasticCells", "microelastic"]
