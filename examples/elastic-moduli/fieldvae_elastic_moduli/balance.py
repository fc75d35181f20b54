r"""Stresses of a periodic medium of cubic phases under a mean strain, by fast Fourier transforms.

.. math:: \sigma = C(x) : \varepsilon, \qquad \nabla \cdot \sigma = 0, \qquad
          \varepsilon = E + \operatorname{sym} \nabla u

with periodic :math:`u`. Strains are compatible in the rotated scheme of Willot (2015,
doi:10.1016/j.crme.2014.12.005): displacements stand at the corners of the cells, strains in their
centers, on the wave :math:`\theta` with

.. math:: \kappa_i = (e^{i\theta_i} - 1) \prod_{j \ne i} \tfrac12 (e^{i\theta_j} + 1).

The orthogonal projector :math:`G` onto such strains gives the linear equations
:math:`G C \varepsilon' = -G C E` (Zeman et al. 2017, doi:10.1002/nme.5481), symmetric and positive
on its range, which conjugate gradients solve.

Symmetric tensors are arrays ``(6, x, y, z)``, components xx, yy, zz, xy, xz, yz, tensor shear.
Nothing here knows of fieldvae.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Array: TypeAlias = NDArray[np.floating[Any]]
Waves: TypeAlias = NDArray[np.complexfloating[Any, Any]]

PAIRS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
"""Indices of the six components."""

WEIGHT = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0]).reshape(6, 1, 1, 1)
"""How often a component stands in the tensor."""

GRID = (-3, -2, -1)


@dataclass(frozen=True)
class Response:
    """What a medium answers a load with.

    Parameters
    ----------
    strain, stress
        In every cell, shape ``(6, x, y, z)``; the stress in units of the moduli.
    residual
        Norm of what is left of the equations, over that of the load's.
    iterations
        Steps of conjugate gradients.
    """

    strain: Array
    stress: Array
    residual: float
    iterations: int


def stress_of(strain: Array, moduli: Array) -> Array:
    r"""Hooke's law of cubic phases whose axes are the grid's.

    .. math:: \sigma_{ii} = (C_{11} - C_{12}) \varepsilon_{ii} + C_{12} \operatorname{tr}
              \varepsilon, \qquad \sigma_{ij} = 2 C_{44} \varepsilon_{ij}

    Parameters
    ----------
    strain
        Shape ``(6, x, y, z)``.
    moduli
        C11, C12, C44, shape ``(3, x, y, z)``.
    """
    c11, c12, c44 = moduli
    normal = (c11 - c12) * strain[:3] + c12 * strain[:3].sum(axis=0)
    return np.concatenate([normal, 2 * c44 * strain[3:]])


def equilibrium(
    moduli: Array, load: Array, *, tolerance: float = 1e-6, most: int = 400
) -> Response:
    """Find strain and stress under a mean strain.

    Parameters
    ----------
    moduli
        C11, C12, C44 of every cell, shape ``(3, x, y, z)``; C44 and C11 - C12 above zero.
    load
        Mean strain, shape ``(6,)``.
    tolerance
        Residual at which to stop.
    most
        Most iterations; what has been reached is returned then, and its residual tells.
    """
    project = Projector(moduli.shape[1:])
    strain = np.broadcast_to(np.reshape(load, (6, 1, 1, 1)), (6, *moduli.shape[1:])).copy()
    rest = -project(stress_of(strain, moduli))
    scale = np.sqrt(_product(stress_of(strain, moduli), stress_of(strain, moduli)))
    direction, square = rest, _product(rest, rest)
    iterations = 0
    while np.sqrt(square) > tolerance * scale and iterations < most:
        image = project(stress_of(direction, moduli))
        step = square / _product(direction, image)
        strain += step * direction
        rest = rest - step * image
        before, square = square, _product(rest, rest)
        direction = rest + square / before * direction
        iterations += 1
    residual = float(np.sqrt(square) / scale)
    return Response(strain, stress_of(strain, moduli), residual, iterations)


class Projector:
    r"""Orthogonal projector onto compatible strains of mean zero.

    For a wave :math:`\kappa`, the strains :math:`\operatorname{sym}(\kappa \otimes v)` with

    .. math:: v = \frac{2}{|\kappa|^2} \Big( 1 - \frac{\kappa \kappa^*}{2 |\kappa|^2} \Big)
              \tau \bar\kappa .

    Parameters
    ----------
    shape
        Cells along x, y, z.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.kappa = wave_vectors(shape)
        square = (np.abs(self.kappa) ** 2).sum(axis=0)
        none = square < 1e-20  # the mean, and waves that strain no cell
        self.inverse = np.where(none, 0.0, 1 / np.where(none, 1.0, square))

    def __call__(self, tensors: Array) -> Array:
        """Project ``(6, x, y, z)``."""
        kappa, inverse = self.kappa, self.inverse
        waves = fft.rfftn(tensors, axes=GRID)
        force = divergence(waves, kappa)
        along = (kappa.conj() * force).sum(axis=0) * inverse
        v = 2 * inverse * (force - kappa * along / 2)
        strain = np.stack([(kappa[i] * v[j] + kappa[j] * v[i]) / 2 for i, j in PAIRS])
        return np.asarray(fft.irfftn(strain, s=self.shape, axes=GRID))


def wave_vectors(shape: tuple[int, ...]) -> Waves:
    r"""Return :math:`\kappa` of every wave, for cells of edge one.

    Returns
    -------
    Waves
        Shape ``(3, x, y, z // 2 + 1)``, in the order of ``rfftn``.
    """
    last = len(shape) - 1
    angles = [
        2 * np.pi * (fft.rfftfreq(n) if axis == last else fft.fftfreq(n))
        for axis, n in enumerate(shape)
    ]
    turns = [np.exp(1j * angle) for angle in angles]
    for turn, n in zip(turns, shape, strict=True):
        if n % 2 == 0:
            turn[n // 2] = -1  # exactly, where two cells make a wave
    grids = np.meshgrid(*turns, indexing="ij")
    return np.stack(
        [(grids[i] - 1) * (grids[i - 2] + 1) * (grids[i - 1] + 1) / 4 for i in range(3)]
    )


def divergence(waves: Waves, kappa: Waves) -> Waves:
    r"""Return :math:`\tau \bar\kappa`, shape ``(3, ...)``: zero where forces are in balance."""
    xx, yy, zz, xy, xz, yz = waves
    x, y, z = kappa.conj()
    return np.stack([xx * x + xy * y + xz * z, xy * x + yy * y + yz * z, xz * x + yz * y + zz * z])


def _product(one: Array, other: Array) -> float:
    """Inner product of two fields of tensors."""
    return float((WEIGHT * one * other).sum())
