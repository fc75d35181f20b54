import pytest
import torch
from torch.testing import assert_close

from fieldvae.grid import Grid
from fieldvae.model.far import FarConv, scales
from fieldvae.model.layers import GridConv


def reached(grid, cells):
    """Cells along x that one cell in the middle changes, on a longer grid of the same kind."""
    layer = FarConv(1, 1, grid)
    field = torch.zeros(1, 1, cells, *grid.shape3[1:])
    field[:, :, cells // 2] = 1
    changed = (layer(field) - layer(0 * field)).abs().amax((0, 1, 3, 4)) > 1e-9
    return changed.nonzero().flatten() - cells // 2


class TestScales:
    def test_are_one_where_a_few_cells_repeat(self):
        assert scales(Grid((4, 4, 4), periodic=(True,) * 3)) == [(1, 1, 1)]

    def test_leave_out_short_axes(self):
        grid = Grid((16, 16, 3), periodic=(True, True, False))
        assert scales(grid) == [(1, 1, 1), (2, 2, 0), (4, 4, 0)]


class TestFarConv:
    @pytest.mark.parametrize("cells", [4, 7, 8, 16, 20])
    def test_sees_no_repeating_cell_twice(self, cells):
        places = reached(Grid((cells,), periodic=(True,)), 4 * cells)
        assert places.max() == -places.min()
        assert places.max() <= cells // 2

    def test_sees_a_grid_with_ends_all_along(self):
        places = reached(Grid((32,)), 101)
        assert (places.min(), places.max()) == (-31, 31)

    def test_is_a_convolution_where_a_few_cells_repeat(self):
        grid = Grid((4, 4), periodic=(True, True))
        far, near = FarConv(3, 2, grid), GridConv(3, 2, grid)
        near.load_state_dict(far.kernels[0].state_dict())
        field = torch.randn(2, 3, 4, 4, 1)
        assert_close(far(field), near(field))

    def test_moves_with_the_field_along_repeating_axes(self):
        layer = FarConv(2, 3, Grid((8, 6), periodic=(True, False)))
        field = torch.randn(2, 2, 8, 6, 1)
        assert_close(layer(field.roll(3, 2)), layer(field).roll(3, 2))

    def test_serves_grids_smaller_than_its_kernels(self):
        layer = FarConv(1, 1, Grid((32,), periodic=(True,)))
        assert layer(torch.randn(1, 1, 3, 1, 1)).shape == (1, 1, 3, 1, 1)

    def test_is_the_same_on_either_side_of_an_end(self):
        layer = FarConv(1, 1, Grid((16,)))
        for kernel in layer.kernels:
            kernel.weight.data += kernel.weight.data.flip(2)
        field = torch.randn(1, 1, 16, 1, 1)
        assert_close(layer(field.flip(2)), layer(field).flip(2))

    def test_makes_long_waves_of_white_noise(self):
        """Kernels of one cell each leave what the smoothing makes: far from white."""
        layer = FarConv(1, 1, Grid((64,), periodic=(True,)))
        with torch.no_grad():
            for kernel in layer.kernels:
                kernel.weight.zero_()
                kernel.weight[..., 1, :, :] = 1
        power = torch.fft.fft(layer(torch.randn(500, 1, 64, 1, 1)), dim=2).abs().square().mean(0)
        assert power[0, 1].item() > 100 * power[0, 32].item()
