"""How cells are made, in words and numbers, for the attributes of their store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldvae_atomistic.lattice import CUBE, Lattice
from fieldvae_atomistic.ordering import PairEnergies
from fieldvae_atomistic.potential import Potential
from fieldvae_atomistic.versions import version

if TYPE_CHECKING:
    from fieldvae_atomistic.cells import AlloyCells

CRYSTAL = (
    "fcc crystal with cube axes, atomic planes a quarter lattice constant off the faces of the "
    "unit cells"
)

ANNEALED = (
    "cells with a temperature then "
    "annealed by Metropolis swaps on the lattice at fixed composition, with the pair energies "
    "below for the first two shells, for the given number of sweeps, which is the time of "
    "annealing where an alloy would decompose; pair energies fitted by least squares to the "
    "relaxed energies of 256-atom cells, half of them random, half ordered by random "
    "interactions"
)

EQUILIBRATED = {
    "sgcmc": (
        "cells with a temperature then equilibrated by molecular dynamics at that temperature and "
        "no pressure with rounds of Monte Carlo by LAMMPS's fix sgcmc: changes of single atoms' "
        "elements in the semi-grand canonical ensemble with the variance of the composition "
        "constrained; quenched to 1 K; the elements found on the sites are kept"
    ),
    "atom/swap": (
        "cells with a temperature then equilibrated by molecular dynamics at that temperature and "
        "no pressure with rounds of Monte Carlo by LAMMPS's fix atom/swap: exchanges of two "
        "atoms of each pair of elements; quenched to 1 K; the elements found on the sites are kept"
    ),
}

RELAXED = (
    "forces minimized in a fixed box, box scaled isotropically to no mean "
    "pressure, forces minimized again (conjugate gradients)"
)

AVERAGED = (
    "block stress = sum of stress/atom "
    "(virial part) over the block's sites / volume of the block, tension positive; its mean over "
    "the grid subtracted and kept as stress_offset; Warren-Cowley parameters over first-shell "
    "bonds of the lattice, counted for the block of the center, with the cell's concentrations"
)

EIGENSTRAIN = {
    "periodic": (
        "every block repeated periodically and relaxed with its box to no stress; strain from the "
        "block's share of the relaxed cell to that state"
    ),
    "free": (
        "every block cut out of the relaxed cell and relaxed with free surfaces, all blocks in "
        "one run; strain of the affine map nearest to the ways of its atoms (section 4.1.2 of "
        "arXiv:2604.02281)"
    ),
}


def method(cells: AlloyCells) -> str:
    """Tell in words how cells are made."""
    steps = [_crystal(cells.lattice), _drawing(cells.composition, cells.exact_composition)]
    if cells.dynamics is not None:
        steps.append(EQUILIBRATED[cells.dynamics.swap_fix])
    elif cells.ordered:
        steps.append(ANNEALED)
    averaged = AVERAGED
    if not cells.lattice.whole:
        averaged = averaged.replace("volume of the block", "the volume of as many atoms")
    return "; ".join([*steps, RELAXED, averaged])


def _crystal(lattice: Lattice) -> str:
    if lattice.orientation == CUBE and lattice.whole:
        return CRYSTAL
    axes = ", ".join(f"[{' '.join(map(str, row))}]" for row in lattice.axes)
    told = f"fcc crystal with edges of the unit cell {axes} in half lattice constants"
    if lattice.whole:
        return f"{told}, atomic planes half their spacing off the faces of the unit cells"
    return (
        f"{told}; blocks of equal size, no whole number of unit cells; sites belong to the block "
        "they lie in, as far off the faces as there is room"
    )


def _drawing(composition: tuple[float, ...], exact: bool) -> str:
    if exact:
        return "numbers of atoms fixed by the composition, in random order"
    return "the element of every site drawn independently" + (
        " by the composition" if composition else ""
    )


def group_attributes(
    cells: AlloyCells, *, simulator: str, method: str, options: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the group attributes of a store that a simulator makes of cells."""
    per_block = cells.lattice.edges / np.array(cells.lattice.grid)
    provenance = {
        "simulator": simulator,
        "method": method,
        "potential": _potential(cells.potential),
        "elements": list(cells.potential.elements),
        "options": dict(options),
        "lattice_constant_angstrom": cells.lattice_constant,
        "bulk_modulus_gpa": cells.bulk_modulus,
        "pair_energies": _pair_energies(cells.potential.elements, cells.pair_energies),
        **_eigenstrain(cells),
        "versions": {
            "lammps": version("lammps"),
            "fieldvae-atomistic": version("fieldvae-atomistic"),
            "numpy": np.__version__,
        },
    }
    return {
        "fieldvae_store": 1,
        "spacing": [round(float(n * cells.lattice_constant), 4) for n in per_block],
        "spacing_units": "angstrom",
        "periodic": [True, True, True],
        "frame": cells.lattice.frame,
        "provenance": json.dumps(provenance),
    }


def _potential(potential: Potential) -> dict[str, Any]:
    with potential.path.open(encoding="utf-8", errors="replace") as file:
        lines = [line.strip() for _, line in zip(range(3), file, strict=False)]
    return {
        "file": potential.path.name,
        "sha256": hashlib.sha256(potential.path.read_bytes()).hexdigest(),
        "comment": next((line for line in lines if line.startswith("#")), lines[0]),
        "pair_style": potential.style,
    }


def _pair_energies(elements: tuple[str, ...], fit: PairEnergies | None) -> dict[str, Any] | None:
    if fit is None:
        return None
    return {
        "units": "eV per pair of unlike neighbors; like pairs 0",
        "elements": list(elements),
        "first_shell": fit.values[0].tolist(),
        "second_shell": fit.values[1].tolist(),
        "r2_left_out": fit.r2,
        "r2_left_out_at_given_composition": fit.r2_ordering,
    }


def _eigenstrain(cells: AlloyCells) -> dict[str, Any]:
    """Say how eigenstrains are found, where they are asked for."""
    if cells.eigenstrain == "none":
        return {}
    told: dict[str, Any] = {
        "definition": cells.eigenstrain,
        "form": cells.eigenstrain_form,
        "method": EIGENSTRAIN[cells.eigenstrain],
    }
    if cells.stiffness is not None:
        told["stiffness_gpa"] = cells.stiffness.round(2).tolist()
    return {"eigenstrain": told}
