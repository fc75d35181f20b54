from __future__ import annotations

import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.io import write as ase_write
from fieldvae_atomistic.importing import ase, mdanalysis
from MDAnalysis import Universe, Writer

from fieldvae import OptionError, StoreError

pytestmark = pytest.mark.filterwarnings("ignore")  # MDAnalysis warns of all that it has to guess

PLAIN = {"grid": (2, 2, 2), "fields": ("concentration", "warren_cowley")}


@pytest.fixture
def alloy(crystal, generator):
    """Return 4x4x4 fcc cells of nickel and cobalt."""
    symbols = generator.choice(["Ni", "Co"], 256)
    return Atoms(symbols, positions=crystal((4, 4, 4), 2.0), cell=[8.0] * 3, pbc=True)


@pytest.fixture
def trajectory(alloy, generator, tmp_path):
    """Return a topology and a function that writes a trajectory of three frames, and images."""
    topology = tmp_path / "cell.xyz"
    ase_write(topology, alloy, format="xyz")
    images = [alloy.copy() for _ in range(3)]
    for image in images:
        image.positions += generator.normal(0.0, 0.05, image.positions.shape)

    def make(name):
        universe = Universe(str(topology))
        universe.atoms.dimensions = [8, 8, 8, 90, 90, 90]
        with Writer(str(tmp_path / name), n_atoms=256) as writer:
            for image in images:
                universe.atoms.positions = image.positions
                universe.trajectory.ts.dimensions = [8, 8, 8, 90, 90, 90]
                writer.write(universe.atoms)
        return tmp_path / name

    return topology, make, images


class TestTrajectories:
    @pytest.mark.parametrize("suffix", ["dcd", "xtc", "trr"])
    def test_give_the_fields_that_ase_gives_of_the_same_atoms(self, trajectory, tmp_path, suffix):
        topology, make, images = trajectory
        path = make(f"run.{suffix}")
        ase_write(tmp_path / "run.traj", images)
        source = pickle.loads(pickle.dumps(mdanalysis([path], topology=topology, **PLAIN)))
        by_ase = ase([tmp_path / "run.traj"], **PLAIN)
        assert len(source) == 3
        for index in range(3):
            sample = source[index].drop_vars(["time", "snapshot", "file"])
            assert sample.identical(by_ase[index].drop_vars(["snapshot", "file"]))
        assert len(mdanalysis([path], topology=topology, every=2, **PLAIN)) == 2

    def test_of_lammps_name_their_elements_by_type(self, alloy, trajectory, tmp_path):
        _, make, _ = trajectory
        path, data = make("run.dcd"), tmp_path / "cell.data"
        ase_write(data, alloy, format="lammps-data", specorder=["Co", "Ni"])
        options = {"topology": data, "atom_style": "id type x y z", **PLAIN}
        with pytest.raises(StoreError, match="is neither an element nor an atom type; for LAMMPS"):
            mdanalysis([path], topology=data, **PLAIN)
        with pytest.raises(OptionError) as told:
            mdanalysis([path], **options)
        assert str(told.value) == (
            f"{data} numbers its elements as types; name them in that order, such as types Ni,Co,Cr"
        )
        with pytest.raises(StoreError) as told:
            mdanalysis([path], types=("Co",), **options)
        assert str(told.value) == f"{data}: atom type 2, but types names 1: Co"
        sample = mdanalysis([path], types=("Co", "Ni"), **options)[0]
        expected = np.mean(alloy.symbols == "Co")
        assert sample.concentration.sel(element="Co").mean().item() == pytest.approx(expected)

    def test_that_cannot_be_read_cost_their_own_samples_alone(self, trajectory, tmp_path):
        topology, make, _ = trajectory
        make("run.2.dcd")
        (tmp_path / "run.1.dcd").write_bytes(b"hello")
        source = mdanalysis([tmp_path / "run.*.dcd"], topology=topology, **PLAIN)
        assert len(source) == 4
        with pytest.raises(StoreError, match=r"run\.1\.dcd: MDAnalysis cannot read this \("):
            source[0]
        assert [int(source[i].snapshot) for i in (1, 2, 3)] == [0, 1, 2]

    def test_need_a_box_and_a_topology(self, trajectory, tmp_path):
        topology, make, _ = trajectory
        with pytest.raises(StoreError) as told:
            mdanalysis([topology], **PLAIN)
        assert str(told.value) == (
            f"{topology}, frame 0: no box; expected a trajectory that keeps it"
        )
        with pytest.raises(StoreError, match=r"there is no file .*none\.data; expected a topology"):
            mdanalysis([make("run.dcd")], topology=tmp_path / "none.data", **PLAIN)
