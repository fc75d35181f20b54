r"""A field whose conditional law has two modes of known weights.

A medium responds linearly to a drive, up or down as a hidden domain decides, one for the whole
sample:

.. math:: y(x) = s \, r(x) + \eta \, \xi(x), \qquad r = g \, B u

with the drive :math:`u` as input, :math:`B` the average over neighbors
(:class:`~fieldvae.testing.periodic.Blend`), white Gaussian noise :math:`\xi`, and the sign

.. math:: P(s = 1 \mid u) = p(u) = \frac1{1 + \exp(-k \bar u)}, \qquad P(s = -1 \mid u) = 1 - p(u)

where :math:`\bar u` is the mean of the drive over the grid. Given the drive the output is a mixture
of two Gaussians about :math:`\pm r`, with the mean :math:`(2 p - 1) r` and the variance
:math:`\eta^2 + 4 p (1 - p) r(x)^2` of each cell. No Gaussian has this law: the one of the same mean
and covariance often lies between the modes, where there is no output, or beyond them. The law is
the same after a shift by whole cells, and after mirrors and turns of the grid. It is even in the
drive, too: :math:`u` and :math:`-u` have the same modes with the same weights, so that no model
that is linear in the drive has skill.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.testing.periodic import Array, Blend, completed, labeled, scalar

SIGNS = np.array([-1.0, 1.0])
"""Of the two modes, in this order."""


class BimodalField:
    """Draw inputs and outputs of the medium, and give the law of the outputs given the inputs.

    Parameters
    ----------
    grid
        Periodic along every axis; one to three dimensions.
    gain
        Of the response, which is about as large as this times the drive.
    noise
        Standard deviation of the noise.
    steepness
        How much the mean drive decides the sign: zero for a fair coin whatever the drive.

    Raises
    ------
    ValueError
        If the grid is not periodic, or the noise is not positive.

    Examples
    --------
    >>> medium = BimodalField(Grid((8, 8), periodic=(True, True)))
    >>> data = medium.simulate(3, generator=np.random.default_rng(0))
    >>> dict(data["response"].sizes)
    {'sample': 3, 'response_component': 1, 'x': 8, 'y': 8}
    >>> medium.weights(data).round(2).tolist()
    [[0.4, 0.6], [0.56, 0.44], [0.3, 0.7]]

    Every realization lies in one of the modes, and their shares are those weights:

    >>> drawn = medium.realize(data, count=1000, generator=np.random.default_rng(1))
    >>> bool(np.abs(medium.shares(data, drawn) - medium.weights(data)).max() < 0.05)
    True
    """

    inputs = (FieldSpec(name="drive", units="1", symbol="u", long_name="drive"),)
    outputs = (FieldSpec(name="response", units="1", symbol="y", long_name="response"),)

    def __init__(
        self, grid: Grid, *, gain: float = 1.0, noise: float = 0.2, steepness: float = 1.5
    ) -> None:
        if noise <= 0:
            raise ValueError(f"noise is {noise}; expected a standard deviation above zero")
        self.grid = grid
        self.gain = gain
        self.noise = noise
        self.steepness = steepness
        self.blend = Blend(grid)

    def simulate(self, samples: int, *, generator: np.random.Generator) -> xr.Dataset:
        """Draw drives, and one output for each.

        A drive is blended white noise of variance one about a normal mean of its own, so that both
        signs are likely for some samples and one for others.

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
        shape = (samples, 1, *self.grid.shape)
        level = generator.standard_normal((samples, *[1] * (len(shape) - 1)))
        drive = level + self.blend(generator.standard_normal(shape))
        return completed(self, [drive], generator=generator)

    def weights(self, inputs: xr.Dataset) -> Array:
        """Return the exact probability of each mode, shape ``(sample, mode=2)``, down first."""
        drive = scalar(self.inputs[0], inputs, self.grid)
        mean = drive.reshape(len(drive), -1).mean(axis=1)
        return np.asarray(1 / (1 + np.exp(-self.steepness * SIGNS * mean[:, None])))

    def modes(self, inputs: xr.Dataset) -> Array:
        """Return the exact centers of the modes, shape ``(sample, mode=2, x, y, z)``."""
        response = self.gain * self.blend(scalar(self.inputs[0], inputs, self.grid))
        return np.stack([sign * response for sign in SIGNS], axis=1)

    def expectation(self, inputs: xr.Dataset) -> Array:
        """Return the exact mean of the output, shape ``(sample, x, y, z)``."""
        weighted = np.einsum("sm,sm...->s...", self.weights(inputs), self.modes(inputs))
        return np.asarray(weighted)

    def variance(self, inputs: xr.Dataset) -> Array:
        """Return the exact variance of the output, shape ``(sample, x, y, z)``."""
        modes = self.modes(inputs)
        square = np.einsum("sm,sm...->s...", self.weights(inputs), modes**2)
        return np.asarray(self.noise**2 + square - self.expectation(inputs) ** 2)

    def realize(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Draw from the exact law.

        Parameters
        ----------
        inputs
            A dataset with the drive.
        count
            Realizations a sample.
        generator
            The only source of chance.

        Returns
        -------
        xr.Dataset
            The response, dims ``(sample, realization, response_component, x, y, z)``.
        """
        weights, modes = self.weights(inputs), self.modes(inputs)
        up = generator.random((len(weights), count)) < weights[:, 1:]
        chosen = np.stack([modes[row, each.astype(int)] for row, each in enumerate(up)])
        drawn = chosen + self.noise * generator.standard_normal(chosen.shape)
        return xr.Dataset({"response": labeled(self.outputs[0], drawn[:, :, None], self.grid)})

    def shares(self, inputs: xr.Dataset, realizations: xr.Dataset) -> Array:
        r"""Count which share of an ensemble lies nearer to each mode.

        Of exact realizations a share of :math:`\Phi(-\lVert r \rVert / \eta)` is counted wrongly,
        which is nothing for all but the smallest grids and the loudest noise.

        Parameters
        ----------
        inputs
            A dataset with the drive.
        realizations
            The response, dims ``(sample, realization, [component,] x, y, z)``, of any model.

        Returns
        -------
        Array
            Shape ``(sample, mode=2)``, to be compared with :meth:`weights`.
        """
        drawn = scalar(self.outputs[0], realizations, self.grid)
        up = self.modes(inputs)[:, 1]
        axes = tuple(range(2, drawn.ndim))
        share = ((drawn * up[:, None]).sum(axis=axes) > 0).mean(axis=1)
        return np.stack([1 - share, share], axis=1)
