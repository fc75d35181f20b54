"""Sources of samples that other processes can import."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from fieldvae import SimulationError


@dataclass(frozen=True)
class Waves:
    """Random waves; writes down each sample it makes, and fails at one if told to."""

    count: int
    log: Path
    height: float = 1.0
    fails_at: int | None = None

    @property
    def attributes(self):
        return {"spacing": (1.0, 2.0), "provenance": {"height": self.height}}

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index == self.fails_at:
            raise SimulationError(f"sample {index} does not converge")
        with self.log.open("a") as log:
            log.write(f"{index}\n")
        values = self.height * np.random.default_rng(index).normal(size=(2, 3, 4))
        return xr.Dataset(
            {"wave": (("part", "x", "y"), values, {"units": "m"})},
            coords={
                "part": ["up", "down"],
                "seed": index,
                "temperature": np.nan,
                "mean": ("part", [index, -index]),
            },
        )
