import pytest
import torch
from torch import nn

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.errors import OptionError, ShapeError
from fieldvae.field import FieldSpec
from fieldvae.model.cvae import ConditionalVAE
from fieldvae.model.dense import PaperDecoder, PaperEncoder, PaperSmoother
from fieldvae.model.priors import StandardPrior

PAIR = FieldSpec(name="pair", units="1", tensor_kind="set", components=("a", "b"))
NINE = FieldSpec(name="nine", units="1", tensor_kind="set", components=tuple("abcdefghi"))
STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric")


def paper(grid, *, condition=150, latent=300, smoother=None, encoder=None, decoder=None):
    inputs, outputs = [PAIR, NINE], [STRESS]
    conditions = {field.name: ConditionSpec(condition, "vector") for field in inputs}
    width = LatentSpec(latent, "vector")
    return ConditionalVAE(
        inputs,
        outputs,
        grid,
        smoothers={
            f.name: PaperSmoother(f, grid, conditions[f.name], **(smoother or {})) for f in inputs
        },
        encoder=PaperEncoder(outputs, grid, width, conditions, **(encoder or {})),
        decoder=PaperDecoder(outputs, grid, width, conditions, **(decoder or {})),
        prior=StandardPrior(grid, width, conditions),
        decode="recovered",
    )


@pytest.fixture
def small(cube):
    return paper(
        cube,
        condition=5,
        latent=7,
        smoother={"channels": 4, "width": 2},
        encoder={"channels": (3, 4), "width": 2, "head": (2, 1)},
        decoder={"widths": (2, 2)},
    )


def batch(size=6):
    inputs = {"pair": torch.randn(size, 2, 4, 4, 4), "nine": torch.randn(size, 9, 4, 4, 4)}
    return inputs, {"stress": torch.rand(size, 6, 4, 4, 4)}


class TestThePaperNetwork:
    def test_has_the_weights_of_table_1(self, cube):
        with torch.device("meta"):
            model = paper(cube)
        assert sum(weight.numel() for weight in model.parameters()) == 279_985_280

    def test_keeps_conditions_and_outputs_within_the_unit_interval(self, small):
        forward = small(*batch())
        for values in (*forward.conditions.values(), forward.reconstruction["stress"].mean):
            assert ((values >= 0) & (values <= 1)).all()

    def test_leaves_mean_and_log_variance_bare(self, small):
        for head in (small.encoder.mean, small.encoder.log_variance):
            assert isinstance(head[-1], nn.Linear)

    def test_starts_with_xavier_normal_weights_of_gain_1_2_and_zero_biases(self, small):
        layer = small.decoder.layers[3]
        expected = 1.2 * (2 / sum(layer.weight.shape)) ** 0.5
        assert abs(layer.weight.std().item() / expected - 1) < 0.05
        assert not layer.bias.any()

    def test_decodes_recovered_conditions_and_realizes_smoothed_ones(self, small):
        inputs, outputs = batch()
        forward = small(inputs, outputs)
        forward.reconstruction["stress"].mean.sum().backward(retain_graph=True)
        assert all(weight.grad is None for weight in small.smoothers.parameters())
        forward.realize(2)["stress"].sum().backward()
        assert all(weight.grad is not None for weight in small.smoothers.parameters())

    def test_refuses_another_grid(self, small):
        with pytest.raises(
            ShapeError, match=r"pair has shape \(1, 2, 5, 4, 4\); expected .*4, 4, 4"
        ):
            small.smooth({"pair": torch.zeros(1, 2, 5, 4, 4), "nine": torch.zeros(1, 9, 5, 4, 4)})

    def test_refuses_fields_for_conditions(self, cube):
        with pytest.raises(OptionError, match=r"smoother 'paper'.*layout: vector"):
            PaperSmoother(PAIR, cube, ConditionSpec(4, "field"))
