from __future__ import annotations

import doctest
import json
import pickle
from importlib.metadata import entry_points

import numpy as np
import pytest
import xarray as xr
from fieldvae_atomistic.microelastic import law, microelastic, simulator

from fieldvae import VOIGT, OptionError

SMALL = {"cells": (4, 4, 4), "grid": (2, 2, 2)}


class TestMicroelastic:
    def test_is_found_by_its_name(self):
        (point,) = entry_points(group="fieldvae.simulators", name="microelastic")
        assert point.load() is microelastic

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
        assert np.isnan(sample.temperature)

    def test_gives_load_free_stress_and_whole_concentrations(self, sample):
        np.testing.assert_allclose(sample.residual_stress.mean(("x", "y", "z")), 0.0, atol=1e-6)
        np.testing.assert_allclose(sample.concentration.sum("element"), 1.0, rtol=1e-6)

    def test_is_near_the_stress_of_relaxed_crystals(self):
        # random cells of the shipped store, relaxed with a potential: 0.28 and 0.11 GPa
        stress = microelastic(samples=1)[0].residual_stress.std(("x", "y", "z"))
        np.testing.assert_allclose(stress, [0.28] * 3 + [0.11] * 3, rtol=0.35)

    def test_is_the_stress_of_the_misfits(self, source, sample):
        misfit = (np.array([11.12, 12.27, 10.94]) / np.mean([11.12, 12.27, 10.94]) - 1) / 3
        expected = source.law.response.apply(misfit[source.arrangement(1)])
        np.testing.assert_allclose(sample.residual_stress, expected, atol=1e-6)

    def test_knows_volumes_by_ratio_alone(self, source, sample):
        scaled = microelastic(samples=2, seed=3, volumes=(22.24, 24.54, 21.88), **SMALL)[1]
        np.testing.assert_allclose(scaled.residual_stress, sample.residual_stress, atol=1e-6)

    def test_draws_the_composition(self):
        source = microelastic(samples=2, composition=(0.2, 0.7, 0.1))
        shares = np.bincount(source.arrangement(0), minlength=3) / source.lattice.size
        np.testing.assert_allclose(shares, (0.2, 0.7, 0.1), atol=4 * 0.5 / 128)

    def test_makes_each_sample_alone(self, source, sample):
        source[0]
        assert source[1].identical(sample)
        assert microelastic(samples=2, seed=3, **SMALL)[1].identical(sample)
        assert not source[2].equals(sample)

    def test_can_be_pickled(self, source, sample):
        assert pickle.loads(pickle.dumps(source))[1].identical(sample)

    def test_fits_into_a_netcdf_file(self, sample, tmp_path):
        sample.to_netcdf(tmp_path / "sample.nc", engine="scipy")
        with xr.open_dataset(tmp_path / "sample.nc", engine="scipy") as read:
            xr.testing.assert_equal(read.load(), sample)

    def test_ends_where_it_says(self, source):
        assert len(source) == 400
        with pytest.raises(IndexError, match="cell 400 of 400"):
            source[400]

    def test_orders_cells_at_a_temperature(self):
        source = microelastic(samples=4, random_fraction=0.25, temperatures=(600.0, 900.0), **SMALL)
        temperatures = [source.temperature(i) for i in range(4)]
        np.testing.assert_equal(temperatures, [600.0, 900.0, 600.0, np.nan])
        order = [float(source[i].warren_cowley.sel(pair="Co-Cr").mean()) for i in range(4)]
        assert max(order[:3]) < -0.2
        assert abs(order[3]) < 0.1

    def test_takes_pair_energies(self):
        options = {"samples": 1, "random_fraction": 0.0, "temperatures": (600.0,), **SMALL}
        given = microelastic(pair_energies=(-0.072, 0.015, -0.010), **options)
        assert given[0].equals(microelastic(**options)[0])
        turned = microelastic(pair_energies=(0.05, 0.0, 0.0), **options)[0]
        assert float(turned.warren_cowley.sel(pair="Co-Cr").mean()) > 0.1

    def test_describes_itself(self, source):
        attributes = json.loads(json.dumps(dict(source.attributes)))
        assert attributes["fieldvae_store"] == 1
        # CoCrNi: 3.56 Angstrom
        assert attributes["spacing"] == pytest.approx([2 * 3.56] * 3, rel=0.01)
        assert attributes["periodic"] == [True] * 3
        assert attributes["frame"] == np.eye(3).ravel().tolist()
        provenance = json.loads(attributes["provenance"])
        assert provenance["options"]["cells"] == [4, 4, 4]
        assert sum(provenance["linear_misfit"]) == pytest.approx(0.0)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"cells": (4, 4, 6), "grid": (2, 2, 4)}, "do not divide into a grid"),
            ({"elements": ("Co", "Co")}, "Co, Co: expected two or more, each of them once"),
            ({"elements": ("Co", "Al")}, "volumes is known for Co, Cr and Ni alone"),
            ({"volumes": (11.0, 12.0)}, "volumes has 2 values; expected 3"),
            (
                {"composition": (0.5, 0.6, 0.1)},
                "0.5,0.6,0.1 adds up to 1.2; expected 1",
            ),
            ({"c44": -1.0}, "no stable cubic crystal"),
            ({"pair_energies": (0.0, 0.0, 0.0)}, "choose a random_fraction < 1"),
            ({"random_fraction": 0.5, "pair_energies": (0.1,)}, "1 values; expected 3"),
            (
                {"random_fraction": 0.5, "cells": (3, 4, 4), "grid": (1, 1, 1)},
                "annealing needs an even number",
            ),
        ],
    )
    def test_refuses(self, wrong, words):
        with pytest.raises(OptionError, match=words):
            microelastic(**{"samples": 1, **SMALL, **wrong})

    def test_runs_its_examples(self):
        for module in (law, simulator):
            found = doctest.testmod(module)
            assert (found.attempted > 1, found.failed) == (True, 0)
