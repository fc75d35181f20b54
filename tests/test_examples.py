"""Every example runs as it stands, with a short training; in full by ``make examples``."""

import json
from pathlib import Path

import numpy as np
import pytest

import fieldvae
from fieldvae.data.store import read_dataset

EXAMPLES = Path(__file__).parent.parent / "examples"
SHORT = (
    "training.steps=2",
    "evaluation.realizations=4",
    "evaluation.bootstrap=20",
    "prediction.max_draws=6",
)


ALTERNATIVES = sorted((EXAMPLES / "alternatives").glob("*.yaml"))
"""The quickstart's task by other models."""


@pytest.mark.parametrize(
    "task", sorted(EXAMPLES.glob("*/task.yaml")), ids=lambda path: path.parent.name
)
def test_runs_from_task_to_report(task, tmp_path):
    finished = fieldvae.run(task, out=tmp_path / "run", settings=SHORT)
    assert (finished.path / "report" / "index.html").stat().st_size > 100_000
    assert set(finished.metrics) >= {"model", "climatology", "linear_gaussian"}


def test_alternatives_are_scored_on_the_same_samples(tmp_path):
    """Every one beside the quickstart, so that differences are paired."""
    few = (*SHORT, "evaluation.baselines=[climatology]")
    tasks = [EXAMPLES / "quickstart" / "task.yaml", *ALTERNATIVES]
    runs = [
        fieldvae.run(task, out=tmp_path / task.stem, settings=few, until="evaluate").path
        for task in tasks
    ]
    found = fieldvae.compare(*runs)
    assert [run.name for run in found.runs] == ["quickstart", *(path.stem for path in ALTERNATIVES)]
    assert found.notes == ()
    assert set(found.differences) == {path.stem for path in ALTERNATIVES}
    assert all(run.training["cpu_seconds"] > 0 for run in found.runs)
    assert found.runs[-1].differs["encoder"] == "none"  # the generator


@pytest.fixture(scope="module")
def cells():
    return read_dataset(EXAMPLES / "data" / "cocrni.zarr").load()


class TestShippedCells:
    def test_are_enough_and_small_enough(self, cells):
        assert cells.sizes["sample"] >= 1500
        path = EXAMPLES / "data" / "cocrni.zarr"
        assert sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) < 12e6

    def test_are_a_sixth_random_and_the_rest_annealed(self, cells):
        temperature = cells.temperature.to_numpy()
        assert abs((temperature != temperature).mean() - 1 / 6) < 0.01
        assert set(temperature[temperature == temperature]) == {600, 700, 800, 900, 1000, 1100}

    def test_hold_whole_atoms(self, cells):
        counts = 256 * cells.concentration
        assert float(abs(counts - counts.round()).max()) < 1e-3

    def test_bear_no_mean_stress(self, cells):
        assert float(abs(cells.residual_stress.mean(["x", "y", "z"])).max()) < 1e-6

    def test_are_all_different(self, cells):
        first = cells.concentration.to_numpy().reshape(cells.sizes["sample"], -1)
        assert len({row.tobytes() for row in first}) == cells.sizes["sample"]

    def test_hold_eigenstrains_of_the_periodic_kind(self, cells):
        strain = cells.eigenstrain
        assert strain.dims == ("sample", "voigt", "x", "y", "z")
        assert not strain.isnull().any()
        # no block misfits its cell by more than a few percent, and on the whole they fit
        assert float(abs(strain).max()) < 0.05
        assert float(abs(strain.mean(["sample", "x", "y", "z"])).max()) < 5e-4
        assert json.loads(cells.attrs["provenance"])["eigenstrain"]["definition"] == "periodic"

    def test_blocks_that_would_grow_are_pressed(self, cells):
        """What bears on a block is minus what it would do if it were free."""
        normal = {"voigt": ["xx", "yy", "zz"]}
        strain = cells.eigenstrain.sel(normal).mean("voigt").to_numpy().ravel()
        stress = cells.residual_stress.sel(normal).mean("voigt").to_numpy().ravel()
        assert np.corrcoef(strain, stress)[0, 1] < -0.5
