import numpy as np
import pytest
import torch
from torch.testing import assert_close

from fieldvae import FieldSpec, Grid, ShapeError
from fieldvae.data.symmetry import SymmetryGroup

from .conftest import FIELDS

PERIODIC = Grid((4, 4, 4), periodic=(True, True, True))
TENSORS = {name: FIELDS[name] for name in ("stress", "flux", "heat")}
SET = {"concentration": FIELDS["concentration"].with_components(["Co", "Cr", "Ni"])}


def fields(grid, count=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(
            count, len(f.labels), *grid.shape3, generator=generator, dtype=torch.float64
        )
        for name, f in {**TENSORS, **SET}.items()
    }


def group(*names, grid=PERIODIC, of=None):
    return SymmetryGroup.build(names, grid, {**TENSORS, **SET} if of is None else of)


def none(count):
    return torch.zeros((count, 3), dtype=torch.int64)


class TestBuild:
    @pytest.mark.parametrize(
        ("names", "grid", "words"),
        [
            (("cubic", "translations"), PERIODIC, "48 of 48 point operations and 64 shifts are"),
            (("cubic",), PERIODIC, "48 of 48 point operations and 1 shift are left"),
            (
                ("cubic", "translations"),
                Grid((4, 4, 2), periodic=(True, True, False)),
                "16 of 48 point operations and 16 shifts",
            ),
            (("none",), PERIODIC, "no symmetry is declared"),
            (("translations",), PERIODIC, "64 shifts are left on this grid"),
            (
                ("translations", ((0, -1, 0), (1, 0, 0), (0, 0, 1))),
                PERIODIC,
                "4 of 4 point operations and 64 shifts",
            ),
        ],
    )
    def test_says_what_is_left(self, names, grid, words):
        assert words in str(group(*names, grid=grid))

    def test_is_silent_of_point_operations_where_none_is_declared(self):
        walled = Grid((4, 4), periodic=(False, False))
        assert str(group("translations")) == "64 shifts are left on this grid"
        assert str(group("translations", grid=walled, of=SET)) == "1 shift is left on this grid"

    def test_leaves_out_operations_that_leave_a_fields_components(self):
        plane = FieldSpec(name="flow", units="m/s", tensor_kind="vector", components=("x", "y"))
        assert group("cubic", of={"flow": plane}).order == 16


class TestApply:
    def test_moves_a_marked_cell_and_turns_its_vector(self):
        turn = ((0, -1, 0), (1, 0, 0), (0, 0, 1))
        quarter = group(turn)
        flux = torch.zeros(1, 3, 4, 4, 4, dtype=torch.float64)
        flux[0, 0, 3, 1, 2] = 1.0  # points along x; the turn carries x to y, y to -x
        chosen = next(
            i for i, op in enumerate(quarter.operations) if np.array_equal(op, np.array(turn))
        )
        shift = torch.tensor([[0, 0, 3]])
        moved = quarter.apply({"flux": flux}, torch.tensor([chosen]), shift)["flux"]
        # centered at 1.5: (1.5, -0.5, 0.5) becomes (0.5, 1.5, 0.5); then three cells up, modulo 4
        assert moved[0, 1, 2, 3, 1] == 1.0
        assert moved.abs().sum() == 1.0

    @pytest.mark.parametrize(
        "grid",
        [
            PERIODIC,
            Grid((3, 3, 2), periodic=(True, True, False)),
            Grid((3, 3), periodic=(True, True)),
        ],
    )
    def test_composes_as_its_matrices_do(self, grid):
        symmetry, batch = group("cubic", grid=grid), fields(grid, count=2)
        generator = np.random.default_rng(0)
        for first, second in generator.integers(symmetry.order, size=(20, 2)):
            product = symmetry.operations[second] @ symmetry.operations[first]
            both = int(np.abs(symmetry.operations - product).max(axis=(1, 2)).argmin())
            in_turn = symmetry.transform(symmetry.transform(batch, first), second)
            assert_close(in_turn, symmetry.transform(batch, both), rtol=0, atol=0)

    def test_gives_each_sample_its_own_operation_and_shift(self):
        symmetry, batch = group("cubic", "translations"), fields(PERIODIC)
        operations, shifts = symmetry.random(5, torch.Generator().manual_seed(1))
        together = symmetry.apply(batch, operations, shifts)
        for i in range(5):
            alone = {name: values[i : i + 1] for name, values in batch.items()}
            one = symmetry.apply(alone, operations[i : i + 1], shifts[i : i + 1])
            for name in batch:
                assert torch.equal(together[name][i], one[name][0])

    def test_rolls_along_periodic_axes(self):
        symmetry, batch = group("translations"), fields(PERIODIC, count=1)
        shifts = torch.tensor([[1, 2, 3]])
        moved = symmetry.apply(batch, torch.zeros(1, dtype=torch.int64), shifts)
        for name in batch:
            assert torch.equal(moved[name], batch[name].roll((1, 2, 3), dims=(2, 3, 4)))

    def test_keeps_invariants_of_the_stress(self):
        symmetry, batch = group("cubic"), fields(PERIODIC, count=1)

        def mean_square(stress):
            return (stress[:, :3].square().sum() + 2 * stress[:, 3:].square().sum()).item()

        for moved in symmetry.transforms(batch):
            assert mean_square(moved["stress"]) == pytest.approx(mean_square(batch["stress"]))
            assert moved["stress"][:, :3].sum() == pytest.approx(batch["stress"][:, :3].sum())

    def test_turns_model_values_about_their_zero(self):
        batch = fields(PERIODIC, count=2)
        zero = torch.arange(6, dtype=torch.float64).reshape(6, 1, 1, 1)
        physical = group("cubic")
        scaled = physical.centered({"stress": zero})
        shifted = {**batch, "stress": batch["stress"] + zero}
        for index in (3, 17, 40):
            expected = physical.transform(batch, index)["stress"] + zero
            assert_close(scaled.transform(shifted, index)["stress"], expected)

    def test_draws_every_shift_and_operation(self):
        symmetry = group("cubic", "translations", grid=Grid((2, 2, 2), periodic=(True,) * 3))
        operations, shifts = symmetry.random(2000, torch.Generator().manual_seed(0))
        assert len(operations.unique()) == 48
        assert len(shifts.unique(dim=0)) == 8

    def test_commutes_with_a_differential_operator(self):
        """The divergence of a turned flux is the turned divergence of the flux."""
        symmetry, batch = group("cubic", "translations"), fields(PERIODIC)

        def divergence(flux):
            return sum(
                flux[:, i : i + 1].roll(-1, 2 + i) - flux[:, i : i + 1].roll(1, 2 + i)
                for i in range(3)
            )

        operations, shifts = symmetry.random(5, torch.Generator().manual_seed(2))
        moved = symmetry.apply(
            {"flux": batch["flux"], "heat": divergence(batch["flux"])}, operations, shifts
        )
        assert_close(divergence(moved["flux"]), moved["heat"])

    def test_names_the_shape_it_refuses(self):
        with pytest.raises(ShapeError, match=r"\(1, 1, 4, 4, 2\); expected .*x=4, y=4, z=4"):
            group("cubic").apply(
                {"heat": torch.zeros(1, 1, 4, 4, 2)}, torch.zeros(1, dtype=torch.int64), none(1)
            )
