"""Cells of misfitting atoms in an elastic medium, made one by one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae_atomistic.coarse import concentration, warren_cowley
from fieldvae_atomistic.drawing import draw
from fieldvae_atomistic.labeling import (
    annealing_temperature,
    cell_coordinates,
    component_labels,
    labeled,
)
from fieldvae_atomistic.lattice import SITES_PER_UNIT_CELL, Lattice
from fieldvae_atomistic.microelastic.law import ExactLaw
from fieldvae_atomistic.ordering import anneal
from fieldvae_atomistic.versions import version

METHOD = (
    "fcc crystal with cube axes, atomic planes a quarter lattice constant off the faces of the "
    "unit cells; the element of every site drawn independently; cells with a temperature then "
    "annealed by Metropolis swaps on the lattice at fixed composition, with the pair energies "
    "below for first neighbors, for the given number of sweeps; isotropic eigenstrain of a site = "
    "(atomic volume / mean atomic volume - 1) / 3; stress by the Green operator of a homogeneous "
    "cubic medium over the waves of the lattice in its first Brillouin zone, no mean stress; "
    "block stress = mean over the block's sites, tension positive; Warren-Cowley parameters over "
    "first-shell bonds of the lattice, counted for the block of the center, with the cell's "
    "concentrations"
)


@dataclass(frozen=True, eq=False)
class MicroelasticCells:
    """The cells of one call of :func:`microelastic`, made one by one when asked for.

    Cell ``index`` depends on the options and on ``index`` alone.
    """

    law: ExactLaw
    samples: int
    composition: tuple[float, ...]
    volumes: tuple[float, ...]
    random_fraction: float
    temperatures: tuple[float, ...]
    pair_energies: NDArray[np.float64] | None
    sweeps: int
    seed: int
    options: Mapping[str, Any]

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.samples

    @property
    def lattice(self) -> Lattice:
        """Sites and blocks of every cell."""
        return self.law.response.lattice

    def temperature(self, index: int) -> float:
        """Return the annealing temperature of a cell, K; NaN for a random one."""
        return annealing_temperature(
            index, random_fraction=self.random_fraction, temperatures=self.temperatures
        )

    def arrangement(self, index: int) -> NDArray[np.int8]:
        """Return the element of every site of a cell, shape ``(site,)``."""
        generator = np.random.default_rng(np.random.SeedSequence([self.seed, index]))
        occupation = draw(
            self.lattice.size,
            elements=len(self.law.elements),
            composition=self.composition,
            generator=generator,
        )
        temperature = self.temperature(index)
        if math.isnan(temperature) or self.pair_energies is None:
            return occupation
        return anneal(
            self.lattice,
            occupation,
            self.pair_energies,
            temperature=temperature,
            sweeps=self.sweeps,
            generator=generator,
        )

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Make one cell and average it over blocks."""
        if not 0 <= index < self.samples:
            raise IndexError(f"cell {index} of {self.samples}")
        names, lattice = self.law.elements, self.lattice
        occupation = self.arrangement(index)
        order = warren_cowley(lattice, occupation, elements=len(names))
        fields = {
            "concentration": concentration(lattice, occupation, elements=len(names)),
            "warren_cowley": order.reshape(-1, *lattice.grid),
            "residual_stress": self.law.response.apply(np.array(self.law.misfit)[occupation]),
        }
        return xr.Dataset(
            {name: labeled(name, values) for name, values in fields.items()},
            coords={
                **component_labels(names),
                **cell_coordinates(index, seed=self.seed, temperature=self.temperature(index)),
            },
        )

    @cached_property
    def lattice_constant(self) -> float:
        """Edge of the unit cell of the mean atomic volume, Angstrom."""
        mean = float(np.dot(self.composition, self.volumes))
        return float(np.cbrt(SITES_PER_UNIT_CELL * mean))

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Group attributes of the store."""
        per_block = np.array(self.lattice.cells) / np.array(self.lattice.grid)
        provenance = {
            "simulator": "microelastic",
            "method": METHOD,
            "elements": list(self.law.elements),
            "composition": list(self.composition),
            "atomic_volumes_cubic_angstrom": list(self.volumes),
            "linear_misfit": list(self.law.misfit),
            "lattice_constant_angstrom": self.lattice_constant,
            "pair_energies": None
            if self.pair_energies is None
            else {
                "units": "eV per pair of unlike neighbors; like pairs 0",
                "elements": list(self.law.elements),
                "first_shell": self.pair_energies[0].tolist(),
            },
            "options": dict(self.options),
            "versions": {
                "fieldvae-atomistic": version("fieldvae-atomistic"),
                "numpy": version("numpy"),
            },
        }
        return {
            "fieldvae_store": 1,
            "spacing": [round(float(n * self.lattice_constant), 4) for n in per_block],
            "spacing_units": "angstrom",
            "periodic": [True, True, True],
            "frame": self.lattice.frame,
            "provenance": json.dumps(provenance),
        }
