"""CPU time of answers that need no torch, beside a bare interpreter and ``import torch``.

    python benchmarks/cold_start.py

Prints the median of nine runs of each in seconds of CPU, and its ratio to ``import torch``.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 9
MAIN = "from fieldvae.cli import main; main()"


def seconds(*command: str) -> float:
    """Median CPU time of a command, user and system."""
    taken = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", *command], capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(taken)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        wrong = Path(folder) / "task.yaml"
        wrong.write_text(
            "task: stress\nmodle: {}\nmodel: {encoder: convolutional}\n", encoding="utf-8"
        )
        torch = seconds("import torch")
        print(f"{'import torch':<32} {torch:6.3f} s")
        for name, command in {
            "bare interpreter": ("pass",),
            "fieldvae --help": (MAIN, "--help"),
            "refusal of a wrong task": (MAIN, "run", str(wrong)),
            "refusal of a missing file": (MAIN, "run", "absent.yaml"),
        }.items():
            taken = seconds(*command)
            print(f"{name:<32} {taken:6.3f} s  {taken / torch:5.2f} of import torch")


if __name__ == "__main__":
    main()
