from __future__ import annotations

import doctest
import itertools
import json
import pickle
from importlib.metadata import entry_points

import numpy as np
import pytest
import xarray as xr
from fieldvae_atomistic import microelastic as module
from fieldvae_atomistic.microelastic import ExactLaw, microelastic

import fieldvae
from fieldvae import VOIGT, OptionError, StoreError

SMALL = {"cells": (4, 4, 4), "grid": (2, 2, 2)}


@pytest.fixture(scope="module")
def source():
    return microelastic(samples=400, seed=3, **SMALL)


@pytest.fixture(scope="module")
def sample(source) -> xr.Dataset:
    return source[1]


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
            ({"composition": (0.5, 0.6, 0.1)}, "composition adds up to 1.2; expected 1"),
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
        found = doctest.testmod(module, extraglobs={"np": np})
        assert (found.attempted > 4, found.failed) == (True, 0)


class TestExactLaw:
    def test_counts_atoms(self, source, sample):
        counts = source.law.counts(sample)
        assert (counts.sum(axis=0) == source.lattice.sites_per_block).all()
        np.testing.assert_array_equal(
            counts.sum(axis=(1, 2, 3)), np.bincount(source.arrangement(1))
        )

    def test_is_that_of_all_arrangements(self):
        # blocks of four sites, whose arrangements can be listed
        source = microelastic(samples=3, cells=(2, 2, 2), grid=(2, 2, 2), seed=1)
        law, cell = source.law, source[2]
        counts = law.counts(cell).reshape(3, -1)
        assert len(np.unique(counts, axis=1).T) > 3
        mean, covariance = np.zeros(48), np.zeros((48, 48))
        for places, numbers in zip(law.response.places.reshape(8, 4), counts.T, strict=True):
            atoms = np.repeat(law.misfit, numbers)
            stresses = []
            for order in itertools.permutations(atoms):
                misfit = np.zeros(source.lattice.size)
                misfit[places] = order
                stresses.append(law.response.apply(misfit).ravel())
            mean += np.mean(stresses, axis=0)
            covariance += np.cov(np.transpose(stresses), bias=True)
        np.testing.assert_allclose(law.mean(cell).ravel(), mean, atol=1e-10)
        np.testing.assert_allclose(law.covariance(cell).reshape(48, 48), covariance, atol=1e-10)

    def test_keeps_counts(self, source, sample, generator):
        law, lattice = source.law, source.lattice
        drawn = list(law.arrangements(sample, count=3, generator=generator))
        for occupation in drawn:
            counts = [np.bincount(lattice.block[occupation == e], minlength=8) for e in range(3)]
            np.testing.assert_array_equal(np.reshape(counts, (3, 2, 2, 2)), law.counts(sample))
        # uniform: atoms stay where they were no more often than others of their block
        overlap = np.mean(drawn[0] == drawn[1])
        assert overlap == pytest.approx(1 / 3, abs=0.12)

    def test_agrees_with_its_replicates(self, source, sample, generator):
        law, count = source.law, 4000
        drawn = law.replicates(sample, count=count, generator=generator)
        values = drawn.residual_stress.values.reshape(count, -1).astype(float)
        mean = law.mean(sample).ravel()
        covariance = law.covariance(sample).reshape(48, 48)
        sigma = np.sqrt(np.diag(covariance))
        z = (values.mean(axis=0) - mean) / sigma * np.sqrt(count)
        assert np.abs(z).max() < 4.5  # of 48; beyond 4.5 once in 3,000 tests
        assert np.mean(z**2) == pytest.approx(1.0, abs=0.8)
        # each sample covariance has the variance (s_ii s_jj + s_ij^2) / count, were it normal
        found = np.cov(values.T)
        error = np.sqrt((np.outer(sigma**2, sigma**2) + covariance**2) / count)
        z = (found - covariance) / error
        assert np.abs(z).max() < 5.5
        assert np.mean(z**2) == pytest.approx(1.0, abs=0.5)

    def test_is_the_law_of_the_simulated_cells(self, source):
        cells = xr.concat([source[i] for i in range(400)], dim="sample")
        mean = source.law.mean(cells)
        assert mean.shape == cells.residual_stress.shape
        covariance = source.law.covariance(cells)
        variance = np.einsum("sii->si", covariance.reshape(400, 48, 48)).reshape(mean.shape)
        z = (cells.residual_stress.values - mean) / np.sqrt(variance)
        assert np.mean(z) == pytest.approx(0.0, abs=0.05)
        assert np.mean(z**2) == pytest.approx(1.0, abs=0.05)
        # and the counts tell something: the residual is smaller than the stress itself
        assert variance.mean() < 0.9 * cells.residual_stress.values.var()

    def test_has_no_variance_in_the_mean_and_none_below_zero(self, source, sample):
        covariance = source.law.covariance(sample).reshape(48, 48)
        np.testing.assert_allclose(covariance, covariance.T, atol=1e-12)
        eigenvalues = np.linalg.eigvalsh(covariance)
        assert eigenvalues[0] > -1e-10 * eigenvalues[-1]
        assert (eigenvalues[:6] < 1e-10 * eigenvalues[-1]).all()
        total = covariance.reshape(6, 8, 6, 8).sum(axis=(1, 3))
        np.testing.assert_allclose(total, 0.0, atol=1e-10)

    def test_labels_replicates(self, source, generator):
        cells = xr.concat([source[i] for i in range(2)], dim="sample")
        drawn = source.law.replicates(cells, count=3, generator=generator).residual_stress
        assert drawn.dims == ("sample", "realization", "voigt", "x", "y", "z")
        assert drawn.attrs["units"] == "GPa"
        assert drawn.dtype == np.float32
        assert not np.array_equal(drawn[0, 0], drawn[0, 1])

    def test_comes_with_a_store_and_its_labels(self, source, tmp_path):
        cells = xr.concat([source[i] for i in range(2)], dim="sample")
        fieldvae.write_store(cells, tmp_path / "cells.zarr", attributes=source.attributes)
        with xr.open_zarr(tmp_path / "cells.zarr", consolidated=False) as store:
            law = ExactLaw.of_store(store)
            assert law == source.law
            turned = store.isel(element=[2, 0, 1]).transpose("x", "sample", ...)
            np.testing.assert_array_equal(law.mean(turned), source.law.mean(cells))

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda c: c.assign_coords(temperature=600.0), "is that of random cells"),
            (lambda c: c.drop_vars("concentration"), "lacks concentration"),
            (lambda c: c.isel(element=[0, 1]), "has the elements Co, Cr; expected Co, Cr, Ni"),
            (lambda c: c.isel(x=[0]), r"has \(1, 2, 2\) blocks; expected \(2, 2, 2\)"),
            (lambda c: c.assign(concentration=0.9 * c.concentration), "32 whole atoms"),
        ],
    )
    def test_refuses_what_is_not_its_own(self, source, sample, change, words):
        with pytest.raises(StoreError, match=words):
            source.law.mean(change(sample))

    def test_refuses_stores_of_others(self, sample):
        with pytest.raises(StoreError, match="names no options of the simulator microelastic"):
            ExactLaw.of_store(sample)
        foreign = sample.assign_attrs(provenance='{"simulator": "lammps", "options": {}}')
        with pytest.raises(StoreError, match="but lammps"):
            ExactLaw.of_store(foreign)
