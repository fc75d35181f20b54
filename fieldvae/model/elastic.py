r"""A decoder for stresses: eigenstrains of blocks, and the medium that answers them.

Convolutions see a few cells. The stress of an eigenstrain does not end there: it falls with the
third power of the distance, and its long waves depend on their direction however long they are
(:mod:`fieldvae.mechanics.medium`). Trained on cells of a few blocks, convolutions learn the waves
of these cells and nothing of longer ones. Here they learn what is local, the eigenstrain, and the
medium does the rest, on cells of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor, nn

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.errors import OptionError
from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import block_response, kind_of
from fieldvae.model.gated import GatedDecoder, over
from fieldvae.model.layers import GridConv, start_at_zero

START = (1.4, 0.6, 0.4)
"""Stiffness c11, c12, c44 that training starts with: isotropic, Poisson's ratio 0.3."""

PACE = 4.0
"""How much faster the stiffness moves than other weights. At their pace convolutions learned the
anisotropy first, wave by wave, and longer cells had its isotropic start."""

SMALL = 128
"""Largest number of cells on which a product with one matrix is faster than Fourier transforms."""

CELL = (-3, -2, -1)
"""The axes x, y, z of a tensor inside the model."""


class Medium(nn.Module):
    r"""Map an eigenstrain, in scaled units, to the scaled stress of a medium of learned stiffness.

    .. math:: \sigma_i = e^{g_i} \big(\Gamma(C) * \varepsilon^*\big)_i, \qquad C = L L^T

    The gains :math:`g` stand for the scales of the components. Along axes that do not repeat the
    medium goes on without eigenstrain for as many cells again. The mean stress is zero, or in
    a grid that repeats and a field without closure that of a box held fixed,
    :math:`-C : \overline{\varepsilon^*}`.

    Parameters
    ----------
    field
        A stress.
    grid
        Spacing, and which axes repeat; fields may have other numbers of cells.
    """

    start: Tensor

    def __init__(self, field: FieldSpec, grid: Grid) -> None:
        super().__init__()
        self.rows = [VOIGT.index(label) for label in field.labels]
        x, y, z = (*grid.spacing, 1.0, 1.0)[:3]
        self.spacing = (x, y, z)
        self.repeats = (*grid.periodic, True, True)[:3]
        self.fixed = all(self.repeats) and field.closure == "none"
        c11, c12, c44 = START
        stiffness = torch.diag(torch.tensor([c11 - c12] * 3 + [c44] * 3))
        stiffness[:3, :3] += c12
        self.register_buffer("start", torch.linalg.cholesky(stiffness), persistent=False)
        self.moved = nn.Parameter(torch.zeros(6, 6))
        self.gain = nn.Parameter(torch.zeros(len(self.rows)))

    @property
    def stiffness(self) -> Tensor:
        """Learned stiffness over :data:`~fieldvae.VOIGT`, in a unit of its own, shape (6, 6)."""
        factor = torch.tril(self.start + PACE * self.moved, -1)
        diagonal = self.start.diagonal() * (PACE * self.moved.diagonal()).exp()
        factor = factor + torch.diag(diagonal)
        found: Tensor = factor @ factor.mT
        return found

    def given(self, shape: Sequence[int]) -> Callable[[Tensor], Tensor]:
        """Return the map of eigenstrains to stresses on cells along x, y, z.

        Both are of shape ``(batch, component, x, y, z)``.
        """
        cells = (shape[0], shape[1], shape[2])
        whole = tuple(n if r else 2 * n for n, r in zip(cells, self.repeats, strict=True))
        box = (whole[0], whole[1], whole[2])
        stiffness = self.stiffness
        response = block_response(stiffness, box, self.spacing)
        response = response[..., self.rows, :][..., self.rows]
        if self.fixed:
            held = stiffness[self.rows][:, self.rows]
            twice = held.new_tensor([1.0 if a == b else 2.0 for a, b in self._labels])
            first = torch.zeros(response.shape[:3], device=held.device).flatten()
            first[0] = 1.0
            response = response - first.view(*response.shape[:3], 1, 1) * (held * twice)
        response = (PACE * self.gain).exp()[:, None] * response
        if prod(cells) > SMALL:
            return lambda strain: _by_waves(response, strain, box)
        matrix = _matrix(response, cells, box)
        return lambda strain: (strain.flatten(1) @ matrix).view(strain.shape)

    @property
    def _labels(self) -> list[tuple[str, str]]:
        return [(VOIGT[row][0], VOIGT[row][1]) for row in self.rows]


def _by_waves(response: Tensor, strain: Tensor, box: tuple[int, int, int]) -> Tensor:
    """Multiply wave by wave; cells that the box has and the field has not are empty."""
    waves = torch.fft.rfftn(strain, s=box, dim=CELL)
    answered = torch.einsum("xyzab,nbxyz->naxyz", response.to(waves.dtype), waves)
    x, y, z = strain.shape[2:]
    found: Tensor = torch.fft.irfftn(answered, s=box, dim=CELL)[:, :, :x, :y, :z]
    return found


def _matrix(response: Tensor, cells: tuple[int, int, int], box: tuple[int, int, int]) -> Tensor:
    """The same as a matrix, shape ``(component * cells, component * cells)``, strain first."""
    kernel = torch.fft.irfftn(response.movedim((-2, -1), (0, 1)).to(_complex(response)), s=box)
    places = torch.tensor([*product(*map(range, cells))], device=response.device)
    apart = (places[None] - places[:, None]) % torch.tensor(box, device=response.device)
    number = (apart[..., 0] * box[1] + apart[..., 1]) * box[2] + apart[..., 2]
    pairs = kernel.flatten(2)[:, :, number]  # stress, strain, cell of strain, cell of stress
    width = len(kernel) * len(places)
    return torch.reshape(pairs.permute(1, 2, 0, 3), (width, width))


def _complex(real: Tensor) -> torch.dtype:
    return torch.complex128 if real.dtype == torch.float64 else torch.complex64


class ElasticDecoder(GatedDecoder):
    r"""Decode eigenstrains, which the medium answers, and what cells do to their neighbors.

    .. math::
        \varepsilon^* = A c + R(c) + N * u + H(u, c), \qquad
        b = B * c + S(c) + M * u, \qquad
        m = \Gamma(C) * \varepsilon^* + b

    with the gated latent :math:`u` and the noise of every convolutional decoder. The eigenstrain of
    a cell follows from the cell: :math:`A` and the residual blocks of :math:`R` and :math:`S` see
    no neighbor, :math:`N` the nearest. Blocks of atoms share the bonds across their faces, and a
    block's stress has a part for these, :math:`b`: the kernels of :math:`B, S` and :math:`M` see
    the nearest cells and add up to zero, for uniform cells have no faces. The residual blocks read,
    beside the conditions, the stress :math:`\Gamma(C) * A c` of their cell: what the surroundings
    do to it. So the grid of training determines all of it, and nothing that longer cells would show
    is left to chance. An output that is no stress is :math:`\varepsilon^* + b` itself.

    Parameters
    ----------
    outputs, grid, latent, conditions
        The output fields, one of them a stress at least, the grid, the latent, and the conditions
        by input field.
    channels
        Width of the hidden layers.
    blocks
        Number of residual blocks.
    hidden
        Width of the layers in which latent and conditions act together; 0 for none.

    Raises
    ------
    OptionError
        If no output is a symmetric tensor in units of stress.
    """

    def __init__(
        self,
        outputs: Sequence[FieldSpec],
        grid: Grid,
        latent: LatentSpec,
        conditions: Mapping[str, ConditionSpec],
        *,
        channels: PositiveInt = 40,
        blocks: PositiveInt = 3,
        hidden: NonNegativeInt = 0,
    ) -> None:
        stresses = [field.name for field in outputs if kind_of(field) == "stress"]
        if not stresses:
            names = ", ".join(repr(field.name) for field in outputs)
            raise OptionError(
                f"the decoder elastic is made for stresses, and no output ({names}) is a symmetric "
                "tensor in units of stress; use the decoder convolution"
            )
        super().__init__(
            outputs,
            grid,
            latent,
            conditions,
            channels=channels,
            blocks=blocks,
            hidden=hidden,
            reach=0,
            more=sum(field.channels for field in outputs if field.name in stresses),
        )
        self.media = nn.ModuleList(
            Medium(field, grid) if field.name in stresses else nn.Identity() for field in outputs
        )
        self.strain = GridConv(self.width, self.out, grid, wide=False)
        self.strain_residual = start_at_zero(GridConv(channels, self.out, grid, wide=False))
        self.strain_noise = GridConv(latent.width, self.out, grid)
        self.faces = start_at_zero(GridConv(self.width, self.out, grid, balanced=True))
        self.faces_residual = start_at_zero(GridConv(channels, self.out, grid, balanced=True))
        self.faces_noise = GridConv(latent.width, self.out, grid, balanced=True)

    def parts(self, conditions: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Return features and the map from gated latents to means: :meth:`GatedDecoder.parts`."""
        shape = conditions.shape[2:]
        answers = [m.given(shape) if isinstance(m, Medium) else m for m in self.media]
        linear = self.strain(conditions)
        first = self._answered(linear, answers, of_media=True)
        features = self.trunk(torch.cat([conditions, first], 1))
        strain = linear + self.strain_residual(features)
        faces = self.faces(conditions) + self.faces_residual(features)
        hidden = None if self.hidden is None else self.hidden.given(features)

        def mean(drawn: Tensor) -> Tensor:
            noise = self.strain_noise(drawn)
            eigenstrain = over(strain, noise if hidden is None else noise + hidden(drawn))
            return self._answered(eigenstrain, answers) + over(faces, self.faces_noise(drawn))

        return features, mean

    def _answered(
        self,
        strain: Tensor,
        answers: Sequence[Callable[[Tensor], Tensor]],
        *,
        of_media: bool = False,
    ) -> Tensor:
        """Put stresses in the place of eigenstrains; ``of_media``: and leave all else out."""
        parts = torch.split(strain, [*self.split.values()], 1)
        chosen = [
            answer(part)
            for answer, part in zip(answers, parts, strict=True)
            if not (of_media and isinstance(answer, nn.Identity))
        ]
        return torch.cat(chosen, 1)
