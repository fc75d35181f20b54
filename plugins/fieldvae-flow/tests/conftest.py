"""A decoder of two outputs in double precision, and something to feed it with."""

from __future__ import annotations

import pytest
import torch
from fieldvae_flow import FlowDecoder

from fieldvae import ConditionSpec, FieldSpec, Grid, LatentSpec

STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="zero-mean")
HEAT = FieldSpec(name="heat", units="K")
CONDITIONS = {"density": ConditionSpec(4, "field"), "force": ConditionSpec(3, "field")}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def double():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def build(double):
    """Build a decoder of stress and heat, every weight drawn so that nothing is zero."""

    def make(grid: Grid, *, at_start: bool = False, **options) -> FlowDecoder:
        torch.manual_seed(0)
        decoder = FlowDecoder(
            [STRESS, HEAT], grid, LatentSpec(7, "field"), CONDITIONS, channels=8, **options
        )
        if not at_start:
            with torch.no_grad():
                for weight in decoder.parameters():
                    scale = 0.3 if weight.ndim < 2 else weight[0].numel() ** -0.5
                    weight.normal_().mul_(scale)
        return decoder.eval()

    return make


@pytest.fixture
def draw(double):
    """Draw latents, count by count, and conditions."""

    def make(grid: Grid, *, batch: int = 3, count: int = 1):
        chance = torch.Generator().manual_seed(1)
        cells = grid.shape3
        latent = torch.randn(count * batch, 7, *cells, generator=chance)
        conditions = {
            name: torch.randn(batch, *spec.shape(grid), generator=chance)
            for name, spec in CONDITIONS.items()
        }
        return latent, conditions

    return make
