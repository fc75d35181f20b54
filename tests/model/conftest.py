"""A small conditional VAE of convolutional parts, in double precision."""

from __future__ import annotations

import pytest
import torch

from fieldvae.contract import AffineScale, ConditionSpec, LatentSpec
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.model.convolution import (
    ConvolutionDecoder,
    ConvolutionEncoder,
    ConvolutionSmoother,
)
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.model.priors import StandardPrior

DENSITY = FieldSpec(name="density", units="1")
FLOW = FieldSpec(name="flow", units="m/s", tensor_kind="vector")
STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="zero-mean")
HEAT = FieldSpec(name="heat", units="K")


@pytest.fixture(autouse=True)
def double_precision_on_one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_num_threads(threads)


@pytest.fixture
def cube() -> Grid:
    return Grid((4, 4, 4), periodic=(True, True, True))


@pytest.fixture
def build():
    """Build a model of density and flow -> stress and heat, from the parts given."""

    def make(
        grid,
        *,
        smoother=ConvolutionSmoother,
        encoder=ConvolutionEncoder,
        decoder=ConvolutionDecoder,
        prior=StandardPrior,
        layout="field",
        seed=0,
        **options,
    ) -> ConditionalVAE:
        torch.manual_seed(seed)
        inputs, outputs = [DENSITY, FLOW], [STRESS, HEAT]
        latent = LatentSpec(3, layout)
        conditions = {field.name: ConditionSpec(4, layout) for field in inputs}
        return ConditionalVAE(
            inputs,
            outputs,
            grid,
            smoothers={
                field.name: smoother(field, grid, conditions[field.name]) for field in inputs
            },
            encoder=None if encoder is None else encoder(outputs, grid, latent, conditions),
            decoder=decoder(outputs, grid, latent, conditions),
            prior=prior(grid, latent, conditions),
            scales={
                "stress": AffineScale(torch.full((6, 1, 1, 1), -0.5), torch.full((6, 1, 1, 1), 2.0))
            },
            **options,
        )

    return make


@pytest.fixture
def draw():
    """Draw inputs and outputs of the model on a grid; stresses have the mean of their zero."""

    def make(grid, batch=5, seed=1):
        chance = torch.Generator().manual_seed(seed)
        shape = grid.shape3
        inputs = {
            "density": torch.randn(batch, 1, *shape, generator=chance),
            "flow": torch.randn(batch, 3, *shape, generator=chance),
        }
        stress = torch.randn(batch, 6, *shape, generator=chance)
        outputs = {
            "stress": stress - stress.mean((2, 3, 4), keepdim=True) + 0.25,
            "heat": torch.randn(batch, 1, *shape, generator=chance),
        }
        return inputs, outputs

    return make


@pytest.fixture
def scramble():
    """Set every weight to a random value, so that nothing is zero as it is at the start."""

    def change(module, seed=2):
        chance = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in module.parameters():
                scale = 0.3 if weight.ndim < 2 else weight[0].numel() ** -0.5
                weight.copy_(scale * torch.randn(weight.shape, generator=chance))
        return module

    return change
