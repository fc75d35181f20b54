"""What plugins are tried on: small grids, fields of several kinds, random values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

GRIDS = (
    Grid((6,), periodic=(True,)),
    Grid((4, 3), periodic=(False, True)),
    Grid((2, 4, 3), periodic=(True, True, True)),
)
"""One of each number of dimensions; no two axes alike, so that mixed-up axes show."""

BATCH = 3
"""Samples at once; no axis of a grid and no width that is asked for is alike by chance."""

DENSITY = FieldSpec(name="density", units="1")
FLOW = FieldSpec(name="flow", units="m/s", tensor_kind="vector")
FRACTION = FieldSpec(
    name="fraction",
    units="1",
    tensor_kind="set",
    closure="simplex",
    components=("sand", "clay", "silt"),
)
STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="zero-mean")
STRAIN = FieldSpec(name="strain", units="1", tensor_kind="symmetric")

INPUTS = (DENSITY, FLOW, FRACTION)
OUTPUTS = (STRESS, STRAIN)


def cells(grid: Grid) -> str:
    """Name a grid in messages: ``a grid of 4 x 3 cells``."""
    return f"a grid of {' x '.join(map(str, grid.shape))} cells"


def drawn(shape: Sequence[int], *, seed: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Draw standard-normal values from a generator of their own."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)
