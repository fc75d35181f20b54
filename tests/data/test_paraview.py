"""Image data for ParaView, read back by its XML and bytes alone, as VTK's own reader would."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr

from fieldvae.data.paraview import vtk
from fieldvae.errors import OptionError, StoreError
from fieldvae.field import VOIGT
from fieldvae.grid import Grid

DTYPES = {"Float32": "<f4", "Float64": "<f8", "Int64": "<i8", "UInt8": "<u1"}


@dataclass(frozen=True)
class Image:
    """A file of image data, its arrays ``(component, x, y, z)`` or ``(tuple, component)``."""

    head: ElementTree.Element

    @classmethod
    def read(cls, path: Path) -> Image:
        file = ElementTree.parse(path).getroot()
        assert file.attrib["type"] == "ImageData"
        assert file.attrib["byte_order"] == "LittleEndian"
        assert file.attrib["header_type"] == "UInt64"
        return cls(file)

    @property
    def image(self) -> ElementTree.Element:
        found = self.head.find("ImageData")
        assert found is not None
        return found

    def _element(self, place: str, name: str) -> ElementTree.Element:
        (found,) = [e for e in self.head.findall(f"ImageData/{place}/*") if e.get("Name") == name]
        return found

    def _values(self, element: ElementTree.Element) -> np.ndarray:
        raw = base64.b64decode(element.text or "")
        assert int.from_bytes(raw[:8], "little") == len(raw) - 8
        found = np.frombuffer(raw[8:], DTYPES[element.attrib["type"]])
        return found.reshape(-1, int(element.attrib["NumberOfComponents"]))

    def names(self, place: str = "Piece/CellData") -> list[str]:
        return [e.attrib["Name"] for e in self.head.findall(f"ImageData/{place}/*")]

    def cells(self, name: str) -> np.ndarray:
        extent = [int(n) for n in self.image.attrib["WholeExtent"].split()[1::2]]
        values = self._values(self._element("Piece/CellData", name))
        return values.reshape(*(max(n, 1) for n in reversed(extent)), -1).transpose(3, 2, 1, 0)

    def fact(self, name: str) -> np.ndarray:
        return self._values(self._element("FieldData", name))

    def words(self, name: str) -> list[str]:
        text = self._element("FieldData", name).text or ""
        return bytes(int(code) for code in text.split()).decode().split("\0")[:-1]

    def components(self, name: str, place: str = "Piece/CellData") -> list[str]:
        attributes = self._element(place, name).attrib
        return [value for key, value in attributes.items() if key.startswith("ComponentName")]


GRID = Grid((4, 3, 2), (1.5, 2.0, 0.1), "nm", frame=(0, 1, 0, -1, 0, 0, 0, 0, 1))


def samples(grid: Grid = GRID, realizations: int = 0) -> xr.Dataset:
    """Fields of every kind, three samples."""
    generator = np.random.default_rng(0)
    lead = {"sample": 3, **({"realization": realizations} if realizations else {})}

    def field(units: str, **dims: int) -> xr.Variable:
        sizes = {**dims, **dict(zip(grid.axes, grid.shape, strict=True))}
        values = generator.standard_normal(tuple(sizes.values()), dtype=np.float32)
        return xr.Variable(tuple(sizes), values, {"units": units})

    return xr.Dataset(
        {
            "heat": field("K", sample=3),
            "stress": field("GPa", **lead, voigt=6),
            "flow": field("m/s", sample=3, way=2),
            "share": field("1", sample=3, element=2),
            "load": ("sample", [1.0, 2.0, np.nan], {"units": "kN"}),
        },
        coords={
            "voigt": list(VOIGT),
            "way": ["y", "x"],
            "element": ["Ni", "Co"],
            "name": ("sample", np.array(["a", "ångström", ""], object)),
        },
    )


class TestImageData:
    def test_hold_every_value_on_its_cell(self, tmp_path):
        data = samples()
        vtk(data, GRID, tmp_path)
        for row in range(3):
            image = Image.read(tmp_path / f"000{row}.vti")
            np.testing.assert_array_equal(image.cells("heat")[0], data.heat[row])
            np.testing.assert_array_equal(image.cells("share"), data.share[row])

    def test_have_the_cells_of_the_grid(self, tmp_path):
        vtk(samples(), GRID, tmp_path)
        image = Image.read(tmp_path / "0000.vti")
        assert image.image.attrib == {
            "WholeExtent": "0 4 0 3 0 2",
            "Origin": "0 0 0",
            "Spacing": "1.5 2.0 0.1",
        }

    @pytest.mark.parametrize(
        ("shape", "extent"), [((5,), "0 5 0 0 0 0"), ((5, 3), "0 5 0 3 0 0")], ids=str
    )
    def test_of_fewer_dimensions_are_flat(self, tmp_path, shape, extent):
        grid = Grid(shape)
        data = samples(grid)
        vtk(data, grid, tmp_path)
        image = Image.read(tmp_path / "0001.vti")
        assert image.image.attrib["WholeExtent"] == extent
        np.testing.assert_array_equal(
            image.cells("stress")[3].reshape(shape), data.stress.sel(voigt="xy")[1]
        )

    def test_name_components_by_their_labels(self, tmp_path):
        vtk(samples(), GRID, tmp_path)
        assert Image.read(tmp_path / "0000.vti").components("share") == ["Ni", "Co"]

    def test_tell_units_spacing_and_frame(self, tmp_path):
        vtk(samples(), GRID, tmp_path)
        image = Image.read(tmp_path / "0000.vti")
        assert {"heat: K", "stress: GPa", "load: kN"} <= set(image.words("units"))
        assert image.words("spacing_units") == ["nm"]
        np.testing.assert_array_equal(image.fact("frame"), [GRID.frame])
        key = image._element("Piece/CellData", "stress").find("InformationKey")
        assert key is not None
        assert (key.get("name"), key.text) == ("UNITS_LABEL", "GPa")

    def test_keep_what_samples_have_one_of(self, tmp_path):
        vtk(samples(), GRID, tmp_path)
        images = [Image.read(tmp_path / f"000{row}.vti") for row in range(3)]
        np.testing.assert_array_equal([i.fact("load")[0, 0] for i in images], [1, 2, np.nan])
        assert [i.words("name") for i in images] == [["a"], ["ångström"], [""]]

    def test_can_bear_units_in_their_names(self, tmp_path):
        vtk(samples(), GRID, tmp_path, units_in_names=True)
        assert Image.read(tmp_path / "0000.vti").names() == [
            "heat (K)",
            "stress (GPa)",
            "flow (m/s)",
            "share",
        ]


class TestTensors:
    def test_stand_in_the_order_of_vtk(self, tmp_path):
        data = samples()
        vtk(data, GRID, tmp_path)
        image = Image.read(tmp_path / "0000.vti")
        order = ["xx", "yy", "zz", "xy", "yz", "xz"]
        assert image.components("stress") == order
        np.testing.assert_array_equal(
            image.cells("stress"), data.stress.isel(sample=0).sel(voigt=order)
        )

    def test_as_matrices_are_symmetric_and_have_the_norm_of_the_tensor(self, tmp_path):
        data = samples()
        vtk(data, GRID, tmp_path, tensors="full")
        image = Image.read(tmp_path / "0000.vti")
        matrix = image.cells("stress").reshape(3, 3, *GRID.shape)
        np.testing.assert_array_equal(matrix, matrix.swapaxes(0, 1))
        for i, j, label in ((0, 0, "xx"), (0, 1, "xy"), (0, 2, "xz"), (1, 2, "yz")):
            np.testing.assert_array_equal(matrix[i, j], data.stress.sel(voigt=label)[0])
        assert image.components("stress")[5] == "yz"

    def test_are_what_filters_take(self, tmp_path):
        vtk(samples(), GRID, tmp_path)
        cells = Image.read(tmp_path / "0000.vti").head.find("ImageData/Piece/CellData")
        assert cells is not None
        assert cells.attrib == {"Scalars": "heat", "Tensors": "stress", "Vectors": "flow"}

    def test_of_other_labels_are_left_as_they_are(self, tmp_path):
        data = samples().assign_coords(voigt=list("abcdef"))
        vtk(data, GRID, tmp_path)
        image = Image.read(tmp_path / "0000.vti")
        assert image.components("stress") == list("abcdef")
        np.testing.assert_array_equal(image.cells("stress"), data.stress[0])


class TestVectors:
    def test_have_three_components(self, tmp_path):
        data = samples()
        vtk(data, GRID, tmp_path)
        image = Image.read(tmp_path / "0000.vti")
        assert image.components("flow") == ["x", "y", "z"]
        flow = data.flow.isel(sample=0)
        x, y, z = image.cells("flow")
        np.testing.assert_array_equal(x, flow.sel(way="x"))
        np.testing.assert_array_equal(y, flow.sel(way="y"))
        assert not z.any()


class TestRealizations:
    def test_are_arrays_beside_their_mean_and_spread(self, tmp_path):
        data = samples(realizations=11)
        vtk(data, GRID, tmp_path)
        image = Image.read(tmp_path / "0002.vti")
        order = ["xx", "yy", "zz", "xy", "yz", "xz"]
        expected = data.stress.isel(sample=2).sel(voigt=order)
        for number in range(11):
            np.testing.assert_array_equal(
                image.cells(f"stress_realization_{number:02d}"), expected[number]
            )
        mean, spread = image.cells("stress_mean"), image.cells("stress_spread")
        np.testing.assert_allclose(mean, expected.mean("realization"), atol=1e-6)
        np.testing.assert_allclose(spread, expected.std("realization", ddof=1), atol=1e-6)
        assert "heat_mean" not in image.names()

    def test_can_be_files(self, tmp_path):
        data = samples(realizations=2)
        written = vtk(data, GRID, tmp_path, realizations="files")
        assert [path.name for path in written[-4:]] == [
            "realization-0.pvd",
            "realization-1.pvd",
            "mean.pvd",
            "spread.pvd",
        ]
        assert {path.name for path in written} == {path.name for path in tmp_path.iterdir()}
        image = Image.read(tmp_path / "0001-realization-1.vti")
        assert image.names() == ["heat", "stress", "flow", "share"]
        np.testing.assert_array_equal(image.cells("stress")[0], data.stress[1, 1, 0])
        mean = Image.read(tmp_path / "0001-mean.vti")
        np.testing.assert_allclose(
            mean.cells("stress")[0], data.stress[1, :, 0].mean("realization")
        )
        assert mean.names() == image.names()

    def test_can_stand_without_statistics(self, tmp_path):
        vtk(samples(realizations=2), GRID, tmp_path, statistics=False, fields=("stress",))
        found = Image.read(tmp_path / "0000.vti").names()
        assert found == ["stress_realization_0", "stress_realization_1"]

    def test_keep_what_each_has_one_of(self, tmp_path):
        accepted = np.array([[True, False], [True, True], [False, False]])
        error = np.arange(18.0).reshape(3, 2, 3)
        data = samples(realizations=2).assign(
            accepted=(("sample", "realization"), accepted),
            error=(("sample", "realization", "condition"), error),
        )
        data = data.assign_coords(condition=["a", "b", "all"])
        vtk(data, GRID, tmp_path, fields=("heat",))
        image = Image.read(tmp_path / "0000.vti")
        np.testing.assert_array_equal(image.fact("accepted"), [[1], [0]])
        np.testing.assert_array_equal(image.fact("error"), error[0])
        assert image.components("error", "FieldData") == ["a", "b", "all"]

    def test_of_a_scalar_are_no_components(self, tmp_path):
        values = np.random.default_rng(0).random((3, 2, *GRID.shape))
        data = xr.Dataset({"heat": (("sample", "realization", *GRID.axes), values)})
        vtk(data, GRID, tmp_path, statistics=False)
        image = Image.read(tmp_path / "0001.vti")
        np.testing.assert_array_equal(image.cells("heat_realization_1")[0], values[1, 1])

    def test_may_have_other_dims(self, tmp_path):
        """A design's trajectory, say: what is no component makes arrays, by its labels."""
        values = np.random.default_rng(0).random((3, 2, 2, *GRID.shape))
        data = xr.Dataset(
            {"share": (("sample", "record", "element", *GRID.axes), values)},
            coords={"record": [0, 50], "element": ["Ni", "Co"]},
        )
        vtk(data, GRID, tmp_path)
        image = Image.read(tmp_path / "0000.vti")
        assert image.names() == ["share_record_0", "share_record_50"]
        np.testing.assert_array_equal(image.cells("share_record_50"), values[0, 1])


class TestCollections:
    def played(self, path: Path) -> dict[float, str]:
        found = ElementTree.parse(path).getroot()
        assert found.attrib["type"] == "Collection"
        return {float(e.attrib["timestep"]): e.attrib["file"] for e in found.iter("DataSet")}

    def test_play_the_samples_by_their_numbers(self, tmp_path):
        vtk(samples().assign_coords(sample=[4, 7, 1234567]), GRID, tmp_path)
        expected = {4: "0004.vti", 7: "0007.vti", 1234567: "1234567.vti"}
        assert self.played(tmp_path / "samples.pvd") == expected
        assert all((tmp_path / name).is_file() for name in expected.values())

    @pytest.mark.parametrize(
        ("labels", "names"),
        [
            (["3-start", "3-optimized", "1-start"], ["3-start", "3-optimized", "1-start"]),
            (["a", "b", "a"], ["0000", "0001", "0002"]),
            (["a/b", "c", "d"], ["0000", "0001", "0002"]),
        ],
        ids=["distinct", "repeated", "no file names"],
    )
    def test_name_files_by_labels_where_they_serve(self, tmp_path, labels, names):
        vtk(samples().assign_coords(label=("sample", labels)), GRID, tmp_path)
        assert list(self.played(tmp_path / "samples.pvd").values()) == [f"{n}.vti" for n in names]


class TestRefusals:
    def test_name_the_field_that_is_not_there(self, tmp_path):
        words = (
            r"fields: 'strss' is no variable on the grid \(did you mean 'stress'\?\); "
            "there are heat"
        )
        with pytest.raises(OptionError, match=words):
            vtk(samples(), GRID, tmp_path, fields=("strss",))

    def test_of_a_field_that_is_on_samples(self, tmp_path):
        with pytest.raises(OptionError, match="'load' is no variable on the grid"):
            vtk(samples(), GRID, tmp_path, fields=("load",))

    def test_of_what_is_no_real_number(self, tmp_path):
        data = samples()
        with pytest.raises(StoreError, match="'heat' has dtype complex64; expected real numbers"):
            vtk(data.assign(heat=data.heat.astype(np.complex64)), GRID, tmp_path)
