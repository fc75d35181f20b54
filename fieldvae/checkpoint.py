"""Save and restore: checkpoints of a training, weights of a finished model.

A checkpoint is a pair of files, ``epoch-000040.pt`` and a JSON file beside it with its checksum.
Each is written under a temporary name, flushed to the disk and renamed, the JSON file last, so
that a killed writer leaves either a whole pair or none. The last pair and the one before it are
kept.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from fieldvae.durability import write_atomically
from fieldvae.errors import RunError

KEPT = 2
"""Number of checkpoints kept."""

_NAME = re.compile(r"epoch-(\d{6})\.json")


def save_checkpoint(folder: Path, state: Mapping[str, Any], *, epoch: int) -> Path:
    """Write the state of a training, and drop all but the last two.

    Parameters
    ----------
    folder
        Directory of the checkpoints; made where it is absent.
    state
        Tensors, numbers, text, and lists and dicts of them.
    epoch
        Number of epochs done.

    Returns
    -------
    Path
        The file with the state.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stream = io.BytesIO()
    torch.save(dict(state), stream)
    content = stream.getbuffer()
    path = folder / f"epoch-{epoch:06d}.pt"
    meta = {"epoch": epoch, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    write_atomically(path, content)
    write_atomically(path.with_suffix(".json"), json.dumps(meta, indent=1).encode())
    for old in _epochs(folder)[:-KEPT]:
        (folder / f"epoch-{old:06d}.json").unlink()
        (folder / f"epoch-{old:06d}.pt").unlink(missing_ok=True)
    return path


def load_checkpoint(folder: Path, *, device: torch.device | str = "cpu") -> dict[str, Any] | None:
    """Read the newest sound checkpoint; a damaged one is told in a warning and passed over.

    Nothing is unpickled but tensors and plain values.

    Parameters
    ----------
    folder
        Directory of the checkpoints.
    device
        Where tensors go.

    Returns
    -------
    dict or None
        The state; ``None`` where there is no checkpoint.

    Raises
    ------
    RunError
        If there are checkpoints and none is sound.
    """
    epochs = _epochs(folder)
    for epoch in reversed(epochs):
        path = folder / f"epoch-{epoch:06d}.pt"
        try:
            state: dict[str, Any] = torch.load(
                io.BytesIO(_sound(path)), map_location=device, weights_only=True
            )
        except (OSError, ValueError, KeyError) as error:
            warnings.warn(
                f"checkpoint {path} is damaged ({error}); the one before it is used", stacklevel=2
            )
        else:
            return state
    if epochs:
        raise RunError(f"every checkpoint in {folder} is damaged; train again with --force")
    return None


def last_epoch(folder: Path) -> int | None:
    """Number of epochs done at the newest checkpoint; ``None`` where there is none."""
    return max(_epochs(folder), default=None)


def save_weights(model: nn.Module, path: Path) -> None:
    """Write a model's weights and buffers as safetensors."""
    tensors = {name: values.contiguous() for name, values in model.state_dict().items()}
    write_atomically(path, save(tensors))


def read_weights(content: bytes, *, name: str) -> dict[str, Tensor]:
    """Read tensors from the content of a safetensors file, which never unpickles.

    Parameters
    ----------
    content
        The bytes.
    name
        What messages call them.

    Raises
    ------
    RunError
        If they are damaged.
    """
    try:
        return load(content)
    except Exception as error:  # safetensors raises several kinds, some of them plain
        raise RunError(
            f"{name}: the weights cannot be read ({error}); copy them again, or train again"
        ) from error


def give_weights(model: nn.Module, weights: Mapping[str, Tensor], *, name: str) -> None:
    """Put weights and buffers into a model.

    Raises
    ------
    RunError
        If they belong to another model.
    """
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise RunError(
            f"{name} holds the weights of another model than its options make here, as after an "
            "update with other networks or defaults: train again, or go on with the version that "
            f"made it ({error})"
        ) from None


def load_weights(model: nn.Module, path: Path) -> None:
    """Read a model's weights and buffers from a safetensors file.

    Raises
    ------
    RunError
        If the file is absent or damaged, or belongs to another model.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path}: the weights cannot be read ({error})") from error
    give_weights(model, read_weights(content, name=str(path)), name=str(path))


def weights_digest(model: nn.Module) -> str:
    """Return a checksum of a model's weights and buffers, whatever device they are on."""
    digest = hashlib.sha256()
    for name, values in sorted(model.state_dict().items()):
        digest.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
        digest.update(values.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _epochs(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    found = (_NAME.fullmatch(path.name) for path in folder.iterdir())
    return sorted(int(match[1]) for match in found if match)


def _sound(path: Path) -> bytes:
    content = path.read_bytes()
    expected = json.loads(path.with_suffix(".json").read_bytes())["sha256"]
    if hashlib.sha256(content).hexdigest() != expected:
        raise ValueError("its checksum does not agree")
    return content
