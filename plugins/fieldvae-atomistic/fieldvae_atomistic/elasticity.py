r"""Linear elasticity of a periodic fcc cell whose sites have eigenstrains.

The medium is homogeneous, anisotropic and free of mean stress. In Fourier space the stress of
an eigenstrain :math:`\varepsilon^*` is

.. math:: \hat\sigma(k) = \Gamma(k) : \hat\varepsilon^*(k), \qquad
          \Gamma(k) = C : \bigl(n \otimes K^{-1} n \cdot C - 1\bigr), \qquad
          K = n \cdot C \cdot n, \quad n = k / |k|,

and :math:`\hat\sigma(0) = 0` (T. Mura, Micromechanics of Defects in Solids, 1987, section 3). All
fields live on the sites, so their waves are those of the lattice: :math:`k` lies in its first
Brillouin zone. Where a wave on the border of the zone has several equally short wave vectors
:math:`\Gamma` is the mean over them, which keeps it real, cubic and dissipative; on all other waves
:math:`k \cdot \hat\sigma(k) = 0` exactly. As :math:`\Gamma` depends on the direction of
:math:`k` alone there is no length in it: stresses are in the unit of :math:`C`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from fieldvae import VOIGT, OptionError
from fieldvae_atomistic.lattice import Lattice

_PAIRS = tuple(("xyz".index(label[0]), "xyz".index(label[1])) for label in VOIGT)

NORMAL = [i for i, (p, q) in enumerate(_PAIRS) if p == q]
"""Numbers of the normal components."""

AXES = (-3, -2, -1)
"""Axes of a transform over x, y, z."""


@dataclass(frozen=True)
class CubicStiffness:
    """Stiffness of a cubic crystal whose axes are those of the box.

    Parameters
    ----------
    c11, c12, c44
        GPa.

    Raises
    ------
    OptionError
        If the crystal would not be stable.
    """

    c11: float
    c12: float
    c44: float

    def __post_init__(self) -> None:
        if not (self.c11 > abs(self.c12) and self.c11 + 2 * self.c12 > 0 and self.c44 > 0):
            raise OptionError(
                f"c11 {self.c11}, c12 {self.c12}, c44 {self.c44} GPa: no stable cubic crystal; "
                "expected c11 > |c12|, c11 + 2 c12 > 0 and c44 > 0"
            )

    @cached_property
    def tensor(self) -> NDArray[np.float64]:
        """Stiffness :math:`C_{ijkl}`, GPa, shape ``(3, 3, 3, 3)``."""
        delta = np.eye(3)
        cubic = np.einsum("ia,ja,ka,la->ijkl", delta, delta, delta, delta)
        shear = np.einsum("ik,jl->ijkl", delta, delta) + np.einsum("il,jk->ijkl", delta, delta)
        return np.asarray(
            self.c12 * np.einsum("ij,kl->ijkl", delta, delta)
            + self.c44 * shear
            + (self.c11 - self.c12 - 2 * self.c44) * cubic
        )

    def response(self, directions: NDArray[np.float64]) -> NDArray[np.float64]:
        r"""Return :math:`\Gamma`, the stress of a plane wave of eigenstrain.

        Parameters
        ----------
        directions
            Wave vectors, any unit, shape ``(..., 3)``; only their directions matter.

        Returns
        -------
        NDArray[np.float64]
            GPa, shape ``(..., voigt, voigt)``: row, stress; column, tensor component of the
            eigenstrain (a shear component stands for both of its places). Zero for the wave
            vector zero.
        """
        length = np.linalg.norm(directions, axis=-1, keepdims=True)
        n = np.divide(directions, length, out=np.zeros_like(directions), where=length > 0)
        traction = np.einsum("...i,ijkl->...jkl", n, self.tensor)
        acoustic = np.einsum("...jkl,...l->...jk", traction, n)
        # at k = 0 any invertible matrix will do: the response there is zero in the end
        acoustic = np.where(length[..., None] > 0, acoustic, np.eye(3))
        displacement = np.einsum("...ij,...jkl->...ikl", np.linalg.inv(acoustic), traction)
        # C is symmetric, so that C_ijkl n_l is the traction with its indices in the order k, i, j
        full = np.einsum("...kij,...kpq->...ijpq", traction, displacement) - self.tensor
        full = np.where(length[..., None, None, None] > 0, full, 0.0)
        rows = np.stack([full[..., i, j, :, :] for i, j in _PAIRS], axis=-3)
        columns = [rows[..., p, q] * (1.0 if p == q else 2.0) for p, q in _PAIRS]
        return np.stack(columns, axis=-1)


def wave_vectors(lattice: Lattice) -> list[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    r"""Return the wave vectors of the lattice's waves in the first Brillouin zone.

    Waves are those of a real Fourier transform over the half lattice constants of the box
    (:attr:`~fieldvae_atomistic.lattice.Lattice.layers`), of which every second point is a
    site; so each wave of the lattice is met twice.

    Returns
    -------
    list of (vectors, shortest)
        Candidates for each wave: vectors in units of :math:`2\pi/a`, shape ``(x, y, z, 3)``, and
        where they are among the shortest, shape ``(x, y, z)``. Every wave has at least one,
        waves on the border of the zone have several.
    """
    ranges = [fft.fftfreq(n) * 2 for n in lattice.layers]
    ranges[2] = ranges[2][: lattice.layers[2] // 2 + 1]
    waves = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1)
    # the reciprocal lattice is bcc with edge 2: corners, and centers one off along every axis
    corners = itertools.product((-2.0, 0.0, 2.0), repeat=3)
    centers = itertools.product((-1.0, 1.0), repeat=3)
    vectors = [waves + np.array(step) for step in (*corners, *centers)]
    lengths = np.stack([np.sum(v**2, axis=-1) for v in vectors])
    shortest = lengths <= lengths.min(axis=0) + 1e-9
    return [(v, s) for v, s in zip(vectors, shortest, strict=True) if s.any()]


def lattice_response(lattice: Lattice, stiffness: CubicStiffness) -> NDArray[np.float64]:
    r"""Return :math:`\Gamma` of every wave of a lattice.

    Parameters
    ----------
    lattice
        Sites of the periodic cell.
    stiffness
        Of the homogeneous medium.

    Returns
    -------
    NDArray[np.float64]
        GPa, shape ``(x, y, z // 2 + 1, voigt, voigt)`` over a real Fourier transform of the box
        in half lattice constants; rows and columns as in :meth:`CubicStiffness.response`.
    """
    candidates = wave_vectors(lattice)
    shape = candidates[0][1].shape
    total = np.zeros((*shape, 6, 6))
    count = np.zeros(shape)
    for vectors, shortest in candidates:
        total[shortest] += stiffness.response(vectors[shortest])
        count += shortest
    return total / count[..., None, None]


def site_stress(
    lattice: Lattice, response: NDArray[np.float64], eigenstrain: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the stress at every site.

    Parameters
    ----------
    lattice
        Sites of the periodic cell.
    response
        Of :func:`lattice_response`.
    eigenstrain
        Dimensionless, tensor components, shape ``(voigt, site)``.

    Returns
    -------
    NDArray[np.float64]
        GPa, tension positive, mean zero, shape ``(voigt, site)``.
    """
    at = tuple(lattice.sites.T)
    halves = tuple(lattice.layers.tolist())
    strain = np.zeros((6, *halves))
    strain[:, *at] = eigenstrain
    waves = np.einsum("xyzij,jxyz->ixyz", response, fft.rfftn(strain, axes=AXES))
    return np.asarray(fft.irfftn(waves, s=halves, axes=AXES)[:, *at])
