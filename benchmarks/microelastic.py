"""CPU time of the simulator microelastic beside the bare Fourier transforms of the same cells.

    OMP_NUM_THREADS=1 python benchmarks/microelastic.py [--cells-of 100]

The bare transforms are scipy's real ones over the box in half lattice constants, on whose even
points the sites lie: one of the scalar misfit, which is the least that a stress by Fourier
transform can do with, and that one with six back, one for each component, which a stress at
every site needs. All are measured in turn in one process; medians of seven rounds.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import numpy as np
from fieldvae_atomistic.microelastic import microelastic
from scipy import fft

ROUNDS = 7

BOXES = {
    "16x16x16 unit cells, 16,384 sites (default)": ((16, 16, 16), (4, 4, 4)),
    "32x16x16 unit cells, 32,768 sites": ((32, 16, 16), (8, 4, 4)),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cells-of", type=int, default=100, help="cells a round")
    number = parser.parse_args().cells_of
    drawn = np.random.default_rng(1)
    for title, (cells, grid) in BOXES.items():
        source = microelastic(samples=ROUNDS * number + 1, cells=cells, grid=grid)
        law = source.law
        misfit = np.array(law.misfit)[source.arrangement(0)]
        box = tuple(2 * n for n in cells)
        scalar = np.random.default_rng(0).standard_normal(box)
        waves = fft.rfftn(np.stack([scalar] * 6), axes=(1, 2, 3))
        count = itertools.count()
        cell = source[0]  # makes what is made once

        def forth(scalar: np.ndarray = scalar) -> None:
            fft.rfftn(scalar)

        def forth_and_back(
            scalar: np.ndarray = scalar, waves: np.ndarray = waves, box: tuple[int, ...] = box
        ) -> None:
            fft.rfftn(scalar)
            fft.irfftn(waves, s=box, axes=(1, 2, 3))

        tasks: dict[str, Callable[[], object]] = {
            "bare: one transform": forth,
            "bare: one, and six back": forth_and_back,
            "block stress of a cell": lambda law=law, misfit=misfit: law.response.apply(misfit),
            "whole sample": lambda source=source, count=count: source[next(count)],
            "replicate of a cell": lambda law=law, cell=cell: law.replicates(
                cell, count=1, generator=drawn
            ),
            "exact mean": lambda law=law, cell=cell: law.mean(cell),
            "exact covariance": lambda law=law, cell=cell: law.covariance(cell),
        }
        for task in tasks.values():
            task()
        taken: dict[str, list[float]] = {name: [] for name in tasks}
        for _ in range(ROUNDS):
            for name, task in tasks.items():
                repeats = max(1, number // 10) if name == "exact covariance" else number
                begun = time.process_time()
                for _ in range(repeats):
                    task()
                taken[name].append((time.process_time() - begun) / repeats)
        seconds = {name: statistics.median(times) for name, times in taken.items()}
        bare, full = seconds["bare: one transform"], seconds["bare: one, and six back"]
        print(title)
        for name, each in seconds.items():
            print(
                f"  {name:<24} {1e3 * each:8.3f} ms  {60 / each:9,.0f} a minute of CPU"
                f"  {each / bare:6.2f} of one transform  {each / full:6.2f} of one and six back"
            )


if __name__ == "__main__":
    main()
