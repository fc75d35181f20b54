"""Designs and training data made by hand, on any grid, with inputs of every kind."""

import json

import numpy as np
import xarray as xr

from fieldvae.data.symmetry import SymmetryGroup
from fieldvae.evaluation.designs import analyze
from fieldvae.field import VOIGT, FieldSpec
from fieldvae.grid import AXES, Grid
from fieldvae.spec import DesignSpec

STARTS, ITERATIONS, RECORDS, TRAINING = 24, 6, (0, 3, 6), 15
FIELDS = {
    "share": FieldSpec(
        name="share", units="1", tensor_kind="set", components=("a", "b", "c"), closure="simplex"
    ),
    "force": FieldSpec(name="force", units="N", tensor_kind="vector"),
    "load": FieldSpec(name="load", units="kN", on="sample"),
    "stress": FieldSpec(name="stress", units="GPa", tensor_kind="symmetric"),
}
LABELS = {"share": ["a", "b", "c"], "force": list("xyz"), "load": ["value"], "stress": list(VOIGT)}


def design(**changes):
    goal = {"maximize": "second_moment", "of": {"use": "von_mises_stress"}}
    return {"vary": {"share": {}, "load": {}}, "hold": {"force": 0.0}, "goal": goal, **changes}


class Made:
    """Designs and training data without any model behind them."""

    def __init__(self, grid: Grid, **changes) -> None:
        self.grid, self.chance = grid, np.random.default_rng(5)
        self.design = DesignSpec.model_validate(design(**changes)).model_dump(mode="json")
        self.training = xr.Dataset(
            {name: self.field(name, TRAINING) for name in FIELDS}, attrs=grid.attributes()
        )
        self.designs = self.made()

    def field(self, name, count, *extra):
        axes = self.grid.axes if FIELDS[name].on == "grid" else ()
        shape = (count, *(n for _, n in extra), len(LABELS[name]))
        values = self.chance.standard_normal((*shape, *(self.grid.shape if axes else ())))
        if name == "share":
            weights = np.exp(0.2 * values)
            values = weights / weights.sum(len(shape) - 1, keepdims=True)
        dims = ("sample", *(d for d, _ in extra), f"{name}_part", *axes)
        return xr.DataArray(
            values, dims=dims, coords={f"{name}_part": LABELS[name]},
            attrs={"units": FIELDS[name].units},
        )  # fmt: skip

    def made(self):
        stages, records = ("stage", 2), ("record", len(RECORDS))
        about = {"design": json.dumps(self.design), "statistic": "second_moment"}
        found = xr.Dataset(attrs={**about, **self.grid.attributes()})
        for name in self.design["vary"]:
            found[name], found[f"{name}_start"] = (self.field(name, STARTS) for _ in range(2))
            found[f"{name}_trajectory"] = self.field(name, STARTS, records)
            both = xr.concat([found[f"{name}_start"], found[name]], "stage")
            found[f"{name}_mean"] = both.mean([d for d in both.dims if d in AXES])
            found[f"{name}_outside"] = self.numbers(stages) > 0.5
        for name, extra in (("quantity", stages), ("quantity_trajectory", records)):
            sizes = [(axis, n) for axis, n in zip(self.grid.axes, self.grid.shape, strict=True)]
            found[name] = self.numbers(extra, *sizes).assign_attrs(
                units="GPa", long_name="von Mises stress", symbol=""
            )
        found["statistic"] = (found["quantity"] ** 2).mean(self.grid.axes)
        found["statistic"].attrs["units"] = "(GPa)^2"
        flags = found[[f"{name}_outside" for name in self.design["vary"]]]
        found["outside"] = flags.to_array().any("variable")
        found["statistic_course"] = self.numbers(("iteration", ITERATIONS + 1))
        found["statistic_course"].attrs["units"] = "(GPa)^2"
        found["objective"] = self.numbers(("iteration", ITERATIONS + 1))
        found["self_check_error"] = abs(self.numbers(stages, ("condition", 2)))
        found["self_check_course"] = abs(self.numbers(("iteration", 7), ("condition", 2)))
        found["accepted"] = self.numbers(stages) > 0
        return found.assign_coords(
            stage=["start", "optimized"], record=list(RECORDS), iteration=range(ITERATIONS + 1),
            condition=["share", "load"],
        )  # fmt: skip

    def numbers(self, *extra):
        shape = [STARTS, *(n for _, n in extra)]
        return xr.DataArray(
            self.chance.standard_normal(shape), dims=("sample", *(d for d, _ in extra))
        )

    def analyzed(self, designs=None, *, symmetry=("cubic", "translations"), tolerance=None):
        return analyze(
            self.designs if designs is None else designs,
            self.training,
            fields=FIELDS,
            symmetry=SymmetryGroup.build(symmetry, self.grid, FIELDS),
            tolerance=tolerance or {"share": 1.0, "load": 1.5},
        )
