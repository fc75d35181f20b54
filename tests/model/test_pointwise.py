import pytest
import torch
from torch.testing import assert_close

from fieldvae.contract import ConditionSpec
from fieldvae.errors import OptionError
from fieldvae.field import FieldSpec
from fieldvae.model.pointwise import PointwiseSmoother

FIELD = FieldSpec(name="density", units="1")


class TestPointwiseSmoother:
    def test_treats_every_cell_alike_and_alone(self, cube):
        smoother = PointwiseSmoother(FIELD, cube, ConditionSpec(4, "field"))
        field = torch.randn(2, 1, 4, 4, 4)
        order = torch.randperm(64)
        mixed = field.flatten(2)[:, :, order].view_as(field)
        expected = smoother(field).flatten(2)[:, :, order]
        assert_close(smoother(mixed).flatten(2), expected)

    def test_refuses_a_vector_with_the_remedy(self, cube):
        with pytest.raises(OptionError, match=r"'pointwise' of 'density'.*layout: field"):
            PointwiseSmoother(FIELD, cube, ConditionSpec(4, "vector"))
