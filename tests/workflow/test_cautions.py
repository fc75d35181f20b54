from fieldvae.data.store import write_store
from fieldvae.workflow.cautions import cautions
from fieldvae.workflow.filling import make_plan
from fieldvae.workflow.preparing import prepare
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
