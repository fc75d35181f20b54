"""Models for every score to be compared with.

A baseline is a class with ``fit`` and ``realize``; the task's symmetry group enters both by its
point operations alone, because the laws fitted here have the translations built in. The
deterministic network is trained where the trained model is, and only wrapped here.
"""

from fieldvae.evaluation.baselines.climatology import Climatology
from fieldvae.evaluation.baselines.deterministic import Deterministic
from fieldvae.evaluation.baselines.linear_gaussian import LinearGaussian
from fieldvae.evaluation.baselines.protocol import Baseline

__all__ = ["Baseline", "Climatology", "Deterministic", "LinearGaussian"]
