"""The importer ``lammps``: text dumps to concentration, Warren-Cowley parameters and stress."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt

from fieldvae import OptionError, StoreError, find_files
from fieldvae_atomistic import dump
from fieldvae_atomistic.coarse import BAR_IN_GPA
from fieldvae_atomistic.columns import Layout, MissingColumn, lay_out, parse_columns
from fieldvae_atomistic.dump import Header, scan, shown
from fieldvae_atomistic.importing.averaging import Averaging
from fieldvae_atomistic.importing.configuration import (
    FIELDS,
    Configuration,
    Field,
    Piece,
    Unreadable,
    first_readable,
    kinds_of_names,
)
from fieldvae_atomistic.importing.describing import SIGN, attributes, described_files
from fieldvae_atomistic.importing.options import (
    CUBE,
    Fields,
    Nine,
    Triple,
    check_offset,
    checked_elements,
    listed,
)
from fieldvae_atomistic.importing.source import Snapshots

Units = Literal["metal", "real"]

PRESSURE: Mapping[Units, float] = {"metal": BAR_IN_GPA, "real": 1.01325e-4}
"""LAMMPS's unit of pressure in GPa: bar, atmosphere. Lengths are Angstrom in both."""


@dataclass(frozen=True)
class DumpSnapshot:
    """One snapshot of a dump, with what its columns mean.

    Parameters
    ----------
    snapshot
        Where it stands.
    columns
        What the user says (:func:`~fieldvae_atomistic.columns.parse_columns`).
    """

    snapshot: dump.Snapshot
    columns: Mapping[str, tuple[str, ...]]

    @property
    def path(self) -> Path:
        """The file."""
        return self.snapshot.path

    @property
    def number(self) -> int:
        """Which of the file's snapshots it is, from 0."""
        return self.snapshot.number

    def laid_out(self, fields: Sequence[Field]) -> tuple[Header, Layout]:
        """Read the header and find the columns that fields need.

        Raises
        ------
        StoreError
            If the header is none, or a column is not there.
        """
        header, mapping = self.snapshot.header(), self.columns
        if "warren_cowley" not in fields:
            mapping = {role: names for role, names in mapping.items() if role != "warren_cowley"}
        try:
            return header, lay_out(header.columns, mapping, stress="residual_stress" in fields)
        except MissingColumn as error:
            raise self.snapshot.error(
                header.line, f"{error}. The columns are {' '.join(header.columns)}"
            ) from None

    def read(self, elements: Sequence[str], fields: Sequence[Field]) -> Configuration:
        """Open it; the atoms are read when gone through."""
        header, layout = self.laid_out(fields)
        step = {"units": "1", "long_name": "time step of the snapshot"}
        return Configuration(
            box=header.box,
            atoms=header.atoms,
            # a header may promise more atoms than the file can hold; reading tells where it ends
            room=min(header.atoms, self.snapshot.end - header.data),
            ordered=bool(layout.warren_cowley),
            pieces=self._pieces(header, layout, elements),
            place=shown(self.path) + (f", snapshot {self.number}" if self.number else ""),
            error=partial(self.snapshot.error, self.snapshot.start),
            labels={"timestep": (np.float64(header.timestep), step)},
        )

    def _pieces(self, header: Header, layout: Layout, elements: Sequence[str]) -> Iterator[Piece]:
        texts = (layout.species,) if layout.named else ()
        for piece in self.snapshot.pieces(header, numbers=layout.numbers, texts=texts):
            yield Piece(
                positions=np.stack([piece.numbers[column] for column in layout.positions]),
                scaled=layout.scaled,
                kind=_kinds(piece, layout, elements),
                stress=[piece.numbers[column] for column in layout.stress],
                order=[piece.numbers[column] for column in layout.warren_cowley],
                error=piece.error,
            )


def lammps(
    files: Sequence[Path],
    *,
    grid: Triple = (4, 4, 4),
    elements: str | tuple[str, ...] = (),
    columns: str | tuple[str, ...] = (),
    fields: Fields = FIELDS,
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    cutoff: PositiveFloat | None = None,
    neighbors: PositiveInt | None = None,
    reference: Literal["cell", "block"] = "cell",
    units: Units = "metal",
    frame: Nine = CUBE,
    spacing_tolerance: PositiveFloat = 0.02,
    sha256: bool = False,
) -> Snapshots:
    r"""Average LAMMPS's text dumps over blocks; every snapshot is a sample.

    Plain, gzip and zstd files, orthogonal and tilted boxes, positions as x, xs, xu or xsu.
    Samples stand in the natural order of the files' names. A file in which no snapshot can be
    found counts as one sample, whose error comes when it is made. See ``METHOD`` in ``averaging``
    for what is done; it stands in the provenance of the store too.

    Parameters
    ----------
    files
        Files or patterns such as ``dumps/*.dump``.
    grid
        Blocks along the three edges of the box.
    elements
        Elements by number of atom type. Where the dumps name elements (columns element or
        typelabel) it gives their order in the store; without it that is alphabetical.
    columns
        What columns mean where their names do not tell: ``stress=c_s[1..6]``, or by place
        ``stress=9..14,warren_cowley=-9..-1``. Roles: x, xs, xu, xsu (three columns each), type,
        element, stress (xx, yy, zz, xy, xz, yz; stress times volume), warren_cowley (one for
        each ordered pair of elements, in the order of elements, neighbors changing fastest).
    fields
        What to make: concentration, warren_cowley, residual_stress.
    offset
        Where the first block starts, Angstrom from the box's lower corner along its edges.
    cutoff
        Radius of the first shell, Angstrom; where not given, midway between the first two
        shells of an fcc crystal of the snapshot's density.
    neighbors
        Take so many nearest atoms for the first shell instead, 12 for fcc.
    reference
        Whose concentrations Warren-Cowley parameters refer to: the cell's or each block's.
    units
        LAMMPS's unit style: metal (stress times volume in bar cubic Angstrom) or real (atmosphere).
    frame
        Axes x, y, z in crystal coordinates, of any length, such as 1,-1,0,1,1,-2,1,1,1.
    spacing_tolerance
        Share by which the edges of a snapshot's box may differ from those of the first.
    sha256
        Whether the provenance holds a checksum of every file.

    Returns
    -------
    Snapshots
        The source, one sample a snapshot.

    Raises
    ------
    OptionError
        If an option is wrong.
    StoreError
        If a file is missing, or none is a dump with the columns that are needed.
    """
    chosen, names = listed(fields), checked_elements(elements)
    mapping = parse_columns(listed(columns))
    snapshots = _scanned(find_files(files), mapping, units)

    def look(snapshot: DumpSnapshot) -> tuple[DumpSnapshot, Header, Layout, tuple[str, ...]]:
        header, layout = snapshot.laid_out(chosen)
        return snapshot, header, layout, names or _named(snapshot.snapshot, header, layout)

    first, header, layout, names = first_readable(snapshots, look)
    check_offset(offset, header.box, first.path)
    averaging = Averaging(grid, names, chosen, offset, cutoff, neighbors, reference)
    _check_pairs(layout, names)
    counts = dict.fromkeys((snapshot.path for snapshot in snapshots), 0)
    for snapshot in snapshots:
        counts[snapshot.path] += 1
    return Snapshots(
        snapshots=snapshots,
        attributes=attributes(
            averaging,
            header.box,
            importer="lammps",
            frame=frame,
            files=described_files(counts, sha256=sha256),
            ordered=bool(layout.warren_cowley),
            options={"units": units, "spacing_tolerance": spacing_tolerance},
            more={
                "columns": _told_columns(header, layout),
                "stress": {
                    "dump": f"stress times volume, {'bar' if units == 'metal' else 'atm'} "
                    "angstrom^3",
                    "store": "GPa",
                    "sign": SIGN,
                    "factor": PRESSURE[units],
                },
            },
        ),
        averaging=averaging,
        box=header.box,
        first=first.path,
        spacing_tolerance=spacing_tolerance,
        pressure=PRESSURE[units],
    )


def _scanned(
    paths: Sequence[Path], mapping: Mapping[str, tuple[str, ...]], units: Units
) -> tuple[DumpSnapshot | Unreadable, ...]:
    """Find the snapshots of all files."""
    snapshots: list[DumpSnapshot | Unreadable] = []
    for path in paths:
        try:
            there, written = scan(path)
        except StoreError as error:
            snapshots.append(Unreadable(path, str(error)))
            continue
        if written is not None and written != units:
            raise OptionError(
                f"{shown(path)} is in LAMMPS's units {written}, and units is {units}; "
                f"known: {', '.join(PRESSURE)}"
            )
        snapshots += [DumpSnapshot(snapshot, mapping) for snapshot in there]
    return tuple(snapshots)


def _named(snapshot: dump.Snapshot, header: Header, layout: Layout) -> tuple[str, ...]:
    """Return the elements that a snapshot names."""
    if not layout.named:
        raise OptionError(
            f"{shown(snapshot.path)} numbers its elements as types; name them in that order, "
            "such as elements Ni,Co,Cr"
        )
    found: set[str] = set()
    for piece in snapshot.pieces(header, numbers=(), texts=(layout.species,)):
        codes, names = piece.texts[layout.species]
        found |= {names[code] for code in np.unique(codes)}
    return tuple(sorted(found))


def _check_pairs(layout: Layout, names: Sequence[str]) -> None:
    pairs = len(names) ** 2
    if layout.warren_cowley and len(layout.warren_cowley) != pairs:
        raise OptionError(
            f"columns: warren_cowley has {len(layout.warren_cowley)} columns; expected {pairs}, "
            f"one for each ordered pair of {', '.join(names)}"
        )


def _told_columns(header: Header, layout: Layout) -> dict[str, str | list[str]]:
    return {
        "positions": [header.columns[c] for c in layout.positions],
        "species": header.columns[layout.species],
        "stress": [header.columns[c] for c in layout.stress],
        "warren_cowley": [header.columns[c] for c in layout.warren_cowley],
    }


def _kinds(piece: dump.Piece, layout: Layout, elements: Sequence[str]) -> NDArray[np.integer]:
    """Return the number of every atom's element."""
    if layout.named:
        return kinds_of_names(*piece.texts[layout.species], elements, piece.error)
    values = piece.numbers[layout.species]
    kind = values.astype(np.int64) - 1
    wrong = (kind < 0) | (kind >= len(elements)) | (kind + 1 != values)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise piece.error(
            row,
            f"atom type {values[row]:g}, but elements names {len(elements)}: "
            f"{', '.join(elements)}; name an element for every type, in their order, with commas "
            "between",
        )
    return kind
