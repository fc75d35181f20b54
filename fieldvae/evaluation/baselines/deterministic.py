"""The mean of the outputs given the inputs, by a network that knows no chance."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from fieldvae.data.conform import REALIZATION
from fieldvae.data.scaling import Scaling
from fieldvae.grid import Grid
from fieldvae.model.deterministic import DeterministicNetwork

SAMPLES_AT_ONCE = 256


class Deterministic:
    """A network trained on the squared error, taken for a law: a point mass at its field.

    With one realization the CRPS is the absolute error, the energy score the distance, and
    spread and coverage are zero.

    Parameters
    ----------
    network
        The trained network, in evaluation mode.
    scaling
        Between physical and scaled values.
    grid
        The grid of the samples.
    """

    def __init__(self, network: DeterministicNetwork, scaling: Scaling, grid: Grid) -> None:
        self.network = network
        self.scaling = scaling
        self.grid = grid

    def realize(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Give one field a sample, whatever the count; see :meth:`Baseline.realize`."""
        device = next(self.network.parameters()).device
        names = tuple(self.network.network.inputs)
        batch = self.scaling.to_model(inputs, names, grid=self.grid)
        parts = []
        with torch.inference_mode():
            for start in range(0, inputs.sizes["sample"], SAMPLES_AT_ONCE):
                rows = slice(start, start + SAMPLES_AT_ONCE)
                some = {name: x[rows].to(device) for name, x in batch.items()}
                parts.append(self.network.estimate(some))
        whole = {name: torch.cat([p[name] for p in parts]).unsqueeze(0) for name in parts[0]}
        return self.scaling.to_dataset(whole, self.grid, leading=(REALIZATION,))
