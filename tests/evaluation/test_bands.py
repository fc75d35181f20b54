import numpy as np
import pytest

from fieldvae.evaluation.bands import band_errors, joined
from fieldvae.evaluation.calibration import spread_and_error
from fieldvae.evaluation.fourier import FourierBasis
from fieldvae.evaluation.metrics import Resampling, band_metrics
from fieldvae.evaluation.verdicts import wave_verdict
from fieldvae.grid import Grid

ROD = Grid((16,), spacing=(2.0,), spacing_units="mm")
RING = Grid((8, 6), periodic=(True, True))


def white(grid, *leading, seed=0):
    return np.random.default_rng(seed).standard_normal((*leading, *grid.shape3))


def smooth(grid, *leading, seed=0):
    """Sums of white noise along x: as wide in a cell as white noise, nearly, and long in waves."""
    walk = np.cumsum(white(grid, *leading, seed=seed), axis=-3)
    return walk / walk.std()


def metrics(truth, ensemble, grid):
    found = band_errors(truth, ensemble, FourierBasis(grid))
    return band_metrics(found, Resampling(200, np.random.default_rng(0)))


class TestBandErrors:
    @pytest.mark.parametrize("grid", [ROD, RING], ids=str)
    def test_add_up_to_spread_and_error_of_all_values(self, grid):
        truth, ensemble = white(grid, 5, 2), white(grid, 5, 4, 2, seed=1)
        found = band_errors(truth, ensemble, FourierBasis(grid))
        values = truth[0].size
        spread, error = spread_and_error(truth, ensemble)
        np.testing.assert_allclose(found.spread.sum(1) / values, spread)
        np.testing.assert_allclose(found.error.sum(1) / values, error)

    def test_begin_with_the_mean_over_the_grid(self):
        truth, ensemble = white(RING, 5, 1), white(RING, 5, 4, 1, seed=1)
        found = band_errors(truth, ensemble, FourierBasis(RING))
        miss = (ensemble.mean(1) - truth).mean((1, 2, 3, 4))
        np.testing.assert_allclose(found.error[:, 0], 48 * miss**2)
        assert found.wavenumber[0] == 0

    def test_leave_out_cells_that_the_truth_misses(self):
        truth, ensemble = white(ROD, 3, 1), white(ROD, 3, 4, 1, seed=1)
        truth[:, :, 5], ensemble[:, :, :, 5] = np.nan, np.nan
        found = band_errors(truth, ensemble, FourierBasis(ROD))
        spread, error = spread_and_error(truth, ensemble)
        np.testing.assert_allclose(found.spread.sum(1) / 15, spread)
        np.testing.assert_allclose(found.error.sum(1) / 15, error)

    def test_of_blocks_of_samples_are_those_of_all(self):
        truth, ensemble = white(ROD, 6, 1), white(ROD, 6, 4, 1, seed=1)
        basis = FourierBasis(ROD)
        whole = band_errors(truth, ensemble, basis)
        parts = joined([band_errors(truth[r], ensemble[r], basis) for r in (slice(4), slice(4, 6))])
        np.testing.assert_allclose(parts.error, whole.error)
        np.testing.assert_allclose(parts.spread, whole.spread)


class TestBandMetrics:
    def test_are_one_for_the_true_law(self):
        found = metrics(smooth(ROD, 400, 1), smooth(ROD, 400, 20, 1, seed=1), ROD)
        assert np.allclose(found["spread_skill"], 1, atol=0.12)
        assert sum(found["error_share"]) == pytest.approx(1)

    def test_leave_out_a_mean_that_is_held_zero(self):
        truth, ensemble = white(ROD, 20, 1), white(ROD, 20, 4, 1, seed=1)
        for fields in (truth, ensemble):
            fields -= fields.mean(-3, keepdims=True)
        assert 0 not in metrics(truth, ensemble, ROD)["wavenumber"]


class TestWaveVerdict:
    def test_passes_the_true_law(self):
        found = metrics(smooth(ROD, 400, 1), smooth(ROD, 400, 20, 1, seed=1), ROD)
        verdict = wave_verdict("heat", found, units="mm")
        assert verdict["verdict"] == "calibrated"
        assert verdict["sentence"].endswith("at every wavelength.")

    def test_sees_noise_that_is_right_in_cells_and_wrong_between_them(self):
        truth, ensemble = smooth(ROD, 400, 1), white(ROD, 400, 20, 1, seed=1)
        spread, error = spread_and_error(truth, ensemble)
        assert np.sqrt(spread.mean() / error.mean()) == pytest.approx(1, abs=0.05)
        found = wave_verdict("heat", metrics(truth, ensemble, ROD), units="mm")
        assert found["verdict"] == "uneven"
        assert "too narrow at the mean over the grid and waves of" in found["sentence"]
        assert "mm" in found["sentence"]

    def test_cannot_judge_without_realizations(self):
        assert wave_verdict("heat", None, units="mm")["verdict"] == "cannot be judged"
