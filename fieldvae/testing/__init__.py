"""For the tests of models, scores and plugins: fields of known law, checks of contracts.

Fields whose conditional law is known exactly:

==========================  =======================================================================
module                      the law of the output given the inputs
==========================  =======================================================================
``linear_gaussian_field``   Gaussian, its mean linear in the inputs, one covariance for all of them
``bimodal_field``           two modes, with weights that depend on the input
``heteroscedastic_field``   Gaussian, its covariance dependent on the input, cell by cell
==========================  =======================================================================

``certification`` checks what a plugin promises; see ``docs/extending.md``.
"""

from fieldvae.testing.bimodal_field import BimodalField
from fieldvae.testing.certification.declarations import check_field, check_task
from fieldvae.testing.certification.losses import check_loss
from fieldvae.testing.certification.networks import (
    check_decoder,
    check_encoder,
    check_prior,
    check_smoother,
)
from fieldvae.testing.certification.quantities import check_quantity
from fieldvae.testing.certification.sources import check_source
from fieldvae.testing.heteroscedastic_field import HeteroscedasticField
from fieldvae.testing.linear_gaussian_field import LinearGaussianField

__all__ = [
    "BimodalField",
    "HeteroscedasticField",
    "LinearGaussianField",
    "check_decoder",
    "check_encoder",
    "check_field",
    "check_loss",
    "check_prior",
    "check_quantity",
    "check_smoother",
    "check_source",
    "check_task",
]
