"""Distances over copies are distances between sets of copies; goals and held inputs choose them."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.design.statistics import Statistic
from fieldvae.evaluation.equivalence import (
    common_symmetry,
    distances_over_copies,
    fitting_designs,
    plain_distances,
)
from fieldvae.field import FieldSpec
from fieldvae.grid import Grid
from fieldvae.quantities.fields import QuantityField
from fieldvae.quantities.naming import Quantity, named_quantity
from fieldvae.spec import DesignSpec

FIELDS = {
    "share": FieldSpec(name="share", units="1", tensor_kind="set", components=("a", "b")),
    "force": FieldSpec(name="force", units="N", tensor_kind="vector"),
    "pull": FieldSpec(name="pull", units="N", tensor_kind="vector", on="sample"),
    "stress": FieldSpec(name="stress", units="GPa", tensor_kind="symmetric"),
}
GRID = Grid((3, 3, 3), periodic=(True, True, True))
SECOND_MOMENT = Statistic("second_moment")
XX = Quantity("xx", {}, lambda fields: QuantityField(fields["stress"][..., 0, :, :, :], "GPa"))


def group(grid=GRID, names=("cubic", "translations")) -> SymmetryGroup:
    return SymmetryGroup.build(names, grid, FIELDS)


def designs(*names, count=4, shape=(3, 3, 3), seed=0) -> dict[str, torch.Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return {
        name: torch.randn(
            count, len(FIELDS[name].labels), *(shape if FIELDS[name].on == "grid" else (1, 1, 1)),
            generator=chance, dtype=torch.float64,
        )
        for name in names
    }  # fmt: skip


def moved(fields, operations: SymmetryGroup, operation: int, shift) -> dict[str, torch.Tensor]:
    """One copy of every design, made cell by cell as the group makes it."""
    found = {}
    for name, values in fields.items():
        if FIELDS[name].on == "sample":
            matrix = torch.from_numpy(operations.matrices(FIELDS[name])[operation])
            found[name] = torch.einsum("ij,nj...->ni...", matrix, values)
            continue
        turned = operations.transform({name: values}, operation)[name]
        found[name] = turned.roll(shift, (-3, -2, -1))
    return found


class TestDistancesOverCopies:
    @pytest.mark.parametrize(
        "names", [("share",), ("force",), ("share", "force", "pull"), ("pull",)]
    )
    def test_are_the_least_over_all_copies(self, names):
        fields = designs(*names, shape=(2, 2, 2))
        operations = group(Grid((2, 2, 2), periodic=(True, True, True)))
        copies = product(range(operations.order), product(range(2), repeat=3))
        brute = np.full((4, 4), np.inf)
        for operation, shift in copies:
            copy = moved(fields, operations, operation, shift)
            both = {n: torch.cat([fields[n], copy[n]]) for n in names}
            brute = np.minimum(brute, plain_distances(both)[:4, 4:])
        np.fill_diagonal(brute, 0)
        np.testing.assert_allclose(distances_over_copies(fields, operations), brute, atol=1e-7)

    @pytest.mark.parametrize("seed", range(4))
    def test_do_not_change_when_designs_are_copied(self, seed):
        fields, operations = designs("share", "force", "pull"), group()
        chance = np.random.default_rng(seed)
        operation, shift = int(chance.integers(operations.order)), tuple(chance.integers(3, size=3))
        copy = moved(fields, operations, operation, shift)
        mixed = {n: torch.cat([copy[n][:2], x[2:]]) for n, x in fields.items()}
        np.testing.assert_allclose(
            distances_over_copies(mixed, operations), distances_over_copies(fields, operations),
            atol=1e-7,
        )  # fmt: skip

    def test_to_a_copy_are_zero(self):
        fields, operations = designs("force", count=1), group()
        copy = moved(fields, operations, 5, (1, 0, 2))
        both = {"force": torch.cat([fields["force"], copy["force"]])}
        assert plain_distances(both)[0, 1] > 1
        assert distances_over_copies(both, operations)[0, 1] < 1e-6

    def test_keep_the_triangle(self):
        found = distances_over_copies(designs("share", "force", count=8), group())
        assert (found[:, :, None] <= found[:, None, :] + found.T[None] + 1e-9).all()
        np.testing.assert_allclose(found, found.T)

    def test_have_no_shift_along_an_open_axis(self):
        grid = Grid((3, 3, 3), periodic=(True, True, False))
        fields = designs("share", count=1)
        for axis, copy in ((-3, True), (-1, False)):
            both = {"share": torch.cat([fields["share"], fields["share"].roll(1, axis)])}
            distance = distances_over_copies(both, group(grid, ("translations",)))[0, 1]
            assert (distance < 1e-6) == copy

    def test_are_plain_ones_without_symmetry(self):
        fields = designs("share", "pull")
        trivial = group(names=())
        np.testing.assert_allclose(
            distances_over_copies(fields, trivial), plain_distances(fields), atol=1e-7
        )

    def test_are_taken_of_fewer_designs_the_more_copies_there_are(self):
        few, many = group(), group(names=())
        assert fitting_designs(few) < fitting_designs(many)
        assert fitting_designs(many) == math.isqrt(int(12e8 / 27))


class TestCommonSymmetry:
    @staticmethod
    def common(quantity, *, hold=None, names=("cubic", "translations"), statistic=SECOND_MOMENT):
        goal = {"maximize": "second_moment", "of": "von_mises_stress"}
        design = DesignSpec.model_validate({"vary": "share", "hold": hold or {}, "goal": goal})
        return common_symmetry(
            group(names=names), design, quantity, statistic, designs("stress", count=2)
        )

    def test_is_all_of_it_for_an_invariant(self):
        assert self.common(named_quantity("von_mises_stress")).order == 48

    def test_is_what_keeps_the_axis_of_a_component(self):
        """Of the 48, the 16 that take the x axis to itself or its opposite."""
        found = self.common(XX)
        assert found.order == 16
        assert all(abs(operation[0, 0]) == 1 for operation in found.operations)

    def test_keeps_the_shifts_of_a_statistic_over_the_grid(self):
        assert self.common(XX).shifts == 27

    def test_drops_shifts_that_change_the_goal(self):
        corner = Quantity(
            "corner", {}, lambda f: QuantityField(f["stress"].square().sum(-4) * CORNER, "GPa")
        )
        found = self.common(corner)
        assert not found.translations
        assert found.shifts == 1

    def test_leaves_a_held_direction(self):
        """Of the 48, the 8 that keep +z: the square's."""
        along = {"force": (0.0, 0.0, 1.0)}
        assert self.common(named_quantity("von_mises_stress"), hold=along).order == 8
        assert self.common(named_quantity("von_mises_stress"), hold={"force": 0.0}).order == 48

    def test_has_no_turn_of_a_vector_that_follows(self):
        hold = {"force": "regression"}
        assert self.common(named_quantity("von_mises_stress"), hold=hold).order == 1

    def test_acts_as_the_group_does(self):
        found = self.common(XX)
        fields = designs("stress", count=2)
        for turned in found.transforms(fields):
            assert_close(
                turned["stress"][:, 0].square().mean(), fields["stress"][:, 0].square().mean()
            )


CORNER = torch.zeros(3, 3, 3, dtype=torch.float64)
CORNER[0, 0, 0] = 1
