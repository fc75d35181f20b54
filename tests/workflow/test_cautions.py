import json
import shutil

import pytest
import xarray as xr

from fieldvae.cli.screen import Screen
from fieldvae.data.store import write_store
from fieldvae.field import FieldSpec
from fieldvae.training import EpochRecord, Losses
from fieldvae.workflow.cautions import cautions, kept_early, known_samples, other_spreads
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.preparing import prepare
from fieldvae.workflow.serving import evaluate_store
from tests.conftest import FIELDS, foreign_dataset


def told(folder, dataset):
    write_store(dataset, folder / "store.zarr")
    task = {
        "name": "few",
        "fields": {name: FIELDS[name] for name in ("permeability", "gradient", "flux")},
        "inputs": ["permeability", "gradient"],
        "outputs": ["flux"],
        "data": {"store": str(folder / "store.zarr"), "split": {"test": 0.25}},
    }
    return list(cautions(prepare(make_plan(task))))


def test_nothing_is_said_of_enough_samples(tmp_path):
    assert told(tmp_path, foreign_dataset(48)) == []


def test_few_samples_are_told_with_what_to_do(tmp_path):
    first, second = told(tmp_path, foreign_dataset(4))
    assert first.startswith("2 samples to train on: a distribution takes hundreds")
    assert second.startswith("one sample to test on: scores say little; add samples")


def test_an_input_that_never_changes_is_told(tmp_path):
    dataset = foreign_dataset(48)
    dataset["permeability"] = dataset.permeability * 0 + 2.0
    (line,) = told(tmp_path, dataset)
    assert line.startswith("the input 'permeability' has the same value in every training sample")


def course(*scores):
    losses = Losses({}, 0.0)
    return [
        EpochRecord(epoch, len(scores), losses, losses, 0.1, 1.0, score=score)
        for epoch, score in enumerate(scores, start=1)
    ]


def test_weights_of_an_early_epoch_are_told_with_how_much_worse_the_last_ones_are():
    words = kept_early(course(0.9, 0.5, 0.6, 0.7, 0.8))
    assert words.startswith("kept are the weights after epoch 2 of 5: from there on realizations")
    assert "at the end 60 % worse in energy score" in words
    assert "0.89 % worse" in kept_early(course(0.460, 0.449, 0.451, 0.453))


def test_why_the_last_epochs_are_worse_is_told_as_a_possibility():
    assert "may have begun to learn its samples by heart" in kept_early(course(0.9, 0.5, 0.6, 0.8))


def test_nothing_is_said_of_a_best_epoch_near_the_end():
    assert kept_early(course(0.9, 0.6, 0.5, 0.4, 0.41)) is None


def test_nothing_is_said_where_no_weights_are_chosen():
    assert kept_early(course(None, None)) is None


class TestKnownSamples:
    def test_counts_training_samples_in_any_order_of_dims_and_samples(self):
        trained = foreign_dataset(8)
        other = foreign_dataset(12).isel(sample=slice(8, None))
        copied = xr.concat([other, trained.isel(sample=[5, 2])], "sample", data_vars="all")
        fields = [FieldSpec(name=name, **FIELDS[name]) for name in ("flux", "stress")]
        (line,) = known_samples(fields, trained, copied.transpose("x", ...), name="copy.zarr")
        assert line.startswith("2 of the 6 samples in copy.zarr are, value for value, among those")
        assert not list(known_samples(fields, trained, other, name="other.zarr"))

    def test_is_told_where_a_copy_is_scored(self, trained_run, foreign_store, tmp_path, capsys):
        copy = shutil.copytree(foreign_store, tmp_path / "copy.zarr")
        evaluate_store(trained_run, copy, realizations=2, progress=Screen())
        told = " ".join(capsys.readouterr().err.split())
        train = len(json.loads((trained_run / "split.json").read_text())["train"])
        assert f"warning: {train} of the " in told
        assert f"in {copy} are, value for value, among those that the model was trained on" in told


class TestOtherSpreads:
    @pytest.mark.parametrize(
        ("factor", "words"), [(1000.0, "1,000 times"), (1e-3, "1/1,000 of"), (12.0, "12 times")]
    )
    def test_tells_of_values_in_other_units(self, factor, words):
        trained, asked = foreign_dataset(8), foreign_dataset(6)
        asked["flux"] = factor * asked.flux
        fields = [FieldSpec(name=name, **FIELDS[name]) for name in ("flux", "stress")]
        (line,) = other_spreads(fields, trained, asked, name="other.zarr")
        assert line == (
            f"flux of other.zarr has {words} the standard deviation of the training samples; are "
            "its units right?"
        )

    @pytest.mark.parametrize("factor", [0.2, 1.0, 5.0, 0.0])
    def test_says_nothing_of_an_ordinary_difference_or_of_values_that_never_change(self, factor):
        asked = factor * foreign_dataset(6)
        fields = [FieldSpec(name="flux", **FIELDS["flux"])]
        assert not list(other_spreads(fields, foreign_dataset(6), asked, name="other.zarr"))

    @pytest.mark.parametrize("repeated", [False, True], ids=["samples", "replicates"])
    def test_is_told_where_a_store_is_scored(self, trained_run, tmp_path, capsys, repeated):
        data = foreign_dataset(4)
        data["stress"] = (1000 * data.stress).assign_attrs(data.stress.attrs)
        if repeated:
            for name in ("flux", "stress"):
                sizes = xr.DataArray([0.9, 1.0, 1.1], dims="realization")
                data[name] = (data[name] * sizes).assign_attrs(data[name].attrs)
        write_store(data, tmp_path / "mpa.zarr")
        evaluate_store(trained_run, tmp_path / "mpa.zarr", realizations=2, progress=Screen())
        told = " ".join(capsys.readouterr().err.split())
        assert f"warning: stress of {tmp_path / 'mpa.zarr'} has 1" in told
        assert "are its units right?" in told
        assert "flux of" not in told
