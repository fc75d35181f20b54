"""VTK's XML files: image data with values on cells, and collections of them along time.

Own code, as none of the small writers names components or takes more than three of them (pyevtk
1.7), and VTK itself is 764 MB. The format: https://docs.vtk.org/en/latest/vtk_file_formats/.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from numpy.typing import NDArray

from fieldvae.grid import AXES, Grid

Role = Literal["Scalars", "Vectors", "Tensors"]

_TYPES = {"f": "Float", "i": "Int", "u": "UInt"}


@dataclass(frozen=True)
class VtkArray:
    """One array of a file.

    Parameters
    ----------
    name
        As ParaView lists it.
    values
        Numbers, shape ``(x, y, z, component)`` of the grid's axes on cells, ``(tuple, component)``
        in field data; or words, shape ``(tuple, 1)``, in field data only.
    components
        Names of the components; none for an array of one.
    units
        As VTK's information key ``UNITS_LABEL``.
    role
        What filters take the array for.
    """

    name: str
    values: NDArray[np.generic]
    components: tuple[str, ...] = ()
    units: str = ""
    role: Role = "Scalars"


def write_image(
    path: Path, grid: Grid, *, cells: Sequence[VtkArray], facts: Sequence[VtkArray] = ()
) -> None:
    """Write image data (``.vti``): a regular grid with values on its cells.

    Values stand where they are described, in base64: with values behind the XML (``appended``)
    files would be smaller by a quarter, but ParaView 5.11 of Debian 12 cannot read any such file.
    VTK lets x run fastest. A grid of one or two dimensions becomes a line or a sheet of no
    thickness.

    Parameters
    ----------
    path
        The file.
    grid
        Gives number and size of cells; its corner is the origin.
    cells
        Values on cells.
    facts
        Values of the whole file (VTK's field data), words among them.
    """
    extent = " ".join(f"0 {cells}" for cells in (*grid.shape, 0, 0)[: len(AXES)])
    file = Element("VTKFile", type="ImageData", version="1.0")
    file.attrib |= {"byte_order": "LittleEndian", "header_type": "UInt64"}
    image = SubElement(file, "ImageData", WholeExtent=extent, Origin="0 0 0")
    image.set("Spacing", " ".join(repr(float(h)) for h in (*grid.spacing, 1, 1)[: len(AXES)]))
    field_data = SubElement(image, "FieldData")
    for each in facts:
        _add(field_data, each).set("NumberOfTuples", str(len(each.values)))
    on_cells = SubElement(SubElement(image, "Piece", Extent=extent), "CellData")
    on_cells.attrib |= _active(cells)
    for each in cells:
        _add(on_cells, each)
    _write(file, path)


def write_collection(path: Path, files: Mapping[int, Path]) -> None:
    """Write a collection (``.pvd``): files that ParaView plays along time.

    Parameters
    ----------
    path
        The file.
    files
        Files by time, in the folder of the collection.
    """
    file = Element("VTKFile", type="Collection", version="0.1", byte_order="LittleEndian")
    collection = SubElement(file, "Collection")
    for time, each in files.items():
        SubElement(collection, "DataSet", timestep=str(time), part="0", file=each.name)
    _write(file, path)


def _write(file: Element, path: Path) -> None:
    indent(file)
    path.write_bytes(
        b'<?xml version="1.0"?>\n' + tostring(file, encoding="unicode").encode() + b"\n"
    )


def _active(arrays: Sequence[VtkArray]) -> Iterator[tuple[str, str]]:
    """The first array of every role, which filters take where nobody chooses."""
    return ((each.role, each.name) for each in reversed(arrays))


def _add(parent: Element, array: VtkArray) -> Element:
    """Add an array to an element, and return its own."""
    values = array.values
    if values.dtype.kind not in _TYPES:
        element = SubElement(parent, "Array", type="String", Name=array.name, format="ascii")
        element.text = _words(values)
        return element
    kind = f"{_TYPES[values.dtype.kind]}{8 * values.dtype.itemsize}"
    element = SubElement(parent, "DataArray", type=kind, Name=array.name, format="binary")
    element.set("NumberOfComponents", str(values.shape[-1]))
    for number, name in enumerate(array.components):
        element.set(f"ComponentName{number}", name)
    element.text = _binary(values)
    if array.units:
        key = SubElement(element, "InformationKey", name="UNITS_LABEL", location="vtkDataArray")
        key.text = array.units
    return element


def _binary(values: NDArray[np.generic]) -> str:
    """Numbers as VTK has them in XML: their length in bytes, then they, x running fastest."""
    last = values.ndim - 1
    ordered = values.transpose(*reversed(range(last)), last)
    raw = ordered.astype(ordered.dtype.newbyteorder("<")).tobytes()
    return b64encode(len(raw).to_bytes(8, "little") + raw).decode("ascii")


def _words(values: NDArray[np.generic]) -> str:
    """Words as VTK has them in XML: the numbers of their bytes, a zero after each word."""
    codes = (byte for word in values.ravel() for byte in (*str(word).encode("utf-8"), 0))
    return " ".join(map(str, codes))
