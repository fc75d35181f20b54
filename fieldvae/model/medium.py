"""The elastic medium of a decoder: its stiffness, and how it answers eigenstrains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

import numpy as np
import torch
from torch import Tensor, nn

from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import block_response
from fieldvae.mechanics.mandel import WEIGHTS, turning
from fieldvae.model.closure import GRID

ISOTROPIC = (1.4, 0.6, 0.4)
"""Stiffness c11, c12, c44 that a medium has before it has seen data: Poisson's ratio 0.3."""

SMALL = 128
"""Largest number of cells on which a product with one matrix is faster than Fourier transforms."""

Box = tuple[int, int, int]
"""Cells along x, y, z."""


class Medium(nn.Module):
    r"""Map an eigenstrain, in scaled units, to the scaled stress of a medium of learned stiffness.

    .. math::
        \sigma_i = \frac1{s_i} \big(\Gamma(C) * \varepsilon^*\big)_i, \qquad
        \ln C = \frac1{|G|} \sum_{R \in G} R \, \big(\ln C_0 + K\big) R^T

    with symmetric :math:`K`, learned, in Mandel components, and :math:`C_0` isotropic. A law that
    is invariant under a point group :math:`G` has a medium that is: cubic, for one, of three
    numbers in the place of 21. The scales :math:`s_i` of the components, in units of their mean,
    are those of the data: were they learned too, they would pass for an anisotropy that there is
    not.

    Along axes that do not repeat the medium goes on without eigenstrain for as many cells again.
    The mean stress is zero, or in a grid that repeats and a field without closure that of a box
    held fixed, :math:`-C : \overline{\varepsilon^*}`.

    Parameters
    ----------
    field
        A stress.
    grid
        Spacing, and which axes repeat; fields may have other numbers of cells.
    """

    isotropic: Tensor
    turns: Tensor
    scale: Tensor

    def __init__(self, field: FieldSpec, grid: Grid) -> None:
        super().__init__()
        self.rows = [VOIGT.index(label) for label in field.labels]
        x, y, z = (*grid.spacing, 1.0, 1.0)[:3]
        self.spacing = (x, y, z)
        self.repeats = (*grid.periodic, True, True)[:3]
        self.fixed = all(self.repeats) and field.closure == "none"
        c11, c12, c44 = ISOTROPIC
        start = torch.diag(torch.tensor([c11 - c12] * 3 + [2 * c44] * 3))
        start[:3, :3] += c12
        self.register_buffer("isotropic", _logarithm(start), persistent=False)
        self.register_buffer("turns", torch.eye(6)[None], persistent=False)
        self.learned = nn.Parameter(torch.zeros(6, 6))
        self.register_buffer("scale", torch.ones(len(self.rows)), persistent=False)
        self._kept: tuple[object, Tensor] | None = None

    def informed_by(self, scale: Tensor | None, point_group: np.ndarray) -> None:
        """Take up what is known of the data.

        Parameters
        ----------
        scale
            Scales of the components, shape ``(component, ...)``, of which the mean over cells
            counts; ``None`` where all are alike.
        point_group
            Rotations and reflections, shape ``(operation, 3, 3)``.
        """
        self.turns = torch.from_numpy(turning(point_group)).to(self.turns)
        if scale is not None:
            by_component = scale.detach().flatten(1).mean(1)
            self.scale = (by_component / by_component.mean()).to(self.scale)
        self._kept = None

    @property
    def stiffness(self) -> Tensor:
        """Learned stiffness over :data:`~fieldvae.VOIGT`, in a unit of its own, shape (6, 6)."""
        logarithm = self.isotropic + (self.learned + self.learned.mT) / 2
        logarithm = (self.turns @ logarithm @ self.turns.mT).mean(0)
        weights = torch.from_numpy(WEIGHTS).to(logarithm)
        found: Tensor = torch.linalg.matrix_exp(logarithm) / torch.outer(weights, weights)
        return found

    def given(self, shape: Sequence[int]) -> Callable[[Tensor], Tensor]:
        """Return the map of eigenstrains to stresses on cells along x, y, z.

        Both are of shape ``(batch, component, x, y, z)``.
        """
        cells = (shape[0], shape[1], shape[2])
        x, y, z = (n if r else 2 * n for n, r in zip(cells, self.repeats, strict=True))
        box = (x, y, z)
        response = self._response(box)
        if prod(cells) > SMALL:
            return lambda strain: _by_waves(response, strain, box)
        matrix = _matrix(response, cells, box)
        return lambda strain: (strain.flatten(1) @ matrix).view(strain.shape)

    def _response(self, box: Box) -> Tensor:
        """Response of every wave, kept until the next step of training: large ones take seconds."""
        state = (box, self.learned._version, self.learned.device, self.learned.dtype)
        if not torch.is_grad_enabled() and self._kept is not None and self._kept[0] == state:
            return self._kept[1]
        response = block_response(self.stiffness, box, self.spacing, fixed=self.fixed)
        response = response[..., self.rows, :][..., self.rows]
        response = response / self.scale[:, None]
        if not torch.is_grad_enabled():
            self._kept = (state, response)
        return response


def _logarithm(matrix: Tensor) -> Tensor:
    """Return the logarithm of a symmetric, positive definite matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    found: Tensor = (vectors * values.log()) @ vectors.mT
    return found


def _by_waves(response: Tensor, strain: Tensor, box: Box) -> Tensor:
    """Multiply wave by wave; cells that the box has and the field has not are empty."""
    waves = torch.fft.rfftn(strain, s=box, dim=GRID)
    answered = torch.einsum("xyzab,nbxyz->naxyz", response.to(waves.dtype), waves)
    x, y, z = strain.shape[2:]
    found: Tensor = torch.fft.irfftn(answered, s=box, dim=GRID)[:, :, :x, :y, :z]
    return found


def _matrix(response: Tensor, cells: Box, box: Box) -> Tensor:
    """The same as a matrix, shape ``(component * cells, component * cells)``, strain first."""
    kernel = torch.fft.irfftn(
        response.movedim((-2, -1), (0, 1)).to(response.dtype.to_complex()), s=box
    )
    places = torch.tensor([*product(*map(range, cells))], device=response.device)
    apart = (places[None] - places[:, None]) % torch.tensor(box, device=response.device)
    number = (apart[..., 0] * box[1] + apart[..., 1]) * box[2] + apart[..., 2]
    pairs = kernel.flatten(2)[:, :, number]  # stress, strain, cell of strain, cell of stress
    width = len(kernel) * len(places)
    return torch.reshape(pairs.permute(1, 2, 0, 3), (width, width))
