"""The files that a user named for an importer, in their natural order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from pathlib import Path

from fieldvae.errors import OptionError, StoreError


def find_files(files: Sequence[Path]) -> list[Path]:
    """Return every file once, in the natural order of the names: 2 before 10.

    Parameters
    ----------
    files
        Files, and patterns such as ``cells/*.dump``, as they were typed.

    Returns
    -------
    list[Path]
        Absolute paths.

    Raises
    ------
    StoreError
        If a file is not there, a pattern fits none, or one is a folder.
    OptionError
        If nothing is named.

    Examples
    --------
    >>> find_files([Path("cells/*.none")])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    fieldvae.errors.StoreError: there is no file cells/*.none; expected files, or a pattern ...
    """
    paths: set[Path] = set()
    for file in files:
        if file.is_dir():
            raise StoreError(f"{file} is a folder; name the files in it, such as '{file}/*'")
        there = (
            [file] if file.is_file() else [Path(p) for p in glob.glob(str(file), recursive=True)]
        )
        there = [path.absolute() for path in there if path.is_file()]
        if not there:
            raise StoreError(f"there is no file {file}; expected files, or a pattern in quotes")
        paths.update(there)
    if not paths:
        raise OptionError("no files; name them, or a pattern in quotes such as 'cells/*'")
    return sorted(paths, key=_natural)


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", os.fspath(path))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
