"""Sources of samples that other processes can import."""

import os
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from fieldvae import SimulationError, StoreError


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


@dataclass(frozen=True)
class Wary(Waves):
    """Waves of which all but the first are warned of, in words that differ in numbers alone."""

    def __getitem__(self, index):
        if index:
            warnings.warn(f"wave {index} is {index / 2} too high; take it lower", stacklevel=2)
        return super().__getitem__(index)


@dataclass(frozen=True)
class Files:
    """One sample a file, which holds a number; told from the folder which one failed."""

    paths: tuple[Path, ...]

    @property
    def attributes(self):
        return {"spacing": (1.0,), "files": [path.name for path in self.paths]}

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        path = self.paths[index]
        text = path.read_text()
        with path.with_name("log").open("a") as log:
            log.write(f"{index}\n")
        try:
            value = float(text)
        except ValueError:
            raise StoreError(f"{path}:1: {text!r} is no number") from None
        return xr.Dataset({"wave": ("x", np.full(3, value), {"units": "m"})})


@dataclass(frozen=True)
class KnownFiles(Files):
    """The same, and says which file a sample is read from."""

    def files_of(self, index):
        return (self.paths[index],)


@dataclass(frozen=True)
class Square:
    """Squares a number."""

    power: int = 2

    def __call__(self, index):
        return index**self.power


def waits_after_the_first(index):
    if index:
        time.sleep(60)
    return index


def dies(index):
    if index == 1:
        os._exit(1)
    return index
