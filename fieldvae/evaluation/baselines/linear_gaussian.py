r"""The best law with a linear mean and a Gaussian rest that the task's symmetry allows.

For a law that is invariant under translations every wave vector :math:`k` stands alone:

.. math:: \hat y(k) = B(k)\,\hat x(k) + S(k)^{1/2}\,\hat\xi(k), \qquad
          B = C_{yx} C_{xx}^{+}, \quad S = C_{yy} - C_{yx} C_{xx}^{+} C_{xy}

with the cross-spectra :math:`C(k)` of inputs and outputs, averaged over the training samples and
over the point operations :math:`R` of the symmetry group:
:math:`C(k) \leftarrow \langle R\, C(R^{-1}k)\, R^T\rangle_R`, which equals augmenting the data
with every operation. Closed form, seconds, and the baseline that a network has to beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.linalg import block_diag

from fieldvae.errors import GridError, StoreError
from fieldvae.evaluation.fourier import Complex, FourierBasis
from fieldvae.evaluation.labeled import field_array, realizations_dataset
from fieldvae.evaluation.missing import completed, known_mean
from fieldvae.evaluation.scores import Array
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

Cells: TypeAlias = NDArray[np.intp]

COLLINEAR = 1e-8
"""Directions of the inputs with less than this share of the largest variance are dropped: closed
compositions and Warren-Cowley parameters are redundant; single precision is 1e-14 in variance."""

SAMPLES_PER_DIRECTION = 4
"""Fewest samples for every direction of the inputs that is regressed on."""

VALUES_AT_ONCE = 2**23


class LinearGaussian:
    """The symmetric linear-Gaussian law in Fourier space.

    Along axes that are not periodic, cosines take the place of waves. Fields that declare the
    scaling ``log`` enter by their logarithm. Bounds are not respected. Inputs on no grid are
    taken for uniform fields, so that they act on the mean over the grid alone. Missing values of
    inputs are taken for their mean; outputs must be whole.

    Parameters
    ----------
    inputs, outputs
        The fields.
    grid
        Their grid; the law holds on this one alone.
    mean
        Mean of inputs and outputs, stacked, shape ``(component, x, y, z)``, physical values.
    response
        :math:`B(k)`, shape ``(cell, output component, input component)``.
    covariance
        :math:`S(k)`, shape ``(cell, output component, output component)``, Hermitian.
    """

    def __init__(
        self,
        inputs: Sequence[FieldSpec],
        outputs: Sequence[FieldSpec],
        grid: Grid,
        *,
        mean: Array,
        response: Complex,
        covariance: Complex,
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.grid = grid
        self.mean = mean
        self.response = response
        self.covariance = covariance
        self._basis = FourierBasis(grid)
        self._root = _root(covariance)

    @classmethod
    def fit(
        cls,
        training: xr.Dataset,
        *,
        inputs: Sequence[FieldSpec],
        outputs: Sequence[FieldSpec],
        grid: Grid,
        operations: Sequence[Array] = (),
        translations: bool = True,
    ) -> LinearGaussian:
        """Fit the law to the training part.

        Parameters
        ----------
        training
            Physical values, dims ``(sample, component, x, y, z)``.
        inputs, outputs
            The fields.
        grid
            Their grid.
        operations
            Point operations of the symmetry group in the grid's axes, each a signed permutation
            of shape ``(3, 3)``; none for the identity alone.
        translations
            Whether the mean is the same everywhere along periodic axes; the rest of the law
            always is.

        Raises
        ------
        GridError
            If an operation does not map the grid onto itself.
        StoreError
            If values of an output are missing.
        """
        missing = [f.name for f in outputs if bool(training[f.name].isnull().any())]
        if missing:
            raise StoreError(
                f"{missing[0]!r} has missing values (NaN), and the spectrum of a field with "
                "holes is not that of the field; leave the linear-Gaussian baseline out"
            )
        fields = (*inputs, *outputs)
        basis = FourierBasis(grid)
        stacked = np.concatenate([_values(f, training, grid) for f in fields], axis=1)
        uniform = tuple(i for i in (-3, -2, -1) if translations and basis.periodic[i])
        mean = np.broadcast_to(
            completed(known_mean(stacked, (0, *uniform), keepdims=True))[0], stacked.shape[1:]
        )
        spectra = _cross_spectra(stacked, mean, basis)
        group = operations if len(operations) else [np.eye(3)]
        rotations = [_block_rotation(fields, operation) for operation in group]
        mean = _symmetric_mean(mean, rotations, [basis.cell_images(r) for r in group])
        images = [basis.wave_images(r) for r in group]
        spectra = _symmetric_spectra(spectra, rotations, images)
        given = sum(len(f.labels) for f in inputs)
        for row in given + _zero_mean_rows(outputs):
            mean[row] -= mean[row].mean()
            spectra[0, row, :] = spectra[0, :, row] = 0
        independent = len(stacked) * _orbit_sizes(basis, images)
        response, covariance = _regressed(spectra, given, independent)
        return cls(inputs, outputs, grid, mean=mean, response=response, covariance=covariance)

    def expectation(self, inputs: xr.Dataset) -> Array:
        """Mean of the law for every sample.

        Parameters
        ----------
        inputs
            Physical values of the input fields, dims ``(sample, component, x, y, z)``.

        Returns
        -------
        Array
            Outputs stacked, shape ``(sample, component, x, y, z)``; the logarithm of a field that
            declares the scaling ``log``.

        Raises
        ------
        GridError
            If the inputs lie on a grid of another shape.
        """
        x = np.concatenate([_values(f, inputs, self.grid) for f in self.inputs], axis=1)
        given = x.shape[1]
        if x.shape[2:] != self.grid.shape3:
            raise GridError(
                f"the linear-Gaussian baseline was fitted on {self.grid.shape3} cells and the "
                f"inputs have {x.shape[2:]}; fit it again on that grid"
            )
        waves = self._basis.transform(np.nan_to_num(x - self.mean[:given]))
        return self.mean[given:] + self._basis.inverse(_filtered(self.response, waves))

    def realize(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Draw realizations; see :meth:`Baseline.realize`.

        White noise on the grid is filtered by the Hermitian root of the covariance: exactly real,
        because the root at -k is the conjugate of that at k.
        """
        expected = self.expectation(inputs)
        drawn = np.empty((len(expected), count, *expected.shape[1:]), dtype=np.float32)
        step = max(1, VALUES_AT_ONCE // (count * expected[0].size))
        for start in range(0, len(expected), step):
            mean = expected[start : start + step, None]
            noise = generator.standard_normal((len(mean), count, *mean.shape[2:]))
            waves = _filtered(self._root, self._basis.transform(noise))
            drawn[start : start + step] = mean + self._basis.inverse(waves)
        arrays = {}
        for field, (first, last) in zip(self.outputs, _spans(self.outputs), strict=True):
            values = drawn[:, :, first:last]
            arrays[field.name] = np.exp(values) if _is_log(field) else values
        return realizations_dataset(self.outputs, arrays, self.grid)


def _is_log(field: FieldSpec) -> bool:
    return "log" in (field.scaling or ())


def _values(field: FieldSpec, dataset: xr.Dataset, grid: Grid) -> Array:
    """A field as ``(sample, component, x, y, z)``, one on no grid spread over it."""
    values = field_array(field, dataset, grid).astype(float)
    if field.on == "sample":
        values = np.broadcast_to(values, (*values.shape[:2], *grid.shape3))
    return np.log(values) if _is_log(field) else values


def _spans(fields: Sequence[FieldSpec]) -> list[tuple[int, int]]:
    """First and last row of every field in the stack."""
    ends = np.cumsum([len(f.labels) for f in fields]).tolist()
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _zero_mean_rows(outputs: Sequence[FieldSpec]) -> NDArray[np.intp]:
    """Rows of the outputs whose mean over the grid is zero by closure."""
    flags = [np.full(len(f.labels), f.zero_mean) for f in outputs]
    return np.flatnonzero(np.concatenate(flags))


def _cross_spectra(stacked: Array, mean: Array, basis: FourierBasis) -> Complex:
    """Mean over samples of every wave's outer product, shape ``(cell, component, component)``."""
    components, cells = stacked.shape[1], basis.grid.cells
    total: Complex = np.zeros((cells, components, components), dtype=np.complex128)
    step = max(1, VALUES_AT_ONCE // (components * cells))
    for start in range(0, len(stacked), step):
        deviation = np.nan_to_num(stacked[start : start + step] - mean)
        waves = basis.transform(deviation).reshape(-1, components, cells).transpose(2, 1, 0)
        total += waves @ waves.conj().swapaxes(1, 2)
    return np.asarray(total / len(stacked))


def _block_rotation(fields: Sequence[FieldSpec], operation: Array) -> Array:
    """Matrix that turns all stacked components under an operation."""
    return np.asarray(block_diag(*[field.rotation(np.asarray(operation)) for field in fields]))


def _symmetric_mean(mean: Array, rotations: list[Array], images: list[Cells]) -> Array:
    flat = mean.reshape(len(mean), -1)
    turned = [r @ flat[:, image] for r, image in zip(rotations, images, strict=True)]
    return np.asarray(np.mean(turned, axis=0).reshape(mean.shape))


def _symmetric_spectra(spectra: Complex, rotations: list[Array], images: list[Cells]) -> Complex:
    turned = np.zeros_like(spectra)
    for rotation, image in zip(rotations, images, strict=True):
        turned += rotation @ spectra[image] @ rotation.T
    return turned / len(rotations)


def _orbit_sizes(basis: FourierBasis, images: list[Cells]) -> Cells:
    """Number of waves that share their spectra by symmetry, k and -k counted once.

    So many independent looks at one law does every sample give, shape ``(cell,)``.
    """
    opposite = basis.wave_images(-np.eye(3))
    either = np.minimum(np.arange(len(opposite)), opposite)
    orbits = np.sort(either[np.stack(images)], axis=0)
    return np.asarray(1 + (np.diff(orbits, axis=0) > 0).sum(axis=0))


def _regressed(spectra: Complex, given: int, independent: Cells) -> tuple[Complex, Complex]:
    """Response and covariance of the rest from the joint spectra of inputs and outputs.

    The covariance is multiplied by N / (N - r), with N independent looks and r directions
    regressed on, as a residual variance is. Fewer directions are used where N is small.
    """
    xx, yx = spectra[:, :given, :given], spectra[:, given:, :given]
    scale = np.sqrt(np.einsum("kii->i", xx).real / len(xx))
    scale[scale == 0] = 1
    variance, direction = np.linalg.eigh(xx / np.outer(scale, scale))
    rank = np.arange(given)[::-1]
    keep = variance > COLLINEAR * variance[:, -1:]
    keep &= rank < (independent // SAMPLES_PER_DIRECTION)[:, None]
    inverse = np.where(keep, 1 / np.where(keep, variance, 1), 0)
    projected = (yx / scale) @ direction
    response: Complex = (projected * inverse[:, None]) @ direction.conj().swapaxes(1, 2) / scale
    covariance = spectra[:, given:, given:] - response @ yx.conj().swapaxes(1, 2)
    freedom = independent / (independent - keep.sum(axis=1))
    return response, covariance * freedom[:, None, None]


def _root(covariance: Complex) -> Complex:
    """Hermitian root of every covariance; eigenvalues below zero come from rounding."""
    hermitian = (covariance + covariance.conj().swapaxes(1, 2)) / 2
    variance, direction = np.linalg.eigh(hermitian)
    deviation = np.sqrt(np.maximum(variance, 0))
    return np.asarray((direction * deviation[:, None]) @ direction.conj().swapaxes(1, 2))


def _filtered(matrices: Complex, waves: Complex) -> Complex:
    """Apply one matrix a wave: ``(cell, a, b)`` on ``(..., b, x, y, z)``."""
    leading, shape = waves.shape[:-4], waves.shape[-3:]
    flat = waves.reshape(-1, waves.shape[-4], len(matrices)).transpose(2, 1, 0)
    return np.asarray((matrices @ flat).transpose(2, 1, 0).reshape(*leading, -1, *shape))
