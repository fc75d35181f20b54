from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from fieldvae_atomistic import eigenstrain, engine
from fieldvae_atomistic.coarse import BAR_IN_GPA
from fieldvae_atomistic.eigenstrain import bulk
from fieldvae_atomistic.lammps import lammps
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential, load
from fieldvae_atomistic.strain import stretch, voigt, volumetric

from fieldvae import OptionError, SimulationError

pytestmark = pytest.mark.skipif(find_spec("lammps") is None, reason="LAMMPS is not installed")

BLOCK = Lattice(cells=(3, 3, 3), grid=(1, 1, 1))
PAIR = Lattice(cells=(3, 3, 6), grid=(1, 1, 2))


@pytest.fixture(scope="module")
def potential() -> Potential:
    """Copper and nickel, from LAMMPS's wheel."""
    folder = Path(load().__path__[0], "share", "lammps", "potentials")
    return Potential("eam/alloy", folder / "CuNi.eam.alloy", ("Cu", "Ni"))


@pytest.fixture(scope="module")
def constant(potential) -> float:
    """Lattice constant of an equal mixture, Angstrom."""
    return engine.equilibrium(potential, BLOCK, mixture(BLOCK, seed=0), lattice_constant=3.57)[0]


@pytest.fixture(scope="module")
def stiffness(potential, constant) -> np.ndarray:
    return eigenstrain.stiffness(
        potential, BLOCK, mixture(BLOCK, seed=0), lattice_constant=constant
    )


def mixture(lattice, *, seed):
    return np.random.default_rng(seed).integers(2, size=lattice.size)


def pure(lattice, element):
    return np.full(lattice.size, element)


class TestDivide:
    def test_gives_every_block_its_sites_in_one_order(self):
        lattice = Lattice(cells=(4, 4, 4), grid=(2, 2, 2))
        blocks = eigenstrain.divide(lattice, lattice_constant=3.6)
        assert sorted(blocks.sites.ravel()) == list(range(lattice.size))
        corner = np.stack(np.unravel_index(np.arange(8), (2, 2, 2)), axis=1) * 7.2
        for number, sites in enumerate(blocks.sites):
            assert np.all(lattice.block[sites] == number)
            at = lattice.fractions[sites] * 14.4 - corner[number]
            np.testing.assert_allclose(at, blocks.positions, atol=1e-9)


class TestStiffness:
    def test_is_positive_and_symmetric(self, stiffness):
        np.testing.assert_array_equal(stiffness, stiffness.T)
        assert np.linalg.eigvalsh(stiffness).min() > 0

    def test_of_a_pure_crystal_is_cubic(self, potential):
        a, modulus = engine.equilibrium(potential, BLOCK, pure(BLOCK, 1), lattice_constant=3.52)
        found = eigenstrain.stiffness(potential, BLOCK, pure(BLOCK, 1), lattice_constant=a)
        c11, c12, c44 = found[0, 0], found[0, 1], found[3, 3]
        cubic = np.zeros((6, 6))
        cubic[:3, :3] = c12
        cubic += np.diag([c11 - c12] * 3 + [c44] * 3)
        np.testing.assert_allclose(found, cubic, atol=0.5)
        assert (c11 + 2 * c12) / 3 == pytest.approx(modulus, rel=0.01)


class TestPeriodic:
    def test_of_a_pure_block_is_its_misfit(self, potential, constant, stiffness):
        alone, _ = engine.equilibrium(potential, BLOCK, pure(BLOCK, 1), lattice_constant=3.52)
        gradient = eigenstrain.periodic(
            potential, BLOCK, pure(BLOCK, 1), lattice_constant=constant, stiffness=stiffness
        )
        misfit = alone / constant - 1
        assert abs(misfit) > 0.005
        np.testing.assert_allclose(gradient[0], (1 + misfit) * np.eye(3), atol=2e-5)

    def test_agrees_with_relaxation_of_the_box_by_lammps(self, potential, constant, stiffness):
        kinds = mixture(BLOCK, seed=3)
        (found,) = eigenstrain.periodic(
            potential, BLOCK, kinds, lattice_constant=constant, stiffness=stiffness
        )
        edge = 3 * constant
        running = engine.start(
            potential,
            box=f"prism 0 {edge!r} 0 {edge!r} 0 {edge!r} 0 0 0",
            kinds=kinds,
            positions=BLOCK.fractions * edge,
        )
        try:
            for _ in range(4):  # box/relax keeps its first box as reference, so it goes by turns
                running.command("fix box all box/relax tri 0.0 vmax 0.001")
                running.command("minimize 0.0 1.0e-6 2000 20000")
                running.command("unfix box")
            assert abs(BAR_IN_GPA * running.get_thermo("pxy")) < 0.01
            low, high, xy, yz, xz, *_ = running.extract_box()
        finally:
            running.close()
        x, y, z = np.subtract(high, low)
        box = np.array([[x, xy, xz], [0.0, y, yz], [0.0, 0.0, z]])
        np.testing.assert_allclose(voigt(found), voigt(stretch(box / edge)), atol=5e-5)

    @pytest.mark.parametrize("factor", [0.6, 3.0])
    def test_comes_to_the_same_from_a_stiffness_far_off(
        self, potential, constant, stiffness, factor
    ):
        kinds = mixture(BLOCK, seed=5)
        found, other = (
            eigenstrain.periodic(
                potential, BLOCK, kinds, lattice_constant=constant, stiffness=share * stiffness
            )
            for share in (1.0, factor)
        )
        np.testing.assert_allclose(voigt(other), voigt(found), atol=1e-4)

    def test_names_a_block_that_does_not_settle(self, potential, constant, stiffness, monkeypatch):
        monkeypatch.setattr(bulk, "MOST_STEPS", 1)
        kinds = np.zeros(PAIR.size, dtype=np.int64)  # copper's stress is gone after two steps
        kinds[PAIR.block == 1] = 1
        with pytest.raises(
            SimulationError, match=r"block \(0, 0, 0\) still bears .* its 108 atoms are too few"
        ):
            eigenstrain.periodic(
                potential, PAIR, kinds, lattice_constant=constant, stiffness=stiffness
            )

    def test_turns_with_the_block(self, potential, constant, stiffness):
        kinds = mixture(BLOCK, seed=4)
        # x and y change places, which takes the sites of the crystal onto themselves
        mirrored = np.empty_like(kinds)
        place = {tuple(site): number for number, site in enumerate(BLOCK.sites)}
        for number, (x, y, z) in enumerate(BLOCK.sites):
            mirrored[place[(y, x, z)]] = kinds[number]
        here, there = (
            eigenstrain.periodic(
                potential, BLOCK, each, lattice_constant=constant, stiffness=stiffness
            )[0]
            for each in (kinds, mirrored)
        )
        np.testing.assert_allclose(there, here[[1, 0, 2]][:, [1, 0, 2]], atol=3e-5)

    def test_of_a_block_does_not_depend_on_its_neighbors(self, potential, constant, stiffness):
        one, other = mixture(BLOCK, seed=5), mixture(BLOCK, seed=6)
        blocks = eigenstrain.divide(PAIR, lattice_constant=constant)
        single = eigenstrain.divide(BLOCK, lattice_constant=constant)
        cell = np.empty(PAIR.size, dtype=np.int64)
        cell[blocks.sites[0]], cell[blocks.sites[1]] = one[single.sites[0]], other[single.sites[0]]
        both = eigenstrain.periodic(
            potential, PAIR, cell, lattice_constant=constant, stiffness=stiffness
        )
        alone = eigenstrain.periodic(
            potential, BLOCK, other, lattice_constant=constant, stiffness=stiffness
        )
        np.testing.assert_allclose(both[1], alone[0], atol=1e-6)

    def test_linearized_is_near(self, potential, constant, stiffness):
        arguments = (potential, BLOCK, mixture(BLOCK, seed=7))
        options = {"lattice_constant": constant, "stiffness": stiffness}
        exact = eigenstrain.periodic(*arguments, **options) - np.eye(3)
        estimate = eigenstrain.linearized(*arguments, **options) - np.eye(3)
        assert np.abs(estimate - exact).max() < 0.25 * np.abs(exact).max()


class TestFree:
    def test_surfaces_contract_a_pure_block_and_less_a_larger_one(self, potential):
        strains = []
        for cells in (3, 5):
            lattice = Lattice(cells=(cells, cells, 2 * cells), grid=(1, 1, 2))
            kinds = pure(lattice, 1)
            a, _ = engine.equilibrium(potential, lattice, kinds, lattice_constant=3.52)
            gradient = eigenstrain.free(
                potential,
                lattice,
                kinds,
                lattice_constant=a,
                displacement=np.zeros((len(kinds), 3)),
            )
            np.testing.assert_allclose(gradient[0], gradient[1], atol=1e-4)
            strains.append(volumetric(gradient[0]))
        small, large = strains
        assert small < large < -1e-3


@pytest.fixture(scope="module")
def cells(potential) -> dict:
    """Options of the simulator for one random cell."""
    return {
        "potential": potential.path,
        "elements": ("Cu", "Ni"),
        "samples": 1,
        "cells": (4, 4, 4),
        "grid": (2, 2, 2),
        "random_fraction": 1.0,
        "lattice_constant": 3.57,
    }


class TestSimulator:
    @pytest.mark.parametrize("definition", ["periodic", "free"])
    def test_adds_the_field_and_leaves_the_others(self, cells, definition):
        plain = lammps(**cells)[0]
        source = lammps(**cells, eigenstrain=definition)
        sample = source[0]
        assert sample.eigenstrain.dims == ("voigt", "x", "y", "z")
        assert sample.eigenstrain.attrs["units"] == "1"
        assert sample.drop_vars("eigenstrain").identical(plain)
        assert f'"definition": "{definition}"' in source.attributes["provenance"]

    def test_scalar_form_is_that_of_the_tensor(self, cells):
        tensor = lammps(**cells, eigenstrain="periodic")[0].eigenstrain
        scalar = lammps(**cells, eigenstrain="periodic", eigenstrain_form="scalar")[0].eigenstrain
        assert scalar.dims == ("x", "y", "z")
        trace = tensor.sel(voigt=["xx", "yy", "zz"]).mean("voigt")
        np.testing.assert_allclose(scalar, trace, atol=5e-4)

    def test_says_why_a_block_cannot_be_repeated(self):
        lattice = Lattice(cells=(4, 4, 4), grid=(1, 1, 4))
        sites = lattice.block.copy()
        sites[:3] = 3
        object.__setattr__(lattice, "block", sites)
        with pytest.raises(OptionError, match="cannot be repeated periodically"):
            eigenstrain.divide(lattice, lattice_constant=3.6)
