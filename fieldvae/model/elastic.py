r"""A decoder for stresses: eigenstrains of blocks, and the medium that answers them.

Convolutions see a few cells. The stress of an eigenstrain does not end there: it falls with the
third power of the distance, and its long waves depend on their direction however long they are
(:mod:`fieldvae.mechanics.medium`). Trained on cells of a few blocks, convolutions learn the waves
of these cells and nothing of longer ones. Here they learn what is local, the eigenstrain, and the
medium does the rest, on cells of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from pydantic import NonNegativeInt, PositiveInt
from torch import Tensor, nn

from fieldvae.contract import Batch, ConditionSpec, LatentSpec, PhysicalOutputs
from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.mechanics import kind_of
from fieldvae.model.closure import GRID
from fieldvae.model.gated import GatedDecoder, over
from fieldvae.model.layers import GridConv, start_at_zero
from fieldvae.model.medium import Medium
from fieldvae.model.reach import grid_reach
from fieldvae.model.stiffness import fit_stiffness


class ElasticDecoder(GatedDecoder):
    r"""Decode eigenstrains, which the medium answers, and what cells do to their neighbors.

    .. math::
        \varepsilon^* = A c + R f(c) + N * u + H(u, c), \qquad
        b = B * c + S * \big(f(c) + f(2 \bar c - c)\big) + M * u, \qquad
        m = \Gamma(C) * \varepsilon^* + b

    with the gated latent :math:`u`, the noise and the hidden layers :math:`H` of every
    convolutional decoder. :math:`A` and :math:`R` see no neighbor; the residual blocks :math:`f`
    see a quarter of the shortest periodic axis of the grid of training, :math:`H` one cell more,
    :math:`N, B, S` and :math:`M` the nearest cells. Blocks of atoms share the bonds across their
    faces, and a block's stress has a part for these, :math:`b`: the kernels of :math:`B, S` and
    :math:`M` add up to zero, for uniform cells have no faces.

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
        hidden: NonNegativeInt = 24,
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

    def informed_by(self, physical: PhysicalOutputs) -> None:
        """Take up what the scaled stresses are in the world, and the symmetry of their law."""
        for name, medium in zip(self.split, self.media, strict=True):
            if isinstance(medium, Medium):
                scale = physical.scales.get(name)
                medium.informed_by(None if scale is None else scale.scale, physical.point_group)

    def begin_with(self, inputs: Batch, outputs: Batch) -> None:
        """Give the media the stiffness of the linear map that comes nearest to the data.

        Learned by steps alone it stays where it starts: what kernels of the nearest cells can
        stand in for on the waves that there are, they learn first.

        Parameters
        ----------
        inputs, outputs
            Scaled training samples, each ``(batch, component, x, y, z)``, missing values NaN.
        """
        for name, medium in zip(self.split, self.media, strict=True):
            if isinstance(medium, Medium):
                fit_stiffness(medium, inputs, outputs[name])

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
