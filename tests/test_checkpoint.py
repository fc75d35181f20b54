import json

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from fieldvae.checkpoint import (
    load_checkpoint,
    load_weights,
    save_checkpoint,
    save_weights,
)
from fieldvae.errors import RunError


@pytest.fixture
def folder(tmp_path):
    for epoch in (5, 10, 15):
        state = {"epoch": epoch, "weights": {"w": torch.full((3,), float(epoch))}, "history": [1.5]}
        save_checkpoint(tmp_path / "checkpoints", state, epoch=epoch)
    return tmp_path / "checkpoints"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class TestCheckpoints:
    def test_come_back_as_they_were_saved(self, folder):
        state = load_checkpoint(folder)
        assert state["epoch"] == 15
        assert state["history"] == [1.5]
        assert_close(state["weights"]["w"], torch.full((3,), 15.0))

    def test_the_last_and_the_one_before_are_kept(self, folder):
        kept = [f"epoch-{epoch:06d}.{kind}" for epoch in (10, 15) for kind in ("json", "pt")]
        assert names(folder) == kept

    def test_there_is_none_in_an_absent_folder(self, tmp_path):
        assert load_checkpoint(tmp_path / "nowhere") is None

    @pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
    def test_a_damaged_newest_falls_back_to_the_one_before(self, folder, damage):
        newest = folder / "epoch-000015.pt"
        content = bytearray(newest.read_bytes())
        content[len(content) // 2] ^= 1
        if damage == "gone":
            newest.unlink()
        else:
            newest.write_bytes(content if damage == "flipped" else content[:100])
        with pytest.warns(UserWarning, match="epoch-000015.pt is damaged"):
            assert load_checkpoint(folder)["epoch"] == 10

    def test_no_sound_one_is_an_error_with_the_remedy(self, folder):
        for path in folder.glob("*.pt"):
            path.write_bytes(b"")
        with (
            pytest.warns(UserWarning, match="damaged"),
            pytest.raises(RunError, match="--force"),
        ):
            load_checkpoint(folder)

    def test_a_half_written_one_is_not_seen(self, folder):
        (folder / "epoch-000020.pt").write_bytes(b"half")
        assert load_checkpoint(folder)["epoch"] == 15

    def test_never_unpickle_code(self, folder):

        save_checkpoint(folder, {"code": nn.Linear(2, 2)}, epoch=20)
        with pytest.raises(Exception, match=r"[Ww]eights.only"):
            load_checkpoint(folder)

    def test_meta_tells_epoch_and_checksum(self, folder):
        meta = json.loads((folder / "epoch-000015.json").read_text())
        assert meta["epoch"] == 15
        assert len(meta["sha256"]) == 64


class TestWeights:
    def test_come_back_with_buffers(self, tmp_path):
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        model(torch.randn(8, 3))
        save_weights(model, tmp_path / "model.safetensors")
        other = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
        load_weights(other, tmp_path / "model.safetensors")
        assert_close(dict(other.state_dict()), dict(model.state_dict()), rtol=0, atol=0)

    def test_of_another_model_are_refused(self, tmp_path):
        save_weights(nn.Linear(3, 4), tmp_path / "model.safetensors")
        with pytest.raises(RunError, match="another model"):
            load_weights(nn.Linear(3, 5), tmp_path / "model.safetensors")

    @pytest.mark.parametrize("content", [None, b"damaged"])
    def test_that_cannot_be_read_are_refused(self, tmp_path, content):
        path = tmp_path / "model.safetensors"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(RunError, match="cannot be read"):
            load_weights(nn.Linear(3, 4), path)
