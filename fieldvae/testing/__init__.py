"""Fields whose conditional law is known exactly, to test models and scores against.

==========================  =======================================================================
module                      the law of the output given the inputs
==========================  =======================================================================
``linear_gaussian_field``   Gaussian, its mean linear in the inputs, one covariance for all of them
``bimodal_field``           two modes, with weights that depend on the input
``heteroscedastic_field``   Gaussian, its covariance dependent on the input, cell by cell
==========================  =======================================================================
"""

from fieldvae.testing.bimodal_field import BimodalField
from fieldvae.testing.heteroscedastic_field import HeteroscedasticField
from fieldvae.testing.linear_gaussian_field import LinearGaussianField

__all__ = ["BimodalField", "HeteroscedasticField", "LinearGaussianField"]
