from __future__ import annotations

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import read as ase_read
from ase.io import write as ase_write
from fieldvae_atomistic.importing import ase, lammps
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldvae import VOIGT, OptionError, StoreError

STRESS = " ".join(f"c_s[{n}]" for n in range(1, 7))
PLAIN = {"grid": (2, 2, 2), "fields": ("concentration", "warren_cowley")}
LAMMPS_STRESS = {
    "stress_units": "bar*angstrom^3",
    "stress_divided_by": "nothing",
    "stress_order": VOIGT,
}


def scene(rng, *, tilted, periodic=(True, True, True), atoms=400):
    """Draw atoms in a box with stresses as LAMMPS has them, and the same as a dump's text."""
    edges = rng.uniform(6.0, 9.0, 3)
    matrix = np.diag(edges)
    if tilted:
        matrix += np.tril(rng.uniform(-2.0, 2.0, (3, 3)), -1)
    places = rng.random((atoms, 3)) @ matrix
    symbols = rng.choice(["Ni", "Co", "Cr"], atoms)
    images = Atoms(symbols, positions=places, cell=matrix, pbc=periodic)
    images.arrays["c_s"] = rng.normal(size=(atoms, 6)) * 1e5
    return images


def as_dump(atoms):
    """Write atoms as LAMMPS's general box, every number with all its digits."""
    flags = " ".join("pp" if flag else "ff" for flag in atoms.pbc)
    lines = ["ITEM: TIMESTEP", "0", "ITEM: NUMBER OF ATOMS", str(len(atoms))]
    lines += [f"ITEM: BOX BOUNDS abc origin {flags}"]
    lines += [" ".join(map(repr, map(float, edge))) + " 0" for edge in atoms.cell]
    lines += [f"ITEM: ATOMS element x y z {STRESS}"]
    for symbol, place, stress in zip(
        atoms.symbols, atoms.positions, atoms.arrays["c_s"], strict=True
    ):
        lines.append(" ".join([symbol, *map(repr, map(float, [*place, *stress]))]))
    return "\n".join(lines) + "\n"


@pytest.fixture
def alloy(crystal, generator):
    """Return 4x4x4 fcc cells of nickel and cobalt."""
    symbols = generator.choice(["Ni", "Co"], 256)
    return Atoms(symbols, positions=crystal((4, 4, 4), 2.0), cell=[8.0] * 3, pbc=True)


@pytest.mark.filterwarnings("ignore:the box is tilted")
class TestSameAtoms:
    """Read by ASE and as a dump they are the same fields."""

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.integers(0, 2**32 - 1),
        st.booleans(),
        st.tuples(st.booleans(), st.booleans(), st.booleans()),
        st.tuples(*[st.integers(1, 3)] * 3),
        st.sampled_from(["traj", "extxyz"]),
    )
    @pytest.mark.filterwarnings("ignore:faces of blocks", "ignore:.*neighbors an atom")
    def test_give_the_same_fields(self, tmp_path, seed, tilted, periodic, grid, suffix):
        atoms = scene(np.random.default_rng(seed), tilted=tilted, periodic=periodic)
        path = tmp_path / f"atoms.{suffix}"
        kept, stress = atoms.copy(), "c_s"
        if suffix == "traj":  # which keeps no arrays but those that ASE knows
            kept.calc, stress = SinglePointCalculator(kept, stresses=kept.arrays["c_s"]), "stresses"
        ase_write(path, kept)
        if suffix == "extxyz":  # which writes eight decimals
            atoms = ase_read(path)
        (tmp_path / "atoms.dump").write_text(as_dump(atoms))
        options = {"grid": grid, "neighbors": 5}
        by_ase = ase([path], stress=stress, **LAMMPS_STRESS, **options)
        by_dump = lammps([tmp_path / "atoms.dump"], **options)
        for sums in ("atoms", "bonds"):
            np.testing.assert_array_equal(
                getattr(by_ase.sums(0), sums), getattr(by_dump.sums(0), sums)
            )
        for name, field in by_dump[0].data_vars.items():
            np.testing.assert_allclose(by_ase[0][name], field, rtol=2e-6, atol=1e-12)
            assert by_ase[0][name].attrs == field.attrs
        told = dict(by_ase.attributes), dict(by_dump.attributes)
        for attributes in told:
            attributes.pop("provenance")
        assert told[0] == told[1]

    def test_of_a_dump_that_both_read_too(self, cell, write):
        def name(rows):
            for row in rows:
                row[1] = ("Ni", "Co")[row[1] - 1]

        path = write(cell(f"id element x y z {STRESS}", edit=name) * 2)
        by_ase, by_dump = (i([path], elements=("Ni", "Co"), **PLAIN) for i in (ase, lammps))
        assert len(by_ase) == len(by_dump) == 2
        for index in range(2):
            assert (
                by_ase[index]
                .drop_vars(["snapshot", "file"])
                .identical(by_dump[index].drop_vars(["timestep", "snapshot", "file"]))
            )


class TestStresses:
    def test_of_ases_calculators_add_up_to_the_cells(self, alloy, generator, tmp_path):
        alloy.positions += generator.normal(0.0, 0.05, alloy.positions.shape)
        alloy.calc = LennardJones(sigma=1.25, rc=3.5)
        stress = alloy.get_stress()  # eV per cubic Angstrom, xx yy zz yz xz xy
        alloy.get_stresses()
        ase_write(tmp_path / "lj.traj", alloy)
        sample = ase([tmp_path / "lj.traj"], grid=(2, 2, 2))[0]
        mean = sample.residual_stress.astype(float).mean(("x", "y", "z"))
        expected = dict(zip(("xx", "yy", "zz", "yz", "xz", "xy"), 160.21766 * stress, strict=True))
        np.testing.assert_allclose(mean, [expected[c] for c in VOIGT], rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("suffix", ["traj", "extxyz"])
    def test_in_a_calculators_results_survive_the_file(self, alloy, generator, tmp_path, suffix):
        stresses = generator.normal(size=(256, 6))
        alloy.calc = SinglePointCalculator(alloy, stresses=stresses)
        ase_write(tmp_path / f"a.{suffix}", alloy)
        sample = ase([tmp_path / f"a.{suffix}"], grid=(1, 1, 1))[0]
        np.testing.assert_allclose(
            sample.residual_stress.sel(voigt="yz").item(),
            160.21766 * stresses[:, 3].sum(),
            rtol=1e-5,
        )

    def test_have_any_convention_that_is_declared(self, alloy, generator, tmp_path):
        virial = generator.normal(size=(256, 3, 3))
        virial = virial + virial.transpose(0, 2, 1)  # eV, tension positive
        volume = alloy.get_volume()
        alloy.arrays["full"] = virial.reshape(256, 9)
        alloy.arrays["cell"] = -virial[:, [0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]] / volume
        alloy.arrays["atom"] = virial[:, [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]] * 256 / volume
        ase_write(tmp_path / "a.extxyz", alloy)
        told = [
            {"stress": "full", "stress_units": "eV", "stress_divided_by": "nothing"},
            {"stress": "cell", "stress_positive": "compression", "stress_order": VOIGT},
            {"stress": "atom", "stress_divided_by": "atom"},
        ]
        first, *rest = (
            ase([tmp_path / "a.extxyz"], grid=(2, 2, 2), **options)[0].residual_stress
            for options in told
        )
        for other in rest:
            np.testing.assert_allclose(other, first, rtol=1e-4, atol=1e-4)
        inside = (alloy.positions < 4.0).all(axis=1)
        np.testing.assert_allclose(
            first.sel(voigt="xy")[0, 0, 0],
            160.21766 * virial[inside, 0, 1].sum() / (volume / 8),
            rtol=1e-4,
        )


class TestFiles:
    @pytest.mark.parametrize("name", ["POSCAR", "a.cif", "a.xyz.gz", "a.json"])
    def test_of_many_kinds_are_read(self, alloy, tmp_path, name):
        ase_write(tmp_path / name, alloy)
        sample = ase([tmp_path / name], **PLAIN)[0]
        counts = [sum(alloy.symbols == element) for element in ("Co", "Ni")]
        np.testing.assert_allclose(
            sample.concentration.mean(("x", "y", "z")) * 256, counts, rtol=1e-6
        )
        assert list(sample.element.values) == ["Co", "Ni"]

    def test_of_lammps_data_take_elements_by_type(self, alloy, tmp_path):
        path = tmp_path / "cell.data"
        ase_write(path, alloy, format="lammps-data", specorder=["Co", "Ni"])
        options = {"file_format": "lammps-data", **PLAIN}
        sample = ase([path], types=("Co", "Ni"), **options)[0]
        expected = np.mean(alloy.symbols == "Co")
        assert sample.concentration.sel(element="Co").mean().item() == pytest.approx(expected)
        with pytest.raises(OptionError) as told:
            ase([path], **options)
        assert str(told.value) == (
            f"{path} may number its elements as types, which ASE would take for H, He, ...; name "
            "them in elements, and by number of type in types"
        )
        with pytest.raises(StoreError) as told:
            ase([path], elements=("Co", "Ni"), **options)
        taken = {"Co": "H", "Ni": "He"}[alloy.symbols[0]]
        assert str(told.value) == (
            f"{path}, image 0, atom 1: element {taken!r} is none of Co, Ni; name every element of "
            "the files in elements"
        )

    @pytest.mark.parametrize("suffix", ["traj", "extxyz"])
    def test_of_many_images_give_a_sample_each(self, alloy, tmp_path, suffix):
        images = []
        for number in range(5):
            images.append(alloy.copy())
            images[-1].symbols[:number] = "Cr"
        path = tmp_path / f"a.{suffix}"
        ase_write(path, images)
        source = pickle.loads(
            pickle.dumps(ase([path], elements=("Cr", "Ni", "Co"), every=2, **PLAIN))
        )
        assert len(source) == 3
        shares = [source[i].concentration.sel(element="Cr").mean().item() * 256 for i in range(3)]
        assert shares == pytest.approx([0, 2, 4], abs=1e-4)
        last = ase([path], elements=("Cr", "Ni", "Co"), last=True, **PLAIN)
        assert len(last) == 1
        np.testing.assert_array_equal(last[0].concentration, source[2].concentration)
        assert json.loads(source.attributes["provenance"])["files"][0]["snapshots"] == 3

    def test_that_are_bad_cost_their_own_samples_alone(self, alloy, tmp_path):
        ase_write(tmp_path / "a.1.extxyz", [alloy] * 3)
        text = (tmp_path / "a.1.extxyz").read_text()
        (tmp_path / "a.1.extxyz").write_text(text[:-400])
        (tmp_path / "a.2.extxyz").write_text("hello\n")
        ase_write(tmp_path / "a.3.extxyz", alloy)
        source = ase([tmp_path / "*.extxyz"], **PLAIN)
        assert len(source) == 5
        for index in (0, 1, 4):
            assert source[index].file == (2 if index == 4 else 0)
        trouble = {
            2: "a.1.extxyz, image 2: ASE cannot read this as extxyz (XYZError: ase.io.extxyz: "
            "Frame has 249 atoms, expected 256)",
            3: "a.2.extxyz: ASE cannot read this as extxyz (XYZError: ase.io.extxyz: Expected xyz "
            "header but got: invalid literal for int() with base 10: 'hello\\n')",
        }
        for index, words in trouble.items():
            with pytest.raises(StoreError) as told:
                source[index]
            assert str(told.value) == (
                f"{tmp_path}/{words}; write the file again, leave it out, or name another format "
                "(file_format)"
            )


class TestRefusals:
    @pytest.mark.parametrize(
        ("edit", "message"),
        [
            (
                lambda a: a.positions.__setitem__((6, 1), np.nan),
                ", image 0, atom 7: the position is [1.5, nan, 3.5]; expected finite numbers: the "
                "calculation went wrong here; leave the file out",
            ),
            (
                lambda a: a.set_cell(np.zeros((3, 3))),
                ", image 0: the box has a volume of 0; expected the three edges of a cell, in a "
                "file that keeps it (no plain xyz)",
            ),
            (
                lambda a: a.symbols.__setitem__(3, "Fe"),
                ", image 0, atom 4: element 'Fe' is none of Ni, Co; name every element of the "
                "files in elements",
            ),
        ],
    )
    def test_name_file_image_and_atom(self, alloy, tmp_path, edit, message):
        edit(alloy)
        path = tmp_path / "a.traj"
        ase_write(path, alloy)
        with pytest.raises(StoreError) as told:
            ase([path], elements=("Ni", "Co"), **PLAIN)
        assert str(told.value).endswith(message)
        assert str(told.value).startswith(str(path))

    def test_name_the_arrays_where_there_is_no_stress(self, alloy, tmp_path):
        alloy.arrays["forces_"] = np.zeros((256, 3))
        ase_write(tmp_path / "a.extxyz", alloy)
        with pytest.raises(StoreError) as told:
            ase([tmp_path / "a.extxyz"])
        assert str(told.value) == (
            f"{tmp_path}/a.extxyz, image 0: no stress of every atom is named 'stresses'; arrays of "
            "several columns here: positions, forces_; name one (stress), or import the other "
            "fields alone: fields concentration,warren_cowley"
        )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"stress_units": "K"}, r"^stress_units 'K' .* expected the unit of a stress, such as"),
            (
                {"stress_units": "GPa", "stress_divided_by": "nothing"},
                "where stresses are divided by nothing .* stress times volume, such as bar",
            ),
            (
                {"stress_order": ("xx", "yy", "zz", "yz", "xz", "xz")},
                "^stress_order xx,yy,zz,yz,xz,xz; expected each of xx,yy,zz,xy,xz,yz once$",
            ),
            ({"elements": ("Ni", "Ni")}, "each may stand only once"),
            ({"types": ("Ni",)}, "is of ASE's format traj, which names elements itself; types are"),
            ({"file_format": "vaps"}, "^file_format 'vaps' is none of ASE's; known are extxyz"),
            ({"cutoff": 1.0, "neighbors": 12}, "give one"),
        ],
    )
    def test_of_options(self, alloy, tmp_path, options, message):
        ase_write(tmp_path / "a.traj", alloy)
        with pytest.raises(OptionError, match=message):
            ase([tmp_path / "a.traj"], **{**PLAIN, **options})

    def test_of_files_of_no_known_kind(self, tmp_path):
        (tmp_path / "a.what").write_text("hello\n")
        with pytest.raises(StoreError, match="ASE does not know what kind of file this is; name"):
            ase([tmp_path / "a.what"])


def test_without_ase_the_remedy_is_told(tmp_path):
    code = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'ase': raise ModuleNotFoundError('No module', name='ase')\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from fieldvae_atomistic.importing import ase\n"
        "try: ase([])\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        "OptionError the importer 'ase' needs ase, which is not installed: "
        'pip install "fieldvae-atomistic[ase]"'
    )
