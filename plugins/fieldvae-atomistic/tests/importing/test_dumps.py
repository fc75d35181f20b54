from __future__ import annotations

import gzip
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zstandard
from fieldvae_atomistic.dump import packed, scanning
from fieldvae_atomistic.importing import lammps

from fieldvae import VOIGT, GridError, OptionError, StoreError
from fieldvae.data.collecting import collect

STRESS = " ".join(f"c_s[{n}]" for n in range(1, 7))
SIMPLE = {"grid": (2, 2, 2), "elements": ("Ni", "Co")}


class TestDumps:
    def test_label_every_field(self, cell, write):
        sample = lammps([write(cell(step=7))], **SIMPLE)[0]
        assert {name: field.dims for name, field in sample.items()} == {
            "concentration": ("element", "x", "y", "z"),
            "warren_cowley": ("pair", "x", "y", "z"),
            "residual_stress": ("voigt", "x", "y", "z"),
        }
        assert tuple(sample.voigt.values) == VOIGT
        assert [field.attrs["units"] for field in sample.values()] == ["1", "1", "GPa"]
        assert all(field.dtype == np.float32 for field in sample.values())
        assert sample.timestep == 7

    def test_describe_themselves(self, cell, write):
        source = lammps([write(cell())], sha256=True, frame=(1, -1, 0, 1, 1, -2, 1, 1, 1), **SIMPLE)
        attributes = json.loads(json.dumps(dict(source.attributes)))
        assert attributes["spacing"] == [4.0, 4.0, 4.0]
        assert attributes["periodic"] == [True] * 3
        assert attributes["frame"][:2] == pytest.approx([0.5**0.5, -(0.5**0.5)])
        provenance = json.loads(attributes["provenance"])
        assert provenance["files"][0]["name"] == "cell.dump"
        assert len(provenance["files"][0]["sha256"]) == 64
        assert provenance["columns"]["stress"][0] == "c_s[1]"
        assert "tension positive" in provenance["stress"]["sign"]

    def test_can_be_pickled(self, cell, write):
        source = lammps([write(cell())], **SIMPLE)
        assert pickle.loads(pickle.dumps(source))[0].identical(source[0])

    def test_end_where_they_say(self, cell, write):
        source = lammps([write(cell())], **SIMPLE)
        assert len(source) == 1
        with pytest.raises(IndexError, match="snapshot 1 of 1"):
            source[1]

    def test_take_the_files_in_natural_order_and_each_once(self, cell, write, tmp_path):
        for number in (10, 9, 1):
            write(cell(step=number), f"cell.{number}.dump")
        source = lammps([tmp_path / "*.dump", tmp_path / "cell.9.dump"], **SIMPLE)
        assert [int(source[i].timestep) for i in range(len(source))] == [1, 9, 10]

    def test_read_packed_files_as_plain_ones(self, cell, write, monkeypatch):
        text = (cell(step=1) + cell(step=2)).encode()
        monkeypatch.setattr(packed, "READ", 1000)
        plain = lammps([write(text)], **SIMPLE)
        gz = lammps([write(gzip.compress(text), "a.gz")], **SIMPLE)
        frames = b"".join(zstandard.compress(text[i : i + 9999]) for i in range(0, len(text), 9999))
        zst = lammps([write(frames, "a.zst")], **SIMPLE)
        assert len(plain) == len(gz) == len(zst) == 2
        for index in (1, 0):
            assert gz[index].identical(plain[index])
            assert zst[index].identical(plain[index])

    def test_read_a_large_plain_file_of_one_snapshot_without_looking_for_more(self, cell, write):
        path = write(cell())
        assert scanning._single(path) is not None
        assert scanning._single(write(cell() + cell())) is None

    @pytest.mark.parametrize(
        "first", ["ITEM: UNITS\nmetal\n", "ITEM: UNITS\nmetal\nITEM: TIME\n0.5\n"]
    )
    def test_read_units_and_times(self, cell, write, first):
        source = lammps([write(first + cell() + "ITEM: TIME\n1.5\n" + cell(step=3))], **SIMPLE)
        assert [int(source[i].timestep) for i in range(2)] == [0, 3]

    @pytest.mark.parametrize(
        "edit", [lambda t: t.replace("\n", " \n"), lambda t: t.replace(" ", "  ")]
    )
    def test_read_any_spaces(self, cell, write, edit):
        head, atoms = cell().split("ITEM: ATOMS", 1)
        names, atoms = atoms.split("\n", 1)
        plain = lammps([write(f"{head}ITEM: ATOMS{names}\n{atoms}")], **SIMPLE)[0]
        spaced = lammps([write(f"{head}ITEM: ATOMS{names}\n{edit(atoms)}", "b")], **SIMPLE)[0]
        assert spaced.identical(plain)

    @pytest.mark.parametrize("column", ["element", "typelabel"])
    def test_take_elements_by_name(self, cell, write, column):
        def name(rows):
            for row in rows:
                row[1] = ("NA", "Co")[row[1] - 1]

        path = write(cell(f"id {column} x y z {STRESS}", edit=name))
        sample = lammps([path], grid=(2, 2, 2))[0]
        assert list(sample.element.values) == ["Co", "NA"]
        swapped = lammps([path], grid=(2, 2, 2), elements=("NA", "Co"))[0]
        np.testing.assert_array_equal(
            swapped.concentration.sel(element="Co"), sample.concentration.sel(element="Co")
        )

    def test_read_general_boxes_as_restricted_ones(self, cell, write):
        general = cell(
            bounds=("8 0 0 0", "0 8 0 0", "0 0 8 0"), tilt="abc origin", edit=lambda rows: None
        )
        assert lammps([write(general)], **SIMPLE).attributes["spacing"] == [4.0] * 3

    def test_become_a_store_that_keeps_what_was_finished(self, cell, write, tmp_path):
        write(cell(), "cell.1.dump")
        whole = cell(step=2)
        write(whole[:-200], "cell.2.dump")
        out = tmp_path / "store.zarr"
        with pytest.raises(StoreError, match=r"cell.2.dump:\d+: .*of 256 atoms"):
            list(collect(lammps([tmp_path / "*.dump"], **SIMPLE), out))
        assert (tmp_path / "store.zarr.partial" / "000000.nc").exists()
        # mended, it goes on with the samples that are there
        write(whole, "cell.2.dump")
        steps = list(collect(lammps([tmp_path / "*.dump"], **SIMPLE), out))
        assert [step.kept for step in steps] == [1, 1]
        with xr.open_zarr(out, consolidated=False) as store:
            assert store.timestep.values.tolist() == [0, 2]
            assert store.attrs["spacing"] == [4.0] * 3


def spoil(line, change):
    """Return an edit of a text's line, counted from 1."""

    def edit(text):
        lines = text.split("\n")
        lines[line - 1] = change(lines[line - 1])
        return "\n".join(lines)

    return edit


def word(number, value):
    return lambda line: " ".join([*line.split()[:number], value, *line.split()[number + 1 :]])


class TestRefusals:
    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (
                lambda t: "".join(t.splitlines(True)[:109]),
                "dump:110: the dump ends after 100 of 256",
            ),
            (lambda t: t[:-3], "dump:265: the file ends within this line, after 255 of 256"),
            (spoil(20, lambda s: s + " 1"), "dump:20: 12 columns; expected 11"),
            (spoil(20, lambda s: s.rsplit(" ", 1)[0]), "dump:20: 10 columns; expected 11"),
            (spoil(30, word(2, "nan")), "dump:30: column 'x' is nan; expected a finite"),
            (spoil(30, word(7, "-inf")), r"dump:30: column 'c_s\[3\]' is -inf"),
            (spoil(31, word(2, "1.2.3")), "dump:31: column 'x' holds '1.2.3', which is no number"),
            (spoil(40, word(1, "3")), "dump:40: atom type 3, but elements names 2: Ni, Co; name"),
            (spoil(4, lambda s: "200"), "dump:210: a line beyond the 200 atoms"),
            (spoil(4, lambda s: "many"), "dump:4: found 'many'; expected a whole number"),
            (spoil(6, lambda s: "0 0"), "dump:6: the box has a volume of 0"),
            (spoil(7, lambda s: "3 0"), "dump:6: an upper bound lies below the lower one by 3"),
            (spoil(7, lambda s: "3"), "dump:6: the bounds have .2, 1, 2. numbers"),
            (spoil(9, lambda s: s.replace(" x ", " vx ")), "dump:9: no positions: expected x y z"),
            (
                spoil(9, lambda s: s.replace("s[1]", "t[1]")),
                "dump:9: no stress: dump a .*columns are",
            ),
            (spoil(9, lambda s: s.replace("type", "kind")), "dump:9: neither type nor element"),
            (spoil(5, lambda s: "ITEM: BOX"), "dump:5: found 'ITEM: BOX'; expected an 'ITEM"),
            (lambda t: t[:60], "dump:5: the file ends within the header"),
            (lambda t: "hello\n", "dump:1: no 'ITEM: TIMESTEP' can be read"),
            (lambda t: "hello\n" + t, "dump:1: the file starts with 'hello'"),
            (lambda t: "".join(t.splitlines(True)[:109]) + t, "dump:110: .*after 100 of 256"),
        ],
    )
    def test_name_file_and_line(self, cell, write, edit, message):
        with pytest.raises(StoreError, match=message):
            lammps([write(edit(cell()))], **SIMPLE)[0]

    def test_name_the_line_in_later_snapshots_and_pieces(self, cell, write, monkeypatch):
        monkeypatch.setattr(packed, "READ", 2000)
        source = lammps([write(cell() + spoil(200, word(3, "nan"))(cell()))], **SIMPLE)
        source[0]
        with pytest.raises(StoreError, match="dump:465: column 'y' is nan"):
            source[1]

    def test_name_the_start_of_a_short_second_snapshot(self, cell, write, monkeypatch):
        monkeypatch.setattr(scanning, "PROBE", 400)
        text = cell()
        path = write(text + "".join(cell().splitlines(True)[:15]))
        monkeypatch.setattr(scanning, "SINGLE", 0.5)
        with pytest.raises(StoreError, match="dump:266: all 256 atoms are followed by a snapshot"):
            lammps([path], **SIMPLE)[0]
        monkeypatch.undo()
        source = lammps([path], **SIMPLE)
        assert len(source) == 2
        source[0]

    @pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
    def test_name_a_packed_file_that_is_cut_off(self, cell, write, pack):
        text = cell().encode()
        # packed in frames, so that the first ones can be read
        packed = b"".join(pack(text[i : i + 5000]) for i in range(0, len(text), 5000))
        with pytest.raises(StoreError, match=r"cell.dump:\d+: .* of 256 atoms"):
            lammps([write(packed[:-500])], **SIMPLE)[0]
        with pytest.raises(StoreError, match=r"cell\.dump:1: no 'ITEM: TIMESTEP' can be read"):
            lammps([write(packed[:12])], **SIMPLE)

    def test_name_an_unknown_element(self, cell, write):
        def name(rows):
            for row in rows:
                row[1] = "Ni"
            rows[5][1] = "Fe"

        path = write(cell(f"id element x y z {STRESS}", edit=name))
        with pytest.raises(StoreError, match="dump:15: element 'Fe' is none of Ni, Co"):
            lammps([path], **SIMPLE)[0]

    def test_name_snapshot_and_block_without_atoms(self, cell, write):
        path = write(cell())
        with pytest.raises(StoreError, match=r"dump:1: 256 of 512 blocks .* block \(0, 0, 1\)"):
            lammps([path], grid=(8, 8, 8), elements=("Ni", "Co"))[0]
        lammps([path], grid=(8, 8, 8), elements=("Ni", "Co"), fields="residual_stress")[0]

    def test_name_a_box_unlike_the_first(self, cell, write):
        source = lammps([write(cell() + cell(bounds=("0 8", "0 8", "0 8.2")))], **SIMPLE)
        with pytest.raises(StoreError, match=r"dump:266: the box has edges .*8.2.* of their own"):
            source[1]

    def test_name_an_atom_outside_a_box_that_is_not_periodic(self, cell, write):
        text = spoil(50, word(4, "8.5"))(cell(flags="pp pp ff"))
        with pytest.raises(
            StoreError, match=r"dump:50: the atom lies outside the box along z, at 1\.06"
        ):
            lammps([write(text)], **SIMPLE)[0]

    @pytest.mark.parametrize(
        ("options", "error", "message"),
        [
            ({"elements": ()}, OptionError, "numbers its elements as types"),
            ({"elements": ("Ni", "Ni")}, OptionError, "each may stand only once"),
            ({"cutoff": 1.0, "neighbors": 12}, OptionError, "give one"),
            ({"columns": "warren_cowley=-3..-1"}, OptionError, "has 3 columns; expected 4"),
            ({"frame": (1, 0, 0, 1, 1, 0, 0, 0, 1)}, GridError, "not orthonormal"),
            ({"frame": (0, 0, 0, 0, 1, 0, 0, 0, 1)}, GridError, "not orthonormal"),
            ({"units": "real"}, OptionError, "is in LAMMPS's units metal, and units is real"),
        ],
    )
    def test_of_options(self, cell, write, options, error, message):
        path = write("ITEM: UNITS\nmetal\n" + cell())
        with pytest.raises(error, match=message):
            lammps([path], **{**SIMPLE, **options})

    def test_of_files(self, tmp_path):
        with pytest.raises(StoreError, match=r"there is no file .*nothing"):
            lammps([tmp_path / "nothing*"], **SIMPLE)
        with pytest.raises(StoreError, match="is a folder; name the files in it"):
            lammps([tmp_path], **SIMPLE)
        with pytest.raises(OptionError, match="no files"):
            lammps([], **SIMPLE)


class TestBadFiles:
    """One among good ones costs its own sample, and no other."""

    def test_count_as_one_sample_that_raises_their_error(self, cell, write, tmp_path):
        write("hello\n", "cell.1.dump")
        write(cell(step=2), "cell.2.dump")
        write(cell(step=3)[:60], "cell.3.dump")
        write(cell(step=4), "cell.4.dump")
        source = pickle.loads(pickle.dumps(lammps([tmp_path / "*.dump"], **SIMPLE)))
        assert len(source) == 4
        with pytest.raises(StoreError) as told:
            source[0]
        assert str(told.value) == (
            f"{tmp_path}/cell.1.dump:1: no 'ITEM: TIMESTEP' can be read in this file; expected a "
            "text dump of LAMMPS (dump atom or custom), plain or packed by gzip or zstd and not "
            "cut off"
        )
        with pytest.raises(StoreError) as told:
            source[2]
        assert str(told.value) == (
            f"{tmp_path}/cell.3.dump:5: the file ends within the header; write the dump again, or "
            "leave the file out"
        )
        assert [int(source[i].timestep) for i in (1, 3)] == [2, 4]
        assert [int(source[i].file) for i in (1, 3)] == [1, 3]
        told = json.loads(source.attributes["provenance"])["files"]
        assert [file["snapshots"] for file in told] == [1, 1, 1, 1]

    def test_do_not_name_the_elements(self, cell, write, tmp_path):
        def name(rows):
            for row in rows:
                row[1] = ("Ni", "Co")[row[1] - 1]

        text = cell(f"id element x y z {STRESS}", edit=name)
        write(text[:-400], "cell.1.dump")
        write(text, "cell.2.dump")
        source = lammps([tmp_path / "*.dump"], grid=(2, 2, 2))
        assert list(source[1].element.values) == ["Co", "Ni"]
        with pytest.raises(StoreError, match=r"cell.1.dump:\d+: .*of 256 atoms"):
            source[0]

    def test_leave_the_others_as_they_are_when_mended(self, cell, write, tmp_path):
        whole = cell(step=1)
        write("", "cell.1.dump")
        write(cell(step=2), "cell.2.dump")
        before = lammps([tmp_path / "*.dump"], **SIMPLE)
        write(whole, "cell.1.dump")
        after = lammps([tmp_path / "*.dump"], **SIMPLE)
        assert after.attributes == before.attributes
        assert after[1].identical(before[1])
        assert after[0].timestep == 1

    def test_alone_end_the_call_at_once_with_the_first_ones_error(self, write, tmp_path):
        write("hello\n", "cell.1.dump")
        write("", "cell.2.dump")
        with pytest.raises(StoreError, match=r"cell\.1\.dump:1: no 'ITEM: TIMESTEP'"):
            lammps([tmp_path / "*.dump"], **SIMPLE)


def test_the_command_line_finds_it(cell, write, tmp_path, monkeypatch, capsys):
    from fieldvae import registry

    model = registry.options_model("importers", "lammps")
    checked = model.model_validate({"elements": ["Ni", "Co"], "columns": "stress=6..11"})
    source = registry.call("importers", "lammps", [Path(write(cell()))], options=dict(checked))
    assert len(source) == 1
