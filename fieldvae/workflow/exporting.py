"""Files of other programs, written of samples."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import xarray as xr
from pydantic import ValidationError

from fieldvae import registry
from fieldvae.data.conform import SAMPLE
from fieldvae.data.samples import grid_of
from fieldvae.data.store import check_chunks, read_dataset
from fieldvae.document import Document
from fieldvae.errors import FieldvaeError, OptionError, StoreError, WriteError
from fieldvae.grid import Grid
from fieldvae.spec import problems

RANGE = r"(\d+)?:(\d+)?(?::([1-9]\d*))?"
"""``start:stop:step`` as in Python, each part optional, none negative."""


def export_samples(
    source: xr.Dataset | Path | str,
    folder: Path | str,
    exporter: str | Mapping[str, Any],
    *,
    samples: Sequence[int] | str | None = None,
) -> list[Path]:
    """Write samples as files of another program, such as ParaView.

    Parameters
    ----------
    source
        A store or a dataset: data, predictions or designs. A store is read sample by sample.
    folder
        Where the files go; made where it is missing, refused where it holds something.
    exporter
        A name, or ``{"use": name, option: value, ...}``.
    samples
        Positions, counted from 0, or words such as ``"0,3,10:20"``, which is 0, 3 and 10 to 19;
        all where ``None``. The exporter finds them as the coordinate ``sample``.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    PluginError
        If no exporter bears the name, or it is broken.
    OptionError
        With every mistake in the options; or if the folder holds something or a sample is not
        there.
    StoreError
        If there is no store, no sample or no grid.
    WriteError
        If the disk is full, or may not be written to.

    Examples
    --------
    >>> heat = xr.Dataset({"heat": (("sample", "x"), [[1.0, 2.0]] * 9, {"units": "K"})})
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in export_samples(heat, folder, "vtk", samples="0,7:")]
    ['0000.vti', '0007.vti', '0008.vti', 'samples.pvd']
    """
    use, options = checked_exporter(exporter)
    name = "the dataset" if isinstance(source, xr.Dataset) else str(source)
    folder = Path(folder)
    check_folder(folder, option="--out")
    if isinstance(source, xr.Dataset):
        dataset = source
    else:
        dataset = read_dataset(source)
        check_chunks(Path(source), [str(n) for n in dataset.variables], name=name)
    if not dataset.sizes.get(SAMPLE):
        raise StoreError(f"{name} holds no samples; expected variables with a dim {SAMPLE!r}")
    grid = grid_of(dataset, name=name)
    rows = chosen_rows(samples, dataset.sizes[SAMPLE], name=name)
    chosen = dataset.isel({SAMPLE: rows}).assign_coords({SAMPLE: rows})
    return written(use, chosen, grid, folder, options)


def chosen_rows(samples: Sequence[int] | str | None, count: int, *, name: str) -> list[int]:
    """Return positions of samples, ascending and each once, as words or numbers choose them.

    Raises
    ------
    OptionError
        If the words cannot be read, or a sample is not there.

    Examples
    --------
    >>> chosen_rows("7,0:6:2", 9, name="cells.zarr")
    [0, 2, 4, 7]
    """
    if samples is None:
        return list(range(count))
    found: set[int] = set()
    for part in samples.split(",") if isinstance(samples, str) else map(str, samples):
        span = re.fullmatch(RANGE, part.strip())
        if span is not None:
            start, stop, step = (None if n is None else int(n) for n in span.groups())
            rows = range(start or 0, count if stop is None else stop, step or 1)
        elif part.strip().isdecimal():
            rows = range(int(part), int(part) + 1)
        else:
            raise OptionError(f"samples: {part!r}; expected such as 0,3,5 or 10:20 or 0:100:10")
        if not rows or rows[-1] >= count:
            raise OptionError(
                f"samples: {part.strip()!r} is not in {name}, which has {count}, numbered from 0 "
                f"to {count - 1}"
            )
        found.update(rows)
    return sorted(found)


def checked_exporter(exporter: str | Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Name and options of an exporter, the options checked and filled in."""
    choice = {"use": exporter} if isinstance(exporter, str) else dict(exporter)
    use = choice.pop("use", None)
    if not isinstance(use, str):
        raise OptionError(
            f"an exporter is {exporter!r}; expected its name, or its name and options as in "
            "{use: vtk, realizations: files}"
        )
    model = registry.options_model("exporters", use)
    try:
        checked = model.model_validate(choice)
    except ValidationError as error:
        told = [problem.message for problem in problems(Document(use, choice), error, model)]
        raise OptionError("\n".join(f"exporter {use!r}: {words}" for words in told)) from None
    return use, {name: getattr(checked, name) for name in model.model_fields}


def written(
    use: str, dataset: xr.Dataset, grid: Grid, folder: Path, options: Mapping[str, Any]
) -> list[Path]:
    """Call an exporter; where it refuses and has written nothing, its folder goes too."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return list(registry.call("exporters", use, dataset, grid, folder, options=options))
    except FieldvaeError:
        with suppress(OSError):  # it holds something
            folder.rmdir()
        raise
    except OSError as error:
        raise WriteError(
            f"{folder} cannot be written to: {error}; free space or mend the rights, remove the "
            "folder and call again"
        ) from error


def check_folder(folder: Path, *, option: str) -> None:
    """Refuse a folder that holds something.

    Parameters
    ----------
    folder
        Where files are to go.
    option
        What the user gave it by.

    Raises
    ------
    OptionError
        With the remedy.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OptionError(f"{folder} is not empty; give {option} another directory")
