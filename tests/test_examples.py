"""Every example runs as it stands, with a short training; in full by ``make examples``."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fieldvae
from fieldvae.cli.app import app
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


MADE_HERE = ("darcy", "elastic-moduli", "elastic-moduli-inline", "heat-rod")
"""Examples whose data are made by a command of their README, and not shipped."""

FEW = 40
"""Samples of them here."""


def script(name):
    """The module ``make_data`` of an example."""
    spec = importlib.util.spec_from_file_location(f"make_{name}", EXAMPLES / name / "make_data.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """Folders of examples by name, with data."""
    place = tmp_path_factory.mktemp("examples")
    found = {path.parent.name: path.parent for path in EXAMPLES.glob("*/task.yaml")}
    for name in MADE_HERE:
        found[name] = place / name
        (place / name).mkdir()
        shutil.copy(EXAMPLES / name / "task.yaml", place / name)
        few = ["--samples", str(FEW), "--out"]
        with pytest.MonkeyPatch.context() as patch:
            if name == "elastic-moduli":
                store = str(place / name / "medium.zarr")
                command = ["data", "generate", "elastic_medium", *few, store, "--scheduler", "sync"]
                patch.setattr(sys, "argv", ["fieldvae", *command])
                app(command, standalone_mode=False)
                continue
            store = {"darcy": "layers", "heat-rod": "rods"}.get(name, "medium")
            patch.setattr(sys, "argv", ["make_data.py", *few, str(place / name / f"{store}.zarr")])
            script(name).main()
    return found


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/task.yaml")))
def test_runs_from_task_to_report(name, examples, tmp_path):
    """That with inline fields just to its scores: its report is that of the distribution's."""
    until = "evaluate" if name == "elastic-moduli-inline" else "report"
    finished = fieldvae.run(
        examples[name] / "task.yaml", out=tmp_path / "run", settings=SHORT, until=until
    )
    if until == "report":
        assert (finished.path / "report" / "index.html").stat().st_size > 100_000
    assert set(finished.metrics) >= {"model", "climatology", "linear_gaussian"}


@pytest.mark.parametrize("name", ["darcy", "elastic-moduli-inline", "heat-rod"])
def test_data_are_made_without_fieldvae(name, tmp_path):
    """As a stranger's would be, in an interpreter that cannot import it."""
    code = (
        "import runpy, sys; sys.modules['fieldvae'] = None; "
        f"sys.argv = ['make_data.py', '--samples', '2', '--out', {str(tmp_path / 's.zarr')!r}]; "
        f"runpy.run_path({str(EXAMPLES / name / 'make_data.py')!r}, run_name='__main__')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert read_dataset(tmp_path / "s.zarr").sizes["sample"] == 2


def test_a_task_declared_inline_learns_from_the_same_data(examples):
    """Those of the distribution, bit for bit."""
    own = read_dataset(examples["elastic-moduli"] / "medium.zarr")
    inline = read_dataset(examples["elastic-moduli-inline"] / "medium.zarr")
    for name, same in (("elastic_moduli", "moduli"), ("block_stress", "stress")):
        np.testing.assert_array_equal(own[name].values, inline[same].values)


@pytest.fixture(scope="module")
def darcy():
    return script("darcy")


class TestDarcyFlow:
    def test_pressure_falls_evenly_in_even_rock(self, darcy):
        p, q_x, q_y = darcy.flow(np.full((12, 6), 2e-13))
        np.testing.assert_allclose(p[:, 2], 1e5 * (1 - (np.arange(12) + 0.5) / 12))
        np.testing.assert_allclose(q_x, 2e-13 / 1e-3 * 1e5 / 12)
        assert np.abs(q_y).max() < 1e-12 * q_x.max()

    def test_nothing_is_lost_on_the_way(self, darcy):
        _, q_x, q_y = darcy.flow(darcy.permeability(np.random.default_rng(0)))
        gain = np.diff(q_x, axis=0) + np.diff(q_y, axis=1)
        assert np.abs(gain).max() < 1e-9 * q_x.max()

    @pytest.mark.parametrize(("axis", "mean"), [(0, "harmonic"), (1, "arithmetic")])
    def test_layers_follow_the_closed_form(self, darcy, axis, mean):
        """Across layers resistances add up, along them fluxes do."""
        layers = np.geomspace(1e-15, 1e-12, 8)
        k = np.broadcast_to(np.expand_dims(layers, 1 - axis), (8, 8))
        _, q_x, _ = darcy.flow(k)
        effective = 1 / np.mean(1 / layers) if mean == "harmonic" else np.mean(layers)
        assert q_x.mean() == pytest.approx(effective / 1e-3 * 1e5 / 8)


def test_the_heat_flux_is_the_same_along_a_rod():
    """In pieces: the flux that the temperatures of segments and their resistance give."""
    rod = script("heat-rod")
    rod.PIECES = 1
    k, temperature, (left, right) = rod.rod(np.random.default_rng(3))
    resistance = rod.LENGTH / k
    between = (resistance[1:] + resistance[:-1]) / 2
    flux = -np.diff(temperature) / between
    np.testing.assert_allclose(flux, (left - right) / resistance.sum())


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
