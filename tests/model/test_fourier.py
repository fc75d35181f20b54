import pytest
import torch
from torch.nn import functional
from torch.testing import assert_close

from fieldvae.model.fourier import circular_convolution


def test_a_first_call_without_gradients_leaves_them_to_later_ones():
    """Tables are kept by shape; this one is used nowhere else."""
    field, weight = torch.ones(1, 1, 7, 2, 1), torch.ones(1, 1, 3, 1, 1, requires_grad=True)
    with torch.inference_mode():
        circular_convolution(field, weight)
    circular_convolution(field, weight).sum().backward()
    assert_close(weight.grad, torch.full_like(weight, 14.0))


@pytest.mark.parametrize("shape", [(4, 4, 4), (1, 2, 3), (5, 1, 1), (6, 3, 1)])
@pytest.mark.parametrize("kernel", [(3, 3, 3), (3, 1, 1)])
class TestCircularConvolution:
    def test_is_conv3d_on_a_circularly_padded_field(self, shape, kernel):
        chance = torch.Generator().manual_seed(0)
        field = torch.randn(2, 3, *shape, generator=chance, requires_grad=True)
        weight = torch.randn(5, 3, *kernel, generator=chance, requires_grad=True)
        pad = [n // 2 for n in reversed(kernel) for _ in range(2)]
        expected = functional.conv3d(functional.pad(field, pad, mode="circular"), weight)
        found = circular_convolution(field, weight)
        assert_close(found, expected)
        direction = torch.randn(expected.shape, generator=chance)
        for ours, theirs in zip(
            torch.autograd.grad(found, (field, weight), direction),
            torch.autograd.grad(expected, (field, weight), direction),
            strict=True,
        ):
            assert_close(ours, theirs)
