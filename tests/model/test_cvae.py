import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from fieldvae.errors import OptionError, ShapeError
from fieldvae.gaussian import DiagonalGaussian
from fieldvae.model.convolution import ConvolutionDecoder
from fieldvae.model.priors import ConvolutionPrior


class RepeatingDecoder(nn.Module):
    """A stranger's decoder without ``given``: it sees as many conditions as latents."""

    def __init__(self, *handed):
        super().__init__()
        self.ours = ConvolutionDecoder(*handed)

    def forward(self, latent, conditions):
        assert all(len(condition) == len(latent) for condition in conditions.values())
        return self.ours(latent, conditions)


class MisshapenDecoder(nn.Module):
    def __init__(self, *handed):
        super().__init__()

    def forward(self, latent, conditions):
        flat = torch.zeros(len(latent), 7)
        return {"stress": DiagonalGaussian(flat), "heat": DiagonalGaussian(flat)}


class TestConditionalVAE:
    def test_realizes_every_output_count_by_count(self, cube, build, draw):
        model = build(cube)
        drawn = model.realize(model.smooth(draw(cube)[0]), 3)
        assert {name: tuple(values.shape) for name, values in drawn.items()} == {
            "stress": (3, 5, 6, 4, 4, 4),
            "heat": (3, 5, 1, 4, 4, 4),
        }

    def test_keeps_the_mean_of_a_closed_field_in_means_and_realizations(
        self, cube, build, draw, scramble
    ):
        model = scramble(build(cube))
        forward = model(*draw(cube))
        expected = torch.full((5, 6), 0.25)
        assert_close(forward.reconstruction["stress"].mean.mean((2, 3, 4)), expected)
        assert_close(forward.realize(2)["stress"].mean((3, 4, 5)), expected.expand(2, 5, 6))
        assert forward.realize(2)["heat"].mean((3, 4, 5)).abs().min() > 1e-6

    def test_samples_the_noise_of_the_law(self, cube, build, draw, scramble):
        model = scramble(build(cube))
        with torch.no_grad():
            for kernel in (*model.decoder.noise.kernels, model.decoder.hidden.out):
                kernel.weight.zero_()
            model.decoder.log_variance.fill_(0.0)
            spread = model.realize(model.smooth(draw(cube)[0]), 400)
        deviation = model.decoder(torch.zeros(1, 3, 4, 4, 4), model.smooth(draw(cube, 1)[0]))
        sigma = deviation["heat"].stddev.mean().item()
        assert_close(spread["heat"].std(0).mean().item(), sigma, rtol=0.02, atol=0)
        lost = (63 / 64) ** 0.5
        assert_close(spread["stress"].std(0).mean().item(), lost * sigma, rtol=0.02, atol=0)

    def test_draws_a_stranger_s_decoder_alike(self, cube, build, draw):
        inputs, _ = draw(cube)
        drawn = []
        for decoder in (ConvolutionDecoder, RepeatingDecoder):
            model = build(cube, decoder=decoder)
            chance = torch.Generator().manual_seed(3)
            drawn.append(model.realize(model.smooth(inputs), 3, chance))
        assert_close(drawn[0], drawn[1])

    def test_couples_no_samples_in_evaluation(self, cube, build, draw, scramble):
        model = scramble(build(cube, prior=ConvolutionPrior)).eval()
        inputs, outputs = draw(cube)
        conditions, encoding = model.smooth(inputs), model.encode(outputs)
        one = slice(2, 3)
        alone = model.smooth({name: values[one] for name, values in inputs.items()})
        assert_close(alone, {name: c[one] for name, c in conditions.items()})
        recovered = model.encode({name: values[one] for name, values in outputs.items()}).recovered
        assert_close(recovered, {name: c[one] for name, c in encoding.recovered.items()})
        latent = torch.randn(5, 3, 4, 4, 4)
        law = model.decode(latent[one], alone)["heat"].mean
        assert_close(law, model.decode(latent, conditions)["heat"].mean[one])

    def test_lets_the_decoder_s_loss_reach_the_smoothers(self, cube, build, draw):
        model = build(cube)
        forward = model(*draw(cube))
        forward.log_density("stress").sum().backward()
        assert all(weight.grad is not None for weight in model.smoothers.parameters())

    def test_decodes_recovered_conditions_where_told_to(self, cube, build, draw):
        model = build(cube, decode="recovered")
        forward = model(*draw(cube))
        forward.log_density("heat").sum().backward()
        assert all(weight.grad is None for weight in model.smoothers.parameters())

    def test_draws_the_same_from_the_same_generator(self, cube, build, draw):
        model, (inputs, outputs) = build(cube), draw(cube)
        seeds = [torch.Generator().manual_seed(4) for _ in range(2)]
        one, two = (model(inputs, outputs, generator=seed).realize(2) for seed in seeds)
        assert_close(one, two, rtol=0, atol=0)

    def test_hands_its_decoder_and_source_of_chance_to_losses(self, cube, build, draw):
        model, chance = build(cube), torch.Generator()
        forward = model(*draw(cube), chance)
        assert forward.decoder is model.decoder
        assert forward.generator is chance

    def test_without_an_encoder_only_realizes(self, cube, build, draw):
        model = build(cube, encoder=None)
        forward = model(*draw(cube))
        assert forward.encoding is None
        assert forward.reconstruction is None
        assert forward.realize(2)["heat"].shape == (2, 5, 1, 4, 4, 4)
        with pytest.raises(OptionError, match="no encoder"):
            model.encode(draw(cube)[1])

    def test_encoder_in_training_sees_outputs_through_noise(self, cube, build, draw):
        model, (inputs, outputs) = build(cube, encoder_noise=0.5), draw(cube)
        seen = []
        model.encoder.register_forward_pre_hook(lambda _, handed: seen.append(handed[0]))
        outputs["stress"][0, 2] = torch.nan
        for training in (True, False):
            model.train(training)(inputs, outputs, torch.Generator().manual_seed(1))
        noisy, plain = seen
        assert_close(plain["heat"], outputs["heat"], rtol=0, atol=0)
        added = noisy["heat"] - outputs["heat"]
        assert added.std().item() == pytest.approx(0.5, rel=0.1)
        assert not noisy["stress"].isfinite()[0, 2].any()
        assert noisy["stress"].isfinite()[1:].all()

    def test_encoder_without_noise_sees_outputs_as_they_are(self, cube, build, draw):
        model, (inputs, outputs) = build(cube).train(), draw(cube)
        seen = []
        model.encoder.register_forward_pre_hook(lambda _, handed: seen.append(handed[0]))
        model(inputs, outputs)
        assert_close(seen[0], outputs, rtol=0, atol=0)

    def test_tells_its_decoder_what_it_may_know(self, cube, build, draw):
        told = {}

        class Curious(ConvolutionDecoder):
            def informed_by(self, physical):
                told["physical"] = physical

            def begin_with(self, inputs, outputs):
                told["samples"] = (inputs, outputs)

        group = np.stack([np.eye(3), -np.eye(3)])
        model, samples = build(cube, decoder=Curious, point_group=group), draw(cube)
        assert told["physical"].scales["stress"].scale.unique().tolist() == [2.0]
        assert told["physical"].point_group is group
        assert "samples" not in told
        model.begin_with(*samples)
        assert told["samples"] == samples
        build(cube).begin_with(*samples)  # a decoder that does not ask is not told

    def test_refuses_recovered_conditions_without_an_encoder(self, cube, build):
        with pytest.raises(OptionError, match="decode: smoothed"):
            build(cube, encoder=None, decode="recovered")

    def test_names_the_shape_it_refuses(self, cube, build, draw):
        inputs = {**draw(cube)[0], "density": torch.zeros(2, 2, 4, 4, 4)}
        with pytest.raises(ShapeError, match=r"density has shape \(2, 2, 4, 4, 4\); .*component=1"):
            build(cube).smooth(inputs)

    def test_names_the_shape_that_a_decoder_gets_wrong(self, cube, build, draw):
        with pytest.raises(ShapeError, match=r"stress has shape \(5, 7\)"):
            build(cube, decoder=MisshapenDecoder)(*draw(cube))


@pytest.mark.parametrize("reconstruct", ["joint", "encoder"])
@pytest.mark.parametrize("decode", ["smoothed", "recovered"])
def test_what_the_reconstruction_trains(cube, build, draw, scramble, reconstruct, decode):
    model = scramble(
        build(cube, reconstruct=reconstruct, decode=decode, prior=ConvolutionPrior)
    ).eval()
    forward = model(*draw(cube), torch.Generator().manual_seed(1))
    (
        forward.log_density("heat").sum() + forward.encoding.posterior.kl(forward.prior).sum()
    ).backward()

    def learns(part):
        return any(p.grad is not None and p.grad.abs().max() > 0 for p in part.parameters())

    assert learns(model.encoder)
    joint = reconstruct == "joint"
    assert learns(model.decoder) == learns(model.prior) == joint
    assert learns(model.smoothers) == joint


def test_reconstruction_is_the_same_whatever_it_trains(cube, build, draw, scramble):
    model, chance = scramble(build(cube)).eval(), torch.Generator()
    fields = draw(cube)
    joint = model(*fields, chance.manual_seed(1)).reconstruction
    model.joint = False
    alone = model(*fields, chance.manual_seed(1)).reconstruction
    for name in joint:
        assert_close(alone[name].mean, joint[name].mean)
