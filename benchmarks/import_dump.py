"""Import of a LAMMPS dump of a million atoms, beside its bare parts, in one run.

    OMP_NUM_THREADS=1 python benchmarks/import_dump.py

Writes a dump of 1,000,000 atoms and 23 columns in the paper's layout (id, type, positions,
velocities, six virial columns, nine Warren-Cowley columns) to a temporary folder, about 190 MB,
and prints, each as the median of three runs in processes of their own:

- CPU time of the import (scan, parse, averages, all fields) over pandas's parse of the columns
  needed, by single spaces and at once, plus one ``numpy.bincount`` a component: target at most 1.3;
- the same work as a plain Python loop over lines, on 50,000 of them and extrapolated, over the
  import: target at least 3;
- peak memory of the import beyond the imported modules over the parsed table in float64: target
  under 2.5; with the dump's Warren-Cowley columns, and with these computed from positions;
- the import over OVITO's of the same columns with a ``SpatialBinningModifier`` for each component
  and element, one thread, where OVITO is installed (``pip install ovito``): target at most 1;
- CPU time of Warren-Cowley parameters from positions over the neighbor finder alone (scipy's
  cKDTree, or vesin in a tilted box): target at most 1.5.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import vesin
from scipy.spatial import cKDTree

ATOMS = 1_000_000
CELLS = (100, 50, 50)  # unit cells of 4 atoms
CONSTANT = 3.56  # Angstrom
GRID = (10, 5, 5)  # blocks of whole unit cells
COLUMNS = (
    "id type x y z vx vy vz "
    + " ".join(f"c_s[{n}]" for n in range(1, 7))
    + " "
    + " ".join(f"c_w[{n}]" for n in range(1, 10))
)
PAPER = ("stress=9..14", "warren_cowley=-9..-1")
STRESS, ORDER = list(range(8, 14)), list(range(14, 23))
RUNS = 3
LINES = 50_000
SHORT = 10_000  # one layer of unit cells


def crystal(generator: np.random.Generator) -> np.ndarray:
    """Displaced fcc sites, planes a quarter lattice constant off the faces of unit cells."""
    corners = np.stack(np.meshgrid(*map(np.arange, CELLS), indexing="ij"), -1).reshape(-1, 1, 3)
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]) + 0.25
    sites = ((corners + basis) * CONSTANT).reshape(-1, 3)
    return sites + generator.normal(0.0, 0.05, sites.shape)


def write(path: Path, *, atoms: int = ATOMS) -> None:
    """Write the dump, or its first atoms."""
    generator = np.random.default_rng(0)
    positions = crystal(generator)
    types = generator.integers(1, 4, ATOMS)
    cells = (CELLS[0] * atoms // ATOMS, *CELLS[1:])
    with path.open("w", encoding="ascii") as file:
        file.write("ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n")
        file.write(f"{atoms}\nITEM: BOX BOUNDS pp pp pp\n")
        file.writelines(f"0 {n * CONSTANT}\n" for n in cells)
        file.write(f"ITEM: ATOMS {COLUMNS}\n")
        for start in range(0, atoms, SHORT):
            part = slice(start, start + SHORT)
            rest = generator.normal(size=(SHORT, 18)) * np.repeat([1.0, 2e5, 1.0], [3, 6, 9])
            rows = np.column_stack(
                [np.arange(start + 1, start + SHORT + 1), types[part], positions[part], rest]
            )
            np.savetxt(file, rows, fmt="%d %d" + 21 * " %.6g")


def imported(path: Path, columns: tuple[str, ...], *, grid: tuple[int, int, int] = GRID) -> float:
    """CPU time of the importer."""
    from fieldvae_atomistic.importing import lammps

    start = time.process_time()
    source = lammps([path], grid=grid, elements=("Ni", "Co", "Cr"), columns=columns)
    source[0]
    return time.process_time() - start


def bare(path: Path) -> float:
    """CPU time of a parse of the columns needed and a bincount of each component."""
    start = time.process_time()
    table = pd.read_csv(
        path,
        sep=" ",
        skiprows=9,
        header=None,
        names=range(23),
        usecols=[1, 2, 3, 4, *STRESS, *ORDER],
        dtype=np.float64,
        engine="c",
    )
    block = np.zeros(len(table), dtype=np.int64)
    for axis, (count, cells) in enumerate(zip(GRID, CELLS, strict=True)):
        place = (table[2 + axis].to_numpy() * (count / (cells * CONSTANT))).astype(np.int64)
        block = block * count + np.clip(place, 0, count - 1)
    kind = table[1].to_numpy().astype(np.int64) - 1
    np.bincount(kind * np.prod(GRID) + block)
    for column in (*STRESS, *ORDER):
        np.bincount(block, weights=table[column].to_numpy())
    return time.process_time() - start


def loop(path: Path) -> float:
    """CPU time of a plain loop over the first lines, for all of them."""
    sums = np.zeros((int(np.prod(GRID)), 18)).tolist()
    lengths = [n * CONSTANT for n in CELLS]
    with path.open(encoding="ascii") as file:
        file.seek(path.stat().st_size // 2)  # lines of the mean length
        file.readline()
        start = time.process_time()
        for _ in range(LINES):
            words = file.readline().split()
            block = 0
            for axis in range(3):
                share = float(words[2 + axis]) / lengths[axis] % 1.0
                block = block * GRID[axis] + int(share * GRID[axis])
            home = sums[block]
            home[int(words[1]) - 1] += 1
            for number in range(15):
                home[3 + number] += float(words[8 + number])
        taken = time.process_time() - start
    return taken * ATOMS / LINES


def ovito(path: Path) -> float:
    """CPU time of OVITO's import of the columns needed and of its binning, on the same blocks."""
    from ovito.io import import_file
    from ovito.modifiers import ComputePropertyModifier, SpatialBinningModifier

    kept = ["Particle Type", "Position.X", "Position.Y", "Position.Z"]
    stress = [f"Stress Tensor.{part}" for part in ("XX", "YY", "ZZ", "XY", "XZ", "YZ")]
    columns = [None, *kept, None, None, None, *stress, *(f"order.{n + 1}" for n in range(9))]
    start = time.process_time()
    pipeline = import_file(str(path), columns=columns)
    kinds = [f"ParticleType == {kind}" for kind in (1, 2, 3)]
    pipeline.modifiers.append(ComputePropertyModifier(expressions=kinds, output_property="kinds"))
    for name in ("kinds", "Stress Tensor", "order"):
        pipeline.modifiers.append(
            SpatialBinningModifier(
                property=name,
                direction=SpatialBinningModifier.Direction.XYZ,
                bin_count_x=GRID[0],
                bin_count_y=GRID[1],
                bin_count_z=GRID[2],
                reduction_operation=SpatialBinningModifier.Operation.Sum,
            )
        )
    data = pipeline.compute()
    taken = time.process_time() - start
    sums = {name: np.asarray(grid[name]) for grid in data.grids.values() for name in grid}
    assert {name: values.shape[1] for name, values in sums.items()} == {
        "kinds": 3,
        "Stress Tensor": 6,
        "order": 9,
    }
    assert sums["kinds"].sum() == data.particles.count
    return taken


def memory(path: Path, columns: tuple[str, ...]) -> float:
    """Peak memory of the importer beyond its modules, MB."""
    import fieldvae_atomistic.importing

    assert fieldvae_atomistic.importing
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    imported(path, columns)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def shells(tilt: float) -> tuple[float, float]:
    """CPU times of the finder alone and of bonds and parameters, seconds."""
    from fieldvae_atomistic.box import Box
    from fieldvae_atomistic.coarse import count_atoms
    from fieldvae_atomistic.importing.sums import BlockSums
    from fieldvae_atomistic.neighbors import bonds_within, default_cutoff

    generator = np.random.default_rng(0)
    edges = np.diag(CELLS) * CONSTANT
    fractions = crystal(generator) @ np.linalg.inv(edges)
    fractions -= np.floor(fractions)
    edges[1, 0] = tilt * edges[1, 1]
    box = Box((0.0, 0.0, 0.0), tuple(map(tuple, edges.tolist())))
    kind = generator.integers(0, 3, ATOMS)
    block = np.ravel_multi_index(tuple((fractions * GRID).astype(int).T), GRID)
    cutoff = default_cutoff(box, ATOMS)
    blocks = int(np.prod(GRID))

    start = time.process_time()
    points = fractions @ box.matrix
    if tilt:
        finder = vesin.NeighborList(cutoff=cutoff, full_list=False, n_threads=1)
        finder.compute(points, box.matrix, True, "P", copy=False)
    else:
        cKDTree(points, boxsize=np.diag(edges)).query_pairs(cutoff, output_type="ndarray")
    alone = time.process_time() - start
    start = time.process_time()
    bonds = bonds_within(box, fractions, block, kind, cutoff=cutoff, blocks=blocks, elements=3)
    atoms = count_atoms(block, kind, blocks=blocks, elements=3).reshape(3, *GRID)
    bonds = bonds.transpose(1, 2, 0).reshape(3, 3, *GRID)
    BlockSums(atoms, box.volume / blocks, bonds=bonds).warren_cowley(reference="cell")
    return alone, time.process_time() - start


MEASURED: dict[str, Callable[[Path], float | tuple[float, float]]] = {
    "bare": bare,
    "import": lambda path: imported(path, PAPER),
    "loop": loop,
    **({"ovito": ovito} if find_spec("ovito") else {}),
    "import, computed": lambda path: imported(path, PAPER[:1]),
    "memory": lambda path: memory(path, PAPER),
    "memory, computed": lambda path: memory(path, PAPER[:1]),
    "orthogonal": lambda path: shells(0.0),
    "tilted": lambda path: shells(0.1),
}


def child(what: str, path: Path) -> None:
    """Measure one thing in this process and print it."""
    if what == "write":
        write(path)
        write(path.with_name("short.dump"), atoms=SHORT)
        return
    if what != "ovito":
        warnings.simplefilter("error")
    if what in ("bare", "import", "import, computed"):
        # what is imported and compiled at the first call is not the cost of a snapshot
        short = path.with_name("short.dump")
        imported(short, PAPER, grid=(1, *GRID[1:]))
        bare(short)
    print(*np.atleast_1d(MEASURED[what](path)))


def measured(path: Path) -> dict[str, list[float]]:
    """Median of each over rounds, so that a noisy moment of the machine spoils no single one."""
    runs: dict[str, list[list[float]]] = {what: [] for what in MEASURED}
    one_thread = {**os.environ, "OVITO_THREAD_COUNT": "1", "OMP_NUM_THREADS": "1"}
    for _ in range(RUNS):
        for what, found in runs.items():
            command = [sys.executable, __file__, what, str(path)]
            answer = subprocess.run(
                command, check=True, capture_output=True, text=True, env=one_thread
            )
            found.append([float(word) for word in answer.stdout.split()])
    return {
        what: [statistics.median(values) for values in zip(*found, strict=True)]
        for what, found in runs.items()
    }


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.dump"
        # in a process of its own: a child's peak memory starts from its parent's
        subprocess.run([sys.executable, __file__, "write", str(path)], check=True)
        print(f"dump: {path.stat().st_size / 1e6:.0f} MB, {ATOMS:,} atoms, 23 columns")
        found = measured(path)
    parse, taken, plain = (found[what][0] for what in ("bare", "import", "loop"))
    print(f"CPU seconds: bare parse and bincount {parse:.2f}, import {taken:.2f}, loop {plain:.2f}")
    print(f"import / bare: {taken / parse:.2f} (target at most 1.3)")
    print(f"loop / import: {plain / taken:.1f} (target at least 3)")
    if "ovito" in found:
        print(
            f"OVITO's import and binning {found['ovito'][0]:.2f} s: import / OVITO "
            f"{taken / found['ovito'][0]:.2f} (target at most 1)"
        )
    else:
        print("OVITO is not installed: nothing to compare with (pip install ovito)")
    for what, columns in (("memory", 19), ("memory, computed", 10)):
        table = ATOMS * columns * 8 / 2**20
        print(
            f"{what}: peak {found[what][0]:.0f} MB / table of {columns} columns {table:.0f} MB: "
            f"{found[what][0] / table:.2f} (target under 2.5)"
        )
    for what in ("orthogonal", "tilted"):
        alone, whole = found[what]
        print(
            f"Warren-Cowley, {what} box: finder alone {alone:.2f} s, all {whole:.2f} s: "
            f"{whole / alone:.2f} (target at most 1.5)"
        )
    print(f"import with Warren-Cowley parameters computed: {found['import, computed'][0]:.2f} s")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
