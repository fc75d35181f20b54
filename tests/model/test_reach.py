import pytest
import torch

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.model.convolution import ConvolutionDecoder, ConvolutionEncoder, ConvolutionSmoother
from fieldvae.model.reach import grid_reach, smoother_reach

HEAT = FieldSpec(name="heat", units="W", tensor_kind="scalar")
LONG = 24
"""Cells of a grid on which nothing comes around."""


def seen(network, inputs, read):
    """Distances at which inputs change the output in the middle of a long grid."""
    field = torch.zeros(1, inputs, LONG, 1, 1, requires_grad=True)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter)
    for module in network.modules():  # a norm over the grid sees everything
        if isinstance(module, torch.nn.GroupNorm):
            module.forward = lambda values: values
    read(field + 0.1)[..., LONG // 2, 0, 0].sum().backward()
    change = field.grad.abs().sum((0, 1, 3, 4))
    where = (change > 1e-4 * change.max()).nonzero().ravel() - LONG // 2  # transforms round
    return where.abs().max().item()


@pytest.mark.parametrize("cells", [4, 8, 16])
@pytest.mark.parametrize("blocks", [1, 3])
class TestParts:
    def test_smoother_and_decoder_together_see_half_the_periodic_axis_at_most(self, cells, blocks):
        grid = Grid((cells,), periodic=(True,))
        width = ConditionSpec(3, "field")
        smoother = ConvolutionSmoother(HEAT, grid, width, channels=8, blocks=blocks)
        decoder = ConvolutionDecoder(
            [HEAT], grid, LatentSpec(2, "field"), {"a": width}, channels=8, blocks=blocks
        )
        noise = torch.zeros(1, 2, LONG, 1, 1)
        first = seen(smoother, 1, smoother)
        second = seen(decoder, 3, lambda c: decoder.given({"a": c})(noise)["heat"].mean)
        assert first <= smoother_reach(grid)
        assert 2 <= first + second <= cells // 2

    def test_encoder_sees_half_the_periodic_axis_at_most(self, cells, blocks):
        grid = Grid((cells,), periodic=(True,))
        encoder = ConvolutionEncoder(
            [HEAT], grid, LatentSpec(2, "field"), {}, channels=8, blocks=blocks
        )
        found = seen(encoder, 1, lambda y: encoder({"heat": y}).posterior.mean)
        assert 2 <= found <= cells // 2


@pytest.mark.parametrize(
    ("grid", "reach"),
    [
        (Grid((4, 4, 4), periodic=(True,) * 3), 2),
        (Grid((2, 2), periodic=(True, True)), 2),
        (Grid((12, 5), periodic=(True, False)), 6),
        (Grid((5,), periodic=(False,)), 16),
        (Grid((64,), periodic=(True,)), 16),
    ],
)
def test_reach_is_half_the_shortest_periodic_axis(grid, reach):
    assert grid_reach(grid) == reach
    assert 0 <= smoother_reach(grid) <= reach - 2
