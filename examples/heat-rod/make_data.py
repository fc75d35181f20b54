"""Heat through random rods: a store of segment averages, without a line of fieldvae.

    python examples/heat-rod/make_data.py

A rod of 256 short pieces has a log-normal conductivity k. Its ends are held at two temperatures,
which differ from rod to rod; in between, the heat flux is the same everywhere:

    q = (T(0) - T(L)) / R,  R = sum h / k,  T(x) = T(0) - q (R up to x)

What is kept are means over segments of 8 pieces: of k as an input, of T as an output; the
temperatures of the ends, one pair a rod, are an input too. A mean of k fixes no resistance: a
single bad piece blocks a segment, and the mean does not show it.
"""

import argparse
from pathlib import Path

import numpy as np
import xarray as xr

SEGMENTS, PIECES = 32, 8  # pieces a segment
LENGTH = 2.0  # of a piece, mm
MEDIAN, SPREAD = 20.0, 1.0  # of k: W/m/K, and standard deviation of ln k
SHARED = 0.5  # share of the variance of ln k that all pieces of a segment have in common


def rod(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make one rod: k and T of its segments, shape (x,), and the temperatures of its ends."""
    common = np.repeat(chance.standard_normal(SEGMENTS), PIECES)
    own = chance.standard_normal(SEGMENTS * PIECES)
    k = MEDIAN * np.exp(SPREAD * (np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * own))
    ends = np.array([chance.uniform(350, 450), chance.uniform(280, 320)])
    resistance = LENGTH / k
    middle = np.cumsum(resistance) - resistance / 2
    temperature = ends[0] - (ends[0] - ends[1]) * middle / resistance.sum()
    return segments(k), segments(temperature), ends


def segments(pieces: np.ndarray) -> np.ndarray:
    """Average over segments."""
    return pieces.reshape(SEGMENTS, PIECES).mean(axis=1)


def main() -> None:
    """Write the store."""
    parser = argparse.ArgumentParser(description="Make the store of the example heat-rod.")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "rods.zarr")
    given = parser.parse_args()
    made = [rod(np.random.default_rng([given.seed, number])) for number in range(given.samples)]
    k, temperature, ends = (np.stack(arrays) for arrays in zip(*made, strict=True))
    dataset = xr.Dataset(
        {
            "conductivity": (("sample", "x"), k, {"units": "W/m/K"}),
            "temperature": (("sample", "x"), temperature, {"units": "K"}),
            "ends": (("sample", "end"), ends, {"units": "K"}),
        },
        coords={"end": np.array(["left", "right"], dtype=object)},
        attrs={
            "spacing": [PIECES * LENGTH],
            "spacing_units": "mm",
            "periodic": [0],
            "provenance": f"heat through random rods, {given.samples} of them, seed {given.seed}",
        },
    )
    dataset.to_zarr(given.out, mode="w", zarr_format=3, consolidated=False, write_empty_chunks=True)
    print(f"{given.out}: {given.samples} samples")


if __name__ == "__main__":
    main()
