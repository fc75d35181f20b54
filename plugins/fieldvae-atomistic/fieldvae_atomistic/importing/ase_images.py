"""The importer ``ase``: whatever ase.io reads to the same fields as LAMMPS's dumps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import PositiveFloat, PositiveInt

from fieldvae import OptionError, find_files
from fieldvae_atomistic.dump import shown
from fieldvae_atomistic.importing.averaging import Averaging
from fieldvae_atomistic.importing.configuration import FIELDS, Configuration, first_readable
from fieldvae_atomistic.importing.describing import SIGN, attributes, described_files
from fieldvae_atomistic.importing.image_files import TYPED, Image, images_of
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
from fieldvae_atomistic.importing.stresses import ASE_ORDER, Component, Divided, StressConvention
from fieldvae_atomistic.importing.whole import library


def ase(
    files: Sequence[Path],
    *,
    grid: Triple = (4, 4, 4),
    elements: str | tuple[str, ...] = (),
    types: str | tuple[str, ...] = (),
    every: PositiveInt = 1,
    last: bool = False,
    file_format: str | None = None,
    fields: Fields = FIELDS,
    stress: str = "stresses",
    stress_units: str = "eV/angstrom^3",
    stress_divided_by: Divided = "cell",
    stress_positive: Literal["tension", "compression"] = "tension",
    stress_order: tuple[Component, ...] = ASE_ORDER,
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0),
    cutoff: PositiveFloat | None = None,
    neighbors: PositiveInt | None = None,
    reference: Literal["cell", "block"] = "cell",
    frame: Nine = CUBE,
    spacing_tolerance: PositiveFloat = 0.02,
    sha256: bool = False,
) -> Snapshots:
    """Average whatever ase.io reads over blocks: extxyz, POSCAR, OUTCAR, cif, LAMMPS data, traj.

    Every image is a sample, in the natural order of the files' names; an image or a file that
    cannot be read counts, and its error comes when it is made. Elements, cell and
    periodicity are those of ASE's Atoms. Blocks, Warren-Cowley parameters and warnings are those
    of the importer lammps, which is the one to take for LAMMPS's text dumps: ASE's reader leaves
    their stresses out.

    Parameters
    ----------
    files
        Files or patterns such as ``relaxed/*.extxyz``.
    grid
        Blocks along the three edges of the cell.
    elements
        The elements' order in the store; without it alphabetical, as in the first image.
    types
        Elements by number of atom type, for LAMMPS's files that name none: Ni,Co,Cr.
    every
        Take the first image of each so many.
    last
        Take the last image of each file alone, such as the relaxed one of an OUTCAR.
    file_format
        ASE's name of the files' format, such as vasp-out, where their names do not tell.
    fields
        What to make: concentration, warren_cowley, residual_stress.
    stress
        Array or calculator's result with the stress of every atom, six or nine components.
    stress_units
        Its unit: a stress, or stress times volume where it is divided by nothing
        (bar*angstrom^3, eV).
    stress_divided_by
        What each atom's stress times volume was divided by: nothing, the volume of the cell (as
        ASE's own calculators do; they add up to the cell's stress), or that of an atom in the mean.
    stress_positive
        What is positive in the file: tension or compression.
    stress_order
        Order of six components; ASE's is xx,yy,zz,yz,xz,xy and LAMMPS's xx,yy,zz,xy,xz,yz.
    offset
        Where the first block starts, Angstrom from the cell's lower corner along its edges.
    cutoff
        Radius of the first shell, Angstrom; where not given, midway between the first two
        shells of an fcc crystal of the image's density.
    neighbors
        Take so many nearest atoms for the first shell instead, 12 for fcc.
    reference
        Whose concentrations Warren-Cowley parameters refer to: the cell's or each block's.
    frame
        Axes x, y, z in crystal coordinates, of any length, such as 1,-1,0,1,1,-2,1,1,1.
    spacing_tolerance
        Share by which the edges of a cell may differ from those of the first.
    sha256
        Whether the provenance holds a checksum of every file.

    Returns
    -------
    Snapshots
        The source, one sample an image.

    Raises
    ------
    OptionError
        If an option is wrong, or ASE is not installed.
    StoreError
        If a file is missing, or none can be read.
    """
    library("ase.io", importer="ase")
    chosen, names = listed(fields), checked_elements(elements)
    convention = StressConvention(
        stress, stress_units, stress_divided_by, stress_positive, stress_order
    )
    images, counts = images_of(
        find_files(files),
        every=every,
        last=last,
        file_format=file_format,
        types=listed(types),
        stress=convention,
    )

    def look(image: Image) -> tuple[Image, Configuration, tuple[str, ...]]:
        if not names and not types and image.format in TYPED:
            raise OptionError(
                f"{shown(image.path)} may number its elements as types, which ASE would take for "
                "H, He, ...; name them in elements, and by number of type in types"
            )
        there = names or tuple(sorted({*image.atoms().get_chemical_symbols()}))
        return image, image.read(there, chosen), there

    first, whole, names = first_readable(images, look)
    check_offset(offset, whole.box, first.path)
    averaging = Averaging(grid, names, chosen, offset, cutoff, neighbors, reference)
    return Snapshots(
        snapshots=images,
        attributes=attributes(
            averaging,
            whole.box,
            importer="ase",
            frame=frame,
            files=described_files(counts, sha256=sha256),
            options={
                "every": every,
                "last": last,
                "file_format": file_format,
                "types": list(listed(types)),
                "spacing_tolerance": spacing_tolerance,
            },
            more={
                "stress": {
                    "file": f"{stress}, {stress_units}, divided by {stress_divided_by}, "
                    f"{stress_positive} positive, {','.join(stress_order)}",
                    "store": "GPa",
                    "sign": SIGN,
                    "factor": convention.factor,
                }
                if "residual_stress" in chosen
                else None,
            },
            libraries=("fieldvae-atomistic", "ase", "numpy"),
        ),
        averaging=averaging,
        box=whole.box,
        first=first.path,
        spacing_tolerance=spacing_tolerance,
        pressure=1.0,
    )
