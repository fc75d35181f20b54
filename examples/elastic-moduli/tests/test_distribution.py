"""What the distribution gives to fieldvae, and that it takes public names alone."""

import ast
import json
import pickle
from pathlib import Path

import fieldvae_elastic_moduli
import numpy as np
import pytest
import torch
import xarray as xr
from fieldvae_elastic_moduli.fields import BLOCK_STRESS, ELASTIC_MODULI
from fieldvae_elastic_moduli.quantities import stress_concentration
from fieldvae_elastic_moduli.simulator import elastic_medium
from fieldvae_elastic_moduli.tasks import ELASTIC_RESPONSE

import fieldvae

PACKAGE = Path(fieldvae_elastic_moduli.__file__).parent
SMALL = {"grid": (2, 2, 2), "cells": 2}


def imported(path):
    """Modules and names that a file imports from fieldvae."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.stem)
def test_imports_public_names_alone(path):
    ours = [(m, name) for m, name in imported(path) if m.split(".")[0] == "fieldvae"]
    assert all(module == "fieldvae" and name in fieldvae.__all__ for module, name in ours)


@pytest.mark.parametrize("name", ["medium", "balance"])
def test_the_physics_knows_nothing_of_fieldvae(name):
    modules = {module.split(".")[0] for module, _ in imported(PACKAGE / f"{name}.py")}
    assert "fieldvae" not in modules


class TestElasticMedium:
    def test_a_sample_is_the_same_in_every_set(self):
        assert elastic_medium(samples=3, **SMALL)[2].identical(
            elastic_medium(samples=9, **SMALL)[2]
        )

    def test_samples_and_seeds_differ(self):
        source = elastic_medium(samples=2, **SMALL)
        other = elastic_medium(samples=1, seed=1, **SMALL)
        fields = [one.block_stress.values for one in (source[0], source[1], other[0])]
        assert len({field.tobytes() for field in fields}) == 3

    def test_can_be_sent_to_another_process(self):
        source = elastic_medium(samples=1, **SMALL)
        assert pickle.loads(pickle.dumps(source))[0].identical(source[0])

    def test_says_where_its_data_come_from(self):
        told = json.loads(elastic_medium(samples=2, seed=5, **SMALL).attributes["provenance"])
        assert told["simulator"] == "elastic_medium"
        assert (told["seed"], told["cells"], told["phases"]) == (5, 2, ["Nb", "Ta", "W"])

    def test_makes_a_store_that_its_task_reads(self, tmp_path):
        source = elastic_medium(samples=2, **SMALL)
        joined = xr.concat([source[0], source[1]], "sample")
        fieldvae.write_store(joined, tmp_path / "m.zarr", attributes=source.attributes)
        fields = {field.name: field for field in (ELASTIC_MODULI, BLOCK_STRESS)}
        samples = fieldvae.open_store(tmp_path / "m.zarr", fields)
        assert len(samples) == 2
        assert samples.grid.periodic == (True, True, True)

    def test_stretched_media_are_pulled_along_x(self):
        mean = elastic_medium(samples=1)[0].block_stress.mean(["x", "y", "z"])
        assert 246 < float(mean.sel(voigt="xx")) < 523  # of niobium and of tungsten alone
        assert float(abs(mean.sel(voigt=["xy", "xz", "yz"])).max()) < 10

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"phases": ("Nb", "Re")}, "Re is not known; known: Nb, Ta, W"),
            ({"strain": (0.0,) * 6}, "strain is zero"),
        ],
    )
    def test_says_what_is_wrong(self, options, words):
        with pytest.raises(fieldvae.OptionError, match=words):
            elastic_medium(samples=1, **options)


class TestTask:
    def test_knows_the_sixteen_operations_of_a_stretch_along_x(self, tmp_path):
        source = elastic_medium(samples=10, **SMALL)
        joined = xr.concat([source[i] for i in range(10)], "sample")
        fieldvae.write_store(joined, tmp_path / "m.zarr", attributes=source.attributes)
        task = {"task": "elastic_response", "data": {"store": str(tmp_path / "m.zarr")}}
        run = fieldvae.run({"name": "m", **task}, out=tmp_path / "run", until="data")
        told = json.loads((run.path / "run.json").read_text())
        assert "16 of 16 point operations and 8 shifts" in json.dumps(told)

    def test_stresses_turn_with_the_medium(self):
        """The law behind the declared symmetry, for one of its operations."""
        from fieldvae_elastic_moduli.balance import equilibrium
        from fieldvae_elastic_moduli.medium import PHASES, draw_phases

        turn = np.array(ELASTIC_RESPONSE.defaults["symmetry"][1])  # y -> z, z -> -y
        phase = draw_phases(np.random.default_rng(0), (3, 4, 4), phases=3, size=0.8)
        load = np.array([1e-3, 0, 0, 0, 0, 0])

        def stress(phases):
            moduli = np.moveaxis(np.array([*PHASES.values()])[phases], -1, 0)
            return equilibrium(moduli, load, tolerance=1e-10).stress

        def turned(cells):
            return np.flip(np.swapaxes(cells, -2, -1), -2)

        rotation = BLOCK_STRESS.rotation(turn)
        expected = np.einsum("ab,b...->a...", rotation, turned(stress(phase)))
        np.testing.assert_allclose(stress(turned(phase)), expected, atol=1e-9)


class TestStressConcentration:
    def fields(self, values):
        tensors = {"block_stress": torch.as_tensor(values)}
        return fieldvae.PhysicalFields(
            tensors, {"block_stress": BLOCK_STRESS}, fieldvae.Grid((4, 4, 4))
        )

    def test_has_the_mean_one(self):
        chance = np.random.default_rng(0)
        found = stress_concentration(self.fields(300 + chance.standard_normal((2, 6, 4, 4, 4))))
        torch.testing.assert_close(found.values.mean((1, 2, 3)), torch.ones(2, dtype=torch.float64))

    def test_is_the_component_along_an_axis(self):
        values = 300 + np.random.default_rng(0).standard_normal((6, 4, 4, 4))
        found = stress_concentration(self.fields(values), direction=(0, 2, 0)).values
        np.testing.assert_allclose(found, values[1] / values[1].mean())

    def test_refuses_no_direction(self):
        with pytest.raises(fieldvae.OptionError, match="is none; give one such as"):
            stress_concentration(self.fields(np.ones((6, 4, 4, 4))), direction=(0, 0, 0))
