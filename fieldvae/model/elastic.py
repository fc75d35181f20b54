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

from fieldvae.contract import AffineScale, ConditionSpec, LatentSpec
from fieldvae.errors import OptionError
from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import block_response, kind_of
from fieldvae.model.closure import GRID
from fieldvae.model.gated import GatedDecoder, over
from fieldvae.model.layers import GridConv, start_at_zero
from fieldvae.model.reach import grid_reach

START = (1.4, 0.6, 0.4)
"""Stiffness c11, c12, c44 that training starts with: isotropic, Poisson's ratio 0.3."""

PACE = 10.0
"""How much faster the stiffness moves than other weights. At their pace convolutions learned the
anisotropy first, wave by wave, and longer cells had its isotropic start."""

SMALL = 128
"""Largest number of cells on which a product with one matrix is faster than Fourier transforms."""

Box = tuple[int, int, int]
"""Cells along x, y, z."""


class Medium(nn.Module):
    r"""Map an eigenstrain, in scaled units, to the scaled stress of a medium of learned stiffness.

    .. math:: \sigma_i = \frac1{s_i} \big(\Gamma(C) * \varepsilon^*\big)_i, \qquad C = L L^T

    The scales :math:`s_i` of the components, in units of their mean, are those of the data: were
    they learned too, they would pass for an anisotropy that there is not. Along axes that do not
    repeat the medium goes on without eigenstrain for as many cells again. The mean stress is zero,
    or in a grid that repeats and a field without closure that of a box held fixed,
    :math:`-C : \overline{\varepsilon^*}`.

    Parameters
    ----------
    field
        A stress.
    grid
        Spacing, and which axes repeat; fields may have other numbers of cells.
    """

    start: Tensor
    scale: Tensor

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
        self.register_buffer("scale", torch.ones(len(self.rows)), persistent=False)
        self._kept: tuple[object, Tensor] | None = None

    def scaled_by(self, scale: Tensor) -> None:
        """Take up the scales of the components, shape ``(component, ...)``; a mean over cells."""
        by_component = scale.detach().flatten(1).mean(1)
        self.scale = (by_component / by_component.mean()).to(self.scale)
        self._kept = None

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
        x, y, z = (n if r else 2 * n for n, r in zip(cells, self.repeats, strict=True))
        box = (x, y, z)
        response = self._response(box)
        if prod(cells) > SMALL:
            return lambda strain: _by_waves(response, strain, box)
        matrix = _matrix(response, cells, box)
        return lambda strain: (strain.flatten(1) @ matrix).view(strain.shape)

    def _response(self, box: Box) -> Tensor:
        """Response of every wave, kept until the next step of training: large ones take seconds."""
        state = (box, self.moved._version, self.moved.device, self.moved.dtype)
        if not torch.is_grad_enabled() and self._kept is not None and self._kept[0] == state:
            return self._kept[1]
        response = block_response(self.stiffness, box, self.spacing, fixed=self.fixed)
        response = response[..., self.rows, :][..., self.rows]
        response = response / self.scale[:, None]
        if not torch.is_grad_enabled():
            self._kept = (state, response)
        return response


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


class ElasticDecoder(GatedDecoder):
    r"""Decode eigenstrains, which the medium answers, and what cells do to their neighbors.

    .. math::
        \varepsilon^* = A c + R f(c) + N * u + H(u, c), \qquad
        b = B * c + S * \big(f(c) + f(2 \bar c - c)\big) + M * u, \qquad
        m = \Gamma(C) * \varepsilon^* + b

    with the gated latent :math:`u` and the noise of every convolutional decoder. :math:`A` and
    :math:`R` see no neighbor; the residual blocks :math:`f` see a quarter of the shortest periodic
    axis of the grid of training, :math:`N, B, S` and :math:`M` the nearest cells. Blocks of atoms
    share the bonds across their faces, and a block's stress has a part for these, :math:`b`: the
    kernels of :math:`B, S` and :math:`M` add up to zero, for uniform cells have no faces.

    What a grid of a few cells leaves open, the response to waves longer than it, follows from the
    medium, if nothing else can stand in for it on the waves that there are. :math:`S`, which sees
    far enough for that, is therefore even in what differs from the mean :math:`\bar c` over the
    cells: it is blind to all that is linear.

    An output that is no stress is :math:`\varepsilon^* + b` itself.

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
            reach=max(grid_reach(grid) // 2, 1),
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

    def scaled_by(self, scales: Mapping[str, AffineScale]) -> None:
        """Take up what the scaled stresses are in the world, by output."""
        for name, medium in zip(self.split, self.media, strict=True):
            if isinstance(medium, Medium) and name in scales:
                medium.scaled_by(scales[name].scale)

    def parts(self, conditions: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Return features and the map from gated latents to means: :meth:`GatedDecoder.parts`."""
        features = self.trunk(conditions)
        strain = self.strain(conditions) + self.strain_residual(features)
        mirrored = self.trunk(2 * conditions.mean(GRID, keepdim=True) - conditions)
        faces = self.faces(conditions) + self.faces_residual(features + mirrored)
        hidden = None if self.hidden is None else self.hidden.given(features)
        shape = conditions.shape[2:]
        answers = [m.given(shape) if isinstance(m, Medium) else m for m in self.media]
        sizes = [*self.split.values()]

        def mean(drawn: Tensor) -> Tensor:
            noise = self.strain_noise(drawn)
            eigenstrain = over(strain, noise if hidden is None else noise + hidden(drawn))
            parts = zip(answers, torch.split(eigenstrain, sizes, 1), strict=True)
            answered = torch.cat([answer(part) for answer, part in parts], 1)
            return answered + over(faces, self.faces_noise(drawn))

        return features, mean
