from __future__ import annotations

import itertools

import numpy as np
import pytest
import xarray as xr
from fieldvae_atomistic.microelastic import ExactLaw, microelastic

import fieldvae
from fieldvae import StoreError

SMALL = {"cells": (4, 4, 4), "grid": (2, 2, 2)}


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
