"""Remedies that fit who declares the fields: a task can be changed, a trained model cannot."""

from dataclasses import replace

import numpy as np
import pytest

from fieldvae import FieldSpec, StoreError
from fieldvae.data.declarer import MODEL, TASK, TRAINED
from fieldvae.data.samples import checked_samples
from fieldvae.data.store import read_samples, write_store

from .conftest import FIELDS, cell


def with_values(name, value):
    def change(data):
        data[name].values[0] = value
        return data

    return change


def with_attributes(name, **attributes):
    return lambda data: data.assign({name: data[name].assign_attrs(attributes)})


MISTAKES = {
    "bounds": (with_values("heat", -1.0), {"bounds": (0, None)}, "other bounds"),
    "mask": (with_values("heat", np.nan), {}, "'mask: true' where NaN stands for a missing value"),
    "log": (with_values("heat", -1.0), {"scaling": ("log",)}, "'scaling: standardize' for this"),
    "mean": (lambda d: d.assign(stress=d.stress + 1), {}, "'closure: none'"),
    "sum": (with_values("concentration", 0.5), {}, "'closure: none'"),
    "variable": (lambda d: d.drop_vars("heat"), {}, None),
    "components": (lambda d: d.isel(axis=slice(2)), {}, None),
    "kind": (with_attributes("stress", tensor_kind="set"), {}, None),
    "units": (with_attributes("flux", units="K"), {}, None),
    "known units": (with_attributes("heat", units="m"), {}, None),
    "scalar": (lambda d: d.assign(heat=d.heat.expand_dims(layer=2)), {}, None),
    "sample": (lambda d: d.assign(time=d.heat.assign_attrs(units="s")), {}, None),
    "member": (lambda d: d, {"tensor_kind": "set", "components": ("x", "y")}, None),
}


def told(mistake, declarer):
    change, declared, _ = MISTAKES[mistake]
    fields = dict(FIELDS)
    if declared:
        of = "flux" if mistake == "member" else "heat"
        fields[of] = FieldSpec(**{**FIELDS[of].model_dump(), **declared})
    data = cell()
    kept = {name: dict(v.attrs) for name, v in data.data_vars.items()}
    changed = change(data)
    for name in changed.data_vars:
        changed[name].attrs = {**kept[name], **changed[name].attrs}
    with pytest.raises(StoreError) as caught:
        checked_samples(changed, fields, declarer=declarer)
    (line,) = str(caught.value).splitlines()
    return line


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_trained_model_cannot_be_declared_otherwise(mistake):
    line = told(mistake, MODEL)
    assert "task" not in line
    assert "declare" not in line


@pytest.mark.parametrize("mistake", [name for name, (*_, other) in MISTAKES.items() if other])
def test_what_else_could_be_is_declared_or_trained_anew(mistake):
    *_, other = MISTAKES[mistake]
    assert f", or declare {other}" in told(mistake, TASK)
    assert f", or train anew with {other}" in told(mistake, MODEL)


def test_components_are_mended_in_the_line_of_the_task_that_declares_them():
    line = told("components", replace(TASK, places={"flux": "task.yaml:7:3"}))
    assert line.startswith("task.yaml:7:3: 'flux' in the dataset has the components x, y; expected")


def test_a_vector_in_a_plane_is_told_the_text_to_write():
    flat = cell(shape=(4, 4)).isel(axis=slice(2))
    with pytest.raises(StoreError, match=r"for a grid in x, y write `components: \[x, y\]`, or"):
        checked_samples(flat, {"flux": FIELDS["flux"]})
    declared = FIELDS["flux"].with_components(["x", "y"])
    assert checked_samples(flat, {"flux": declared}).fields["flux"].labels == ("x", "y")


def test_a_vector_in_a_plane_may_have_three_components():
    found = checked_samples(cell(shape=(4, 4)), {"flux": FIELDS["flux"]})
    assert found.fields["flux"].labels == ("x", "y", "z")


@pytest.mark.parametrize(
    ("declarer", "remedy"),
    [
        (TASK, "check the path, which in a task is relative to the task's own file"),
        (MODEL, "check the path"),
        (TRAINED, "the model was trained on it, and its samples are needed again: put it back"),
    ],
)
def test_a_store_that_is_lost_is_looked_for_where_it_can_be(tmp_path, declarer, remedy):
    with pytest.raises(StoreError) as caught:
        read_samples(tmp_path / "cells.zarr", FIELDS, declarer=declarer)
    assert str(caught.value).endswith(f"cells.zarr: there is no such store; {remedy}")


@pytest.mark.parametrize("name", ["cell.zarr", "cells.zrr", "cells", "Cells.zarr"])
def test_a_store_of_a_like_name_beside_it_is_meant(tmp_path, name):
    write_store(cell(), tmp_path / "cells.zarr")
    (tmp_path / "cell.zarr.txt").write_text("no store")
    with pytest.raises(StoreError, match=r"there is no such store; did you mean 'cells\.zarr'\?"):
        read_samples(tmp_path / name, FIELDS)


def test_a_store_of_an_unlike_name_is_not_meant(tmp_path):
    write_store(cell(), tmp_path / "train.zarr")
    with pytest.raises(StoreError, match=r"there is no such store; check the path"):
        read_samples(tmp_path / "new.zarr", FIELDS)
