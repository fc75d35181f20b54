"""Files that survive a power cut: brought to the disk, and seen whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def synchronize(path: Path) -> None:
    """Bring a file or a folder's list of files to the disk.

    Windows opens no folders and keeps their lists by itself; of a file it brings to the disk only
    what was opened for writing.
    """
    folder = path.is_dir()
    if folder and sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that it is seen either whole or not at all, even after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    synchronize(path.parent)
