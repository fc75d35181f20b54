"""The simulator ``elastic_medium``: options, checked, to samples for a store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import xarray as xr
from annotated_types import Ge, Len
from pydantic import NonNegativeFloat, NonNegativeInt, PositiveInt

from fieldvae import VOIGT, OptionError, SimulationError
from fieldvae_elastic_moduli.balance import equilibrium
from fieldvae_elastic_moduli.fields import BLOCK_STRESS, ELASTIC_MODULI
from fieldvae_elastic_moduli.medium import PHASES, block_means, draw_phases

TOLERANCE = 1e-5
"""Residual of the equations; a hundred thousandth of a stress of 300 MPa is nothing."""

GPA = 1000.0
"""MPa."""

Strain = Annotated[tuple[float, ...], Len(6, 6)]


@dataclass(frozen=True)
class ElasticMedium:
    """Media of random phases under one load; sample ``i`` depends on the options and ``i`` alone.

    Parameters
    ----------
    samples
        Number of samples.
    blocks, cells
        Blocks along x, y, z, and cells along the edge of a block.
    moduli
        C11, C12, C44 of every phase, GPa.
    size
        Radius of clusters, cells.
    load
        Mean strain, components as in ``VOIGT``, tensor shear.
    seed
        Seed of everything drawn.
    options
        As they were given, for the store's provenance.
    """

    samples: int
    blocks: tuple[int, int, int]
    cells: int
    moduli: tuple[tuple[float, float, float], ...]
    size: float
    load: tuple[float, ...]
    seed: int
    options: Mapping[str, Any]

    @property
    def attributes(self) -> dict[str, Any]:
        """Group attributes of the store."""
        return {
            "spacing": [float(self.cells)] * 3,  # in cells: elasticity knows no length
            "periodic": [1, 1, 1],
            "provenance": json.dumps({"simulator": "elastic_medium", **self.options}),
        }

    def __len__(self) -> int:
        """Return the number of samples."""
        return self.samples

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Make one sample.

        Raises
        ------
        SimulationError
            If the stresses do not converge.
        """
        if not 0 <= index < self.samples:
            raise IndexError(f"sample {index} of {self.samples}")
        x, y, z = (n * self.cells for n in self.blocks)
        chance = np.random.default_rng([self.seed, index])
        phase = draw_phases(chance, (x, y, z), phases=len(self.moduli), size=self.size)
        moduli = np.moveaxis(np.array(self.moduli)[phase], -1, 0)
        found = equilibrium(moduli, np.array(self.load), tolerance=TOLERANCE)
        if found.residual > TOLERANCE:
            raise SimulationError(
                f"sample {index}: after {found.iterations} iterations forces are out of balance "
                f"by {found.residual:.1e}; choose phases that differ less"
            )
        stress = GPA * block_means(found.stress, self.blocks)
        return xr.Dataset(
            {
                "elastic_moduli": (
                    ("modulus", "x", "y", "z"),
                    block_means(moduli, self.blocks),
                    {"units": ELASTIC_MODULI.units},
                ),
                "block_stress": (
                    ("voigt", "x", "y", "z"),
                    stress,
                    {"units": BLOCK_STRESS.units},
                ),
            },
            coords={"modulus": list(ELASTIC_MODULI.labels), "voigt": list(VOIGT)},
        )


def elastic_medium(
    *,
    samples: PositiveInt,
    phases: Annotated[tuple[str, ...], Len(min_length=2)] = tuple(PHASES),
    grid: tuple[PositiveInt, PositiveInt, PositiveInt] = (4, 4, 4),
    cells: Annotated[int, Ge(2)] = 4,
    size: NonNegativeFloat = 0.8,
    strain: Strain = (1e-3, 0.0, 0.0, 0.0, 0.0, 0.0),
    seed: NonNegativeInt = 0,
) -> ElasticMedium:
    """Make media of random cubic phases under a uniform strain.

    Each sample holds ``elastic_moduli`` (modulus, x, y, z) in GPa and ``block_stress`` (voigt,
    x, y, z) in MPa, means over blocks of cells whose stresses are in balance. How phases are
    arranged within a block is lost, so that many stresses go with one field of moduli.

    Parameters
    ----------
    samples
        Number of samples.
    phases
        Elements of which the phases are crystals: Nb, Ta, W.
    grid
        Blocks along x, y, z.
    cells
        Cells along the edge of a block.
    size
        Radius of clusters of one phase, cells.
    strain
        Mean strain xx, yy, zz, xy, xz, yz, tensor shear. The task's symmetry is that of the
        default, a stretch along x.
    seed
        Seed of everything drawn.

    Returns
    -------
    ElasticMedium
        The source.

    Raises
    ------
    OptionError
        If a phase is not known, or the strain is zero.

    Examples
    --------
    >>> one = elastic_medium(samples=3, grid=(2, 2, 2), cells=2)[1]
    >>> dict(one.block_stress.sizes)
    {'voigt': 6, 'x': 2, 'y': 2, 'z': 2}
    """
    unknown = [name for name in phases if name not in PHASES]
    if unknown:
        raise OptionError(f"phases: {unknown[0]} is not known; known: {', '.join(PHASES)}")
    if not any(strain):
        raise OptionError("strain is zero, and so would be all stresses; give one component")
    given = {
        "samples": samples,
        "phases": list(phases),
        "grid": list(grid),
        "cells": cells,
        "size": size,
        "strain": list(strain),
        "seed": seed,
    }
    moduli = tuple(PHASES[name] for name in phases)
    return ElasticMedium(samples, grid, cells, moduli, size, strain, seed, given)
