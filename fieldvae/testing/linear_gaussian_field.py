r"""A field whose conditional law is known exactly: the stress of an isotropic elastic medium.

The medium is periodic and strained by misfits that are partly seen and partly hidden:

.. math:: \sigma(k) = \Gamma(k) : \bigl(1\,\hat m(k) + \hat e(k)\bigr) + \Lambda(k) \cdot \hat f(k)

with the misfit strain :math:`m` and the body force :math:`f` as inputs, and a hidden eigenstrain
:math:`e`, white noise of independent cells. :math:`\Gamma` is the stress of an eigenstrain and
:math:`\Lambda` that of a force in a medium with the stiffness :math:`C`,

.. math:: \Gamma = C : (\kappa \otimes K^{-1} \kappa \cdot C - 1), \qquad
          \Lambda = C : (\kappa \otimes K^{-1}) i, \qquad K = \kappa \cdot C \cdot \kappa,

with :math:`\kappa_i = \sin(k_i h)/h`, the wave vector of central differences. So the stress given
the inputs is Gaussian, its mean linear in them, its mean over the grid zero, and the law is the
same after a shift by whole cells and under the 48 cubic operations.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid
from fieldvae.testing.periodic import Array, completed, labeled

SHEAR_MODULUS = 80.0
"""In GPa, about that of CoCrNi."""

LAME_PARAMETER = 1.5 * SHEAR_MODULUS
"""In GPa; Poisson's ratio is 0.3."""

MISFIT = 0.005
"""Standard deviation of the seen misfit strain before neighbors are blended."""

FORCE = 0.5
"""Standard deviation of the body force times the spacing, in GPa."""

Complex = NDArray[np.complexfloating]

_PAIRS = tuple(("xyz".index(label[0]), "xyz".index(label[1])) for label in VOIGT)


class LinearGaussianField:
    """Draw inputs and outputs of the medium, and give the law of the outputs given the inputs.

    Parameters
    ----------
    grid
        Periodic along every axis, three dimensions, equal spacing.
    hidden
        Standard deviation of the hidden eigenstrain over :data:`MISFIT`.

    Raises
    ------
    ValueError
        If the grid is not periodic.

    Examples
    --------
    >>> medium = LinearGaussianField(Grid((4, 4, 4), periodic=(True, True, True)))
    >>> dataset = medium.simulate(2, generator=np.random.default_rng(0))
    >>> dict(dataset["stress"].sizes)
    {'sample': 2, 'stress_component': 6, 'x': 4, 'y': 4, 'z': 4}
    """

    inputs = (
        FieldSpec(name="misfit", units="1", symbol=r"m", long_name="misfit strain"),
        FieldSpec(
            name="force", units="GPa/nm", symbol="f", long_name="body force", tensor_kind="vector"
        ),
    )
    outputs = (
        FieldSpec(
            name="stress",
            units="GPa",
            symbol=r"\sigma",
            long_name="stress",
            tensor_kind="symmetric",
            closure="zero-mean",
        ),
    )

    def __init__(self, grid: Grid, *, hidden: float = 1.0) -> None:
        if grid.dimensions != 3 or not all(grid.periodic):
            raise ValueError(f"the medium fills a periodic grid of three dimensions, not {grid}")
        self.grid = grid
        self.hidden = hidden
        self.eigenstrain_response, self.force_response = _responses(grid)

    def simulate(self, samples: int, *, generator: np.random.Generator) -> xr.Dataset:
        """Draw inputs, and one output for each.

        Parameters
        ----------
        samples
            How many.
        generator
            The only source of chance.

        Returns
        -------
        xr.Dataset
            In the layout of a store: dims ``(sample, <field>_component, x, y, z)``, attributes
            of the grid.
        """
        misfit = MISFIT * generator.standard_normal((samples, 1, *self.grid.shape))
        # Neighbors agree, as block averages do.
        misfit = sum(np.roll(misfit, 1, axis) for axis in (-3, -2, -1)) + 2 * misfit
        spacing = np.mean(self.grid.spacing)
        force = FORCE / spacing * generator.standard_normal((samples, 3, *self.grid.shape))
        return completed(self, (misfit, force), generator=generator)

    def expectation(self, inputs: xr.Dataset) -> Array:
        """Return the exact mean of the stress, GPa, shape ``(sample, component=6, x, y, z)``."""
        misfit, force = (
            _waves(inputs[name].transpose("sample", f"{name}_component", *self.grid.axes).values)
            for name in ("misfit", "force")
        )
        volumetric = self.eigenstrain_response[..., :3].sum(axis=-1, keepdims=True)
        stress = _filtered(volumetric, misfit) + _filtered(self.force_response, force)
        return np.asarray(np.fft.ifftn(stress, axes=(-3, -2, -1), norm="ortho").real)

    def covariance(self) -> Complex:
        """Return the exact covariance of every wave, GPa^2, shape ``(x, y, z, 6, 6)``."""
        response = self.eigenstrain_response * np.sqrt(self._hidden_variance())
        return response @ response.conj().swapaxes(-1, -2)

    def realize(
        self, inputs: xr.Dataset, *, count: int, generator: np.random.Generator
    ) -> xr.Dataset:
        """Draw from the exact law.

        Parameters
        ----------
        inputs
            A dataset with the input fields.
        count
            Realizations a sample.
        generator
            The only source of chance.

        Returns
        -------
        xr.Dataset
            The stress, dims ``(sample, realization, stress_component, x, y, z)``.
        """
        mean = self.expectation(inputs)
        noise = generator.standard_normal((len(mean), count, *mean.shape[1:]))
        strain = _waves(noise * np.sqrt(self._hidden_variance()).reshape(-1, 1, 1, 1))
        stress = _filtered(self.eigenstrain_response, strain)
        drawn = mean[:, None] + np.fft.ifftn(stress, axes=(-3, -2, -1), norm="ortho").real
        return xr.Dataset({"stress": labeled(self.outputs[0], drawn, self.grid)})

    def _hidden_variance(self) -> Array:
        """Variances of a random symmetric tensor of isotropic law: half as much off-diagonal."""
        return (self.hidden * MISFIT) ** 2 * np.array([1.0, 1.0, 1.0, 0.5, 0.5, 0.5])


def _responses(grid: Grid) -> tuple[Complex, Complex]:
    """Stress of a unit eigenstrain (x, y, z, 6, 6) and of a unit force (x, y, z, 6, 3)."""
    waves = [np.sin(2 * np.pi * np.fft.fftfreq(n)) for n in grid.shape]
    kappa = np.stack(np.meshgrid(*waves, indexing="ij"), axis=-1)
    kappa[np.abs(kappa) < 1e-12] = 0
    kappa = kappa / np.array(grid.spacing)
    delta = np.eye(3)
    stiffness = (
        LAME_PARAMETER * np.einsum("ij,kl->ijkl", delta, delta)
        + SHEAR_MODULUS * np.einsum("ik,jl->ijkl", delta, delta)
        + SHEAR_MODULUS * np.einsum("il,jk->ijkl", delta, delta)
    )
    # pinv: where kappa is zero no displacement answers, and the whole misfit is stress.
    acoustic = np.einsum("...i,ijkl,...l->...jk", kappa, stiffness, kappa)
    green = np.linalg.pinv(acoustic, hermitian=True)
    strain = np.einsum("...i,...jk->...ijk", kappa, green)
    strain = (strain + strain.swapaxes(-3, -2)) / 2
    force = 1j * np.einsum("ijkl,...klm->...ijm", stiffness, strain)
    full = np.einsum("...klm,...n,nmpq->...klpq", strain, kappa, stiffness)
    full = full - np.einsum("kp,lq->klpq", delta, delta)
    eigen = np.einsum("ijkl,...klpq->...ijpq", stiffness, full)
    eigen[0, 0, 0] = 0
    rows = np.stack([eigen[..., i, j, :, :] for i, j in _PAIRS], axis=-3)
    # A shear eigenstrain stands twice in the sum over tensor indices.
    columns = [rows[..., p, q] if p == q else rows[..., p, q] + rows[..., q, p] for p, q in _PAIRS]
    forces = np.stack([force[..., i, j, :] for i, j in _PAIRS], axis=-2)
    return np.stack(columns, axis=-1).astype(complex), forces


def _waves(values: Array) -> Complex:
    return np.asarray(np.fft.fftn(values, axes=(-3, -2, -1), norm="ortho"))


def _filtered(response: Complex, waves: Complex) -> Complex:
    return np.asarray(np.einsum("xyzab,...bxyz->...axyz", response, waves))
