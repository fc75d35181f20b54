"""LAMMPS data files of crystals, written and read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldvae_atomistic.lattice import Lattice


@dataclass(frozen=True)
class Structure:
    """Elements on the sites of a crystal.

    Parameters
    ----------
    lattice
        The sites.
    occupation
        Element of every site, shape ``(site,)``.
    elements
        In the order of LAMMPS's atom types.
    lattice_constant
        Angstrom.
    """

    lattice: Lattice
    occupation: NDArray[np.integer]
    elements: tuple[str, ...]
    lattice_constant: float

    def write(self, path: Path, *, title: str) -> None:
        """Write a data file of ``atom_style atomic``; masses are those of the potential."""
        edges = self.lattice_constant * self.lattice.edges
        types = " ".join(f"{i}={name}" for i, name in enumerate(self.elements, start=1))
        lines = [
            f"# {title}; types {types}; units metal, Angstrom",
            "",
            f"{self.lattice.size} atoms",
            f"{len(self.elements)} atom types",
            "",
            *(
                f"0.0 {edge:.10f} {axis}lo {axis}hi"
                for edge, axis in zip(edges, "xyz", strict=True)
            ),
            "",
            "Atoms # atomic",
            "",
        ]
        rows = np.column_stack(
            [
                np.arange(1, self.lattice.size + 1),
                self.occupation.astype(np.int64) + 1,
                self.lattice.fractions * edges,
            ]
        )
        with path.open("w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
            np.savetxt(file, rows, fmt=["%d", "%d", "%.8f", "%.8f", "%.8f"])


def read_occupation(path: Path) -> NDArray[np.int8]:
    """Read the element of every site from a data file that :func:`lammps_data` wrote.

    Returns
    -------
    NDArray[np.int8]
        ``0 .. elements - 1``, shape ``(site,)``, in the order of the lattice's sites.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = np.loadtxt(lines[lines.index("Atoms # atomic") + 1 :], usecols=(0, 1), dtype=np.int64)
    occupation = np.empty(len(rows), dtype=np.int8)
    occupation[rows[:, 0] - 1] = rows[:, 1] - 1
    return occupation
