r"""Whether an ensemble is as wide as its errors at every wavelength, and not in single cells alone.

Realizations can have the right spread in every cell and hang together wrongly from cell to cell:
independent noise where the truth moves as a whole. Means over regions are then far surer than they
should be, and fine detail far rougher than it is, and no score of single values sees it. A field
falls apart into waves, and spread over error can be asked of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldvae.evaluation.fourier import FourierBasis, shells
from fieldvae.evaluation.scores import Array


@dataclass(frozen=True)
class BandErrors:
    """Spread and error of an ensemble by bands of waves.

    Parameters
    ----------
    wavenumber
        Mean length of a band's wave vectors, shape ``(band,)``, radians per unit of the spacing;
        zero for the first band, which is the mean over the grid.
    spread, error
        Variance of the ensemble and squared error of its mean, summed over a band's waves and all
        components, shape ``(sample, band)``; both have the same expectation for a calibrated
        ensemble of any size, as of :func:`~fieldvae.evaluation.calibration.spread_and_error`.
    """

    wavenumber: Array
    spread: Array
    error: Array


def band_errors(truth: Array, ensemble: Array, basis: FourierBasis) -> BandErrors:
    """Measure spread and error by bands.

    Parameters
    ----------
    truth, ensemble
        Shapes ``(sample, component, x, y, z)`` and ``(sample, realization, component, x, y, z)``,
        in one scale. Cells that the truth misses (NaN) count as without spread and error.
    basis
        The waves of their grid.
    """
    members = ensemble.shape[1]
    middle = ensemble.mean(axis=1, keepdims=True)
    scatter, miss = (np.nan_to_num(each) for each in (ensemble - middle, middle - truth[:, None]))
    wavenumber, member = shells(basis)
    band = member + 1

    def summed(deviation: Array) -> Array:
        power = (np.abs(basis.transform(deviation)) ** 2).sum(axis=(1, 2))
        flat = power.reshape(len(power), -1)
        return np.stack([np.bincount(band, row, minlength=1 + len(wavenumber)) for row in flat])

    fair = (members + 1) / members / max(members - 1, 1)
    return BandErrors(np.concatenate([[0.0], wavenumber]), fair * summed(scatter), summed(miss))


def joined(parts: list[BandErrors]) -> BandErrors:
    """Put the bands of several blocks of samples one after the other."""
    return BandErrors(
        parts[0].wavenumber,
        np.concatenate([part.spread for part in parts]),
        np.concatenate([part.error for part in parts]),
    )
