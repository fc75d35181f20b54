"""The Gaussian with independent components, the law of latents and of outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class DiagonalGaussian:
    r"""Independent normal components :math:`N(\mu_i, \sigma_i^2)`.

    Eq. (1) of arXiv:2604.02281 writes :math:`\Sigma` for what is a standard deviation and whose
    logarithm of the square a network returns; here that is ``log_variance``.

    Parameters
    ----------
    mean
        Shape ``(batch, ...)``.
    log_variance
        Natural logarithm of the variance, any shape that broadcasts with ``mean``;
        ``None`` for a point mass at the mean.
    """

    mean: Tensor
    log_variance: Tensor | None = None

    @property
    def stddev(self) -> Tensor:
        """Standard deviation, shape of ``mean``; zero for a point mass."""
        if self.log_variance is None:
            return torch.zeros_like(self.mean)
        return (0.5 * self.log_variance).exp().expand_as(self.mean)

    def sample(self, generator: torch.Generator | None = None) -> Tensor:
        r"""Draw :math:`\mu + \epsilon\sigma` (Eq. 1); gradients reach both parameters.

        Parameters
        ----------
        generator
            Source of chance, on the device of ``mean``; torch's own where ``None``.

        Returns
        -------
        Tensor
            Shape of ``mean``.
        """
        if self.log_variance is None:
            return self.mean
        noise = torch.empty_like(self.mean).normal_(generator=generator)
        return self.mean + (0.5 * self.log_variance).exp() * noise

    def detach(self) -> DiagonalGaussian:
        """Return the same law without gradients for its parameters."""
        spread = None if self.log_variance is None else self.log_variance.detach()
        return DiagonalGaussian(self.mean.detach(), spread)

    def log_prob(self, value: Tensor) -> Tensor:
        """Logarithm of the density of every component, shape of ``mean``.

        Raises
        ------
        ValueError
            For a point mass, which has no density.
        """
        if self.log_variance is None:
            raise ValueError("a point mass has no density; use the distance to its mean")
        squared = (value - self.mean).square() * (-self.log_variance).exp()
        return -0.5 * (squared + self.log_variance + math.log(2 * math.pi))

    def kl(self, other: DiagonalGaussian) -> Tensor:
        r"""Kullback-Leibler divergence of every component, shape of ``mean``.

        .. math:: \mathrm{KL} = \tfrac12\left(\frac{\sigma^2 + (\mu-\mu')^2}{\sigma'^2}
                  - 1 - \ln\frac{\sigma^2}{\sigma'^2}\right)

        Eq. (3) of arXiv:2604.02281 for a standard-normal ``other``.

        Raises
        ------
        ValueError
            If either is a point mass.
        """
        if self.log_variance is None or other.log_variance is None:
            raise ValueError("the divergence from or to a point mass is infinite")
        ratio = self.log_variance - other.log_variance
        squared = (self.mean - other.mean).square() * (-other.log_variance).exp()
        return 0.5 * (ratio.exp() + squared - 1 - ratio)

    @classmethod
    def standard(cls, like: Tensor) -> DiagonalGaussian:
        """Return the standard normal of the shape, dtype and device of ``like``."""
        return cls(torch.zeros_like(like), torch.zeros_like(like))
