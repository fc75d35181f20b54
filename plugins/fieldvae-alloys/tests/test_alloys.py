import subprocess
import sys
from importlib.metadata import entry_points

import numpy as np
import pytest
from fieldvae_alloys import (
    CONCENTRATION,
    COUPLED,
    EIGENSTRAIN,
    EIGENSTRAIN_TASK,
    RESIDUAL_STRESS,
    STRESS,
    WARREN_COWLEY,
)

from fieldvae import VOIGT


class TestEntryPoints:
    @pytest.mark.parametrize(
        ("group", "name", "thing"),
        [
            ("fieldvae.fields", "concentration", CONCENTRATION),
            ("fieldvae.fields", "warren_cowley", WARREN_COWLEY),
            ("fieldvae.fields", "residual_stress", RESIDUAL_STRESS),
            ("fieldvae.fields", "eigenstrain", EIGENSTRAIN),
            ("fieldvae.tasks", "stress", STRESS),
            ("fieldvae.tasks", "eigenstrain", EIGENSTRAIN_TASK),
            ("fieldvae.tasks", "coupled", COUPLED),
        ],
    )
    def test_lead_to_the_objects(self, group, name, thing):
        (found,) = entry_points(group=group, name=name)
        assert found.load() is thing
        assert found.dist.name == "fieldvae-alloys"

    def test_do_not_import_torch(self):
        program = "import sys, fieldvae_alloys; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class TestFields:
    @pytest.mark.parametrize("field", [CONCENTRATION, WARREN_COWLEY])
    def test_leave_their_components_to_the_store(self, field):
        assert field.components is None

    def test_concentration_shows_the_model_one_element_less(self):
        assert CONCENTRATION.with_components(["Co", "Cr", "Ni"]).channels == 2

    def test_stress_keeps_pressure_under_any_rotation(self):
        quarter_turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
        pressure = np.array([-1.0, -1, -1, 0, 0, 0])
        assert RESIDUAL_STRESS.labels == VOIGT
        np.testing.assert_array_equal(RESIDUAL_STRESS.rotation(quarter_turn) @ pressure, pressure)


class TestStressTask:
    def test_names_fields_of_this_distribution(self):
        assert {*STRESS.inputs, *STRESS.outputs} == {
            field.name for field in (CONCENTRATION, WARREN_COWLEY, RESIDUAL_STRESS)
        }

    def test_declares_no_symmetry_under_the_paper_preset(self):
        assert STRESS.defaults["symmetry"] == ["cubic", "translations"]
        assert STRESS.presets["paper"]["symmetry"] == ["none"]


class TestEigenstrainTasks:
    def test_name_fields_of_this_distribution(self):
        assert EIGENSTRAIN_TASK.outputs == (EIGENSTRAIN.name,)
        assert EIGENSTRAIN_TASK.inputs == STRESS.inputs
        assert COUPLED.inputs == (*STRESS.inputs, EIGENSTRAIN.name)
        assert COUPLED.outputs == STRESS.outputs

    @pytest.mark.parametrize("task", [EIGENSTRAIN_TASK, COUPLED])
    def test_have_the_papers_narrow_conditions_under_its_preset(self, task):
        assert task.presets["paper"]["model"]["condition"] == 40

    def test_eigenstrain_keeps_its_mean_over_the_cell(self):
        assert EIGENSTRAIN.closure == "none"
        assert EIGENSTRAIN.labels == VOIGT
