from __future__ import annotations

import itertools
import warnings
from importlib.util import find_spec

import numpy as np
import pytest
from fieldvae_atomistic import engine
from fieldvae_atomistic.importing import lammps
from fieldvae_atomistic.potential import load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldvae import StoreError

STRESS = " ".join(f"c_s[{n}]" for n in range(1, 7))
SIMPLE = {"grid": (2, 2, 2), "elements": ("Ni", "Co")}


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


@pytest.mark.filterwarnings("ignore:the box is tilted")
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

    def test_refuses_a_shell_without_neighbors(self, dump_text, crystal, write):
        rows = [[1, *map(float, p)] for p in crystal((4, 4, 4), 2.0)]
        path = write(dump_text("type x y z", rows))
        with pytest.raises(StoreError, match=r":1: no atom has a neighbor within 0\.5 Angstrom; "):
            lammps([path], fields="warren_cowley", cutoff=0.5, **SIMPLE)[0]

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


class TestFaces:
    def test_on_planes_are_told_with_a_remedy_that_works(
        self, dump_text, crystal, generator, write
    ):
        places = crystal((8, 8, 8), 3.5) - 0.875 + generator.normal(0.0, 0.04, (2048, 3))
        rows = [[1, *map(float, p)] for p in places]
        path = write(dump_text("type x y z", rows, bounds=["0 28"] * 3))
        options = {"grid": (4, 2, 4), "elements": "Ni", "fields": "concentration"}
        with pytest.warns(UserWarning, match=r"\.dump: .* across x, y, z lie on planes") as told:
            lammps([path], **options)[0]
        words = str(told[0].message).split("offset ")[1].split()[0]
        offset = tuple(float(part) for part in words.split(","))
        np.testing.assert_allclose(np.abs(offset), 0.875, atol=0.12)
        sums = lammps([path], offset=offset, **options).sums(0)
        assert (sums.atoms == 2048 / 32).all()

    def test_in_a_perfect_crystal_are_told_to_be_moved_upwards(self, dump_text, crystal, write):
        rows = [[1, *map(float, p)] for p in crystal((8, 8, 8), 3.5) - 0.875]
        path = write(dump_text("type x y z", rows, bounds=["0 28"] * 3))
        with pytest.warns(UserWarning, match=r"offset 0\.\d+,0\.\d+,0\.\d+ would"):
            lammps([path], grid=(4, 2, 4), elements="Ni", fields="concentration")[0]

    def test_between_planes_are_not_told(self, dump_text, crystal, generator, write):
        places = crystal((8, 8, 8), 3.5) + generator.normal(0.0, 0.08, (2048, 3))
        rows = [[1, *map(float, p)] for p in places]
        path = write(dump_text("type x y z", rows, bounds=["0 28"] * 3))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            lammps([path], grid=(4, 2, 4), elements="Ni", fields="concentration")[0]
        assert told == []


def test_a_tilted_box_is_told_to_have_few_symmetries(dump_text, crystal, write):
    rows = [[1, *map(float, p)] for p in crystal((4, 4, 4), 3.5)]
    bounds = ["0 17 3", "0 14 0", "0 14 0"]
    path = write(dump_text("type x y z", rows, bounds=bounds, tilt="xy xz yz"))
    with pytest.warns(UserWarning, match="the box is tilted, .* 'symmetry: translations'"):
        lammps([path], grid=(2, 2, 2), elements="Ni", fields="concentration")


@pytest.mark.skipif(find_spec("lammps") is None, reason="LAMMPS is not installed")
class TestLammpsItself:
    @pytest.mark.parametrize("tilted", [False, True])
    def test_pressure_and_bonds_are_what_it_says(self, tmp_path, tilted):
        program = load().lammps(cmdargs=list(engine.QUIET))
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a tilted box has few symmetries, its faces cut planes
            source = lammps([path], grid=(2, 2, 2), elements=("Ni", "Co"), neighbors=12)
            sample = source[0]
        mean = sample.residual_stress.astype(float).mean(("x", "y", "z"))
        # LAMMPS's pressure has xx yy zz xy xz yz as stress/atom has
        np.testing.assert_allclose(mean, -1e-4 * pressure, rtol=1e-5, atol=1e-6)
        assert source.sums(0).atoms.sum() == 256
