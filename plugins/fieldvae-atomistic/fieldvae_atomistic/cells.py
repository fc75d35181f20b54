"""Cells of an alloy, made one by one: arranged, relaxed, averaged over blocks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae_atomistic import eigenstrain as eigenstrains
from fieldvae_atomistic import engine, provenance
from fieldvae_atomistic.coarse import block_stress, concentration, warren_cowley
from fieldvae_atomistic.drawing import draw
from fieldvae_atomistic.dynamics import Dynamics, equilibrate
from fieldvae_atomistic.labeling import (
    annealing_temperature,
    cell_coordinates,
    component_labels,
    labeled,
)
from fieldvae_atomistic.lattice import SITES_PER_UNIT_CELL, Lattice
from fieldvae_atomistic.ordering import PairEnergies, anneal
from fieldvae_atomistic.potential import Potential
from fieldvae_atomistic.recipe import EigenstrainForm, EigenstrainKind, Recipe
from fieldvae_atomistic.strain import volumetric
from fieldvae_atomistic.training import mean_stiffness, train


@dataclass(frozen=True, eq=False)
class RelaxedBlocks:
    """Block averages of one relaxed cell.

    Parameters
    ----------
    stress
        GPa, tension positive, its mean over the grid subtracted, shape ``(voigt, x, y, z)``.
    offset
        That mean, GPa, shape ``(voigt,)``.
    lattice_constant
        Edge of the box per unit cell, Angstrom.
    displacement
        Way of every atom from its site, Angstrom, shape ``(site, 3)``.
    """

    stress: NDArray[np.float64]
    offset: NDArray[np.float64]
    lattice_constant: float
    displacement: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AlloyCells:
    """The cells of one call of :func:`lammps`, made one by one when asked for.

    Cell ``index`` depends on the options and on ``index`` alone. Nothing of LAMMPS is kept
    between cells, so that a source can be pickled.
    """

    potential: Potential
    lattice: Lattice
    samples: int
    random_fraction: float
    temperatures: tuple[float, ...]
    sweeps: int
    seed: int
    lattice_constant: float
    bulk_modulus: float
    pair_energies: PairEnergies | None
    options: Mapping[str, Any]
    stream: tuple[int, ...] = ()
    """Keeps the cells of one simulator apart from another's of the same seed."""
    composition: tuple[float, ...] = ()
    exact_composition: bool = False
    dynamics: Dynamics | None = None
    eigenstrain: EigenstrainKind = "none"
    eigenstrain_form: EigenstrainForm = "tensor"
    stiffness: NDArray[np.float64] | None = None
    """Mean stiffness of random blocks, GPa, shape ``(6, 6)``; where periodic blocks are relaxed."""

    @classmethod
    def of(cls, recipe: Recipe) -> AlloyCells:
        """Learn what is needed of an alloy, and return the source of its cells."""
        potential = recipe.chosen_potential
        alloy = train(
            potential,
            lattice_constant=recipe.lattice_constant,
            cells=recipe.pair_cells,
            composition=recipe.composition,
        )
        stiffness = None
        if recipe.eigenstrain == "periodic":
            stiffness = mean_stiffness(
                potential,
                recipe.lattice,
                lattice_constant=alloy.lattice_constant,
                composition=recipe.composition,
            )
        return cls(
            potential=potential,
            lattice=recipe.lattice,
            samples=recipe.samples,
            random_fraction=recipe.random_share,
            temperatures=recipe.temperatures,
            sweeps=recipe.sweeps,
            seed=recipe.seed,
            lattice_constant=alloy.lattice_constant,
            bulk_modulus=alloy.bulk_modulus,
            pair_energies=alloy.pair_energies,
            options=recipe.recorded(),
            composition=recipe.composition,
            exact_composition=recipe.exact_composition,
            dynamics=recipe.dynamics,
            eigenstrain=recipe.eigenstrain,
            eigenstrain_form=recipe.eigenstrain_form,
            stiffness=stiffness,
        )

    @property
    def ordered(self) -> bool:
        """Whether there are cells with a temperature."""
        return self.random_fraction < 1.0

    def __len__(self) -> int:
        """Return the number of cells."""
        return self.samples

    def temperature(self, index: int) -> float:
        """Return the annealing temperature of a cell, K; NaN for a random one."""
        return annealing_temperature(
            index, random_fraction=self.random_fraction, temperatures=self.temperatures
        )

    def arrangement(self, index: int) -> NDArray[np.int8]:
        """Return the element of every site of a cell, shape ``(site,)``, before relaxation."""
        generator = np.random.default_rng(
            np.random.SeedSequence([self.seed, index], spawn_key=self.stream)
        )
        occupation = draw(
            self.lattice.size,
            elements=len(self.potential.elements),
            composition=self.composition,
            exact=self.exact_composition,
            generator=generator,
        )
        temperature = self.temperature(index)
        if math.isnan(temperature):
            return occupation
        if self.dynamics is not None:
            return equilibrate(
                self.potential,
                self.lattice,
                occupation,
                dynamics=self.dynamics,
                temperature=temperature,
                lattice_constant=self.lattice_constant,
                bulk_modulus=self.bulk_modulus,
                generator=generator,
            ).occupation
        if self.pair_energies is None:
            return occupation
        return anneal(
            self.lattice,
            occupation,
            self.pair_energies.values,
            temperature=temperature,
            sweeps=self.sweeps,
            generator=generator,
        )

    def relaxed(self, occupation: NDArray[np.integer]) -> RelaxedBlocks:
        """Relax an arrangement and average its stress over blocks."""
        relaxed = engine.relax(
            self.potential,
            self.lattice,
            occupation,
            lattice_constant=self.lattice_constant,
            bulk_modulus=self.bulk_modulus,
        )
        volume = relaxed.lattice_constant**3 * (self.lattice.size / SITES_PER_UNIT_CELL)
        stress = block_stress(self.lattice, relaxed.virial, volume=volume)
        offset = stress.mean(axis=(1, 2, 3))
        return RelaxedBlocks(
            stress - offset[:, None, None, None],
            offset,
            relaxed.lattice_constant,
            relaxed.displacement,
        )

    def eigenstrains(
        self, occupation: NDArray[np.integer], relaxed: RelaxedBlocks
    ) -> NDArray[np.float64] | None:
        """Return the eigenstrain of every block, by the form and definition that were asked for.

        Shape ``(voigt, x, y, z)``, or ``(x, y, z)`` for the scalar form; ``None`` where none was.
        """
        if self.eigenstrain == "none":
            return None
        if self.eigenstrain == "periodic":
            assert self.stiffness is not None
            gradients = eigenstrains.periodic(
                self.potential,
                self.lattice,
                occupation,
                lattice_constant=relaxed.lattice_constant,
                stiffness=self.stiffness,
            )
        else:
            gradients = eigenstrains.free(
                self.potential,
                self.lattice,
                occupation,
                lattice_constant=relaxed.lattice_constant,
                displacement=relaxed.displacement,
            )
        if self.eigenstrain_form == "scalar":
            return volumetric(gradients).reshape(self.lattice.grid)
        return eigenstrains.on_grid(gradients, self.lattice.grid)

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Make one cell and average it over blocks."""
        if not 0 <= index < self.samples:
            raise IndexError(f"cell {index} of {self.samples}")
        occupation = self.arrangement(index)
        relaxed = self.relaxed(occupation)
        return self.labeled(
            index,
            occupation,
            stress=relaxed.stress,
            offset=relaxed.offset,
            lattice_constant=np.array(relaxed.lattice_constant),
            eigenstrain=self.eigenstrains(occupation, relaxed),
        )

    def labeled(
        self,
        index: int,
        occupation: NDArray[np.integer],
        *,
        stress: NDArray[np.float64],
        offset: NDArray[np.float64],
        lattice_constant: NDArray[np.float64],
        eigenstrain: NDArray[np.float64] | None = None,
    ) -> xr.Dataset:
        """Return the sample of a cell: its fields with units, its scalar coordinates.

        Parameters
        ----------
        index
            Number of the cell.
        occupation
            Element of every site, shape ``(site,)``: what concentration and Warren-Cowley
            parameters are taken from.
        stress
            GPa, shape ``(..., voigt, x, y, z)``; one leading axis is the dim ``realization``.
        offset
            Mean stress subtracted, GPa, shape ``(..., voigt)``.
        lattice_constant
            Angstrom, shape ``(...,)``.
        eigenstrain
            As of :meth:`eigenstrains`; ``None`` leaves the field out.
        """
        names = self.potential.elements
        own = ("realization",) * lattice_constant.ndim
        order = warren_cowley(self.lattice, occupation, elements=len(names))
        fields = {
            "concentration": labeled(
                "concentration", concentration(self.lattice, occupation, elements=len(names))
            ),
            "warren_cowley": labeled("warren_cowley", order.reshape(-1, *self.lattice.grid)),
            "residual_stress": labeled("residual_stress", stress, own),
        }
        if eigenstrain is not None:
            fields["eigenstrain"] = labeled("eigenstrain", eigenstrain)
        return xr.Dataset(
            fields,
            coords={
                **component_labels(names),
                **cell_coordinates(index, seed=self.seed, temperature=self.temperature(index)),
                "stress_offset": (
                    (*own, "voigt"),
                    offset.astype(np.float32),
                    {"units": "GPa", "long_name": "mean stress of the cell, subtracted"},
                ),
                "lattice_constant": (
                    own,
                    lattice_constant.astype(np.float32),
                    {"units": "angstrom", "long_name": "edge of the box per unit cell"},
                ),
            },
        )

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """Group attributes of the store."""
        return provenance.group_attributes(
            self, simulator="lammps", method=provenance.method(self), options=self.options
        )
