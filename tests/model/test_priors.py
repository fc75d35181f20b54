import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import ConditionSpec, LatentSpec
from fieldvae.errors import OptionError
from fieldvae.model.priors import ConvolutionPrior, StandardPrior

FIELDS = {"density": ConditionSpec(4, "field"), "flow": ConditionSpec(2, "field")}


def conditions(*shape):
    return {"density": torch.randn(5, 4, *shape), "flow": torch.randn(5, 2, *shape)}


class TestStandardPrior:
    def test_has_the_cells_of_the_conditions(self, cube):
        law = StandardPrior(cube, LatentSpec(3, "field"), FIELDS)(conditions(8, 4, 4))
        assert law.mean.shape == (5, 3, 8, 4, 4)
        assert not law.mean.any()
        assert not law.log_variance.any()

    def test_of_a_vector_has_no_cells(self, cube):
        vectors = {"flow": ConditionSpec(2, "vector")}
        law = StandardPrior(cube, LatentSpec(3, "vector"), vectors)({"flow": torch.randn(5, 2)})
        assert law.mean.shape == (5, 3)


class TestConvolutionPrior:
    def test_starts_as_the_standard_normal(self, cube):
        law = ConvolutionPrior(cube, LatentSpec(3, "field"), FIELDS)(conditions(4, 4, 4))
        assert_close(law.mean, torch.zeros(5, 3, 4, 4, 4))
        assert_close(law.log_variance, torch.zeros(5, 3, 4, 4, 4))

    def test_follows_the_conditions(self, cube, scramble):
        prior = scramble(ConvolutionPrior(cube, LatentSpec(3, "field"), FIELDS))
        assert prior(conditions(4, 4, 4)).mean.std() > 1e-3

    def test_refuses_vectors(self, cube):
        with pytest.raises(OptionError, match="'standard'"):
            ConvolutionPrior(cube, LatentSpec(3, "vector"), FIELDS)
