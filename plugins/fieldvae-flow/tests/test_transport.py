import math

import torch
from fieldvae_flow import transport
from torch.testing import assert_close


class TestTransport:
    def test_follows_straight_paths_exactly(self, double):
        start, end = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
        for steps in (1, 7):
            assert_close(transport(lambda x, t: end - start, start, steps=steps), end)

    def test_collapses_onto_a_point_exactly(self, double):
        start = torch.tensor([-2.0, 0.5, 3.0])
        found = transport(lambda x, t: (1.0 - x) / (1 - t), start, steps=10)
        assert_close(found, torch.ones(3))

    def test_errs_by_the_square_of_the_step(self, double):
        def error(steps):
            start = torch.ones(1)
            carried = transport(lambda x, t: x * torch.cos(t), start, steps=steps)
            return abs(carried.item() - math.exp(math.sin(1)))

        assert 3.9 < error(80) / error(160) < 4.1

    def test_never_asks_at_the_end(self, double):
        seen = []
        transport(lambda x, t: seen.append(t.item()) or x, torch.zeros(1), steps=4)
        assert len(seen) == 8
        assert max(seen) == 0.875
