"""Darcy flow through random rock: a store of block averages, without a line of fieldvae.

    python examples/darcy/make_data.py

A layer of 96 x 48 cells has a log-normal permeability k. Pressure is fixed at its left and right
ends, and nothing leaves through the walls below and above:

    div q = 0,  q = -(k / mu) grad p,  p(0) = 1 bar,  p(L) = 0,  q_y = 0 at y = 0 and at y = H

Two-point finite volumes: the flux through a face is the pressure step between two cell centers over
the resistances of the two half cells. What is kept of a sample are means over blocks of 6 x 6
cells: of k as the input, of p and of q as the outputs. How k is arranged within a block is lost.
"""

import argparse
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.ndimage import gaussian_filter
from scipy.sparse import diags_array
from scipy.sparse.linalg import spsolve

BLOCKS, CELLS = (16, 8), 6  # blocks along x and y, cells along the edge of a block
EDGE = 1.0  # edge of a cell, m
MEDIAN, SPREAD = 1e-13, 1.5  # of k: m^2 (about 100 millidarcy), and standard deviation of ln k
CORRELATION = 2.0  # width of the Gaussian filter that correlates ln k, cells
VISCOSITY, PRESSURE = 1e-3, 1e5  # of water, Pa s; at the left end, Pa
DAY = 86400.0  # s


def permeability(chance: np.random.Generator) -> np.ndarray:
    """Draw k of every cell, m^2, shape (x, y)."""
    shape = tuple(n * CELLS for n in BLOCKS)
    margin = int(6 * CORRELATION)  # drawn on a larger layer, so that walls are like any other place
    noise = gaussian_filter(
        chance.standard_normal([n + 2 * margin for n in shape]), CORRELATION, mode="wrap"
    )[margin:-margin, margin:-margin]
    deviation = 1 / (2 * np.sqrt(np.pi) * CORRELATION)  # of white noise behind the filter
    return MEDIAN * np.exp(SPREAD * noise / deviation)


def flow(k: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Solve for the pressure.

    Returns pressures in cells, Pa, shape (x, y), and fluxes through faces, m/s: along x, shape
    (x + 1, y), and along y, shape (x, y + 1).
    """
    half = EDGE * VISCOSITY / k / 2  # resistance of half a cell, Pa s/m
    along_x = np.zeros((k.shape[0] + 1, k.shape[1]))
    along_x[1:-1] = 1 / (half[1:] + half[:-1])
    along_x[[0, -1]] = 1 / half[[0, -1]]  # from the end's face to the first center
    along_y = np.zeros((k.shape[0], k.shape[1] + 1))
    along_y[:, 1:-1] = 1 / (half[:, 1:] + half[:, :-1])
    here = along_x[1:] + along_x[:-1] + along_y[:, 1:] + along_y[:, :-1]
    to_x, to_y = -along_x[1:-1].ravel(), -along_y[:, 1:].ravel()[:-1]
    matrix = diags_array(
        [to_x, to_y, here.ravel(), to_y, to_x], offsets=[-k.shape[1], -1, 0, 1, k.shape[1]]
    )
    source = np.zeros(k.shape)
    source[0] = along_x[0] * PRESSURE
    p = spsolve(matrix.tocsc(), source.ravel()).reshape(k.shape)
    ends = np.concatenate([np.full((1, k.shape[1]), PRESSURE), p, np.zeros((1, k.shape[1]))])
    q_x = -along_x * np.diff(ends, axis=0)
    q_y = np.zeros(along_y.shape)
    q_y[:, 1:-1] = -along_y[:, 1:-1] * np.diff(p, axis=1)
    return p, q_x, q_y


def blocks(cells: np.ndarray) -> np.ndarray:
    """Average over blocks, shape (x, y)."""
    return cells.reshape(BLOCKS[0], CELLS, BLOCKS[1], CELLS).mean(axis=(1, 3))


def sample(seed: int, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make one sample: k in m^2 and p in kPa, shape (x, y), and q in m/day, shape (2, x, y)."""
    k = permeability(np.random.default_rng([seed, number]))
    p, q_x, q_y = flow(k)
    q = [blocks((q_x[1:] + q_x[:-1]) / 2), blocks((q_y[:, 1:] + q_y[:, :-1]) / 2)]
    return blocks(k), blocks(p) / 1e3, np.stack(q) * DAY


def main() -> None:
    """Write the store."""
    parser = argparse.ArgumentParser(description="Make the store of the example darcy.")
    parser.add_argument("--samples", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "layers.zarr")
    given = parser.parse_args()
    made = [sample(given.seed, number) for number in range(given.samples)]
    k, p, q = (np.stack(arrays).astype(np.float32) for arrays in zip(*made, strict=True))
    dataset = xr.Dataset(
        {
            "permeability": (("sample", "x", "y"), k, {"units": "m^2"}),
            "pressure": (("sample", "x", "y"), p, {"units": "kPa"}),
            "flux": (("sample", "direction", "x", "y"), q, {"units": "m/day"}),
        },
        coords={"direction": np.array(["x", "y"], dtype=object)},
        attrs={
            "spacing": [CELLS * EDGE] * 2,
            "spacing_units": "m",
            "periodic": [0, 0],
            "provenance": f"Darcy flow, {given.samples} layers, seed {given.seed}",
        },
    )
    dataset.to_zarr(given.out, mode="w", zarr_format=3, consolidated=False, write_empty_chunks=True)
    print(f"{given.out}: {given.samples} samples")


if __name__ == "__main__":
    main()
