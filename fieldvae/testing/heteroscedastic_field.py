r"""A field whose noise depends on its input, cell by cell, in a known way.

.. math:: y(x) = g \, (B u)(x) + \sigma(u(x)) \, (B \xi)(x), \qquad
          \sigma(u) = \sigma_0 \exp(\kappa u / 2)

with the load :math:`u` as input, white Gaussian noise :math:`\xi`, and :math:`B` the average over
neighbors (:class:`~fieldvae.testing.periodic.Blend`), which keeps its variance one. So the output
given the load is Gaussian with

.. math:: \operatorname{Var} y(x) = \sigma_0^2 \, e^{\kappa u(x)}, \qquad
          \operatorname{Cov}(y(x), y(x')) = \sigma(u(x)) \, \rho(x - x') \, \sigma(u(x'))

and :math:`\rho` the correlation of blended noise. A model with one variance for all inputs has the
right spread on the average only: too wide where the load is low, too narrow where it is high. The
law is the same after a shift by whole cells, and after mirrors and turns of the grid.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.testing.periodic import Array, Blend, completed, labeled, scalar


class HeteroscedasticField:
    """Draw inputs and outputs, and give the law of the outputs given the inputs.

    Parameters
    ----------
    grid
        Periodic along every axis; one to three dimensions.
    gain
        Of the mean response.
    noise
        Standard deviation of the noise where the load is zero.
    contrast
        How the variance grows with the load: by this factor's exponential for each unit of it.

    Raises
    ------
    ValueError
        If the grid is not periodic, or the noise is not positive.

    Examples
    --------
    >>> medium = HeteroscedasticField(Grid((4, 4, 4), periodic=(True, True, True)))
    >>> data = medium.simulate(50, generator=np.random.default_rng(0))
    >>> dict(data["response"].sizes)
    {'sample': 50, 'response_component': 1, 'x': 4, 'y': 4, 'z': 4}

    The variance of a cell ranges over two orders of magnitude:

    >>> low, high = np.quantile(medium.variance(data), [0.01, 0.99])
    >>> bool(high / low > 100)
    True
    """

    inputs = (FieldSpec(name="load", units="1", symbol="u", long_name="load"),)
    outputs = (FieldSpec(name="response", units="1", symbol="y", long_name="response"),)

    def __init__(
        self, grid: Grid, *, gain: float = 0.5, noise: float = 0.5, contrast: float = 1.2
    ) -> None:
        if noise <= 0:
            raise ValueError(f"noise is {noise}; expected a standard deviation above zero")
        self.grid = grid
        self.gain = gain
        self.noise = noise
        self.contrast = contrast
        self.blend = Blend(grid)

    def simulate(self, samples: int, *, generator: np.random.Generator) -> xr.Dataset:
        """Draw loads, which are blended white noise of variance one, and one output for each.

        Parameters
        ----------
        samples
            How many.
        generator
            The only source of chance.

        Returns
        -------
        xr.Dataset
            In the layout of a store: dims ``(sample, <field>_component, x, y, z)``, attributes
            of the grid.
        """
        load = self.blend(generator.standard_normal((samples, 1, *self.grid.shape)))
        return completed(self, [load], generator=generator)

    def expectation(self, inputs: xr.Dataset) -> Array:
        """Return the exact mean of the output, shape ``(sample, x, y, z)``."""
        return self.gain * self.blend(scalar(self.inputs[0], inputs, self.grid))

    def variance(self, inputs: xr.Dataset) -> Array:
        """Return the exact variance of the output, shape ``(sample, x, y, z)``."""
        load = scalar(self.inputs[0], inputs, self.grid)
        return np.asarray(self.noise**2 * np.exp(self.contrast * load))

    def covariance(self, inputs: xr.Dataset) -> Array:
        """Return the exact covariance of the output, shape ``(sample, cell, cell)``.

        Cells are counted with the last axis running fastest.
        """
        deviation = np.sqrt(self.variance(inputs))
        deviation = deviation.reshape(len(deviation), -1)
        cells = np.indices(self.grid.shape).reshape(self.grid.dimensions, -1)
        lags = cells[:, :, None] - cells[:, None, :]  # negative ones count from the far end
        correlation = self.blend.correlation()[tuple(lags)]
        return np.asarray(deviation[:, :, None] * correlation * deviation[:, None, :])

    def realize(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Draw from the exact law.

        Parameters
        ----------
        inputs
            A dataset with the load.
        count
            Realizations a sample.
        generator
            The only source of chance.

        Returns
        -------
        xr.Dataset
            The response, dims ``(sample, realization, response_component, x, y, z)``.
        """
        mean, deviation = self.expectation(inputs), np.sqrt(self.variance(inputs))
        noise = generator.standard_normal((len(mean), count, *self.grid.shape))
        drawn = mean[:, None] + deviation[:, None] * self.blend(noise)
        return xr.Dataset({"response": labeled(self.outputs[0], drawn[:, :, None], self.grid)})
