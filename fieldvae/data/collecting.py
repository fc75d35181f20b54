"""A store made sample by sample from an importer or a simulator; a killed one is resumed."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from fieldvae.contract import Source
from fieldvae.data.conform import SAMPLE
from fieldvae.data.store import check_absent, write_store
from fieldvae.errors import StoreError

_ATTRIBUTES = "attributes.json"
_ABSENT = object()


@dataclass(frozen=True)
class Progress:
    """How far a collection has come.

    Parameters
    ----------
    done, total
        Samples finished, and samples asked for.
    kept
        How many of those done were found finished from an earlier call.
    """

    done: int
    total: int
    kept: int


def collect(
    source: Source,
    out: Path | str,
    *,
    workers: int = 1,
    overwrite: bool = False,
    command: str | None = None,
) -> Iterator[Progress]:
    """Make every sample of a source and write them as one store.

    Each finished sample is kept as ``<out>.partial/<number>.nc``, so that a call after a kill
    makes only what is missing. The store appears when all are done, and the parts go.

    Parameters
    ----------
    source
        What to make; pickled where ``workers`` is above one.
    out
        The store to write.
    workers
        Number of processes. Above one they are spawned, so that a script needs the usual
        ``if __name__ == "__main__":``.
    overwrite
        Whether a store at ``out`` is replaced, once the new one is complete.
    command
        What the user typed; kept as the store's attribute ``command``.

    Yields
    ------
    Progress
        Once for what was found finished, then after each sample; the last one comes before the
        store is written, so exhaust the iterator.

    Raises
    ------
    StoreError
        At once if ``out`` exists, or if the parts that are there come from another source.
    """
    out = Path(out)
    check_absent(out, overwrite=overwrite)
    if not len(source):
        raise StoreError(f"{out}: the source has no samples")
    folder = out.with_name(f"{out.name}.partial")
    _prepare(folder, source)
    told = _plain(source.attributes) | ({} if command is None else {"command": command})
    return _collected(source, out, folder, workers, overwrite, told)


def _prepare(folder: Path, source: Source) -> None:
    """Make the folder of parts, or see that the one that is there belongs to the source."""
    attributes = _plain(source.attributes)
    record = folder / _ATTRIBUTES
    if record.exists():
        found = json.loads(record.read_text(encoding="utf-8"))
        differing = _differences(found, attributes)
        if differing:
            raise StoreError(
                f"{folder} holds samples of another source: {'; '.join(differing)}; "
                "call as before, or remove or rename the folder"
            )
        beyond = sum(int(part.stem) >= len(source) for part in _parts(folder))
        if beyond:
            raise StoreError(
                f"{folder} holds {beyond} samples beyond the {len(source)} asked for; ask for as "
                "many, or remove or rename the folder"
            )
        return
    if folder.exists() and any(folder.iterdir()):
        raise StoreError(
            f"{folder} exists without {_ATTRIBUTES}, so its source is unknown; "
            "remove or rename the folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    _replace(record, json.dumps(attributes, indent=1))


def _collected(
    source: Source,
    out: Path,
    folder: Path,
    workers: int,
    overwrite: bool,
    attributes: Mapping[str, Any],
) -> Iterator[Progress]:
    total = len(source)
    finished = {int(part.stem) for part in _parts(folder)}
    left = [index for index in range(total) if index not in finished]
    kept = done = total - len(left)
    if kept:
        yield Progress(done, total, kept)
    for _ in _made(source, folder, left, workers):
        done += 1
        yield Progress(done, total, kept)
    write_store(
        _joined([_part(folder, index) for index in range(total)]),
        out,
        attributes=attributes,
        overwrite=overwrite,
    )
    shutil.rmtree(folder)


def _made(source: Source, folder: Path, indices: list[int], workers: int) -> Iterator[int]:
    """Make parts in this process or in several, in any order."""
    if workers <= 1 or len(indices) <= 1:
        for index in indices:
            yield _make(source, folder, index)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(workers, len(indices)), _start_worker, (source, folder)) as pool:
        yield from pool.imap_unordered(_make_in_worker, indices)


_worker: dict[str, Any] = {}


def _start_worker(source: Source, folder: Path) -> None:
    _worker.update(source=source, folder=folder)


def _make_in_worker(index: int) -> int:
    try:
        return _make(_worker["source"], _worker["folder"], index)
    except KeyboardInterrupt:  # Ctrl-C reaches every process; the first one tells of it
        raise SystemExit(1) from None


def _make(source: Source, folder: Path, index: int) -> int:
    """Make one sample; its file appears when it is complete."""
    part = _part(folder, index)
    unfinished = part.with_suffix(f".nc.{os.getpid()}")
    source[index].to_netcdf(unfinished, engine="scipy")
    os.replace(unfinished, part)
    return index


def _joined(parts: list[Path]) -> xr.Dataset:
    """Concatenate parts along ``sample``; coordinates that label no dim become the samples' own."""
    datasets = []
    for part in parts:
        try:
            with xr.open_dataset(part, engine="scipy") as dataset:
                datasets.append(dataset.load())
        except Exception as error:  # scipy raises many kinds for a file that is no netCDF
            raise StoreError(f"{part} cannot be read: {error}; remove it and run again") from error
    first = datasets[0]
    names = _names(first)
    for part, dataset in zip(parts, datasets, strict=True):
        if _names(dataset) != names:
            raise StoreError(
                f"{part} holds {', '.join(_names(dataset))}; {parts[0]} holds {', '.join(names)}; "
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
            f"the samples in {parts[0].parent} differ in shape or components: {error}"
        ) from error


def _names(dataset: xr.Dataset) -> list[str]:
    return sorted(str(name) for name in dataset.variables)


def _part(folder: Path, index: int) -> Path:
    return folder / f"{index:06d}.nc"


def _parts(folder: Path) -> list[Path]:
    return sorted(part for part in folder.glob("*.nc") if part.stem.isdigit())


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as JSON gives them back, so that those of a file compare."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(attributes)))
    return plain


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


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
