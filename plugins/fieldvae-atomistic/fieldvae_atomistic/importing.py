"""The importer ``lammps``: text dumps to concentration, Warren-Cowley parameters and stress."""

from __future__ import annotations

import glob
import hashlib
import importlib.metadata
import json
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import xarray as xr
from annotated_types import Len
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt

from fieldvae import VOIGT, Grid, OptionError, StoreError
from fieldvae_atomistic.box import Box
from fieldvae_atomistic.coarse import BAR_IN_GPA, BlockSums, add_up, count_atoms
from fieldvae_atomistic.columns import Layout, MissingColumn, lay_out, parse_columns
from fieldvae_atomistic.dump import Header, Piece, Snapshot, scan, shown
from fieldvae_atomistic.faces import Profile
from fieldvae_atomistic.neighbors import (
    FCC_NEIGHBORS,
    bonds_of_nearest,
    bonds_within,
    default_cutoff,
)

Field = Literal["concentration", "warren_cowley", "residual_stress"]
Units = Literal["metal", "real"]
Triple = tuple[PositiveInt, PositiveInt, PositiveInt]
Nine = tuple[float, float, float, float, float, float, float, float, float]

FIELDS: tuple[Field, ...] = ("concentration", "warren_cowley", "residual_stress")

PRESSURE: Mapping[Units, float] = {"metal": BAR_IN_GPA, "real": 1.01325e-4}
"""LAMMPS's unit of pressure in GPa: bar, atmosphere. Lengths are Angstrom in both."""

OUTSIDE = 1.0e-5
"""Share of an edge by which rounding in the text may put an atom outside a box that is not
periodic."""

FEW, MANY = 0.95, 1.05
"""Mean neighbors over twelve beyond which the default cutoff is doubted."""

METHOD = (
    "a block is a share of the box along each of its edges, the first one starting at the lower "
    "corner plus the offset; atoms outside a periodic box are wrapped into it; concentration = "
    "atoms of an element / atoms of the block; residual stress = sum of stress times volume over "
    "the block's atoms / volume of the block, Cartesian components, nothing subtracted; "
)

BONDS = (
    "Warren-Cowley parameters (p_ij - c_j) / (delta_ij - c_j) from the bonds of the first shell, "
    "counted for the block of the center, with the concentrations of the {reference}; 0 where "
    "nothing is known"
)

COLUMNS = "Warren-Cowley parameters: mean of the dump's columns over the block's atoms"


@dataclass(frozen=True, eq=False)
class Dumps:
    """The snapshots of one call of :func:`lammps`, read one by one when asked for.

    A sample depends on its snapshot and the options alone. Files are opened anew for each, so
    that a source can be pickled.
    """

    snapshots: tuple[Snapshot, ...]
    attributes: Mapping[str, Any]
    box: Box
    grid: tuple[int, int, int]
    elements: tuple[str, ...]
    columns: Mapping[str, tuple[str, ...]]
    fields: tuple[Field, ...]
    offset: tuple[float, float, float]
    cutoff: float | None
    neighbors: int | None
    reference: Literal["cell", "block"]
    units: Units
    spacing_tolerance: float

    def __len__(self) -> int:
        """Return the number of snapshots."""
        return len(self.snapshots)

    def __getitem__(self, index: int, /) -> xr.Dataset:
        """Read one snapshot and average it over blocks."""
        header, sums = self._read(index)
        snapshot = self.snapshots[index]
        fields: dict[str, tuple[str, NDArray[np.float64], dict[str, str]]] = {}
        if "concentration" in self.fields:
            fields["concentration"] = (
                "element",
                sums.concentration(),
                {"units": "1", "long_name": "concentration", "tensor_kind": "set"},
            )
        if "warren_cowley" in self.fields:
            fields["warren_cowley"] = (
                "pair",
                sums.warren_cowley(reference=self.reference).reshape(-1, *self.grid),
                {
                    "units": "1",
                    "long_name": "Warren-Cowley parameter of the first shell",
                    "tensor_kind": "set",
                },
            )
        if "residual_stress" in self.fields:
            fields["residual_stress"] = (
                "voigt",
                sums.stress(unit=PRESSURE[self.units]),
                {
                    "units": "GPa",
                    "long_name": "residual stress, tension positive",
                    "tensor_kind": "symmetric",
                },
            )
        labels = {
            "element": list(self.elements),
            "pair": [f"{center}-{other}" for center in self.elements for other in self.elements],
            "voigt": list(VOIGT),
        }
        return xr.Dataset(
            {
                name: ((component, "x", "y", "z"), values.astype(np.float32), attributes)
                for name, (component, values, attributes) in fields.items()
            },
            coords={
                **{component: labels[component] for component, _, _ in fields.values()},
                "timestep": (
                    (),
                    np.float64(header.timestep),
                    {"units": "1", "long_name": "time step of the snapshot"},
                ),
                "snapshot": (
                    (),
                    np.int32(snapshot.number),
                    {"long_name": "number of the snapshot in its file"},
                ),
                "file": (
                    (),
                    np.int32(self._file(index)),
                    {"long_name": "number of the file in the provenance"},
                ),
            },
        )

    def sums(self, index: int) -> BlockSums:
        """Read one snapshot and return what its blocks hold, before any division.

        Pooling these sums from a finer grid gives those of the coarser one.
        """
        return self._read(index)[1]

    def _file(self, index: int) -> int:
        paths = dict.fromkeys(snapshot.path for snapshot in self.snapshots)
        return list(paths).index(self.snapshots[index].path)

    def _read(self, index: int) -> tuple[Header, BlockSums]:
        if not 0 <= index < len(self.snapshots):
            raise IndexError(f"snapshot {index} of {len(self.snapshots)}")
        snapshot = self.snapshots[index]
        header = snapshot.header()
        self._check_box(snapshot, header.box)
        layout = _laid_out(snapshot, header, self.columns, self.fields)
        blocks, elements = int(np.prod(self.grid)), len(self.elements)
        search = "warren_cowley" in self.fields and not layout.warren_cowley
        atoms = np.zeros((elements, blocks), dtype=np.int64)
        virial = np.zeros((len(layout.stress), blocks))
        order = np.zeros((len(layout.warren_cowley), blocks))
        # a header may promise more atoms than the file can hold; reading tells where it ends
        room = min(header.atoms, snapshot.end - header.data)
        places = np.empty((room if search else 0, 3))
        kinds: NDArray[np.integer] = np.empty(
            len(places), dtype=np.int8 if elements < 128 else np.int32
        )
        homes = np.empty(len(places), dtype=np.int32)
        profile = Profile(header.box, self.grid)
        done = 0
        texts = (layout.species,) if layout.named else ()
        for piece in snapshot.pieces(header, numbers=layout.numbers, texts=texts):
            kind = self._kinds(piece, layout)
            fractions = self._fractions(piece, layout, header.box)
            block = _blocks(fractions, self.grid)
            profile.add(fractions)
            atoms += count_atoms(block, kind, blocks=blocks, elements=elements)
            for sums, wanted in ((virial, layout.stress), (order, layout.warren_cowley)):
                if wanted:
                    sums += add_up(block, [piece.numbers[c] for c in wanted], blocks=blocks)
            if search:
                here = slice(done, done + len(kind))
                places[here], kinds[here], homes[here] = fractions.T, kind, block
            done += len(kind)
        self._warn_of_faces(profile)
        self._check_blocks(snapshot, atoms)
        bonds = None
        if search:
            bonds = self._bonds(snapshot, header, places, homes, kinds)
            bonds = bonds.transpose(1, 2, 0).reshape(elements, elements, *self.grid)
        return header, BlockSums(
            atoms=atoms.reshape(elements, *self.grid),
            volume=header.box.volume / blocks,
            bonds=bonds,
            order=order.reshape(-1, *self.grid) if layout.warren_cowley else None,
            virial=virial.reshape(-1, *self.grid) if layout.stress else None,
        )

    def _check_box(self, snapshot: Snapshot, box: Box) -> None:
        """Refuse a box that differs from the first one: a store has one grid."""
        apart = np.abs(box.matrix - self.box.matrix).max(axis=1) / self.box.lengths
        if box.periodic != self.box.periodic or (apart > self.spacing_tolerance).any():
            first = self.snapshots[0]
            raise snapshot.error(
                snapshot.start,
                f"the box has edges {_rows(box)}, periodic {_flags(box)}; that of the first "
                f"snapshot ({shown(first.path)}) has {_rows(self.box)}, periodic "
                f"{_flags(self.box)}: the blocks of a store are alike (spacing_tolerance "
                f"{self.spacing_tolerance:g}); import unlike boxes into stores of their own",
            )

    def _kinds(self, piece: Piece, layout: Layout) -> NDArray[np.integer]:
        """Return the number of every atom's element."""
        if layout.named:
            codes, names = piece.texts[layout.species]
            known = {name: number for number, name in enumerate(self.elements)}
            table = np.array([*(known.get(name, -1) for name in names), -1])
            kind: NDArray[np.int64] = table[codes]
            if kind.min() < 0:
                row = int(np.argmax(kind < 0))
                raise piece.error(
                    row,
                    f"element {names[codes[row]]!r} is none of {', '.join(self.elements)}; name "
                    "every element of the dumps in elements",
                )
            return kind
        values = piece.numbers[layout.species]
        kind = values.astype(np.int64) - 1
        wrong = (kind < 0) | (kind >= len(self.elements)) | (kind + 1 != values)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise piece.error(
                row,
                f"atom type {values[row]:g}, but elements names {len(self.elements)}: "
                f"{', '.join(self.elements)}; name an element for every type, in their order",
            )
        return kind

    def _fractions(self, piece: Piece, layout: Layout, box: Box) -> NDArray[np.float64]:
        """Return places in the box from the first block's lower corner on, 0 to below 1."""
        points = np.stack([piece.numbers[column] for column in layout.positions])
        fractions = points if layout.scaled else box.fractions(points)
        for axis, along in enumerate(fractions):
            if not box.periodic[axis]:
                far = (along < -OUTSIDE) | (along > 1.0 + OUTSIDE)
                if far.any():
                    row = int(np.argmax(far))
                    raise piece.error(
                        row,
                        f"the atom lies outside the box along {'xyz'[axis]}, at {along[row]:.6g} "
                        "of its edge, and the box is not periodic there; dump a box that holds all "
                        "atoms (boundary s), or leave the file out",
                    )
                np.clip(along, 0.0, np.nextafter(1.0, 0.0), out=along)
                continue
            if self.offset[axis]:
                along -= self.offset[axis] / box.lengths[axis]
            along -= np.floor(along)
            along[along >= 1.0] = 0.0  # a small negative number rounds up to 1
        return fractions

    def _warn_of_faces(self, profile: Profile) -> None:
        crowded = [axis for axis in range(3) if profile.crowded(axis)]
        if not crowded:
            return
        clear = [profile.clear(axis) if axis in crowded else 0.0 for axis in range(3)]
        remedy = "no offset would put all of them between planes; choose another grid"
        if all(shift is not None for shift in clear):
            shifts = [a + (b or 0.0) for a, b in zip(self.offset, clear, strict=True)]
            remedy = (
                f"offset {','.join(f'{shift:.2f}' for shift in shifts)} would put them between "
                "planes"
            )
        warnings.warn(
            f"faces of blocks across {', '.join('xyz'[axis] for axis in crowded)} lie on planes of "
            f"atoms, which fall to one block or the other by chance; nothing was shifted; {remedy}",
            stacklevel=4,
        )

    def _check_blocks(self, snapshot: Snapshot, atoms: NDArray[np.int64]) -> None:
        empty = np.flatnonzero(atoms.sum(axis=0) == 0)
        if len(empty) and {"concentration", "warren_cowley"} & {*self.fields}:
            first = tuple(int(i) for i in np.unravel_index(empty[0], self.grid))
            raise snapshot.error(
                snapshot.start,
                f"{len(empty)} of {atoms.shape[1]} blocks hold no atom in this snapshot, the "
                f"first one block {first}: their concentration is undefined; choose a coarser "
                f"grid than {','.join(map(str, self.grid))}, or fields residual_stress alone",
            )

    def _bonds(
        self,
        snapshot: Snapshot,
        header: Header,
        fractions: NDArray[np.float64],
        block: NDArray[np.integer],
        kind: NDArray[np.integer],
    ) -> NDArray[np.int64]:
        blocks, elements = int(np.prod(self.grid)), len(self.elements)
        if self.neighbors is not None:
            try:
                return bonds_of_nearest(
                    header.box,
                    fractions,
                    block,
                    kind,
                    neighbors=self.neighbors,
                    blocks=blocks,
                    elements=elements,
                )
            except ValueError as error:
                raise snapshot.error(snapshot.start, str(error)) from None
        cutoff = self.cutoff or default_cutoff(header.box, header.atoms)
        bonds = bonds_within(
            header.box, fractions, block, kind, cutoff=cutoff, blocks=blocks, elements=elements
        )
        mean = bonds.sum() / header.atoms
        if self.cutoff is None and not FEW < mean / FCC_NEIGHBORS < MANY:
            warnings.warn(
                f"{mean:.2f} neighbors an atom lie within {cutoff:.3f} Angstrom, midway between "
                f"two shells of an fcc crystal of this density, the first of {FCC_NEIGHBORS}; for "
                "another crystal give the cutoff, or the number of neighbors",
                stacklevel=4,
            )
        return bonds


def lammps(
    files: Sequence[Path],
    *,
    grid: Triple = (4, 4, 4),
    elements: str | tuple[str, ...] = (),
    columns: str | tuple[str, ...] = (),
    fields: Field | Annotated[tuple[Field, ...], Len(min_length=1)] = FIELDS,
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    cutoff: PositiveFloat | None = None,
    neighbors: PositiveInt | None = None,
    reference: Literal["cell", "block"] = "cell",
    units: Units = "metal",
    frame: Nine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    spacing_tolerance: PositiveFloat = 0.02,
    sha256: bool = False,
) -> Dumps:
    r"""Average LAMMPS's text dumps over blocks; every snapshot is a sample.

    Plain, gzip and zstd files, orthogonal and tilted boxes, positions as x, xs, xu or xsu.
    Samples stand in the natural order of the files' names. See ``METHOD`` in this module for what
    is done; it stands in the provenance of the store too.

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
    Dumps
        The source, one sample a snapshot.

    Raises
    ------
    OptionError
        If an option is wrong.
    StoreError
        If a file is missing, is no dump, or lacks a column.
    """
    chosen = _listed(fields)
    names = _listed(elements)
    mapping = parse_columns(_listed(columns))
    if len(set(names)) < len(names):
        raise OptionError(f"elements {', '.join(names)}: each may stand only once")
    if cutoff is not None and neighbors is not None:
        raise OptionError("cutoff and neighbors both say what the first shell is; give one")
    rows = np.array(frame).reshape(3, 3)
    with np.errstate(invalid="ignore"):
        axes = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).ravel().tolist()
    paths = _found(files)
    scanned = {path: scan(path) for path in paths}
    for path, (_, written) in scanned.items():
        if written is not None and written != units:
            raise OptionError(
                f"{shown(path)} is in LAMMPS's units {written}, and units is {units}; "
                f"known: {', '.join(PRESSURE)}"
            )
    snapshots = tuple(snapshot for found, _ in scanned.values() for snapshot in found)
    first = snapshots[0]
    header = first.header()
    layout = _laid_out(first, header, mapping, chosen)
    for axis, shift in enumerate(offset):
        if shift and not header.box.periodic[axis]:
            raise OptionError(
                f"offset {shift:g} along {'xyz'[axis]}, but the box of {shown(first.path)} is not "
                "periodic there; blocks can only start at its corner"
            )
    names = names or _named(first, header, layout)
    pairs = len(names) ** 2
    if layout.warren_cowley and len(layout.warren_cowley) != pairs:
        raise OptionError(
            f"columns: warren_cowley has {len(layout.warren_cowley)} columns; expected {pairs}, "
            f"one for each ordered pair of {', '.join(names)}"
        )
    spacing = (header.box.lengths / grid).round(6).tolist()
    Grid(grid, tuple(spacing), "angstrom", header.box.periodic, tuple(axes))  # checks the frame
    search = "warren_cowley" in chosen and not layout.warren_cowley
    provenance = {
        "importer": "lammps",
        "method": METHOD + (BONDS.format(reference=reference) if search else COLUMNS),
        "files": [
            {
                "name": path.name,
                "snapshots": len(scanned[path][0]),
                **({"sha256": _checksum(path)} if sha256 else {}),
            }
            for path in paths
        ],
        "elements": list(names),
        "columns": {
            "positions": [header.columns[c] for c in layout.positions],
            "species": header.columns[layout.species],
            "stress": [header.columns[c] for c in layout.stress],
            "warren_cowley": [header.columns[c] for c in layout.warren_cowley],
        },
        "stress": {
            "dump": f"stress times volume, {'bar' if units == 'metal' else 'atm'} angstrom^3",
            "store": "GPa",
            "sign": "tension positive; minus a third of the trace, averaged, is the pressure",
            "factor": PRESSURE[units],
        },
        "first_shell": _shell(cutoff, neighbors) if search else None,
        "box_of_first_snapshot": {
            "edges": header.box.matrix.tolist(),
            "origin": list(header.box.origin),
        },
        "options": {
            "grid": grid,
            "offset": offset,
            "reference": reference,
            "units": units,
            "spacing_tolerance": spacing_tolerance,
        },
        "versions": {"fieldvae-atomistic": _version(), "numpy": np.__version__},
    }
    return Dumps(
        snapshots=snapshots,
        attributes={
            "fieldvae_store": 1,
            "spacing": spacing,
            "spacing_units": "angstrom",
            "periodic": list(header.box.periodic),
            "frame": axes,
            "provenance": json.dumps(provenance),
        },
        box=header.box,
        grid=grid,
        elements=names,
        columns=mapping,
        fields=chosen,
        offset=offset,
        cutoff=cutoff,
        neighbors=neighbors,
        reference=reference,
        units=units,
        spacing_tolerance=spacing_tolerance,
    )


Word = TypeVar("Word", bound=str)


def _listed(words: Word | Sequence[Word]) -> tuple[Word, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def _found(files: Sequence[Path]) -> list[Path]:
    """Return every file once, in the natural order of the names: 2 before 10."""
    paths: set[Path] = set()
    for file in files:
        if file.is_dir():
            raise StoreError(f"{file} is a folder; name the files in it, such as '{file}/*.dump'")
        found = (
            [file] if file.is_file() else [Path(p) for p in glob.glob(str(file), recursive=True)]
        )
        found = [path.absolute() for path in found if path.is_file()]
        if not found:
            raise StoreError(f"there is no file {file}; expected dumps, or a pattern in quotes")
        paths.update(found)
    if not paths:
        raise OptionError("no files; name dumps, or a pattern in quotes such as 'dumps/*.dump'")
    return sorted(paths, key=_natural)


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", os.fspath(path))
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _laid_out(
    snapshot: Snapshot,
    header: Header,
    mapping: Mapping[str, tuple[str, ...]],
    fields: Sequence[Field],
) -> Layout:
    if "warren_cowley" not in fields:
        mapping = {role: names for role, names in mapping.items() if role != "warren_cowley"}
    try:
        return lay_out(header.columns, mapping, stress="residual_stress" in fields)
    except MissingColumn as error:
        raise snapshot.error(
            header.line, f"{error}. The columns are {' '.join(header.columns)}"
        ) from None


def _named(snapshot: Snapshot, header: Header, layout: Layout) -> tuple[str, ...]:
    """Return the elements that the first snapshot names."""
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


def _blocks(fractions: NDArray[np.float64], grid: tuple[int, int, int]) -> NDArray[np.int64]:
    """Return the number of every atom's block, x slowest and z fastest."""
    x, y, z = (
        (along * count).astype(np.int64) for along, count in zip(fractions, grid, strict=True)
    )
    return np.asarray((x * grid[1] + y) * grid[2] + z)


def _shell(cutoff: float | None, neighbors: int | None) -> str:
    if neighbors is not None:
        return f"the {neighbors} nearest atoms"
    if cutoff is not None:
        return f"atoms within {cutoff:g} angstrom"
    return "atoms within (1 + 1/sqrt 2) / 2 lattice constants of an fcc crystal of equal density"


def _rows(box: Box) -> str:
    return " x ".join("(" + " ".join(f"{part:.6g}" for part in edge) + ")" for edge in box.edges)


def _flags(box: Box) -> str:
    return " ".join("yes" if flag else "no" for flag in box.periodic)


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _version() -> str:
    try:
        return importlib.metadata.version("fieldvae-atomistic")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
