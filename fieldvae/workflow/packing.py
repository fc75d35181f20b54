"""A trained model as one file: a zip archive of plain files, each with its checksum.

Zip, because every machine opens it, because each member carries a CRC, and because an unpacked
archive is a model directory that :func:`fieldvae.load` reads too. Nothing in it is pickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from fieldvae.checkpoint import read_weights
from fieldvae.errors import RunError, WriteError
from fieldvae.workflow.places import MODEL, WEIGHTS

MANIFEST = "manifest.json"
"""Checksums of all other members; of these, model and weights are read, the rest is for people."""

FORMAT = 1
"""Version of the archive's layout, in the manifest."""

MADE = (1980, 1, 1, 0, 0, 0)
"""Date of every member, the first that zip knows, so that one model gives the same bytes."""


@dataclass(frozen=True)
class Packed:
    """What prediction needs of a file.

    Parameters
    ----------
    path
        The file.
    model
        Task, fields, grid, scaling, range of the inputs, self-check.
    content
        The weights as safetensors has them.
    """

    path: Path
    model: Mapping[str, Any]
    content: bytes

    def weights(self) -> dict[str, Tensor]:
        """Read the weights."""
        return read_weights(self.content, name=str(self.path))


def write_packed(path: Path, members: Mapping[str, bytes]) -> None:
    """Write an archive with checksums of all members, whole or not at all.

    Raises
    ------
    WriteError
        If the disk is full, or may not be written to.
    """
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = json.dumps({"format": FORMAT, "sha256": sums}, indent=2).encode()
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with staged.open("wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                for name, content in {**members, MANIFEST: manifest}.items():
                    archive.writestr(zipfile.ZipInfo(name, MADE), content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(staged, path)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error}") from error
    finally:
        staged.unlink(missing_ok=True)


def read_packed(path: Path) -> Packed:
    """Read an archive, every checksum verified.

    Raises
    ------
    RunError
        If it is none, is damaged, or is of a later layout.
    """
    with path.open("rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            raise RunError(
                f"{path} is no model; give a run directory, or a file that `fieldvae export` wrote"
            )
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            layout, sums = int(manifest["format"]), dict(manifest["sha256"])
            found = {name: archive.read(name) for name in sums if layout == FORMAT}
        for name, content in found.items():
            if hashlib.sha256(content).hexdigest() != sums[name]:
                raise ValueError(f"the checksum of {name} does not agree")
        model = json.loads(found[MODEL]) if found else {}
        weights = found[WEIGHTS] if found else b""
    except Exception as error:  # zipfile, zlib and json have many words for one thing
        raise RunError(
            f"{path} is damaged or incomplete ({error}); copy it again, or export the model again"
        ) from None
    if layout != FORMAT:
        raise RunError(f"{path} has layout {layout}; this fieldvae reads {FORMAT}: update fieldvae")
    return Packed(path, model, weights)
