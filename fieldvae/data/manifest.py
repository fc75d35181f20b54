"""Checksums of a store's files.

They are the attributes of a subgroup ``manifest``: zarr warns of every file in a group that is
not its own, and passes over a subgroup in silence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from fieldvae.durability import synchronize
from fieldvae.errors import StoreError

GROUP = "manifest"
"""Name of the subgroup."""

_METADATA = "zarr.json"


def write_manifest(store: Path) -> None:
    """Write the checksums of every file of a store, and bring all of it to the disk.

    Parameters
    ----------
    store
        Directory of a Zarr group that is complete but for its manifest.
    """
    checksums = {_key(store, path): _sha256(path) for path in _files(store)}
    folder = store / GROUP
    folder.mkdir()
    document = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {"sha256": checksums},
    }
    (folder / _METADATA).write_text(json.dumps(document, indent=1), encoding="utf-8")
    for path in [*store.rglob("*"), store]:
        synchronize(path)


def verify_manifest(store: Path, *, name: str) -> None:
    """Compare a store's files with its manifest; a store without one passes.

    Parameters
    ----------
    store
        Directory of a Zarr group.
    name
        The store as the user named it.

    Raises
    ------
    StoreError
        If a file is missing or has changed since it was written, or the manifest is unreadable.
    """
    path = store / GROUP / _METADATA
    if not path.exists():
        return
    try:
        checksums = dict(json.loads(path.read_text(encoding="utf-8"))["attributes"]["sha256"])
    except (ValueError, KeyError, TypeError):
        raise StoreError(
            f"{name}: the manifest {path.relative_to(store)} is damaged; write the store again"
        ) from None
    missing = [key for key in checksums if not (store / key).is_file()]
    changed = [
        key
        for key, checksum in checksums.items()
        if key not in missing and _sha256(store / key) != checksum
    ]
    for fault, keys in (("missing", missing), ("damaged", changed)):
        if keys:
            more = f" and {len(keys) - 1} more files" if len(keys) > 1 else ""
            raise StoreError(
                f"{name}: the file {keys[0]}{more} is {fault}, as the manifest tells; copy or "
                f"make the store again (or remove its folder {GROUP!r} if you changed it yourself)"
            )


def _files(store: Path) -> Iterator[Path]:
    return (path for path in sorted(store.rglob("*")) if path.is_file())


def _key(store: Path, path: Path) -> str:
    return path.relative_to(store).as_posix()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
