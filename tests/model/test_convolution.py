import pytest
import torch
from torch.testing import assert_close

from fieldvae.grid import Grid
from fieldvae.model import layers
from fieldvae.model.convolution import ConvolutionDecoder
from fieldvae.model.layers import GridConv

GRIDS = [
    Grid((4, 4, 4), periodic=(True, True, True)),
    Grid((4, 4, 4)),
    Grid((5, 2, 1), periodic=(True, False, True)),
    Grid((4, 3), periodic=(True, True)),
    Grid((6,), periodic=(True,)),
    Grid((6,)),
]


def with_hidden(*handed):
    return ConvolutionDecoder(*handed, hidden=5)


def without_hidden(*handed):
    return ConvolutionDecoder(*handed, hidden=0)


def shifted(fields, shift):
    return {name: values.roll(shift, (2, 3, 4)) for name, values in fields.items()}


class TestGridConv:
    @pytest.mark.parametrize("grid", GRIDS, ids=str)
    def test_keeps_the_grid(self, grid):
        field = torch.randn(2, 3, *grid.shape3)
        assert GridConv(3, 5, grid)(field).shape == (2, 5, *grid.shape3)

    def test_has_no_weights_across_absent_axes(self):
        assert GridConv(2, 2, Grid((4, 4))).weight.shape == (2, 2, 3, 3, 1)

    def test_is_the_same_map_on_small_and_on_large_grids(self, cube, monkeypatch):
        layer = GridConv(3, 5, cube)
        field = torch.randn(2, 3, 4, 4, 4)
        small = layer(field)
        monkeypatch.setattr(layers, "SMALL", 0)
        assert_close(layer(field), small)

    def test_wraps_around_periodic_axes_only(self):
        grid = Grid((5, 5), periodic=(True, False))
        layer = GridConv(1, 1, grid)
        field = torch.zeros(1, 1, 5, 5, 1)
        field[..., 0, 0, 0] = 1
        reached = (layer(field) - layer(0 * field))[0, 0, :, :, 0].abs() > 1e-12
        assert reached.any(1).tolist() == [True, True, False, False, True]
        assert reached.any(0).tolist() == [True, True, False, False, False]


class TestTheConvolutionalModel:
    @pytest.mark.parametrize("grid", GRIDS, ids=str)
    def test_serves_every_grid(self, grid, build, draw):
        model = build(grid)
        forward = model(*draw(grid))
        assert forward.encoding.posterior.mean.shape == (5, 3, *grid.shape3)
        assert forward.realize(2)["stress"].shape == (2, 5, 6, *grid.shape3)

    def test_commutes_with_translations(self, cube, build, draw, scramble):
        model, shift = scramble(build(cube)).eval(), (1, 2, 3)
        inputs, outputs = draw(cube)
        conditions = model.smooth(inputs)
        moved = model.smooth(shifted(inputs, shift))
        assert_close(moved, shifted(conditions, shift))
        encoding, latent = model.encode(outputs), torch.randn(5, 3, 4, 4, 4)
        recovered = model.encode(shifted(outputs, shift)).recovered
        assert_close(recovered, shifted(encoding.recovered, shift))
        law = model.decode(latent, conditions)
        other = model.decode(latent.roll(shift, (2, 3, 4)), moved)
        for name in law:
            assert_close(other[name].mean, law[name].mean.roll(shift, (2, 3, 4)))

    def test_serves_shapes_it_was_not_built_for(self, cube, build, draw, scramble):
        model = scramble(build(cube))
        assert model.any_shape
        inputs, _ = draw(cube)
        doubled = {name: values.repeat(1, 1, 2, 1, 1) for name, values in inputs.items()}
        expected = {n: c.repeat(1, 1, 2, 1, 1) for n, c in model.smooth(inputs).items()}
        assert_close(model.smooth(doubled), expected)

    @pytest.mark.parametrize("grid", GRIDS, ids=str)
    def test_with_a_hidden_layer_starts_as_without(self, grid, build, draw):
        model, latent = build(grid, decoder=with_hidden), torch.randn(10, 3, *grid.shape3)
        given = {n: c.repeat(2, 1, 1, 1, 1) for n, c in model.smooth(draw(grid)[0]).items()}
        law = model.decode(latent, given)
        model.decoder.hidden = None
        assert_close(law["heat"].mean, model.decode(latent, given)["heat"].mean)

    def test_is_linear_in_the_latent_without_a_hidden_layer_alone(
        self, cube, build, draw, scramble
    ):
        inputs, latent = draw(cube)[0], torch.randn(5, 3, 4, 4, 4)
        for decoder, linear in [(without_hidden, True), (with_hidden, False)]:
            model = scramble(build(cube, decoder=decoder))
            conditions = model.smooth(inputs)
            at = [model.decode(a * latent, conditions)["heat"].mean for a in (-1.0, 0.0, 1.0)]
            assert torch.allclose(at[0] + at[2], 2 * at[1]) == linear

    def test_a_step_of_adam_moves_gates_little(self, cube, build, draw, scramble):
        model = build(cube)
        decoder, conditions = model.decoder, model.smooth(draw(cube)[0])
        features = decoder.trunk(torch.cat([*conditions.values()], 1)).detach()
        optimizer = torch.optim.Adam(decoder.gate.parameters(), lr=1.5e-3)
        decoder.gate(features).sum().backward()  # every weight pulls the same way
        optimizer.step()
        moved = decoder.gate(features).abs().max()
        assert moved / decoder.inertia < 5e-3 < moved

    def test_works_with_vectors_but_on_its_own_grid_alone(self, cube, build, draw):
        model = build(cube, layout="vector")
        forward = model(*draw(cube))
        assert forward.encoding.posterior.mean.shape == (5, 3)
        assert forward.conditions["flow"].shape == (5, 4)
        assert forward.reconstruction["stress"].mean.shape == (5, 6, 4, 4, 4)
        assert not model.any_shape

    def test_a_vector_tells_cells_apart(self, cube, build, draw, scramble):
        model = scramble(build(cube, layout="vector"))
        law = model.decode(torch.randn(5, 3), model.smooth(draw(cube)[0]))
        assert law["heat"].mean.std((2, 3, 4)).min() > 1e-3
