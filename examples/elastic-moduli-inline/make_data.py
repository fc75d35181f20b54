"""Moduli and stresses of a composite: a store written by xarray, without a line of fieldvae.

    python examples/elastic-moduli-inline/make_data.py

The physics is that of ../elastic-moduli, two modules of numpy and scipy: put any calculation of
your own in their place. What makes a store of arrays is all in ``main``: names, dims, units, and
the attributes of the grid.
"""

import argparse
from pathlib import Path

import numpy as np
import xarray as xr
from fieldvae_elastic_moduli.balance import equilibrium
from fieldvae_elastic_moduli.medium import PHASES, block_means, draw_phases

BLOCKS, CELLS = (4, 4, 4), 4  # blocks along x, y, z, cells along the edge of a block
SIZE = 0.8  # radius of clusters of one phase, cells
STRETCH = [1e-3, 0, 0, 0, 0, 0]  # mean strain xx, yy, zz, xy, xz, yz


def sample(seed: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Make one sample: moduli of blocks, GPa, and their stresses, MPa, component first."""
    shape = tuple(n * CELLS for n in BLOCKS)
    chance = np.random.default_rng([seed, number])
    phase = draw_phases(chance, shape, phases=len(PHASES), size=SIZE)
    moduli = np.moveaxis(np.array([*PHASES.values()])[phase], -1, 0)
    stress = equilibrium(moduli, np.array(STRETCH), tolerance=1e-5).stress
    return block_means(moduli, BLOCKS), 1000 * block_means(stress, BLOCKS)


def main() -> None:
    """Write the store."""
    parser = argparse.ArgumentParser(description="Make the store of the example.")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "medium.zarr")
    given = parser.parse_args()
    made = [sample(given.seed, number) for number in range(given.samples)]
    moduli, stress = (np.stack(arrays) for arrays in zip(*made, strict=True))
    dataset = xr.Dataset(
        {
            "moduli": (("sample", "modulus", "x", "y", "z"), moduli, {"units": "GPa"}),
            "stress": (("sample", "voigt", "x", "y", "z"), stress, {"units": "MPa"}),
        },
        coords={
            "modulus": np.array(["11", "12", "44"], dtype=object),
            "voigt": np.array(["xx", "yy", "zz", "xy", "xz", "yz"], dtype=object),
        },
        attrs={
            "spacing": [float(CELLS)] * 3,
            "periodic": [1, 1, 1],
            "provenance": f"elastic medium, {given.samples} samples, seed {given.seed}",
        },
    )
    dataset.to_zarr(given.out, mode="w", zarr_format=3, consolidated=False, write_empty_chunks=True)
    print(f"{given.out}: {given.samples} samples")


if __name__ == "__main__":
    main()
