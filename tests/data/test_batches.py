import torch
from hypothesis import given
from hypothesis import strategies as st

from fieldvae.data.batches import batches, place, steps, take


class TestBatches:
    @given(count=st.integers(1, 200), size=st.integers(1, 64), epoch=st.integers(0, 5))
    def test_take_every_sample_once_but_for_a_small_remainder(self, count, size, epoch):
        parts = batches(count, size, seed=3, epoch=epoch)
        taken = torch.cat(parts).tolist()
        assert len(set(taken)) == len(taken)
        assert count - len(taken) < size / 2
        assert len(parts) == steps(count, size)

    def test_depend_on_seed_and_epoch_alone(self):
        first = torch.cat(batches(40, 8, seed=1, epoch=2))
        assert torch.equal(first, torch.cat(batches(40, 8, seed=1, epoch=2)))
        assert not torch.equal(first, torch.cat(batches(40, 8, seed=1, epoch=3)))
        assert not torch.equal(first, torch.cat(batches(40, 8, seed=2, epoch=2)))

    def test_select_the_same_samples_of_every_field(self):
        fields = place({"a": torch.arange(10.0), "b": torch.arange(10.0) * 2}, "cpu")
        chosen = take(fields, [7, 2])
        assert chosen["a"].tolist() == [7, 2]
        assert chosen["b"].tolist() == [14, 4]
