import numpy as np
import pytest

from fieldvae.evaluation.labeled import middle_slice
from fieldvae.grid import Grid


class TestMiddleSlice:
    @pytest.mark.parametrize(
        ("shape", "expected"), [((6,), (2, 6)), ((5, 4), (2, 5, 4)), ((3, 4, 5), (2, 3, 4))]
    )
    def test_leaves_what_a_picture_shows(self, shape, expected):
        grid = Grid(shape)
        assert middle_slice(np.zeros((2, *grid.shape3)), grid).shape == expected

    def test_takes_the_layer_in_the_middle_of_z(self):
        layers = np.broadcast_to(np.arange(5.0), (3, 4, 5))
        assert (middle_slice(layers, Grid((3, 4, 5))) == 2).all()
