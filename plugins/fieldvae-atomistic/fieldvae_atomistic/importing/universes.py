"""The importer ``mdanalysis``: trajectories that MDAnalysis reads, frame by frame."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from annotated_types import Len
from pydantic import PositiveFloat, PositiveInt

from fieldvae import OptionError, StoreError, find_files
from fieldvae_atomistic.dump import shown
from fieldvae_atomistic.importing.averaging import Averaging
from fieldvae_atomistic.importing.configuration import (
    Configuration,
    Field,
    Unreadable,
    first_readable,
)
from fieldvae_atomistic.importing.describing import attributes, described_files
from fieldvae_atomistic.importing.options import (
    CUBE,
    Nine,
    Triple,
    check_offset,
    checked_elements,
    listed,
)
from fieldvae_atomistic.importing.source import Snapshots
from fieldvae_atomistic.importing.whole import boxed, configuration, error_at, library

Composition = Literal["concentration", "warren_cowley"]
Compositions: TypeAlias = Composition | Annotated[tuple[Composition, ...], Len(min_length=1)]

NAMING = ("elements", "types", "names")
"""Attributes of MDAnalysis's atoms that may name elements, in the order they are looked for."""


TOLD = 160
"""Characters of MDAnalysis's own words in an error; it may list every format that it knows."""


@dataclass(frozen=True)
class Frame:
    """One frame of a trajectory that MDAnalysis reads.

    Parameters
    ----------
    path
        The trajectory.
    number
        Which frame it is, from 0.
    topology
        File with the elements; the trajectory itself where it has them.
    file_format
        MDAnalysis's name of the trajectory's format, where the file's name does not tell.
    atom_style
        Columns of LAMMPS data, for MDAnalysis.
    types
        Elements by number of atom type, where the topology has types only.
    periodic
        Whether the box repeats along each edge.
    """

    path: Path
    number: int
    topology: Path | None
    file_format: str | None
    atom_style: str | None
    types: tuple[str, ...]
    periodic: tuple[bool, bool, bool]

    @property
    def place(self) -> str:
        """What opens every error."""
        return f"{shown(self.path)}, frame {self.number}"

    def universe(self) -> Any:
        """Open the trajectory.

        Raises
        ------
        StoreError
            If it cannot be read.
        """
        mdanalysis = library("MDAnalysis", importer="mdanalysis")
        files = [str(self.path)] if self.topology is None else [str(self.topology), str(self.path)]
        told = {} if self.file_format is None else {"format": self.file_format}
        if self.topology is None and self.file_format is not None:
            told["topology_format"] = self.file_format
        if self.atom_style is not None:
            told["atom_style"] = self.atom_style
        try:
            return mdanalysis.Universe(*files, **told)
        except Exception as error:  # MDAnalysis's readers raise whatever befalls them
            words = textwrap.shorten(str(error), TOLD, placeholder=" ...")
            raise error_at(
                shown(self.path),
                f"MDAnalysis cannot read this ({type(error).__name__}: {words}); name the file "
                "with the elements (topology) or the format (file_format), or leave it out",
            ) from error

    def symbols(self, universe: Any) -> list[str]:
        """Return the element of every atom.

        Raises
        ------
        StoreError
            If the topology names none.
        """
        where = shown(self.topology or self.path)
        for naming in NAMING:
            words = [str(word) for word in getattr(universe.atoms, naming, ())]
            if words and all(words):
                break
        else:
            raise error_at(where, "no elements; name a file that has them (topology)")
        if all(word[0].isalpha() for word in words):
            return words
        strange = next((word for word in words if not word.isdigit()), None)
        if strange is not None:
            raise error_at(
                where,
                f"{strange!r} is neither an element nor an atom type; for LAMMPS data say its "
                "columns, such as atom_style 'id type x y z', or name another topology",
            )
        if not self.types:
            raise OptionError(
                f"{where} numbers its elements as types; name them in "
                "that order, such as types Ni,Co,Cr"
            )
        beyond = next((w for w in words if not 0 < int(w) <= len(self.types)), None)
        if beyond is not None:
            raise error_at(
                where,
                f"atom type {beyond}, but types names {len(self.types)}: {', '.join(self.types)}",
            )
        return [self.types[int(word) - 1] for word in words]

    def read(self, elements: Sequence[str], fields: Sequence[Field]) -> Configuration:
        """Read it."""
        universe = self.universe()
        symbols = self.symbols(universe)
        try:
            step = universe.trajectory[self.number]
        except Exception as error:
            raise error_at(
                self.place, f"MDAnalysis cannot read this ({error}); write the file again"
            ) from error
        error_here = partial(error_at, self.place)
        if step.dimensions is None:
            raise error_here("no box; expected a trajectory that keeps it")
        box = boxed(step.triclinic_dimensions, self.periodic, error=error_here)
        time = {"units": "ps", "long_name": "time of the frame"}
        return configuration(
            box,
            step.positions,
            symbols,
            elements,
            place=self.place,
            labels={"time": (np.float64(step.time), time)},
        )


def mdanalysis(
    files: Sequence[Path],
    *,
    grid: Triple = (4, 4, 4),
    topology: Path | None = None,
    elements: str | tuple[str, ...] = (),
    types: str | tuple[str, ...] = (),
    every: PositiveInt = 1,
    file_format: str | None = None,
    atom_style: str | None = None,
    periodic: tuple[bool, bool, bool] = (True, True, True),
    fields: Compositions = ("concentration", "warren_cowley"),
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    cutoff: PositiveFloat | None = None,
    neighbors: PositiveInt | None = None,
    reference: Literal["cell", "block"] = "cell",
    frame: Nine = CUBE,
    spacing_tolerance: PositiveFloat = 0.02,
    sha256: bool = False,
) -> Snapshots:
    """Average trajectories that MDAnalysis reads over blocks: dcd, xtc, trr, netCDF, H5MD, gro.

    Every frame is a sample, in the natural order of the files' names. MDAnalysis keeps positions in
    single precision and no stress of atoms, so concentrations and Warren-Cowley parameters are
    all that can be made. Blocks and warnings are those of the importer lammps.

    Parameters
    ----------
    files
        Trajectories, or patterns such as ``runs/*.dcd``.
    grid
        Blocks along the three edges of the box.
    topology
        File with the elements of the atoms, such as LAMMPS data or a pdb; the trajectory itself
        where it is not given.
    elements
        The elements' order in the store; without it alphabetical, as in the first frame.
    types
        Elements by number of atom type, for topologies that name none: Ni,Co,Cr.
    every
        Take the first frame of each so many.
    file_format
        MDAnalysis's name of the trajectories' format, such as LAMMPS, where names do not tell.
    atom_style
        Columns of a topology in LAMMPS data, such as 'id type x y z', where they are not those of
        the style full.
    periodic
        Whether the box repeats along its edges, which most formats do not say.
    fields
        What to make: concentration, warren_cowley.
    offset
        Where the first block starts, Angstrom from the box's lower corner along its edges.
    cutoff
        Radius of the first shell, Angstrom; where not given, midway between the first two
        shells of an fcc crystal of the frame's density.
    neighbors
        Take so many nearest atoms for the first shell instead, 12 for fcc.
    reference
        Whose concentrations Warren-Cowley parameters refer to: the cell's or each block's.
    frame
        Axes x, y, z in crystal coordinates, of any length, such as 1,-1,0,1,1,-2,1,1,1.
    spacing_tolerance
        Share by which the edges of a box may differ from those of the first.
    sha256
        Whether the provenance holds a checksum of every file.

    Returns
    -------
    Snapshots
        The source, one sample a frame.

    Raises
    ------
    OptionError
        If an option is wrong, or MDAnalysis is not installed.
    StoreError
        If a file is missing, or none can be read.
    """
    library("MDAnalysis", importer="mdanalysis")
    chosen, names = listed(fields), checked_elements(elements)
    if topology is not None and not topology.is_file():
        raise StoreError(f"there is no file {topology}; expected a topology with the elements")
    told = (topology, file_format, atom_style, listed(types), periodic)
    frames: list[Frame | Unreadable] = []
    counts: dict[Path, int] = {}
    for path in find_files(files):
        try:
            numbers = range(0, len(Frame(path, 0, *told).universe().trajectory), every)
        except StoreError as error:
            frames.append(Unreadable(path, str(error)))
            counts[path] = 1
            continue
        counts[path] = len(numbers)
        frames += [Frame(path, number, *told) for number in numbers]

    def look(first: Frame) -> tuple[Frame, Configuration, tuple[str, ...]]:
        there = names or tuple(sorted({*first.symbols(first.universe())}))
        return first, first.read(there, chosen), there

    first, whole, names = first_readable(frames, look)
    check_offset(offset, whole.box, first.path)
    averaging = Averaging(grid, names, chosen, offset, cutoff, neighbors, reference)
    return Snapshots(
        snapshots=tuple(frames),
        attributes=attributes(
            averaging,
            whole.box,
            importer="mdanalysis",
            frame=frame,
            files=described_files(counts, sha256=sha256),
            options={
                "topology": None if topology is None else topology.name,
                "types": list(listed(types)),
                "every": every,
                "file_format": file_format,
                "atom_style": atom_style,
                "periodic": list(periodic),
                "spacing_tolerance": spacing_tolerance,
            },
            more={},
            libraries=("fieldvae-atomistic", "MDAnalysis", "numpy"),
        ),
        averaging=averaging,
        box=whole.box,
        first=first.path,
        spacing_tolerance=spacing_tolerance,
        pressure=1.0,
    )
