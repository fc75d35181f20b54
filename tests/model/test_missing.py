import pytest
import torch
from torch import nn
from torch.testing import assert_close

from fieldvae import FieldSpec, Grid
from fieldvae.contract import AffineScale, ConditionSpec, LatentSpec
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.model import losses, physics, scores
from fieldvae.model.convolution import ConvolutionDecoder, ConvolutionEncoder, ConvolutionSmoother
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.model.deterministic import DeterministicNetwork
from fieldvae.model.pointwise import PointwiseSmoother
from fieldvae.model.priors import StandardPrior

GRID = Grid((4, 3), periodic=(True, False))
DENSITY = FieldSpec(name="density", units="1", mask=True)
LOAD = FieldSpec(name="load", units="N", on="sample", mask=True)
FLOW = FieldSpec(name="flow", units="m/s", tensor_kind="vector", components=("x", "y"), mask=True)
HEAT = FieldSpec(name="heat", units="K")
UNIT = {
    f.name: AffineScale(torch.zeros(f.channels, 1, 1, 1), torch.ones(f.channels, 1, 1, 1))
    for f in (FLOW, HEAT)
}


class Shifted(nn.Module):
    """A decoder to whose means something is added, in every cell."""

    any_shape = True

    def __init__(self, decoder, shift):
        super().__init__()
        self.decoder, self.shift = decoder, shift

    def forward(self, latent, conditions):
        laws = self.decoder(latent, conditions)
        shifted = {n: law.mean + self.shift[n] for n, law in laws.items()}
        return {n: DiagonalGaussian(shifted[n], law.log_variance) for n, law in laws.items()}


@pytest.fixture
def model(scramble):
    torch.manual_seed(0)
    latent = LatentSpec(2, "field")
    conditions = {"density": ConditionSpec(3, "field"), "load": ConditionSpec(2, "field")}
    decoder = ConvolutionDecoder([FLOW, HEAT], GRID, latent, conditions, channels=8, blocks=1)
    shift = {f.name: torch.zeros(1, f.channels, *GRID.shape3) for f in (FLOW, HEAT)}
    return scramble(
        ConditionalVAE(
            [DENSITY, LOAD],
            [FLOW, HEAT],
            GRID,
            smoothers={
                "density": ConvolutionSmoother(DENSITY, GRID, conditions["density"], channels=8),
                "load": PointwiseSmoother(LOAD, GRID, conditions["load"], channels=8),
            },
            encoder=ConvolutionEncoder([FLOW, HEAT], GRID, latent, conditions, channels=8),
            decoder=Shifted(decoder, shift),
            prior=StandardPrior(GRID, latent, conditions),
            scales=UNIT,
        )
    )


@pytest.fixture
def batch():
    """Three samples; holes are those of one component, of a cell, of a whole input."""
    chance = torch.Generator().manual_seed(1)
    inputs = {
        "density": torch.randn(3, 1, *GRID.shape3, generator=chance),
        "load": torch.randn(3, 1, 1, 1, 1, generator=chance),
    }
    outputs = {
        "flow": torch.randn(3, 2, *GRID.shape3, generator=chance),
        "heat": torch.randn(3, 1, *GRID.shape3, generator=chance),
    }
    inputs["density"][0, 0, 1, 2, 0] = torch.nan
    inputs["load"][1] = torch.nan
    outputs["flow"][:, 1, 2, 0, 0] = torch.nan
    outputs["flow"][:, :, 3, 1, 0] = torch.nan
    return inputs, outputs


LOSSES = {
    "reconstruction": losses.reconstruction,
    "squared_error": losses.squared_error,
    "energy_score": scores.energy_score,
    "local_score": scores.local_score,
    "spectral_score": scores.spectral_score,
    "spectrum": physics.spectrum,
}


class TestMissingOutputs:
    @pytest.mark.parametrize("name", LOSSES)
    def test_have_no_part_in_a_loss(self, model, batch, name):
        inputs, outputs = batch
        shift = model.decoder.shift
        for each in shift.values():
            each.requires_grad_()
        loss = LOSSES[name](model(inputs, outputs, torch.Generator().manual_seed(2)))
        found = torch.autograd.grad(loss, [shift["flow"], shift["heat"]])
        missing = outputs["flow"].isnan().all(0, keepdim=True)
        assert torch.isfinite(loss)
        assert not found[0][missing].any()
        assert found[0][~missing].all()
        assert found[1].all()

    def test_leave_the_density_of_those_that_are_known(self, model, batch):
        inputs, outputs = batch
        forward = model(inputs, outputs, torch.Generator().manual_seed(2))
        law = forward.reconstruction["flow"]
        known = ~outputs["flow"].isnan()
        whole = DiagonalGaussian(law.mean, law.log_variance.expand_as(law.mean))
        each = whole.log_prob(outputs["flow"].nan_to_num())
        expected = torch.stack([p[k].sum() for p, k in zip(each, known, strict=True)])
        assert_close(forward.log_density("flow"), expected)

    def test_are_zero_and_told_to_a_loss(self, model, batch):
        inputs, outputs = batch
        forward = model(inputs, outputs, torch.Generator().manual_seed(2))
        missing = outputs["flow"].isnan()
        assert set(forward.known) == {"flow"}
        assert_close(forward.known["flow"], (~missing).to(torch.float64))
        for seen in (forward.outputs["flow"], forward.reconstruction["flow"].mean):
            assert not seen[missing].any()
        assert not forward.realize(2)["flow"][:, missing].any()
        assert not any(x.isnan().any() for x in forward.inputs.values())

    def test_have_no_part_in_the_error_of_a_deterministic_network(self, model, batch):
        inputs, outputs = batch
        shift = model.decoder.shift["flow"].requires_grad_()
        loss = losses.squared_error(DeterministicNetwork(model)(inputs, outputs))
        (found,) = torch.autograd.grad(loss, [shift])
        missing = outputs["flow"].isnan().all(0, keepdim=True)
        assert not found[missing].any()
        assert found[~missing].all()

    def test_leave_other_samples_as_they_are(self, model, batch):
        _, outputs = batch
        whole = {n: y.clone() for n, y in outputs.items()}
        whole["flow"][0] = 1.0
        found, expected = (model.encode(y).posterior.mean[1:] for y in (outputs, whole))
        assert_close(found, expected, rtol=0, atol=0)


class TestMissingInputs:
    def test_are_the_mean_but_for_the_mask(self, model, batch):
        inputs, _ = batch
        filled = {n: x.nan_to_num(nan=0.0) for n, x in inputs.items()}
        found, other = model.smooth(inputs), model.smooth(filled)
        assert not torch.allclose(found["density"][0], other["density"][0])
        assert not torch.allclose(found["load"][1], other["load"][1])
        assert_close(found["density"][1:], other["density"][1:], rtol=0, atol=0)
        with torch.no_grad():
            first = model.smoothers[0].trunk[0].weight
            first[:, 1] = 0  # the mask's channel
        assert_close(model.smooth(inputs)["density"], model.smooth(filled)["density"])

    def test_are_filled_for_a_smoother_that_sees_no_mask(self, model, batch):
        inputs, _ = batch
        given = []

        class Blind(nn.Module):
            any_shape = True

            def forward(self, field):
                given.append(field)
                return field.expand(-1, 3, *GRID.shape3)

        model.smoothers[0] = Blind()
        model.smooth(inputs)
        assert_close(given[0], inputs["density"].nan_to_num(nan=0.0), rtol=0, atol=0)
