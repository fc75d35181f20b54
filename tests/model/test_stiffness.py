import numpy as np
import pytest
import torch
from torch.testing import assert_close

from fieldvae.data.pointgroup import cubic
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.model import stiffness as module
from fieldvae.model.medium import Medium
from fieldvae.model.stiffness import fit_stiffness

STRESS = FieldSpec(name="stress", units="GPa", tensor_kind="symmetric", closure="zero-mean")


def anisotropy(medium):
    """Zener's ratio, 1 for an isotropic medium."""
    found = medium.stiffness.detach()
    return float(2 * found[3, 3] / (found[0, 0] - found[0, 1]))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def cubic_medium(grid, group=None):
    made = Medium(STRESS, grid)
    made.informed_by(None, cubic() if group is None else group)
    return made


def data(grid, *, noise=0.5, count=200):
    """Two inputs, one of which makes eigenstrains, and the stress in a medium of Zener's ratio."""
    true = cubic_medium(grid)
    with torch.no_grad():
        true.learned[range(3, 6), range(3, 6)] += 0.8
        true.learned[range(3), range(3)] -= 0.2
        made, other = torch.randn(2, count, 1, *grid.shape3)
        strain = torch.tensor([1.0, 1.0, 1.0, 0, 0, 0]).view(1, 6, 1, 1, 1) * made
        stress = true.given(grid.shape3)(strain)
        stress = stress / stress.std()
        return true, {"a": made, "b": other}, stress + noise * torch.randn_like(stress)


class TestFitStiffness:
    @pytest.mark.parametrize("periodic", [(True,) * 3, (True, True, False)])
    def test_finds_the_anisotropy_that_made_the_stress(self, periodic):
        grid = Grid((4, 4, 4), periodic=periodic)
        true, inputs, stress = data(grid)
        medium = cubic_medium(grid)
        fit_stiffness(medium, inputs, stress)
        assert anisotropy(true) > 2.0
        assert anisotropy(medium) == pytest.approx(anisotropy(true), rel=0.06)

    def test_sees_past_the_stress_of_faces(self):
        grid = Grid((4, 4, 4), periodic=(True,) * 3)
        true, inputs, stress = data(grid)
        faces = inputs["a"].roll(1, 2) - 2 * inputs["a"] + inputs["a"].roll(-1, 2)
        medium = cubic_medium(grid)
        fit_stiffness(medium, inputs, stress + 0.5 * faces)
        assert anisotropy(medium) == pytest.approx(anisotropy(true), rel=0.06)

    def test_leaves_what_the_data_do_not_tell(self):
        grid = Grid((4, 4, 4), periodic=(True,) * 3)
        medium = cubic_medium(grid)
        fit_stiffness(medium, {"a": torch.randn(50, 1, 4, 4, 4)}, torch.randn(50, 6, 4, 4, 4))
        assert 0.5 < anisotropy(medium) < 2.0
        unmoved = cubic_medium(grid)
        fit_stiffness(unmoved, {"a": torch.zeros(4, 1, 4, 4, 4)}, torch.zeros(4, 6, 4, 4, 4))
        assert_close(unmoved.stiffness, Medium(STRESS, grid).stiffness)

    def test_leaves_out_missing_values_and_spreads_values_of_samples(self):
        grid = Grid((4, 4, 4), periodic=(True,) * 3)
        true, inputs, stress = data(grid)
        stress[torch.rand(stress.shape) < 0.1] = np.nan
        inputs["temperature"] = torch.randn(200, 1, 1, 1, 1)
        medium = cubic_medium(grid)
        fit_stiffness(medium, inputs, stress)
        assert anisotropy(medium) == pytest.approx(anisotropy(true), rel=0.08)

    def test_takes_as_many_samples_as_are_enough(self, monkeypatch):
        grid = Grid((4, 4, 4), periodic=(True,) * 3)
        _, inputs, stress = data(grid)
        monkeypatch.setattr(module, "CELLS", 50 * 64)
        few, all_of_few = cubic_medium(grid), cubic_medium(grid)
        fit_stiffness(few, inputs, stress)
        monkeypatch.setattr(module, "CELLS", 2**17)
        fit_stiffness(all_of_few, {n: field[::4] for n, field in inputs.items()}, stress[::4])
        assert_close(few.stiffness, all_of_few.stiffness)
        assert few.learned.grad is None

    def test_serves_sheets_that_hold_some_components(self):
        field = FieldSpec(
            name="stress", units="GPa", tensor_kind="symmetric", components=("xx", "yy", "xy")
        )
        medium = Medium(field, Grid((6, 5), periodic=(True, False)))
        stress = torch.randn(20, 3, 6, 5, 1)
        fit_stiffness(medium, {"a": torch.randn(20, 2, 6, 5, 1)}, stress)
        assert torch.linalg.eigvalsh(medium.stiffness).min() > 0
        assert medium.learned.isfinite().all()
