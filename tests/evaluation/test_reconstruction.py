import numpy as np
import pytest

from fieldvae.evaluation.accuracy import relative_error
from fieldvae.evaluation.reconstruction import PARITY_POINTS, reconstruction_data
from fieldvae.evaluation.scale import ComponentScale
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid

FIELD = FieldSpec(name="flux", units="m/s", tensor_kind="set", components=("in", "out"))
SCALE = ComponentScale(np.array([2.0, 0.5]), np.array([-5.0, -1.0]), np.array([5.0, 1.0]))


def shown(grid, truth, estimate, samples=(1, 0)):
    return reconstruction_data(
        FIELD,
        truth,
        estimate,
        shown=samples,
        grid=grid,
        scale=SCALE,
        generator=np.random.default_rng(0),
    )


@pytest.fixture(params=[(7,), (5, 4), (4, 3, 3)], ids=str)
def grid(request):
    return Grid(request.param)


@pytest.fixture
def truth(grid):
    generator = np.random.default_rng(0)
    spread = SCALE.spread.reshape(-1, 1, 1, 1)
    return spread * generator.standard_normal((30, 2, *grid.shape3))


class TestReconstructionData:
    def test_shows_the_samples_asked_for(self, grid, truth):
        found = shown(grid, truth, 2 * truth)["flux.reconstruction"]
        assert found.dims == ("shown", "flux_component", *grid.axes[:2])
        middle = grid.shape3[2] // 2
        flat = (2 * truth)[1, :, :, :, middle].reshape(2, *grid.shape[:2])
        np.testing.assert_allclose(found[0], flat, rtol=1e-6)

    def test_tells_every_samples_relative_error(self, grid, truth):
        found = shown(grid, truth, truth + 0.1)
        expected, _ = relative_error(truth, truth + 0.1, low=SCALE.low, high=SCALE.high)
        np.testing.assert_allclose(found["flux.reconstruction_mre"], expected)

    def test_densities_hold_nearly_all_values(self, grid, truth):
        found = shown(grid, truth, 0.5 * truth)
        width = np.diff(found["flux.pooled_edges"])
        for name in ("flux.pooled_truth", "flux.pooled"):
            assert float((found[name] * width).sum()) == pytest.approx(1, abs=0.01)

    def test_a_reconstruction_of_half_the_spread_has_a_density_of_half_the_width(self, grid, truth):
        found = shown(grid, truth, 0.5 * truth)
        edges = found["flux.pooled_edges"].values
        middles = 0.5 * (edges[1:] + edges[:-1])
        spreads = [
            np.sqrt((found[name] * middles**2).sum() * np.diff(edges)[0])
            for name in ("flux.pooled_truth", "flux.pooled")
        ]
        assert float(spreads[0]) == pytest.approx(1, abs=0.1)
        assert float(spreads[1] / spreads[0]) == pytest.approx(0.5, abs=0.05)

    def test_draws_points_of_both_at_once(self, grid, truth):
        found = shown(grid, truth, 3 * truth)
        assert found["flux.parity"].shape[1] <= PARITY_POINTS
        np.testing.assert_allclose(found["flux.parity"], 3 * found["flux.parity_truth"])

    def test_holds_a_single_constant_sample(self, grid):
        same = np.ones((1, 2, *grid.shape3))
        found = shown(grid, same, same, samples=(0,))
        assert bool(np.isfinite(found["flux.pooled_edges"]).all())
