"""Fields whose conditional law is known exactly, to test models and scores against."""

from fieldvae.testing.linear_gaussian_field import LinearGaussianField

__all__ = ["LinearGaussianField"]
