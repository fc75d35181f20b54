"""What a baseline promises."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import xarray as xr


class Baseline(Protocol):
    """A law of the outputs given the inputs, ready to be drawn from.

    Most are made by a class method ``fit(training, inputs=..., outputs=..., grid=...)``.
    """

    def realize(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Draw realizations of every output for every sample of the inputs.

        Parameters
        ----------
        inputs
            Physical values of the input fields, dims ``(sample, component, x, y, z)``.
        count
            Realizations a sample; a point mass gives one, whatever the count.
        generator
            The only source of chance.

        Returns
        -------
        xr.Dataset
            Physical values, dims ``(sample, realization, <field>_component, x, y, z)``.
        """
        ...
