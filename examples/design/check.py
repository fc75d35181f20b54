"""Relax exported structures with LAMMPS and compare them with what was predicted.

    python examples/design/check.py RUN STRUCTURES --potential FILE [--pair-style eam/alloy]

For every structure: the second moment of the resolved shear stress over the blocks of the relaxed
cell, beside the model's prediction for the inputs of the design and its prediction for the fields
that the structure really has (its Warren-Cowley parameters are never all zero). Then, pair by pair,
the gain of each design over its start. Writes check.json into the directory of the structures, and
goes on where it stood when it is called again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from fieldvae_atomistic import engine
from fieldvae_atomistic.coarse import block_stress, concentration, warren_cowley
from fieldvae_atomistic.exporting import INDEX, read_occupation
from fieldvae_atomistic.lattice import SITES_PER_UNIT_CELL, Lattice
from fieldvae_atomistic.potential import Potential, potential_file

import fieldvae

QUANTITY = {"use": "resolved_shear_stress", "plane": [1, 1, 1], "direction": [1, -1, 0]}
REALIZATIONS = 64


def main() -> None:
    """Relax, predict, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("structures", type=Path)
    parser.add_argument("--potential", type=Path, required=True)
    parser.add_argument("--pair-style", default="eam/alloy", choices=["eam/alloy", "eam/fs"])
    arguments = parser.parse_args()
    index = json.loads((arguments.structures / INDEX).read_text(encoding="utf-8"))
    elements = tuple(index["elements"])
    lattice = Lattice(tuple(index["cells"]), tuple(index["grid"]), tuple(index["orientation"]))
    potential = Potential(arguments.pair_style, potential_file(arguments.potential), elements)
    model = fieldvae.load(arguments.run)
    results = arguments.structures / "check.json"
    found = json.loads(results.read_text(encoding="utf-8")) if results.exists() else []
    done = {entry["file"] for entry in found}
    modulus = None
    for structure in index["structures"]:
        if structure["file"] in done:
            continue
        occupation = read_occupation(arguments.structures / structure["file"])
        if modulus is None:
            a, modulus = engine.equilibrium(
                potential, lattice, occupation, lattice_constant=index["lattice_constant_angstrom"]
            )
        relaxed = engine.relax(
            potential, lattice, occupation, lattice_constant=a, bulk_modulus=modulus
        )
        cell = blocks(lattice, occupation, relaxed, elements, model)
        ensemble = model.predict(cell, realizations=REALIZATIONS, self_check=False, seed=1)
        found.append(
            {
                **structure,
                "relaxed": second_moment(cell),
                "predicted_as_realized": second_moment(ensemble),
            }
        )
        results.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        entry = found[-1]
        print(
            f"{entry['file']}: relaxed {entry['relaxed']:.4f}, predicted {entry['predicted']:.4f}, "
            f"as realized {entry['predicted_as_realized']:.4f} GPa^2",
            flush=True,
        )
    compare(found)


def blocks(
    lattice: Lattice,
    occupation: np.ndarray,
    relaxed: engine.Relaxed,
    elements: tuple[str, ...],
    model: Any,
) -> xr.Dataset:
    """Average a relaxed structure over its blocks, as the shipped store's cells were."""
    volume = relaxed.lattice_constant**3 * lattice.size / SITES_PER_UNIT_CELL
    stress = block_stress(lattice, relaxed.virial, volume=volume)
    stress -= stress.mean(axis=(1, 2, 3), keepdims=True)
    order = warren_cowley(lattice, occupation, elements=len(elements))
    shares = concentration(lattice, occupation, elements=len(elements))
    axes = ("x", "y", "z")
    return xr.Dataset(
        {
            "concentration": (("element", *axes), shares, {"units": "1"}),
            "warren_cowley": (("pair", *axes), order.reshape(-1, *lattice.grid), {"units": "1"}),
            "residual_stress": (("voigt", *axes), stress, {"units": "GPa"}),
        },
        coords={
            "element": list(elements),
            "pair": [f"{i}-{j}" for i in elements for j in elements],
            "voigt": list(fieldvae.VOIGT),
        },
        attrs=model.grid.attributes(),
    ).expand_dims("sample")


def second_moment(fields: xr.Dataset) -> float:
    """Mean square of the resolved shear stress over blocks and realizations, GPa^2."""
    return float((fieldvae.quantity(QUANTITY, fields) ** 2).mean())


def compare(found: list[dict[str, Any]]) -> None:
    """Print the gains, design by design and in the mean."""
    keys = ("relaxed", "predicted", "predicted_as_realized")
    gains: dict[str, list[float]] = {key: [] for key in keys}
    for start in dict.fromkeys(entry["start"] for entry in found):
        of = [entry for entry in found if entry["start"] == start]
        if len({entry["stage"] for entry in of}) < 2:
            continue
        line = [f"design {start}:"]
        for key in keys:
            before, after = (
                np.array([e[key] for e in of if e["stage"] == stage])
                for stage in ("start", "optimized")
            )
            ratio = float(after.mean() / before.mean())
            gains[key].append(ratio)
            spread = np.hypot(*(x.std(ddof=1) / len(x) ** 0.5 / x.mean() for x in (before, after)))
            line.append(f"{key} x{ratio:.2f}" + (f" +- {ratio * spread:.2f}" if spread else ""))
        print("; ".join(line))
    for key, ratios in gains.items():
        error = np.std(ratios, ddof=1) / len(ratios) ** 0.5
        print(f"mean gain, {key}: x{np.mean(ratios):.2f} +- {error:.2f} ({len(ratios)} designs)")


if __name__ == "__main__":
    main()
