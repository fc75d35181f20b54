"""Scores that cannot be fooled, and baselines to compare them with.

==================  ===============================================================================
module              its whole job
==================  ===============================================================================
``scores``          proper scores: CRPS, energy score, variogram score
``calibration``     coverage, spread against skill, rank histogram
``accuracy``        R2, absolute and relative errors of single fields
``fourier``         the waves of a grid, power spectra
``bootstrap``       intervals over samples
``baselines``       climatology and the symmetric linear-Gaussian law
``selfcheck``       what the self-check of Algorithm 1 can tell apart
``conditions``      recovered conditions beside smoothed ones
``projections``     principal components of inputs, conditions and outputs
``reconstruction``  encoded and decoded fields, for figures
``strata``          groups of samples that share a value of a coordinate
``comparison``      the model against each baseline, in words too
``verdicts``        whether an ensemble may be read as probabilities, in words
``stratified``      the scores on each of these groups
``heldout``         the scores of one model after another on the same samples
``assessment``      all of it, for a model beside its baselines
``pairing``         whether two runs were scored on the same samples
``alternatives``    several trained models beside each other, from their stored scores
==================  ===============================================================================
"""

from fieldvae.evaluation.assessment import Evaluation, evaluate
from fieldvae.evaluation.comparison import sentences
from fieldvae.evaluation.scale import ComponentScale, component_scales
from fieldvae.evaluation.selfcheck import ConditionErrors
from fieldvae.evaluation.strata import Strata, make_strata

__all__ = [
    "ComponentScale",
    "ConditionErrors",
    "Evaluation",
    "Strata",
    "component_scales",
    "evaluate",
    "make_strata",
    "sentences",
]
