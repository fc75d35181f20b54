"""One field for each input: the parts of a conditional VAE without its latent."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from fieldvae.contract import Batch, ForwardPass
from fieldvae.errors import OptionError
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.model.cvae import ConditionalVAE, Laws, masked
from fieldvae.model.missing import masks, whole


class DeterministicNetwork(nn.Module):
    r"""Smoothers and decoder with the latent held at zero: one map from inputs to outputs.

    .. math:: \hat y = \mu_y\big(z = 0,\; c(x)\big)

    Trained on the squared error it estimates the mean of the outputs given the inputs, which is
    smoother than any of them: section 2.3 of arXiv:2604.02281.

    Parameters
    ----------
    network
        A conditional VAE; its encoder, its prior's law and its outputs' variances are not used.
    """

    def __init__(self, network: ConditionalVAE) -> None:
        super().__init__()
        self.network = network

    def estimate(self, inputs: Mapping[str, Tensor]) -> Batch:
        """Give one field for every input.

        Parameters
        ----------
        inputs
            Scaled fields, each ``(batch, component, x, y, z)``.

        Returns
        -------
        dict
            Scaled outputs, each ``(batch, component, x, y, z)``, projected onto their closure.
        """
        laws = self._laws(self.network.smooth(inputs))
        return {name: law.mean for name, law in laws.items()}

    def forward(
        self, inputs: Batch, outputs: Batch, generator: torch.Generator | None = None
    ) -> ForwardPass:
        """Pass a batch through, for the loss ``squared_error`` to look at.

        Parameters
        ----------
        inputs, outputs
            Scaled fields by name, each ``(batch, component, x, y, z)``, missing values NaN.
        generator
            Not used: there is no chance.
        """
        conditions = self.network.smooth(inputs)
        mask = masks(outputs, self.network.outputs)
        laws = masked(self._laws(conditions), mask)

        def density(name: str) -> Tensor:
            raise OptionError(f"a deterministic network gives {name} no density")

        return ForwardPass(
            inputs=whole(inputs, masks(inputs, self.network.inputs)),
            outputs=whole(outputs, mask),
            conditions=conditions,
            prior=self.network.prior(conditions),
            encoding=None,
            reconstruction=laws,
            realize=lambda count: {
                n: law.mean.expand(count, *law.mean.shape) for n, law in laws.items()
            },
            log_density=density,
            decoder=self.network.decoder,
            generator=generator,
            physical=self.network.physical,
            known=mask,
        )

    def _laws(self, conditions: Mapping[str, Tensor]) -> Laws:
        """Point masses at the decoder's means."""
        latent = torch.zeros_like(self.network.prior(conditions).mean)
        laws = self.network.decode(latent, conditions)
        return {name: DiagonalGaussian(law.mean) for name, law in laws.items()}
