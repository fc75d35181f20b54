"""Finished samples as files of their own, until all are there and make a store."""

from __future__ import annotations

import errno
import json
import os
import socket
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from fieldvae.contract import FileSource, Source
from fieldvae.data.conform import SAMPLE
from fieldvae.data.hearing import hearing
from fieldvae.errors import FieldvaeError, OptionError, StoreError, WriteError

_ATTRIBUTES = "attributes.json"
_ABSENT = object()

_FULL: Mapping[int, str] = {
    errno.ENOSPC: "free space there",
    errno.EDQUOT: "free space there, or have the quota raised",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
}


@dataclass(frozen=True)
class Made:
    """What came of one sample: its part is there, or the error that kept it from being made.

    Parameters
    ----------
    index
        Which of the source's samples.
    error
        What kept it from being made.
    warnings
        What its making warned of.
    """

    index: int
    error: FieldvaeError | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parts:
    """The folder of finished samples: ``000012.nc`` each, ``000012.bad`` for one that failed.

    Parameters
    ----------
    folder
        The folder; for a cluster absolute, and on a file system that all workers see.
    """

    folder: Path

    def prepare(self, source: Source) -> None:
        """Make the folder, or see that the samples that are there belong to the source.

        Raises
        ------
        StoreError
            If it does not.
        WriteError
            If it cannot be made.
        """
        attributes = plain(source.attributes)
        record = self.folder / _ATTRIBUTES
        found = json.loads(record.read_text(encoding="utf-8")) if record.exists() else None
        if found is None and any(not p.name.startswith(_ATTRIBUTES) for p in self._content()):
            raise StoreError(
                f"{self.folder} exists without {_ATTRIBUTES}, so its source is unknown; "
                "remove or rename the folder"
            )
        if found is not None and self.finished():
            self._check(found, attributes, len(source))
        if found == attributes:
            return
        with told_when_full(self.folder, kept=self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for index in self._numbers("bad"):  # of another source
                self._bad(index).unlink()
            _replace(record, json.dumps(attributes, indent=1).encode())

    def _content(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.exists() else []

    def _check(self, found: Mapping[str, Any], attributes: Mapping[str, Any], total: int) -> None:
        differing = _differences(found, attributes)
        if differing:
            raise StoreError(
                f"{self.folder} holds samples of another source: {'; '.join(differing)}; "
                "call as before, or remove or rename the folder"
            )
        beyond = sum(index >= total for index in self.finished())
        if beyond:
            raise StoreError(
                f"{self.folder} holds {beyond} samples beyond the {total} asked for; ask for as "
                "many, or remove or rename the folder"
            )

    def finished(self) -> set[int]:
        """Numbers of the samples that are there."""
        return set(self._numbers("nc"))

    def make(self, source: Source, index: int) -> Made:
        """Make one sample; its file appears when it is complete."""
        if not (self.folder / _ATTRIBUTES).exists():
            return Made(
                index,
                OptionError(
                    f"{self.folder} is not there on {socket.gethostname()}; finished samples are "
                    "kept in it, so it must stay, on a file system that every worker sees under "
                    "the same path"
                ),
            )
        with hearing() as told:
            try:
                sample = source[index]
            except FieldvaeError as error:
                return Made(index, error, tuple(told))
        content = sample.to_netcdf(None, engine="scipy")
        try:
            with told_when_full(self.path(index), kept=self.folder):
                _replace(self.path(index), content)
        except WriteError as error:
            return Made(index, error)
        return Made(index, warnings=tuple(told))

    def skip(self, source: Source, index: int, reason: str) -> None:
        """Remember why a sample could not be made, and the state of its files."""
        record = {"reason": reason, "files": _state(source, index)}
        path = self._bad(index)
        with told_when_full(path, kept=self.folder):
            _replace(path, json.dumps(record).encode())

    def skipped(self, source: Source) -> dict[int, str]:
        """Return the samples that failed in an earlier call and would fail again, with reasons.

        Those are the ones whose files have not changed since. Where the source names no files,
        nothing tells whether they were mended, and each is to be tried again.
        """
        found = {}
        for index in self._numbers("bad"):
            if index >= len(source):
                continue
            with suppress(ValueError, KeyError):  # a damaged record: the sample is tried again
                record = json.loads(self._bad(index).read_text(encoding="utf-8"))
                if record["files"] is not None and record["files"] == _state(source, index):
                    found[index] = str(record["reason"])
        return found

    def joined(self, indices: Sequence[int]) -> xr.Dataset:
        """Concatenate samples; coordinates that label no dim become the samples' own.

        Raises
        ------
        StoreError
            If a file is damaged, or the samples do not agree.
        """
        paths = [self.path(index) for index in indices]
        datasets = []
        for path in paths:
            try:
                with xr.open_dataset(path, engine="scipy") as dataset:
                    datasets.append(dataset.load())
            except FileNotFoundError:
                raise StoreError(
                    f"{path} was told to be finished and is not there; the folder must lie on a "
                    "file system that every worker sees; run again"
                ) from None
            except Exception as error:  # scipy raises many kinds for a file that is no netCDF
                raise StoreError(
                    f"{path} cannot be read: {error}; remove it and run again"
                ) from error
        return _concatenated(paths, datasets)

    def path(self, index: int) -> Path:
        """Return the file of one sample."""
        return self.folder / f"{index:06d}.nc"

    def _bad(self, index: int) -> Path:
        return self.path(index).with_suffix(".bad")

    def _numbers(self, suffix: str) -> list[int]:
        return sorted(
            int(path.stem) for path in self.folder.glob(f"*.{suffix}") if path.stem.isdigit()
        )


@contextmanager
def told_when_full(path: Path, *, kept: Path) -> Iterator[None]:
    """Turn a failed write into one error that says what to do.

    Parameters
    ----------
    path
        What is written.
    kept
        The folder of finished samples.

    Raises
    ------
    WriteError
        For any ``OSError`` within the block: a full disk, a quota, missing rights.
    """
    try:
        yield
    except OSError as error:
        remedy = _FULL.get(error.errno or 0, "see to it")
        raise WriteError(
            f"{path} cannot be written: {error.strerror or error}; {remedy}, and repeat the call: "
            f"finished samples are kept in {kept}"
        ) from error


def plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as JSON gives them back, so that those of a file compare."""
    made: dict[str, Any] = json.loads(json.dumps(dict(attributes)))
    return made


def _state(source: Source, index: int) -> list[list[Any]] | None:
    """Size and time of the files that a sample is read from; ``None`` where they are unknown."""
    if not isinstance(source, FileSource):
        return None
    state: list[list[Any]] = []
    for path in source.files_of(index):
        try:
            status = path.stat()
        except OSError:
            state.append([str(path), None, None])
        else:
            state.append([str(path), status.st_size, status.st_mtime_ns])
    return state


def _concatenated(paths: Sequence[Path], datasets: Sequence[xr.Dataset]) -> xr.Dataset:
    first = datasets[0]
    names = _names(first)
    for path, dataset in zip(paths, datasets, strict=True):
        if _names(dataset) != names:
            raise StoreError(
                f"{path} holds {', '.join(_names(dataset))}; {paths[0]} holds {', '.join(names)}; "
                "a source gives all samples the same fields and coordinates"
            )
    own = [name for name in first.coords if name not in first.dims]
    try:
        return xr.concat(
            datasets,
            dim=SAMPLE,
            data_vars="all",
            coords=own,
            compat="equals",
            join="exact",
            combine_attrs="drop_conflicts",
        )
    except ValueError as error:
        raise StoreError(
            f"the samples in {paths[0].parent} differ in shape or components: {error}"
        ) from error


def _names(dataset: xr.Dataset) -> list[str]:
    return sorted(str(name) for name in dataset.variables)


def _differences(found: Mapping[str, Any], attributes: Mapping[str, Any]) -> list[str]:
    """Say which attributes are others than those found, entry by entry: ``seed 1 there, 2 now``."""
    there, now = dict(_entries(found)), dict(_entries(attributes))
    differing = sorted(
        key for key in {*there, *now} if there.get(key, _ABSENT) != now.get(key, _ABSENT)
    )
    # The entries of provenance say enough by themselves: options.seed.
    return [
        f"{key.removeprefix('provenance.')} {_told(there, key)} there, {_told(now, key)} now"
        for key in differing
    ]


def _entries(attributes: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    """Entries of nested attributes by their dotted names; provenance may be JSON in a text."""
    for key, value in attributes.items():
        if isinstance(value, str) and value.startswith("{"):
            with suppress(json.JSONDecodeError):
                value = json.loads(value)
        if isinstance(value, dict) and value:
            yield from _entries(value, f"{within}{key}.")
        else:
            yield f"{within}{key}", value


def _told(entries: Mapping[str, Any], key: str) -> str:
    return _short(entries[key]) if key in entries else "absent"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _replace(path: Path, content: bytes | memoryview) -> None:
    """Write a file under another name and give it its own when it is complete."""
    unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}")
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise
